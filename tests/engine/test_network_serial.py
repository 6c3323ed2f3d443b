"""Stages in series: published answers, every level and every demand tried, bounds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from engine.errors import EngineError
from engine.replenishment.network.serial import echelon_base_stock, shang_song


def poisson_chances(mean):
    return poisson(mean).pmf(np.arange(int(mean + 12 * mean**0.5 + 20)))


def normal_chances(mean, sd, step):
    reached = norm(mean, sd).cdf((np.arange(0, (mean + 8 * sd) / step + 1) + 0.5) * step)
    return np.diff(np.concatenate([[0.0], reached])) / reached[-1]


# Shang & Song (2003), Table 1, rows 1, 9, 17 and 25: Poisson demand of 16, four lead times of a quarter;
# the cost of their heuristic is with levels rounded down (b = 9) or up (b = 99).
SHANG_SONG = [
    ([0.25, 0.25, 0.25, 0.25], 9, 12.688, np.floor, 12.688),
    ([0.25, 2.5, 2.5, 0.25], 9, 53.008, np.floor, 53.258),
    ([0.25, 0.25, 0.25, 0.25], 99, 16.206, np.ceil, 16.206),
    ([0.25, 2.5, 2.5, 0.25], 99, 74.564, np.ceil, 74.747),
]


@pytest.mark.parametrize(("holding", "backorder", "best", "rounded", "heuristic"), SHANG_SONG)
def test_shang_song_table(holding, backorder, best, rounded, heuristic):
    demand = [poisson_chances(4)] * 4
    assert echelon_base_stock(demand, holding, backorder).cost == pytest.approx(best, abs=6e-4)
    levels = rounded(shang_song(demand, holding, backorder)[1])
    tried = echelon_base_stock(demand, holding, backorder, levels=levels)
    assert tried.cost == pytest.approx(heuristic, abs=6e-4)


def test_example_with_normal_demand():
    # Snyder & Shen, Fundamentals of Supply Chain Theory (2nd ed.), Example 6.1: S* = 6.49, 12.02, 22.71;
    # stockpyl's documentation, on its grid: C* = 47.669; the heuristic rounded: 6–7, 12–13, 22–23.
    step = 0.05
    demand = [normal_chances(5, 1, step), normal_chances(5, 1, step), normal_chances(10, 2**0.5, step)]
    plan = echelon_base_stock(demand, [3, 2, 2], 37.12, step=step)
    assert plan.levels == pytest.approx((6.49, 12.02, 22.71), abs=step)
    assert plan.cost == pytest.approx(47.669, abs=0.02)
    heuristic = shang_song(demand, [3, 2, 2], 37.12, step=step)[1]
    assert np.floor(heuristic).tolist() == [6, 12, 22]
    assert np.ceil(heuristic).tolist() == [7, 13, 23]
    # Levels far too low, as in the same instance evaluated by stockpyl on a coarse grid: 402.34.
    low = echelon_base_stock(demand, [3, 2, 2], 37.12, step=step, levels=[4, 9, 10])
    assert low.cost == pytest.approx(402.34, rel=4e-3)


def test_problems_with_normal_demand():
    # Snyder & Shen, Problems 6.2(b) and 6.1, which stockpyl answers on grids of 10 demands: 453.69, 168.53.
    five = [normal_chances(32, 5.65685424949238, 0.25)] * 5
    assert echelon_base_stock(five, [2, 2, 1, 1, 1], 24, step=0.25).cost == pytest.approx(453.69, rel=5e-3)
    two = [normal_chances(100, 15, 0.5)] * 2
    plan = echelon_base_stock(two, [1, 1], 15, step=0.5)
    assert plan.cost == pytest.approx(168.53, rel=0.015)
    # Without a grid: the same levels against drawn demand.
    upstream, downstream = np.random.default_rng(3).normal(100, 15, (2, 400_000))
    echelon = plan.levels[1] - upstream
    store = np.minimum(plan.levels[0], echelon) - downstream
    drawn = (echelon + store + 17 * np.maximum(-store, 0)).mean()
    assert plan.cost == pytest.approx(drawn, abs=0.3)


chance_vectors = st.lists(st.integers(0, 4), min_size=1, max_size=3).filter(any)
lines = st.lists(
    st.tuples(chance_vectors, st.sampled_from([0.5, 1.0, 3.0])), min_size=1, max_size=3
)  # weights of demand 0, 1, 2; echelon holding cost


def cost_by_enumeration(demand, holding, backorder, levels):
    """Every joint demand: an echelon can hold no more than what stands above it less what left."""
    total = 0.0
    for outcome in product(*(range(len(chance)) for chance in demand)):
        weight, position = 1.0, np.inf
        for j in reversed(range(len(demand))):
            weight *= demand[j][outcome[j]]
            position = min(position, levels[j]) - outcome[j]
            total_holding = holding[j] * position
            total += total_holding * joint(demand, outcome, j)
        total += weight * (backorder + sum(holding)) * max(-position, 0)
    return total


def joint(demand, outcome, last):
    """P of this outcome, counted once however the demand of stages below `last` turns out."""
    weight = 1.0
    for j, units in enumerate(outcome):
        weight *= demand[j][units] if j >= last else float(units == 0)
    return weight


@settings(max_examples=60, deadline=None)
@given(lines, st.sampled_from([1.0, 5.0, 20.0]))
def test_equals_the_best_of_all_levels(line, backorder):
    demand = [np.array(weights) / sum(weights) for weights, _ in line]
    holding = [cost for _, cost in line]
    plan = echelon_base_stock(demand, holding, backorder)
    most = sum(len(chance) - 1 for chance in demand)
    costs = [
        cost_by_enumeration(demand, holding, backorder, levels)
        for levels in product(range(most + 1), repeat=len(line))
    ]
    assert plan.cost == pytest.approx(min(costs))
    assert cost_by_enumeration(demand, holding, backorder, plan.levels) == pytest.approx(plan.cost)
    low, heuristic, high = shang_song(demand, holding, backorder)
    assert (low <= plan.levels).all()
    assert (low <= heuristic).all()
    assert (heuristic <= high).all()
    tried = echelon_base_stock(demand, holding, backorder, levels=low - 1)
    assert tried.cost == pytest.approx(cost_by_enumeration(demand, holding, backorder, low - 1))


def test_faults_are_told_together():
    with pytest.raises(EngineError) as error:
        echelon_base_stock([[0.5, 0.4]], [0.0, 1.0], 0)
    for part in ("one per stage", "sums to 0.9", "of stage 1 is 0.0", "backorder_cost is 0"):
        assert part in str(error.value)
    with pytest.raises(EngineError, match="levels has 2"):
        echelon_base_stock([[1.0]], [1.0], 1, levels=[1, 2])
