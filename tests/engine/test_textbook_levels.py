"""Stock levels of one period, of a finite horizon and by service: against grids, recursion and simulation."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.errors import EngineError
from engine.replenishment.textbook import newsvendor as nv
from engine.replenishment.textbook import newsvendor_given as given_nv
from engine.replenishment.textbook.base_stock import base_stock_for_cycle_service, base_stock_for_fill_rate
from engine.replenishment.textbook.finite_horizon import finite_horizon_policy
from engine.replenishment.textbook.myopic import myopic_bounds, myopic_level, myopic_level_of_cost
from engine.replenishment.textbook.reorder_up_to import best_reorder_up_to_table

costs = st.floats(0.05, 50)


@given(costs, costs, st.floats(1, 300), st.floats(0.1, 60), st.integers(0, 4))
@settings(deadline=None, max_examples=40)
def test_no_level_is_cheaper(holding, penalty, mean, sd, lead):
    best = nv.newsvendor_normal(holding, penalty, mean, sd, lead_time=lead)
    around = best.level + np.linspace(-3, 3, 61) * sd
    at = nv.newsvendor_normal(holding, penalty, mean, sd, lead_time=lead, level=around)
    assert best.cost <= at.cost.min() + 1e-12
    dearer = nv.newsvendor_normal(holding, 2 * penalty, mean, sd, lead_time=lead)
    assert dearer.level >= best.level

    whole = nv.newsvendor_poisson(holding, penalty, mean, lead_time=lead)
    others = nv.newsvendor_poisson(
        holding, penalty, mean, lead_time=lead, level=whole.level + np.arange(-5, 6)
    )
    assert whole.cost <= others.cost.min() * (1 + 1e-12)


@given(st.floats(2, 20), st.floats(0.1, 1.9), st.floats(-1, 0.09), st.floats(0, 2), st.floats(0, 2))
@settings(deadline=None, max_examples=30)
def test_profit_is_revenue_less_all_costs(price, cost, salvage, holding, penalty):
    demand = np.arange(200)
    chances = stats.poisson.pmf(demand, 30)
    best = nv.newsvendor_poisson_profit(price, cost, salvage, 30, holding_cost=holding, stockout_cost=penalty)

    def profit(level):
        sold, left, short = (
            np.minimum(demand, level),
            np.maximum(level - demand, 0),
            np.maximum(demand - level, 0),
        )
        return chances @ (price * sold + (salvage - holding) * left - penalty * short) - cost * level

    assert best.profit == pytest.approx(profit(best.level), rel=1e-9)
    assert best.profit >= max(profit(level) for level in range(80)) - 1e-9
    normal = nv.newsvendor_normal_profit(
        price, cost, salvage, 30, 5, holding_cost=holding, stockout_cost=penalty
    )
    other = nv.newsvendor_normal_profit(
        price, cost, salvage, 30, 5, holding_cost=holding, stockout_cost=penalty, level=normal.level + 0.5
    )
    assert normal.profit >= other.profit


def test_margins_must_be_positive():
    with pytest.raises(EngineError, match="revenue must be above purchase_cost"):
        nv.newsvendor_normal_profit(1, 2, 0, 50, 8)
    with pytest.raises(EngineError, match="purchase_cost must be above salvage_value"):
        nv.newsvendor_poisson_profit(3, 2, 2, 50)


def test_given_distributions_agree_with_the_closed_forms():
    normal = nv.newsvendor_normal(0.2, [0.7, 3.0], 50, 8)
    same = given_nv.newsvendor_continuous(0.2, [0.7, 3.0], stats.norm(50, 8))
    np.testing.assert_allclose(same.level, normal.level, rtol=1e-12)
    np.testing.assert_allclose(same.cost, normal.cost, rtol=1e-9)
    poisson = nv.newsvendor_poisson(1, [4, 30], 6)
    for other in (
        given_nv.newsvendor_discrete(1, [4, 30], stats.poisson(6)),
        given_nv.newsvendor_table(1, [4, 30], np.arange(60), stats.poisson.pmf(np.arange(60), 6)),
    ):
        assert other.level.tolist() == poisson.level.tolist()
        np.testing.assert_allclose(other.cost, poisson.cost, rtol=1e-10)
    assert given_nv.newsvendor_table(1, 1e9, [3, 7], [0.5, 0.5]).level == 7


@given(costs, costs, st.lists(st.integers(0, 30), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_empirical_level_is_the_best_of_the_sample(holding, penalty, sample):
    best = given_nv.newsvendor_empirical(holding, penalty, sample)
    demand = np.array(sample)

    def cost(level):
        return holding * np.maximum(level - demand, 0).mean() + penalty * np.maximum(demand - level, 0).mean()

    assert best.cost == pytest.approx(cost(best.level))
    assert best.cost <= min(cost(level) for level in range(31)) + 1e-9
    table = given_nv.newsvendor_table(holding, penalty, demand, np.full(len(demand), 1 / len(demand)))
    assert table.cost == pytest.approx(best.cost)


def test_empirical_levels_of_many_items():
    best = given_nv.newsvendor_empirical([1, 1], [1, 9], [[4, 2, 1, 3], [4, 2, 1, 3]])
    assert best.level.tolist() == [2, 4]
    with pytest.raises(EngineError, match="at least one value"):
        given_nv.newsvendor_empirical(1, 1, [])


def test_service_levels_by_simulation():
    rng = np.random.default_rng(5)
    best = base_stock_for_fill_rate([0.9, 0.98], 20, 6, lead_time=3, review_period=2)
    cycle = base_stock_for_cycle_service(0.9, 20, 6, lead_time=3, review_period=2)
    cycles = 100_000
    demand = rng.normal(20, 6, (cycles, 5))
    for level, fill in zip(best.level, best.fill_rate, strict=True):
        # at the start of a cycle the demand of three periods has gone from the level, at its end that of five
        before = np.maximum(demand[:, :3].sum(axis=1) - level, 0)
        after = np.maximum(demand.sum(axis=1) - level, 0)
        assert 1 - (after - before).mean() / 40 == pytest.approx(fill, abs=2e-3)
    assert (demand.sum(axis=1) <= cycle.level).mean() == pytest.approx(0.9, abs=3e-3)
    assert cycle.cycle_service == pytest.approx(0.9)
    np.testing.assert_allclose(best.fill_rate, [0.9, 0.98], atol=1e-9)


def test_service_of_varying_and_of_certain_supply():
    steady = base_stock_for_cycle_service(0.95, 50, 8, lead_time=4)
    varying = base_stock_for_cycle_service(0.95, 50, 8, lead_time=4, lead_time_sd=1)
    assert varying.level > steady.level
    certain = base_stock_for_fill_rate(0.5, 10, 0, lead_time=1)
    assert (float(certain.level), float(certain.fill_rate)) == (pytest.approx(15.0), pytest.approx(0.5))
    assert certain.cycle_service == 0.0
    assert base_stock_for_cycle_service(0.7, 10, 0, lead_time=1).cycle_service == 1.0


def test_myopic_level_is_the_cheapest():
    terms = (0.18, 0.70, 0.3, 0.35, 50, 8)
    best = myopic_level(*terms, discount_factor=0.98)
    around = myopic_level(*terms, discount_factor=0.98, level=best.level + np.linspace(-20, 20, 81))
    assert best.cost <= around.cost.min() + 1e-12
    for side in ("below", "above"):
        level = myopic_level_of_cost([17.0, 40.0], *terms, discount_factor=0.98, side=side)
        np.testing.assert_allclose(myopic_level(*terms, discount_factor=0.98, level=level).cost, [17, 40])
        assert np.all(level < best.level) if side == "below" else np.all(level > best.level)
    assert myopic_level_of_cost(best.cost, *terms, discount_factor=0.98, side="above") == best.level
    with pytest.raises(EngineError, match="cost must be at least the least cost"):
        myopic_level_of_cost(3, *terms, side="below")
    with pytest.raises(EngineError, match="less the next one discounted"):
        myopic_level(1, 2, 9, 3, 50, 8)


def test_myopic_bounds_enclose_the_best_policy():
    periods, mean, sd = 6, 18.0, 3.0
    demand = np.arange(61)
    table = stats.norm.cdf(demand + 0.5, mean, sd) - stats.norm.cdf(demand - 0.5, mean, sd)
    table = np.tile(table / table.sum(), (periods, 1))
    terms = {"holding_cost": 1.0, "stockout_cost": 25.0, "purchase_cost": 1.0, "fixed_cost": 40.0}
    last = {"terminal_holding_cost": 1.0, "terminal_stockout_cost": 25.0}
    policy = finite_horizon_policy(table, **terms, **last, discount_factor=0.98)
    bounds = myopic_bounds(mean, sd, **terms, **last, discount_factor=0.98, periods=periods)
    half = 1.0  # whole units
    # the last period's terminal costs come a period later in the policy than in the bounds
    for t in range(periods - 2):
        assert (
            bounds.order_up_to_lower[t] - half <= policy.order_up_to[t] <= bounds.order_up_to_upper[t] + half
        )
        assert bounds.reorder_point_lower[t] - half <= policy.reorder_point[t]
        assert policy.reorder_point[t] <= bounds.reorder_point_upper[t] + half


def test_myopic_bound_that_does_not_hold():
    bounds = myopic_bounds(
        [18, 18],
        3,
        holding_cost=1,
        stockout_cost=25,
        purchase_cost=1,
        fixed_cost=[10, 40],
        terminal_holding_cost=0,
        terminal_stockout_cost=0,
    )
    assert np.isnan(bounds.reorder_point_upper).tolist() == [True, False]


chance = st.lists(st.integers(1, 5), min_size=2, max_size=3).map(lambda w: np.array(w) / sum(w))


@given(st.integers(1, 3), st.floats(0, 6), st.floats(0, 2), st.floats(0.6, 1), st.integers(-2, 3), st.data())
@settings(deadline=None, max_examples=40)
def test_finite_horizon_equals_plain_recursion(count, setup, price, discount, opening, data):
    size = data.draw(st.integers(2, 3))
    weights = [[data.draw(st.integers(1, 5)) for _ in range(size)] for _ in range(count)]
    table = np.array(weights) / np.sum(weights, axis=1, keepdims=True)
    holding, penalty = 1.0, data.draw(st.floats(0.5, 9))

    @cache
    def least(t, stock):
        if t == count:
            return 0.3 * max(stock, 0) + 5.0 * max(-stock, 0)
        options = []
        for level in range(stock, size * count + 4):
            cost = setup * (level > stock) + price * (level - stock)
            for demand, probability in enumerate(table[t]):
                left = level - demand
                end = holding * max(left, 0) + penalty * max(-left, 0)
                cost += probability * (end + discount * least(t + 1, left))
            options.append(cost)
        return min(options)

    policy = finite_horizon_policy(
        table,
        holding_cost=holding,
        stockout_cost=penalty,
        purchase_cost=price,
        fixed_cost=setup,
        discount_factor=discount,
        terminal_holding_cost=0.3,
        terminal_stockout_cost=5.0,
        opening_stock=opening,
    )
    assert policy.cost == pytest.approx(least(0, opening), rel=1e-9, abs=1e-9)


def test_a_long_horizon_costs_the_average_of_the_best_policy():
    table = stats.poisson.pmf(np.arange(25), 5.0)
    table /= table.sum()
    forever = best_reorder_up_to_table(table, fixed_cost=20, holding_cost=1, stockout_cost=6)
    short, long = (
        finite_horizon_policy(np.tile(table, (t, 1)), holding_cost=1, stockout_cost=6, fixed_cost=20)
        for t in (20, 60)
    )
    assert (long.cost - short.cost) / 40 == pytest.approx(float(forever.cost), rel=1e-3)
    assert long.reorder_point[0] == forever.reorder_point
    assert long.order_up_to[0] == forever.order_up_to


def test_without_fixed_cost_the_policy_is_a_base_stock():
    table = np.tile(stats.poisson.pmf(np.arange(40), 6.0), (8, 1))
    table /= table.sum(axis=1, keepdims=True)
    policy = finite_horizon_policy(table, holding_cost=1, stockout_cost=4)
    assert policy.order_up_to.tolist() == [float(nv.newsvendor_poisson(1, 4, 6).level)] * 8
    assert np.all(policy.reorder_point[1:] == policy.order_up_to[1:] - 1)
    nothing = finite_horizon_policy([[1.0]], holding_cost=1, stockout_cost=4)
    assert np.isnan(nothing.reorder_point).all()
    with pytest.raises(EngineError, match="must have a row a period"):
        finite_horizon_policy([0.5, 0.5], holding_cost=1, stockout_cost=4)
