"""Measured supply: what order history says of lead times, fill, lateness and loss."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.supply.buffer import lead_time_buffer
from engine.supply.history import OrderLines
from engine.supply.measure import line_terms_of, measure_supply
from engine.supply.shares import PROMISED

NAN = float("nan")


def order_lines(rows, n_sources=3, n_locations=3, n_kinds=2):
    """Rows: source, location, age, promise, lead (NaN: still open), quantity, received, closed."""
    source, location, age, promise, lead, quantity, received, closed = (
        np.array(column, dtype=float) for column in zip(*rows, strict=True)
    )
    return OrderLines(
        source=source.astype(np.int64),
        location=location.astype(np.int64),
        kind=(location > 0).astype(np.int64),
        age=age,
        promise=promise,
        promise_sd=0.1 * promise,
        due=promise,
        lead=lead,
        waiting=np.isnan(lead) & (closed == 0),
        closed=closed > 0,
        quantity=quantity,
        received=received,
        n_sources=n_sources,
        n_locations=n_locations,
        n_kinds=n_kinds,
    )


def arrived(lead, age, source=0, location=0, promise=5):
    return (source, location, age, promise, lead, 10, 10, 1)


def waiting(age, source=0, location=0, promise=5):
    return (source, location, age, promise, NAN, 10, 0, 0)


def used(found):
    """The mean lead time planned with, of each group."""
    return found.lead.promise + found.lead.excess


def test_a_supplier_that_needs_four_days_more_is_found_with_its_locations():
    rows = [arrived(9, 10 + 7 * week, source=1, location=week % 2) for week in range(50)]
    rows += [arrived(5, 10 + 7 * week, source=s, location=week % 2) for week in range(50) for s in (0, 2)]
    found = measure_supply(order_lines(rows))
    np.testing.assert_allclose(used(found.by_source), [5, 9, 5], atol=0.8)
    assert used(found.by_location)[found.by_location.level.source == 1] == pytest.approx(9, abs=0.6)
    assert found.by_source.shares.on_time.mean[1] < 0.15
    assert found.by_source.shares.lateness[1] == 4
    terms = line_terms_of(
        found,
        np.array([1, 1, 0, -1]),
        np.array([0, 2, 0, 0]),
        np.zeros(4, np.int64),
        np.full(4, 6.0),
        np.ones(4),
    )
    assert terms.lead_time_mean == pytest.approx([10, 10, 6, 6], abs=0.8), "on top of the line's own promise"
    assert terms.deliveries.tolist() == [25, 25, 25, 0]
    assert np.isnan(terms.measured[3])
    assert terms.lead_time_sd[3] == 1
    assert terms.loss_chance[3] == PROMISED["lost"]


def test_without_orders_the_promise_stands():
    nothing = order_lines([arrived(5, 9)])
    empty = OrderLines(
        **{
            f.name: getattr(nothing, f.name)[:0] if f.name[:2] != "n_" else getattr(nothing, f.name)
            for f in fields(OrderLines)
        }
    )
    terms = line_terms_of(
        measure_supply(empty), np.array([0]), np.array([0]), np.array([0]), np.array([6.0]), np.array([1.5])
    )
    assert (terms.lead_time_mean[0], terms.lead_time_sd[0], terms.deliveries[0]) == (6, 1.5, 0)


def test_lines_of_one_delivery_count_once():
    one = [arrived(9, 20, location=0), *[arrived(5, 30 + 7 * w) for w in range(3)]]
    many = [arrived(9, 20, location=0)] * 40 + one[1:]
    by_one, by_many = (measure_supply(order_lines(rows)).by_source for rows in (one, many))
    assert by_one.lead.durations.mean[0] == pytest.approx(by_many.lead.durations.mean[0])
    assert (by_many.deliveries[0], by_many.lines[0]) == (4, 43)
    np.testing.assert_allclose(used(by_one), used(by_many))


def test_an_order_open_for_long_lengthens_the_lead_time_and_one_not_due_does_not():
    known = [arrived(5, 20 + 7 * w) for w in range(6)]
    base = used(measure_supply(order_lines(known)).by_source)[0]
    young = used(measure_supply(order_lines([*known, waiting(2)])).by_source)[0]
    late = used(measure_supply(order_lines([*known, waiting(17)])).by_source)[0]
    assert young == pytest.approx(base)
    assert late > base + 0.5


def test_an_order_waiting_for_ages_counts_as_lost_and_stays_within_the_fence():
    rows = [arrived(5, 20 + 7 * w) for w in range(20)]
    found = measure_supply(order_lines([*rows, waiting(300)])).by_source
    assert found.shares.lost.mean[0] > measure_supply(order_lines(rows)).by_source.shares.lost.mean[0]
    assert found.lead.durations.mean[0] < 2


def test_slips_of_recording_are_brought_to_the_fence():
    rows = [arrived(5, 400 + 7 * w) for w in range(20)]
    slip = measure_supply(order_lines([*rows, arrived(365, 390)])).by_source
    assert slip.lead.durations.mean[0] < 1.5, "of 18 without the fence"


def test_recent_orders_weigh_more():
    slower = [arrived(5 + 4 * (week < 10), 10 + 7 * week) for week in range(50)]
    faster = [arrived(5 + 4 * (week >= 40), 10 + 7 * week) for week in range(50)]
    recent, old = (measure_supply(order_lines(rows)).by_source for rows in (slower, faster))
    assert recent.lead.durations.mean[0] > 0.8 + old.lead.durations.mean[0]
    assert recent.trend[0] > 3
    assert old.trend[0] < 0
    assert recent.monthly[0, -1] == 9
    assert recent.monthly[0, 0] == 5


def test_fill_short_and_lost():
    rows = [(0, 0, 10 + 7 * w, 5, 5, 10, 8, 1) for w in range(60)] + [
        (1, 0, 10 + 7 * w, 5, NAN, 10, 0, 1) if w % 4 == 0 else arrived(5, 10 + 7 * w, source=1)
        for w in range(60)
    ]
    found = measure_supply(order_lines(rows)).by_source.shares
    assert found.fill.mean[0] == pytest.approx(0.8, abs=0.04)
    assert found.short.mean[0] > 0.8
    assert found.lost.mean[0] < 0.02
    assert found.lost.mean[1] == pytest.approx(0.25, abs=0.06)
    for share in (found.fill, found.short, found.lost, found.on_time):
        assert (share.low <= share.mean).all()
        assert (share.mean <= share.high).all()


ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(51, 110).map(float),
        st.sampled_from([2.0, 5.0, 12.5]),
        st.one_of(st.just(NAN), st.integers(0, 30).map(float)),
        st.sampled_from([1.0, 12.0]),
        st.sampled_from([0.0, 1.0, 12.0]),
        st.sampled_from([0, 1]),
    ),
    min_size=1,
    max_size=16,
)


@given(ROWS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = (measure_supply(order_lines(each)).by_location for each in (rows, shuffled))
    np.testing.assert_allclose(used(one), used(other), atol=1e-9)
    np.testing.assert_allclose(one.shares.fill.mean, other.shares.fill.mean, atol=1e-9)
    np.testing.assert_allclose(one.lead.variance, other.lead.variance, atol=1e-8)


@given(ROWS, st.data(), st.integers(1, 20))
@settings(deadline=None, max_examples=80)
def test_a_late_delivery_never_shortens_what_is_planned_with(rows, data, days):
    came = [i for i, row in enumerate(rows) if not np.isnan(row[4])]
    if not came:
        return
    which = data.draw(st.sampled_from(came))
    later = list(rows)
    later[which] = (*rows[which][:4], rows[which][4] + days, *rows[which][5:])
    before, after = (measure_supply(order_lines(each)) for each in (rows, later))
    source = rows[which][0]
    for one, other in ((before.by_source, after.by_source), (before.by_location, after.by_location)):
        mine = one.level.source == source
        assert (used(other)[mine] >= used(one)[mine] - 1e-9).all()
        assert (other.shares.on_time.mean[mine] <= one.shares.on_time.mean[mine] + 1e-9).all()


@given(st.integers(1, 200), st.integers(0, 20))
@settings(deadline=None, max_examples=40)
def test_few_orders_leave_the_promise_and_many_what_was_measured(n, lead):
    rows = [arrived(lead, lead + 1.0 + day) for day in range(n)]
    found = measure_supply(order_lines(rows)).by_source
    planned = used(found)[0]
    assert min(5, lead) - 1e-9 <= planned <= max(5, lead) + 1e-9
    if n == 1:
        assert abs(planned - 5) < 0.5 * abs(lead - 5) + 1e-9
    if n >= 100:
        assert abs(planned - lead) < 0.1 * abs(lead - 5) + 1e-9


def test_arguments_that_do_not_fit_are_named():
    lines = order_lines([arrived(5, 9)])
    with pytest.raises(EngineError, match="arrays of one length"):
        replace(lines, age=np.ones(2))
    with pytest.raises(EngineError, match="source must be a code from 0 to 2"):
        replace(lines, source=np.array([3]))
    with pytest.raises(EngineError, match="lead must not be longer than age"):
        replace(lines, lead=np.array([10.0]))
    with pytest.raises(EngineError, match="promise must be finite and at least 0"):
        replace(lines, promise=np.array([-1.0]))


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 9), st.floats(0.51, 0.999))
@settings(deadline=None)
def test_a_lead_time_without_spread_needs_no_buffer_and_more_spread_more(mean, noise, spread, service):
    one = np.ones(1)
    levels = [
        float(lead_time_buffer(mean * one, noise * one, sd * one, service * one)[0])
        for sd in (0.0, spread, 2 * spread)
    ]
    assert levels[0] == pytest.approx(0, abs=1e-9)
    assert levels == sorted(levels) or levels[1] == pytest.approx(levels[2], abs=1e-6)
