"""The one public call: any number of series, honest reasons, no look ahead, errors that say what to fix."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.forecast.hierarchy import HeldOut
from engine.replenishment.decide import (
    DemandHistory,
    LeadTimes,
    Stock,
    Terms,
    call,
    decide_orders,
    inputs,
    short_models,
)
from engine.replenishment.decide.demand import PASSES_ON, unbiased
from engine.replenishment.decide.service import least_order
from engine.replenishment.requirement import CYCLE, FILL

pytestmark = pytest.mark.xdist_group("decide")  # its kernels compile for 20 s: in one worker only

UNCERTAIN = LeadTimes((0.0, 0.25, 0.25, 0.25))


def poisson_history(n, periods, mean=10.0, seed=1):
    return np.random.default_rng(seed).poisson(mean, (n, periods)).astype(float)


def names(n):
    return [f"item {i}" for i in range(n)]


def decide(quantity, on_hand, lead_times=None, *, stock=None, calendar=None, seed=0, paths=64, **terms):
    terms.setdefault("holding", 0.2)
    if not {"fill_target", "cycle_target"} & terms.keys():
        terms.setdefault("shortage", 1.0)
    return decide_orders(
        DemandHistory(names(len(quantity)), "period", quantity),
        stock or Stock(on_hand),
        Terms(lead_times or LeadTimes.fixed(1), **terms),
        calendar=calendar,
        seed=seed,
        paths=paths,
    )


@pytest.mark.parametrize("series", [1, 1000])
def test_any_number_of_series_from_five_observations(series):
    orders = decide(poisson_history(series, 5), np.zeros(series), paths=16)
    assert orders.quantity.dtype == np.int64
    assert orders.quantity.shape == (series,)
    assert (orders.quantity > 0).all()
    assert 8 < orders.quantity.mean() < 20  # what is wanted before it arrives is lost: one period of 10


def test_a_series_does_not_depend_on_its_company():
    history = poisson_history(300, 8)
    together = decide(history, np.zeros(300), paths=16).quantity
    alone = decide_orders(
        DemandHistory(["item 299"], "period", history[299:]),
        Stock(0.0),
        Terms(LeadTimes.fixed(1), holding=0.2, shortage=1.0),
        paths=16,
    )
    assert alone.quantity[0] == together[299]


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"moq": 24, "multiple": 6, "order_cost": 20.0},
        {"fill_target": 0.95},
        {"cycle_target": 0.9, "moq": 50},
        {"shelf_life": 2, "unit_cost": 1.0},
        {"backorders": True, "review": 3},
        {"lead_times": UNCERTAIN},
    ],
)
def test_terms_sum_to_whole_orders_that_may_be_placed(terms):
    rng = np.random.default_rng(5)
    history = poisson_history(30, 12, rng.uniform(0.2, 40, (30, 1)))
    orders = decide(history, np.round(rng.uniform(0, 60, 30)), **terms)
    assert (orders.quantity >= 0).all()
    assert (orders.terms.sum(axis=1).to_numpy() == orders.quantity).all()
    assert ((orders.quantity == 0) | (orders.quantity >= terms.get("moq", 0))).all()
    assert (orders.quantity % terms.get("multiple", 1) == 0).all()
    if "fill_target" not in terms and "cycle_target" not in terms:
        assert (orders.diagnostics["money"] <= orders.diagnostics["money_waiting"]).all()


@given(
    mean=st.floats(0.3, 50),
    lead=st.integers(0, 2),
    seed=st.integers(0, 999),
    low=st.floats(0.05, 5),
    factor=st.floats(1.1, 10),
)
@settings(max_examples=25, deadline=None)
def test_dearer_shortages_never_order_less(mean, lead, seed, low, factor):
    history = np.repeat(poisson_history(1, 10, mean, seed), 2, axis=0)
    quantity = decide_orders(
        DemandHistory(["a", "b"], "period", history),
        Stock(np.round(mean)),
        Terms(LeadTimes.fixed(lead), holding=0.2, shortage=low),
        paths=64,
    ).quantity
    dearer = decide_orders(
        DemandHistory(["a", "b"], "period", history),
        Stock(np.round(mean)),
        Terms(LeadTimes.fixed(lead), holding=0.2, shortage=low * factor),
        paths=64,
    ).quantity
    # to the fineness of the search
    assert (dearer >= quantity - np.maximum(0.05 * mean, 1.0)).all()


@given(mean=st.floats(0.3, 50), lead=st.integers(0, 2), seed=st.integers(0, 999), steps=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_more_stock_never_orders_more(mean, lead, seed, steps):
    history = poisson_history(1, 10, mean, seed)
    quantity = [
        decide(history, np.array([np.round(stock * mean)]), LeadTimes.fixed(lead), seed=seed).quantity[0]
        for stock in (0.0, 0.5 * steps, steps)
    ]
    slack = max(0.05 * mean, 1.0)
    assert quantity[1] <= quantity[0] + slack
    assert quantity[2] <= quantity[1] + slack


@pytest.mark.parametrize("target", ["fill_target", "cycle_target"])
def test_a_higher_service_target_orders_more(target):
    history = poisson_history(20, 15)
    quantity = [
        decide(history, np.zeros(20), UNCERTAIN, **{target: share}).quantity for share in (0.5, 0.9, 0.99)
    ]
    assert (quantity[0] <= quantity[1]).all()
    assert (quantity[1] <= quantity[2]).all()
    assert quantity[2].sum() > quantity[0].sum()


def test_the_future_cannot_leak():
    # what is decided after t periods is the same whatever comes later: no state is kept between calls
    history = poisson_history(5, 40)
    early = decide(history[:, :20], np.zeros(5)).quantity
    shuffled = history.copy()
    shuffled[:, 20:] = np.random.default_rng(9).permutation(shuffled[:, 20:], axis=1) * 3
    decide(shuffled, np.zeros(5))
    assert (decide(shuffled[:, :20], np.zeros(5)).quantity == early).all()


def test_an_order_that_must_be_lost_is_replaced_and_one_that_may_come_is_not():
    history = poisson_history(1, 20)
    nothing = np.zeros((1, 4))

    def order_after(periods_ago):
        ordered = nothing.copy()
        ordered[0, 4 - periods_ago] = 30.0
        stock = Stock(5.0, ordered=ordered, received=nothing)
        return decide(history, 5.0, UNCERTAIN, stock=stock, paths=256)

    fresh, old = order_after(1), order_after(4)
    assert fresh.diagnostics["outstanding"][0] == pytest.approx(22.5)
    assert old.diagnostics["outstanding"][0] == 0.0  # had it been coming it would be here
    assert old.quantity[0] > fresh.quantity[0]


def test_receipts_in_the_books_that_no_order_explains_are_reported():
    stock = Stock(0.0, ordered=np.array([[5.0, 0.0]]), received=np.array([[0.0, 3.0]]))
    assert decide(poisson_history(1, 9), 0.0, UNCERTAIN, stock=stock).diagnostics["surprises"][0] == 1


def test_demand_that_jumped_is_followed():
    low, high = np.full((1, 20), 10.0), np.full((1, 20), 10.0)
    high[0, -4:] = 30.0
    noise = np.random.default_rng(3).integers(-2, 3, (1, 20))
    orders = [decide(demand + noise, 0.0, LeadTimes.fixed(0), paths=256) for demand in (low, high)]
    assert orders[0].diagnostics["demand_per_period"][0] == pytest.approx(10, abs=1.5)
    assert orders[1].diagnostics["demand_per_period"][0] == pytest.approx(30, abs=5)


def test_terms_say_what_minimum_and_waiting_do():
    history = poisson_history(1, 20)
    small = decide(history, 14.0, LeadTimes.fixed(0), moq=60)
    assert small.quantity[0] in (0, 60)
    free = decide(history, 0.0, LeadTimes.fixed(0)).quantity[0]
    lot = decide(history, 0.0, LeadTimes.fixed(0), moq=30)
    assert lot.quantity[0] == 30
    assert lot.terms["term_lot"][0] == pytest.approx(30 - free, abs=1)
    waits = decide(history, 11.0, LeadTimes.fixed(0), order_cost=40.0)
    assert waits.quantity[0] == 0
    assert waits.terms["term_wait"][0] < 0


def test_a_fixed_cost_makes_orders_rarer_and_larger():
    history = poisson_history(1, 20)
    cheap = decide(history, 12.0, LeadTimes.fixed(0), paths=128)
    dear = decide(history, 12.0, LeadTimes.fixed(0), paths=128, order_cost=40.0)
    assert cheap.quantity[0] > 0
    assert dear.quantity[0] == 0  # enough for this period: waiting is cheaper
    assert decide(history, 0.0, LeadTimes.fixed(0), paths=128, order_cost=40.0).quantity[0] > 30


def test_no_order_on_a_closed_day_and_more_before_a_long_gap():
    history = poisson_history(3, 20)
    assert (decide(history, np.zeros(3), calendar=[False, True]).quantity == 0).all()
    assert (decide(history, np.zeros(3), calendar=[False, True], fill_target=0.9).quantity == 0).all()
    daily = decide(history, np.zeros(3)).quantity
    gap = decide(history, np.zeros(3), calendar=[True, False, False, True]).quantity
    assert (gap > daily + 10).all()


def test_old_batches_count_less_than_fresh_ones():
    history = poisson_history(1, 20)
    fresh = decide(history, 20.0, LeadTimes.fixed(1), shelf_life=5, unit_cost=1.0)
    stock = Stock(20.0, batches=[[20.0]])
    expiring = decide(history, 20.0, LeadTimes.fixed(1), shelf_life=5, unit_cost=1.0, stock=stock)
    assert expiring.quantity[0] > fresh.quantity[0]


@pytest.mark.parametrize("goal", [{"shortage": 3.0}, {"fill_target": 0.97}, {"cycle_target": 0.9}])
def test_short_deliveries_order_more_and_returns_less(goal):
    history, lead = poisson_history(3, 30, mean=40.0), LeadTimes.fixed(1)
    plain = decide(history, [20.0] * 3, lead, **goal).quantity
    wary = decide(history, [20.0] * 3, lead, short_chance=0.3, short_share=0.5, **goal).quantity
    assert (wary > plain).all()
    back = decide(history, [20.0] * 3, lead, returned_share=0.3, return_periods=1, **goal).quantity
    assert (back < plain).all()


def test_returns_of_past_sales_are_on_order():
    orders = decide([[10.0, 10, 10, 10, 20]], [0.0], LeadTimes.fixed(2), returned_share=0.5, return_periods=3)
    assert orders.terms["term_on_order"][0] == -0.5 * (10 + 10 + 20)


def served(quantity, kind, paths, leads, parts, start, due):
    """Play an order of this quantity, a path at a time; return the service of its window."""
    short = whole = 0.0
    for path, lead, part in zip(paths, leads, parts, strict=True):
        stock, first, last = start, lead[0], max(lead[0], 2 + lead[2])
        missed = 0.0
        for u in range(min(last, 6)):
            stock += due[u] + (quantity * part[0] if u == first else 0.0)
            if u >= first:
                missed += max(path[u] - stock, 0.0)
                whole += path[u] if kind == FILL else 0.0
            stock = max(stock - path[u], 0.0)
        short += missed if kind == FILL else missed > 0
        whole += 0.0 if kind == FILL else 1.0
    return 1 - short / whole


@pytest.mark.parametrize("kind", [FILL, CYCLE])
def test_the_least_order_with_short_deliveries_is_that_of_every_quantity_tried(kind):
    rng = np.random.default_rng(5)
    for _ in range(12):
        paths = rng.poisson(4.0, (30, 6)).astype(float)
        leads = rng.integers(0, 2, (30, 6))
        parts = np.where(rng.random((30, 6)) < 0.3, 0.5, 1.0)
        none, no_fates = np.empty(0), np.empty((30, 0), np.int64)
        due, start, target = rng.integers(0, 3, 6).astype(float), float(rng.integers(0, 6)), 0.9
        got = least_order(paths, start, due, none, no_fates, leads, parts, 2, False, kind, target, 0.0, 1)

        assert got == next(
            q for q in range(200) if served(q, kind, paths, leads, parts, start, due) >= target - 1e-9
        )


def held_out(*biases, n=50, h=4):
    actual = np.random.default_rng(1).poisson(20.0, (len(biases), n, h)).astype(float)
    forecast = actual * (1 + np.array(biases)[:, None, None])  # each cut-off's total is off by its bias
    return HeldOut(forecast, actual, np.ones(actual.shape, dtype=bool))


def test_a_bias_that_cut_offs_agree_on_is_corrected_in_part():
    mean = np.full((50, 3), 8.0)
    assert unbiased(mean, held_out(0.2, 0.2, 0.2)) == pytest.approx(mean / (1 + PASSES_ON * 0.2))
    assert unbiased(mean, held_out(-0.1, -0.1)) == pytest.approx(mean / (1 - PASSES_ON * 0.1))
    assert unbiased(mean, held_out(0.3, -0.3, 0.05)) == pytest.approx(mean)  # they disagree: chance
    part = 0.15 - (0.05**2 * 2 / 1 / 2) / 0.15  # mean less (variance ÷ 2 cut-offs) ÷ mean
    assert unbiased(mean, held_out(0.1, 0.2)) == pytest.approx(mean / (1 + PASSES_ON * part), rel=1e-3)


def test_nothing_is_corrected_where_nothing_is_known():
    mean = np.full((50, 3), 8.0)
    assert unbiased(mean, None) is mean
    assert unbiased(mean, held_out(0.5)) is mean
    unseen = held_out(0.2, 0.2)
    assert unbiased(mean, HeldOut(unseen.forecast, unseen.actual, np.zeros_like(unseen.scored))) is mean


def test_unknown_and_short_stocked_periods_are_no_demand():
    history = poisson_history(1, 20)
    censored = history.copy()
    censored[0, 10:15] = 0.0
    in_stock = np.ones((1, 20))
    in_stock[0, 10:15] = 0.0
    told = decide_orders(
        DemandHistory(["a"], "period", censored, in_stock=in_stock),
        Stock(0.0),
        Terms(LeadTimes.fixed(0), holding=0.2, shortage=1.0),
    )
    assert told.diagnostics["demand_per_period"][0] == pytest.approx(history.mean(), abs=1.5)
    unknown = decide(np.full((1, 6), np.nan), np.zeros(1))
    assert unknown.quantity[0] == 0


def test_a_year_of_weeks_with_a_calendar_takes_the_portfolio_models():
    weeks = np.arange(110)
    season = 20 + 10 * np.sin(2 * np.pi * weeks / 52)
    rng = np.random.default_rng(2)
    history = DemandHistory(
        names(8),
        "W",
        rng.poisson(season, (8, 110)).astype(float),
        start=np.datetime64("2023-01-02"),
        group=["a"] * 8,
    )
    orders = decide_orders(
        history, Stock(np.zeros(8)), Terms(LeadTimes.fixed(1), holding=0.2, shortage=1.0), paths=32
    )
    assert not orders.diagnostics["method"].str.contains("jump").any()
    assert (orders.quantity > 20).all()


def test_lead_time_chances():
    gamma = LeadTimes.gamma(2.3, 0.6, lost=0.1)
    assert gamma.lost == pytest.approx(0.1)
    mean = sum(lead * chance for lead, chance in enumerate(gamma.chances)) / sum(gamma.chances)
    assert mean == pytest.approx(2.3, abs=0.01)
    with pytest.raises(EngineError, match="sum above 0 and at most 1"):
        LeadTimes((0.7, 0.7))
    with pytest.raises(EngineError, match="at most 10"):
        LeadTimes.fixed(11)


def test_all_faults_are_said_at_once():
    with pytest.raises(EngineError) as caught:
        decide_orders(
            DemandHistory(["a", "a"], "W", [[1.0, -2.0], [1.0, 2.0]], in_stock=[[1.0]], group=["x"]),
            Stock([-1.0, 0.0], batches=[[1.0], [0.0]], ordered=[[1.0]], received=[[1.0, 2.0]], due=[1.0]),
            Terms(
                LeadTimes.fixed(1),
                holding=[0.1],
                shortage=1.0,
                fill_target=0.9,
                review=0,
                shelf_life=0,
                moq=1.5,
            ),
        )
    for part in (
        "series names repeat", "quantity is -2.0 at [0, 1]", "in_stock has shape", "group has 1",
        "on_hand is -1.0", "batches of series 'a'", "ordered has shape", "received has shape",
        "due has shape", "holding has shape", "exactly one of", "review is 0", "shelf_life is 0",
        "moq must be whole",
    ):  # fmt: skip
        assert part in str(caught.value)
    good = poisson_history(1, 5)
    with pytest.raises(EngineError, match="paths is 0"):
        decide(good, np.zeros(1), paths=0)
    with pytest.raises(EngineError, match="calendar has shape"):
        decide(good, np.zeros(1), calendar=[[True]])
    with pytest.raises(EngineError, match="no period"):
        decide(np.zeros((1, 0)), np.zeros(1))


def test_the_page_of_the_method_runs():
    page = Path(__file__).parents[2] / "docs" / "methods" / "decide.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 5
    assert failed == 0


@pytest.mark.parametrize("module", [call, inputs, short_models])
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(module).failed == 0
