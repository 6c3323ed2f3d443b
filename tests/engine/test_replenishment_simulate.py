"""Projection of stock and the reductions from it, against a slow simulation that anyone can read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.replenishment.lead_times import arrivals
from engine.replenishment.requirement import window_needs
from engine.replenishment.simulate import HELD, LOST_BEFORE, LOST_WINDOW, WASTE, simulate, usable_stock

HORIZON = 8
NEVER = 1 << 40


def slow_path(demand, batches, receipts, life, arrival, next_arrival, quantity, backorder):
    """One path, batch by batch, as lists of [last period, quantity]."""
    shelf = [[last, amount] for amount, last in batches if amount > 0]
    backlog = lost_before = lost_window = waste = held = 0.0
    stocks = []
    for period, wanted_now in enumerate(demand):
        for when, amount in receipts:
            if when == period:
                shelf.append([period + life - 1, amount])
        if period == arrival:
            shelf.append([period + life - 1, quantity])
        shelf.sort(key=lambda batch: batch[0])
        wanted = wanted_now + backlog
        for batch in shelf:
            served = min(batch[1], wanted)
            batch[1] -= served
            wanted -= served
        backlog = wanted if backorder else 0.0
        short = min(wanted, wanted_now)
        if period < arrival:
            lost_before += short
        elif period < next_arrival:
            lost_window += short
        waste += sum(amount for last, amount in shelf if last == period)
        shelf = [batch for batch in shelf if batch[0] > period and batch[1] > 0]
        stock = sum(amount for _, amount in shelf)
        if arrival <= period < next_arrival:
            held += stock
        stocks.append(stock - backlog)
    return lost_before, lost_window, waste, held, stocks


whole = st.integers(0, 9).map(float)
cases = st.fixed_dictionaries(
    {
        "paths": st.lists(st.lists(whole, min_size=HORIZON, max_size=HORIZON), min_size=1, max_size=4),
        "batches": st.lists(st.tuples(whole, st.sampled_from([0, 1, 2, 4, 7, 8, NEVER])), max_size=4),
        "receipts": st.lists(st.tuples(st.integers(0, HORIZON - 1), whole), max_size=3),
        "life": st.sampled_from([1, 2, 3, 5, 20, NEVER]),
        "arrival": st.integers(0, HORIZON),
        "window": st.integers(0, 5),
        "quantity": st.integers(0, 25).map(float),
        "backorder": st.booleans(),
    }
)


def play(case, quantity=None, stock_paths=None):
    paths = np.array(case["paths"])
    stock = np.zeros(HORIZON + 1)
    for amount, last in case["batches"]:
        stock[min(last, HORIZON)] += amount
    receipts = np.zeros(HORIZON)
    for period, amount in case["receipts"]:
        receipts[period] += amount
    arrival = np.full(len(paths), case["arrival"])
    following = np.minimum(arrival + case["window"], HORIZON)
    played = simulate(
        paths,
        stock,
        receipts,
        case["life"],
        arrival,
        following,
        case["quantity"] if quantity is None else quantity,
        case["backorder"],
        HORIZON,
        np.empty((0, 0)) if stock_paths is None else stock_paths,
    )
    return played, (paths, stock, receipts, arrival, following)


@given(cases)
def test_simulation_is_what_happens_batch_by_batch(case):
    stock_paths = np.empty((len(case["paths"]), HORIZON))
    played, (_, _, _, arrival, following) = play(case, stock_paths=stock_paths)
    for path, demand in enumerate(case["paths"]):
        *figures, stocks = slow_path(
            demand,
            case["batches"],
            case["receipts"],
            case["life"],
            arrival[path],
            following[path],
            case["quantity"],
            case["backorder"],
        )
        np.testing.assert_allclose(played[path], figures, atol=1e-9)
        np.testing.assert_allclose(stock_paths[path], stocks, atol=1e-9)


@given(cases, st.integers(0, 25))
def test_without_expiry_the_reduction_equals_the_simulation(case, quantity):
    case = case | {"life": NEVER, "batches": [(amount, NEVER) for amount, _ in case["batches"]]}
    played, (paths, stock, receipts, arrival, following) = play(case, float(quantity))
    needs, demand, peaks = window_needs(paths, stock.sum(), receipts, arrival, following, case["backorder"])
    if case["backorder"]:
        short = np.clip(needs - quantity, 0, demand).sum()
        held = np.maximum(quantity - needs, 0).sum()
        assert np.isclose(played[:, HELD].sum(), held)
    else:
        short = np.maximum(peaks - quantity, 0).sum()
    assert np.isclose(played[:, LOST_WINDOW].sum(), short)


@given(cases, st.integers(1, 10))
def test_a_larger_order_never_loses_more_and_never_wastes_less(case, more):
    few, _ = play(case)
    many, _ = play(case, case["quantity"] + more)
    assert (many[:, LOST_WINDOW] <= few[:, LOST_WINDOW] + 1e-9).all()
    assert (many[:, WASTE] >= few[:, WASTE] - 1e-9).all()
    assert (many[:, LOST_BEFORE] == few[:, LOST_BEFORE]).all()


def test_fractional_stock_survives_rounding():
    paths = np.full((1, 3), 0.1)
    stock = np.array([0.1, 0.0, 0.0, 0.1 + 0.1])
    played = simulate(
        paths, stock, np.zeros(3), 9, np.array([3]), np.array([3]), 0.0, False, 3, np.empty((0, 0))
    )
    assert played[0, LOST_BEFORE] < 1e-12


def test_usable_stock_leaves_out_what_mean_demand_does_not_reach():
    stock = np.array([0.0, 10.0, 0.0, 4.0])  # ten that sell until period 1, four that last
    mean = np.array([3.0, 3.0, 3.0])
    assert usable_stock(stock, mean, 3) == 10.0  # six sell in time, four expire
    assert usable_stock(stock, mean, 0) == 14.0
    assert usable_stock(np.zeros(4), mean, 3) == 0.0


def test_lead_times_have_their_mean_and_spread_and_orders_do_not_overtake():
    first, second = arrivals(np.uint64(5), 20_000, 2, 6, 4.3, 1.5, 1000)
    assert abs(first.mean() - 6.3) < 0.03
    assert abs(first.std() - np.hypot(1.5, 1 / np.sqrt(6))) < 0.03  # rounding adds 1/6 to the variance
    assert (second >= first).all()
    assert abs(second.mean() - 10.3) < 0.1


def test_a_certain_lead_time_arrives_on_time_and_a_fraction_keeps_its_mean():
    first, second = arrivals(np.uint64(5), 50, 1, 3, 2.0, 0.0, 100)
    assert (first == 3).all()
    assert (second == 5).all()
    share = arrivals(np.uint64(5), 20_000, 0, 1, 0.4, 0.0, 100)[0].mean()
    assert abs(share - 0.4) < 0.02


def test_arrivals_beyond_the_horizon_stay_at_its_end():
    first, second = arrivals(np.uint64(5), 10, 50, 60, 30.0, 5.0, 56)
    assert (first == 56).all()
    assert (second == 56).all()
