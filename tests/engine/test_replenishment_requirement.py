"""The order that reaches a target: published values, brute force over every quantity."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from engine.replenishment.perishable import perishable_requirement
from engine.replenishment.requirement import (
    COST,
    CYCLE,
    FILL,
    requirement,
    window_needs,
)
from engine.replenishment.simulate import HELD, LOST_WINDOW, WASTE, simulate

NEVER = 1 << 40


def normal_paths(mean, sd, periods, n_paths=20_001):
    """Total demand of `periods` is normal; its quantiles, spread evenly over the periods."""
    total = norm(mean, sd).ppf((np.arange(n_paths) + 0.5) / n_paths)
    return np.repeat(total[:, None] / periods, periods, axis=1)


def newsvendor(paths, arrival, stockout_cost, holding_cost, backorder):
    n_paths, horizon = paths.shape
    needs, demand, peaks = window_needs(
        paths, 0.0, np.zeros(horizon), np.full(n_paths, arrival), np.full(n_paths, arrival + 1), backorder
    )
    return requirement(needs, demand, peaks, backorder, COST, 0.0, stockout_cost, holding_cost, -1e6)


def test_newsvendor_with_normal_demand():
    # Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., Example 4.3: 56.604 (h .18, p .70, 50, 8)
    assert newsvendor(normal_paths(50, 8, 1), 0, 0.70, 0.18, False) == 57
    # Problem 4.1: 922.72 (h 43, p 79, 900, 60)
    assert newsvendor(normal_paths(900, 60, 1), 0, 79, 43, False) == 923


def test_base_stock_with_a_lead_time():
    # Snyder & Shen, Example 4.4: 264.767 (Example 4.3 with a lead time of 4 periods, backorders)
    paths = normal_paths(250, 8 * np.sqrt(5), 5)
    assert newsvendor(paths, 4, 0.70, 0.18, True) == 265


horizon = 6
whole = st.integers(0, 8).map(float)
cases = st.fixed_dictionaries(
    {
        "paths": st.lists(st.lists(whole, min_size=horizon, max_size=horizon), min_size=1, max_size=5),
        "stock": st.lists(whole, min_size=horizon + 1, max_size=horizon + 1),
        "receipts": st.lists(whole, min_size=horizon, max_size=horizon),
        "arrival": st.integers(0, 3),
        "window": st.integers(1, 4),
        "life": st.sampled_from([1, 2, 4]),
        "backorder": st.booleans(),
        "target": st.sampled_from([0.0, 0.5, 0.9, 0.99]),
        "stockout_cost": st.sampled_from([0.0, 0.3, 2.0, 7.1]),
        "holding_cost": st.sampled_from([0.0, 0.013, 0.31]),
    }
)


def outcomes(case, kind, quantity, *, life, stock):
    """Units short, windows short, or money, summed over paths, by simulation."""
    paths = np.array(case["paths"])
    arrival = np.full(len(paths), case["arrival"])
    following = np.minimum(arrival + case["window"], horizon)
    played = simulate(
        paths,
        stock,
        np.array(case["receipts"]),
        life,
        arrival,
        following,
        float(quantity),
        case["backorder"],
        horizon,
        np.empty((0, 0)),
    )
    if kind == FILL:
        return played[:, LOST_WINDOW].sum()
    if kind == CYCLE:
        return (played[:, LOST_WINDOW] > 0).sum()
    money = case["stockout_cost"] * played[:, LOST_WINDOW] + case["holding_cost"] * played[:, HELD]
    return (money + 2.0 * played[:, WASTE]).sum()


def whole_of(case, kind):
    paths = np.array(case["paths"])
    window = slice(case["arrival"], case["arrival"] + case["window"])
    return paths[:, window].sum() if kind == FILL else float(len(paths))


@given(cases, st.sampled_from([FILL, CYCLE, COST]))
@settings(max_examples=150)
def test_requirement_is_the_best_of_all_quantities(case, kind):
    paths = np.array(case["paths"])
    stock = np.zeros(horizon + 1)
    stock[-1] = sum(case["stock"])
    arrival = np.full(len(paths), case["arrival"])
    following = np.minimum(arrival + case["window"], horizon)
    needs, demand, peaks = window_needs(
        paths, stock.sum(), np.array(case["receipts"]), arrival, following, case["backorder"]
    )
    allowed = (1 - case["target"]) * whole_of(case, kind) + 1e-9
    found = requirement(
        needs,
        demand,
        peaks,
        case["backorder"],
        kind,
        allowed,
        case["stockout_cost"],
        case["holding_cost"],
        0.0,
    )
    every = [outcomes(case, kind, q, life=NEVER, stock=stock) for q in range(80)]
    if kind == COST:
        if case["backorder"] or case["holding_cost"] > 0:  # equal costs: any of them is right
            assert every[int(found)] <= min(every) + 1e-9
    else:
        assert found == next(q for q, short in enumerate(every) if short <= allowed)


@given(cases, st.sampled_from([FILL, CYCLE, COST]), st.integers(0, 60).map(float))
@settings(max_examples=200)
def test_perishable_requirement_is_the_best_of_all_quantities(case, kind, guess):
    paths = np.array(case["paths"])
    stock = np.array(case["stock"])
    arrival = np.full(len(paths), case["arrival"])
    following = np.minimum(arrival + case["window"], horizon)
    found, out_of_reach = perishable_requirement(
        paths,
        stock,
        np.array(case["receipts"]),
        case["life"],
        arrival,
        following,
        case["backorder"],
        kind,
        case["target"],
        whole_of(case, FILL),
        case["stockout_cost"],
        case["holding_cost"],
        2.0,
        guess,
    )
    every = [outcomes(case, kind, q, life=case["life"], stock=stock) for q in range(80)]
    if kind == COST:
        assert every[int(found)] <= min(every) + 1e-9
        return
    whole = whole_of(case, kind)
    allowed = (1 - case["target"]) * whole
    assert out_of_reach == (min(every) > allowed + 1e-9 * whole)
    if out_of_reach:
        allowed = min(every) + (1 - case["target"]) * (whole - min(every))
    assert found == next(q for q, short in enumerate(every) if short <= allowed + 1e-9 * whole)


def test_no_window_needs_nothing():
    needs, demand, peaks = window_needs(
        np.ones((3, 4)), 5.0, np.zeros(4), np.full(3, 4), np.full(3, 4), False
    )
    assert len(peaks) == 0
    assert requirement(needs, demand, peaks, False, FILL, 0.0, 1.0, 1.0, -5.0) == -5.0
