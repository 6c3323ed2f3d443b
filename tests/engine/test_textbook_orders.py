"""Order quantities: against grids of quantities, enumeration and simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.errors import EngineError
from engine.replenishment.textbook import economic_order as eoq
from engine.replenishment.textbook.joint_replenishment import (
    power_of_two_joint_replenishment,
    silver_joint_replenishment,
)
from engine.replenishment.textbook.lot_sizing import wagner_whitin
from engine.replenishment.textbook.quantity_discounts import (
    all_units_discount_order,
    incremental_discount_order,
)
from engine.replenishment.textbook.supply_disruption import (
    economic_order_quantity_with_disruptions,
    newsvendor_with_disruptions,
)
from engine.replenishment.textbook.uncertain_yield import (
    economic_order_quantity_with_additive_yield,
    economic_order_quantity_with_multiplicative_yield,
    newsvendor_with_additive_yield,
)

GRID = np.geomspace(0.01, 1e5, 20_001)
money = st.floats(0.1, 500)
rates = st.floats(0.5, 5_000)


@given(money, st.floats(0.05, 20), money, rates)
@settings(deadline=None, max_examples=30)
def test_no_quantity_on_a_grid_is_cheaper(setup, holding, penalty, rate):
    best = eoq.economic_order_quantity(setup, holding, rate)
    assert best.cost <= eoq.economic_order_quantity(setup, holding, rate, order_quantity=GRID).cost.min() * (
        1 + 1e-12
    )
    waiting = eoq.economic_order_quantity_with_backorders(setup, holding, penalty, rate)
    others = eoq.economic_order_quantity_with_backorders(
        setup, holding, penalty, rate, order_quantity=GRID[:, None], backordered_share=np.linspace(0, 1, 11)
    )
    assert waiting.cost <= others.cost.min() * (1 + 1e-12)
    assert waiting.cost <= best.cost * (1 + 1e-12)
    lot = eoq.economic_production_quantity(setup, holding, rate, 2 * rate)
    costs = eoq.economic_production_quantity(setup, holding, rate, 2 * rate, order_quantity=GRID).cost
    assert lot.cost <= costs.min() * (1 + 1e-12)


def test_orders_are_vectorised():
    setup = np.array([[8.0], [20.0]])
    together = eoq.economic_order_quantity(setup, 0.225, [1300, 90, 7])
    assert together.quantity.shape == (2, 3)
    assert together.quantity[1, 2] == eoq.economic_order_quantity(20, 0.225, 7).quantity
    share = eoq.economic_order_quantity_with_backorders(8, 0.225, 5, 1300, backordered_share=0.0)
    assert share.cost > eoq.economic_order_quantity_with_backorders(8, 0.225, 5, 1300).cost


def test_orders_that_cost_nothing_are_of_size_nothing():
    assert eoq.economic_order_quantity(0, 1, 10) == (0.0, 0.0)
    assert eoq.economic_order_quantity_with_backorders(0, 1, 4, 10) == (0.0, 0.2, 0.0)


def test_production_must_keep_up():
    with pytest.raises(EngineError, match="production_rate must be above demand_rate; it is 5"):
        eoq.economic_production_quantity(1, 1, 9, 5)


def purchase(quantity, breaks, prices, incremental):
    """What an order costs by its definition."""
    if not incremental:
        return prices[np.searchsorted(breaks, quantity, side="right") - 1] * quantity
    ends = np.append(breaks[1:], np.inf)
    return sum(p * np.clip(quantity - b, 0, e - b) for b, e, p in zip(breaks, ends, prices, strict=True))


@given(
    st.floats(1, 80),
    st.floats(0.05, 0.6),
    rates,
    st.lists(st.floats(10, 500), min_size=1, max_size=3),
    st.data(),
)
@settings(deadline=None, max_examples=40)
def test_no_quantity_is_cheaper_at_a_discount(setup, carry, rate, steps, data):
    breaks = np.concatenate([[0.0], np.cumsum(steps)])
    drops = [data.draw(st.floats(0.8, 1.0)) for _ in steps]
    prices = 10.0 * np.cumprod([1.0, *drops])
    grid = np.unique(np.concatenate([GRID, breaks[1:]]))
    for incremental, function in ((False, all_units_discount_order), (True, incremental_discount_order)):
        found = function(setup, carry, rate, breakpoints=breaks, unit_costs=prices)
        quantity = np.append(grid, found.quantity)
        paid = purchase(quantity, breaks, prices, incremental)
        costs = (setup + paid) * rate / quantity + 0.5 * carry * paid
        assert found.cost == pytest.approx(costs[-1], rel=1e-9)
        assert found.cost <= costs.min() * (1 + 1e-9)


def test_discounts_of_many_items():
    found = all_units_discount_order(
        8, 0.3, [1300, 20], breakpoints=[[0, 400, 800], [0, 10, 4000]], unit_costs=[0.75, 0.72, 0.68]
    )
    assert found.quantity.shape == (2,)
    assert found.price_index.tolist() == [2, 1]
    with pytest.raises(EngineError, match="breakpoints must be 0 for the first price"):
        all_units_discount_order(8, 0.3, 1300, breakpoints=[5, 400], unit_costs=[2, 1])
    with pytest.raises(EngineError, match="breakpoints must be rising"):
        all_units_discount_order(8, 0.3, 1300, breakpoints=[0, 0], unit_costs=[2, 1])
    with pytest.raises(EngineError, match="unit_costs must be at most that of the price before; it is 3"):
        incremental_discount_order(8, 0.3, 1300, breakpoints=[0, 9], unit_costs=[2, 3])


@given(
    st.floats(1, 50),
    st.floats(0.1, 5),
    st.floats(1, 50),
    st.floats(10, 2000),
    st.floats(0.1, 5),
    st.floats(2, 20),
)
@settings(deadline=None, max_examples=30)
def test_no_quantity_is_cheaper_with_disruptions(setup, holding, penalty, rate, down, up):
    terms = (setup, holding, penalty, rate)
    best = economic_order_quantity_with_disruptions(*terms, disruption_rate=down, recovery_rate=up)
    others = economic_order_quantity_with_disruptions(
        *terms, disruption_rate=down, recovery_rate=up, order_quantity=GRID
    )
    assert best.cost <= others.cost.min() * (1 + 1e-12)
    rare = economic_order_quantity_with_disruptions(*terms, disruption_rate=1e-9, recovery_rate=up)
    assert rare.quantity == pytest.approx(
        eoq.economic_order_quantity(setup, holding, rate).quantity, rel=1e-3
    )


def test_the_search_brackets_from_far():
    # stockouts so dear that the approximation is far from the best quantity
    found = economic_order_quantity_with_disruptions(
        [0.0, 1e-6], 1e-3, 1e6, 1.0, disruption_rate=1e-6, recovery_rate=[50.0, 1e-6]
    )
    assert np.all(np.isfinite(found.quantity))
    for factor in (0.99, 1.01):
        other = economic_order_quantity_with_disruptions(
            [0.0, 1e-6],
            1e-3,
            1e6,
            1.0,
            disruption_rate=1e-6,
            recovery_rate=[50.0, 1e-6],
            order_quantity=found.quantity * factor,
        )
        assert np.all(other.cost >= found.cost * (1 - 1e-12))


@pytest.mark.parametrize("level", [None, 0.0, 1500.0, 2000.0, 7300.0, 12000.0])
def test_base_stock_with_disruptions_equals_the_sum(level):
    alpha, beta, demand, holding, penalty = 0.04, 0.25, 2000.0, 0.25, 3.0
    down = np.arange(400)
    chances = np.where(down == 0, beta, alpha * beta * (1 - beta) ** (down - 1.0)) / (alpha + beta)
    found = newsvendor_with_disruptions(
        holding,
        penalty,
        demand,
        disruption_probability=alpha,
        recovery_probability=beta,
        base_stock_level=level,
    )

    def cost(stock):
        needed = (down + 1) * demand
        return chances @ (holding * np.maximum(stock - needed, 0) + penalty * np.maximum(needed - stock, 0))

    assert found.cost == pytest.approx(cost(float(found.level)), rel=1e-10)
    if level is None:
        assert found.cost <= min(cost(stock) for stock in np.arange(0, 30_000, 500)) * (1 + 1e-12)


def test_uncertain_yield():
    terms = (18_500, 0.06, 75_000)
    for function, mean, sd in (
        (economic_order_quantity_with_additive_yield, -15_000, 9_000),
        (economic_order_quantity_with_multiplicative_yield, 0.8, 0.14),
    ):
        best = function(*terms, yield_mean=mean, yield_sd=sd)
        grid = np.linspace(20_000, 900_000, 5_000)
        assert best.cost <= function(*terms, yield_mean=mean, yield_sd=sd, order_quantity=grid).cost.min()
        certain = function(*terms, yield_mean=0.0 if mean < 0 else 1.0, yield_sd=0.0)
        assert certain.quantity == pytest.approx(eoq.economic_order_quantity(*terms).quantity)
    with pytest.raises(EngineError, match="so that something is received"):
        economic_order_quantity_with_additive_yield(*terms, yield_mean=-9, yield_sd=1, order_quantity=5)
    best = newsvendor_with_additive_yield([1.0, 2.0], 8.0, 40.0, yield_distribution=stats.norm(-3, 2))
    assert best.level[0] > best.level[1] > 40.0


periods = st.integers(1, 6)


@given(periods, st.data())
@settings(deadline=None, max_examples=40)
def test_wagner_whitin_equals_enumeration(count, data):
    demand = np.array([data.draw(st.sampled_from([0.0, 1.0, 4.0, 9.0])) for _ in range(count)])
    setup = np.array([data.draw(st.floats(0, 20)) for _ in range(count)])
    holding = np.array([data.draw(st.floats(0, 3)) for _ in range(count)])
    price = np.array([data.draw(st.floats(0, 5)) for _ in range(count)])
    found = wagner_whitin(demand, fixed_cost=setup, holding_cost=holding, purchase_cost=price)

    def total(orders):
        stock = np.cumsum(orders - demand)
        if stock.min() < -1e-9:
            return np.inf
        return float(orders @ price + setup[orders > 0].sum() + holding @ stock)

    plans = []
    for starts in itertools.product([False, True], repeat=count):
        orders = np.zeros(count)
        current = None
        for period, starting in enumerate(starts):
            current = period if starting else current
            if current is not None:
                orders[current] += demand[period]
            elif demand[period] > 0:
                orders = None
                break
        if orders is not None:
            plans.append(total(orders))
    assert total(found.quantities) == pytest.approx(found.cost)
    assert found.cost == pytest.approx(min(plans))


def test_wagner_whitin_of_many_items():
    demand = np.array([[90.0, 120, 80, 70], [0, 0, 0, 0], [5, 0, 0, 50]])
    many = wagner_whitin(demand, fixed_cost=[[500.0], [500], [10]], holding_cost=2)
    for row, fixed in zip(range(3), (500, 500, 10), strict=True):
        one = wagner_whitin(demand[row], fixed_cost=fixed, holding_cost=2)
        assert many.quantities[row].tolist() == one.quantities.tolist()
        assert many.cost[row] == one.cost
    assert many.cost[1] == 0


items = st.integers(1, 5)


def joint_terms(count, data):
    draw = lambda low, high: np.array([data.draw(st.floats(low, high)) for _ in range(count)])  # noqa: E731
    return data.draw(st.floats(0.5, 500)), draw(0.0, 500), draw(0.1, 10), draw(1, 500)


@given(items, st.data())
@settings(deadline=None, max_examples=40)
def test_power_of_two_orders_are_near_the_bound(count, data):
    terms = joint_terms(count, data)
    best = power_of_two_joint_replenishment(*terms)
    given_base = power_of_two_joint_replenishment(*terms, base_period=7.0)
    assert best.bound * (1 - 1e-9) <= best.cost <= best.bound * 1.0202
    assert best.cost <= given_base.cost * (1 + 1e-9)
    assert given_base.cost <= given_base.bound * 1.0607
    assert silver_joint_replenishment(*terms).cost >= best.bound * (1 - 1e-9)
    assert np.all(np.log2(best.multiples) == np.rint(np.log2(best.multiples)))
    shared, fixed, holding, rates = terms
    intervals = best.quantities / rates
    cost = shared / intervals.min() + np.sum(fixed / intervals + 0.5 * holding * rates * intervals)
    assert cost == pytest.approx(best.cost)


@given(st.integers(1, 3), st.data())
@settings(deadline=None, max_examples=25)
def test_power_of_two_orders_equal_enumeration(count, data):
    shared, fixed, holding, rates = joint_terms(count, data)
    found = power_of_two_joint_replenishment(shared, fixed, holding, rates, base_period=1.0)
    powers = [2.0**k for k in range(-9, 9)]
    least = min(
        shared / min(periods) + sum(fixed / periods + 0.5 * holding * rates * periods)
        for periods in map(np.array, itertools.product(powers, repeat=count))
    )
    assert found.cost == pytest.approx(least, rel=1e-9)


def test_joint_orders_need_a_shared_cost():
    with pytest.raises(EngineError, match="shared_fixed_cost must be above 0"):
        power_of_two_joint_replenishment(0, [1, 2], 1, 1)
    with pytest.raises(EngineError, match="must be one list of items"):
        silver_joint_replenishment(1, [[1, 2]], 1, 1)
