"""The posterior over outstanding orders: every combination of fates enumerated, and what must always hold."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.decide import LeadTimes
from engine.replenishment.decide.outstanding import (
    ARRIVED,
    NEVER,
    chance_to_come,
    draw_fates,
    draw_leads,
    fate_table,
)
from engine.replenishment.decide.outstanding import (
    open_sets as filtered,
)

pytestmark = pytest.mark.xdist_group("decide")  # its kernels compile for 20 s: in one worker only

UNCOUNTED = np.empty(0)


def open_sets(ordered, received, chances, lost, out, short=(0.0, 1.0)):
    return filtered(ordered, received, chances, lost, *short, out, UNCOUNTED, UNCOUNTED)


def enumerated(ordered, received, chances, lost):
    """Weigh every combination of fates that gives these receipts: probability of every set of open orders."""
    ages, periods = len(chances) - 1, len(ordered)
    fates = [(lead, chance) for lead, chance in enumerate(chances)] + [(NEVER, lost)]
    weights = np.zeros(2**ages)
    for combination in product(fates, repeat=periods):
        arrivals = np.zeros(periods)
        for placed, (lead, _) in enumerate(combination):
            if placed + lead < periods:
                arrivals[placed + lead] += ordered[placed]
        if not np.array_equal(arrivals, received):
            continue
        open_now = 0
        for back in range(1, min(ages, periods) + 1):
            placed = periods - back
            if combination[placed][0] >= back and ordered[placed] > 0:
                open_now |= 1 << (back - 1)
        weights[open_now] += np.prod([chance for _, chance in combination])
    return weights / weights.sum()


@st.composite
def histories(draw):
    ages = draw(st.integers(1, 3))
    periods = draw(st.integers(0, 5))
    parts = np.array(draw(st.lists(st.integers(0, 4), min_size=ages + 2, max_size=ages + 2)), float)
    parts[ages] += 1.0
    chances = parts[:-1] / parts.sum()
    lost = parts[-1] / parts.sum()
    ordered = np.array(draw(st.lists(st.integers(0, 3), min_size=periods, max_size=periods)), float)
    possible = [lead for lead in range(ages + 1) if chances[lead] > 0] + ([NEVER] if lost > 0 else [])
    received = np.zeros(periods)
    for placed in range(periods):
        arrival = placed + draw(st.sampled_from(possible))
        if arrival < periods:
            received[arrival] += ordered[placed]
    return ordered, received, chances, float(lost)


@given(histories())
@settings(max_examples=60, deadline=None)
def test_posterior_is_that_of_enumeration(case):
    ordered, received, chances, lost = case
    sets = np.empty(2 ** (len(chances) - 1))
    assert open_sets(ordered, received, chances, lost, sets) == 0
    np.testing.assert_allclose(sets, enumerated(*case), atol=1e-9)


@given(histories())
@settings(max_examples=60, deadline=None)
def test_every_order_has_one_fate(case):
    ordered, received, chances, lost = case
    ages = len(chances) - 1
    sets, table = np.empty(2**ages), np.empty((ages, ages + 2))
    open_sets(ordered, received, chances, lost, sets)
    fate_table(sets, chances, lost, table)
    assert (table >= 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1.0)


def test_an_order_that_does_not_come_loses_hope():
    chances = np.array([0.0, 0.25, 0.25, 0.25])
    hopes = [chance_to_come(chances, 0.25, age) for age in range(1, 4)]
    # three of four, then two of three, then one of two
    assert hopes == pytest.approx([3 / 4, 2 / 3, 1 / 2])
    assert chance_to_come(np.array([1.0]), 0.0, 1) == 0.0


def test_equal_orders_share_the_doubt():
    # two orders of 5, one receipt of 5: either may be the one that came
    chances = np.array([0.0, 0.4, 0.4])
    sets = np.empty(4)
    open_sets(np.array([5.0, 5.0, 0.0]), np.array([0.0, 0.0, 5.0]), chances, 0.2, sets)
    first_at_2 = 0.4 * 0.6  # the second then has lead 2 or is lost
    second_at_1 = 0.4 * 0.2  # the first then is lost
    second_open = first_at_2 / (first_at_2 + second_at_1)
    assert sets[2] == pytest.approx(second_open)
    assert sets[0] == pytest.approx(1 - second_open)


def test_receipts_that_fit_no_order_are_counted_and_not_believed():
    sets = np.empty(4)
    surprises = open_sets(np.array([5.0, 5.0]), np.array([0.0, 3.0]), np.array([0.0, 0.4, 0.4]), 0.2, sets)
    assert surprises == 1
    assert sets.sum() == pytest.approx(1.0)


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_drawn_fates_have_the_posterior_frequencies(case, seed):
    ordered, received, chances, lost = case
    ages, n_paths = len(chances) - 1, 4000
    sets, table = np.empty(2**ages), np.empty((ages, ages + 2))
    open_sets(ordered, received, chances, lost, sets)
    fate_table(sets, chances, lost, table)
    fates = np.empty((n_paths, ages), np.int64)
    draw_fates(sets, chances, lost, np.uint64(seed), np.empty(n_paths, np.int64), fates)
    for j in range(ages):
        drawn = [(fates[:, j] == lead).mean() for lead in range(ages)]
        drawn += [(fates[:, j] == NEVER).mean(), (fates[:, j] == ARRIVED).mean()]
        np.testing.assert_allclose(drawn, table[j], atol=0.01)


def test_drawn_lead_times_have_their_chances():
    leads = np.empty((1000, 3), np.int64)
    draw_leads(np.array([0.0, 0.3, 0.5]), np.uint64(1), np.empty(1000, np.int64), leads)
    for u in range(3):
        shares = [(leads[:, u] == lead).mean() for lead in (0, 1, 2, NEVER)]
        np.testing.assert_allclose(shares, [0.0, 0.3, 0.5, 0.2], atol=0.002)


def test_short_deliveries_are_told_from_lost_ones():
    # one order of 8; half of it came: a short delivery, and the rest is cancelled
    chances, sets = np.array([0.0, 0.5, 0.5]), np.empty(4)
    assert open_sets(np.array([8.0, 0.0]), np.array([0.0, 4.0]), chances, 0.0, sets, (0.2, 0.5)) == 0
    assert sets[0] == pytest.approx(1.0)
    # without short deliveries the same receipt fits nothing
    assert open_sets(np.array([8.0, 0.0]), np.array([0.0, 4.0]), chances, 0.0, sets) == 1


def test_a_receipt_that_two_stories_explain_shares_the_doubt():
    # 4 came of orders of 8 (two periods ago) and 4 (one period ago), one in five deliveries half
    chances, lost, sets = np.array([0.0, 0.5, 0.3]), 0.2, np.empty(4)
    ordered, received = np.array([8.0, 4.0, 0.0]), np.array([0.0, 0.0, 4.0])
    open_sets(ordered, received, chances, lost, sets, (0.2, 0.5))
    first_short = 0.3 * 0.2 * (1 - 0.5)  # the first came, short; the second did not come at age 1
    second_whole = 0.2 * 0.5 * 0.8  # the first is lost; the second came whole
    assert sets[2] == pytest.approx(first_short / (first_short + second_whole))


@given(histories(), st.sampled_from([0.2, 0.6]))
@settings(max_examples=30, deadline=None)
def test_whole_deliveries_fit_whatever_the_chance_of_a_short_one(case, chance):
    ordered, received, chances, lost = case
    sets = np.empty(2 ** (len(chances) - 1))
    assert open_sets(ordered, received, chances, lost, sets, (chance, 0.3)) == 0
    assert sets.sum() == pytest.approx(1.0)


def books(chances, series, periods, seed):
    """Orders of all sizes, and what came in of them."""
    rng = np.random.default_rng(seed)
    ordered = rng.integers(1, 40, (series, periods)) * (rng.random((series, periods)) < 0.7)
    received = np.zeros((series, periods))
    leads = rng.choice(len(chances) + 1, (series, periods), p=[*chances, 1 - sum(chances)])
    for i, t in np.argwhere(ordered > 0):
        if leads[i, t] < len(chances) and t + leads[i, t] < periods:
            received[i, t + leads[i, t]] += ordered[i, t]
    return ordered.astype(float), received


def test_lead_times_and_losses_are_learned_from_the_books():
    truth = (0.0, 0.5, 0.2, 0.1)  # one in five is lost
    learned = LeadTimes.learned(*books(truth, 40, 60, 1), LeadTimes((0.0, 0.0, 1.0, 0.0)))
    assert learned.chances == pytest.approx(truth, abs=0.04)
    assert learned.lost == pytest.approx(0.2, abs=0.04)


def test_few_orders_leave_the_promise():
    promise = LeadTimes((0.0, 0.9, 0.1))
    none = LeadTimes.learned(np.zeros((2, 5)), np.zeros((2, 5)), promise)
    assert none.chances == pytest.approx(promise.chances)
    ordered, received = books((0.0, 0.0, 1.0), 1, 6, 2)
    few, many = (LeadTimes.learned(ordered, received, promise, weight=weight) for weight in (1000.0, 1.0))
    assert abs(few.chances[1] - 0.9) < 0.02
    assert many.chances[1] < 0.3


def test_orders_that_are_still_open_do_not_make_lead_times_short():
    ordered, received = books((0.0, 0.5, 0.0, 0.5), 300, 4, 3)  # most orders are too young to be in
    learned = LeadTimes.learned(ordered, received, LeadTimes((0.0, 0.25, 0.25, 0.5)), weight=5.0)
    assert learned.chances[1] == pytest.approx(0.5, abs=0.06)
    assert learned.chances[3] == pytest.approx(0.5, abs=0.08)


def test_books_that_do_not_match_are_refused():
    with pytest.raises(EngineError, match=r"ordered \(1, 2\) and received \(1, 3\)"):
        LeadTimes.learned([[1, 2]], [[1, 2, 3]], LeadTimes.fixed(1))
