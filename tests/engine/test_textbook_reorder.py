"""(r, Q) and (s, S) policies: against quadrature, enumeration, a Markov chain and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from engine.errors import EngineError
from engine.replenishment.textbook import reorder_quantity as rq
from engine.replenishment.textbook import reorder_quantity_approximations as approximate
from engine.replenishment.textbook import reorder_up_to as ss
from engine.replenishment.textbook.economic_order import economic_order_quantity_with_backorders
from engine.replenishment.textbook.newsvendor import newsvendor_normal, newsvendor_poisson
from engine.replenishment.textbook.reorder_quantity_poisson import (
    best_reorder_policy_poisson,
    reorder_policy_cost_poisson,
)
from engine.replenishment.textbook.reorder_up_to_kernel import poisson_table

EXAMPLE = (0.225, 7.5, 8, 1300, 150, 1 / 12)


def test_cost_is_the_integral_of_the_newsvendor_cost():
    holding, penalty, setup, mean, sd, lead = EXAMPLE
    for point, quantity in ((126.8, 328.5), (60.0, 40.0), (-50.0, 900.0)):
        integral = quad(
            lambda y: newsvendor_normal(holding, penalty, mean * lead, sd * lead**0.5, level=y).cost,
            point,
            point + quantity,
            epsabs=1e-9,
        )[0]
        expected = (setup * mean + integral) / quantity
        assert rq.reorder_policy_cost(point, quantity, *EXAMPLE) == pytest.approx(expected, rel=1e-9)


costs = st.floats(0.1, 20)


@given(costs, costs, st.floats(1, 300), st.floats(5, 500), st.floats(0.5, 100), st.floats(0.05, 4))
@settings(deadline=None, max_examples=8)
def test_no_reorder_policy_is_cheaper(holding, penalty, setup, mean, sd, lead):
    terms = (holding, penalty, setup, mean, sd, lead)
    best = rq.best_reorder_policy(*terms)
    points = best.reorder_point + np.linspace(-2, 2, 21)[:, None] * sd
    quantities = best.order_quantity * np.geomspace(0.5, 2, 21)
    assert best.cost <= rq.reorder_policy_cost(points, quantities, *terms).min() * (1 + 1e-9)
    low = newsvendor_normal(holding, penalty, mean * lead, sd * lead**0.5, level=best.reorder_point)
    high = newsvendor_normal(
        holding, penalty, mean * lead, sd * lead**0.5, level=best.reorder_point + best.order_quantity
    )
    assert low.cost == pytest.approx(float(high.cost), rel=1e-6)
    # Zheng (1992): the quantity with backorders costs at most 1/8 more
    assert best.cost <= approximate.backorder_quantity_policy(*terms).cost * (1 + 1e-9)
    assert approximate.backorder_quantity_policy(*terms).cost <= best.cost * 1.125
    for policy in (approximate.safety_stock_policy(*terms), approximate.loss_function_policy(*terms)):
        assert policy.cost >= best.cost * (1 - 1e-9)


def test_loss_function_policy_solves_its_equations():
    policy = approximate.loss_function_policy(*EXAMPLE)
    holding, penalty, _, mean, sd, lead = EXAMPLE
    demand = stats.norm(mean * lead, sd * lead**0.5)
    short = quad(demand.sf, policy.reorder_point, np.inf)[0]
    assert short == pytest.approx(holding * policy.order_quantity / (holding + penalty), rel=1e-8)


def test_reorder_policies_of_many_items_and_of_certain_demand():
    many = rq.best_reorder_policy(0.225, [7.5, 3.0], 8, 1300, 150, 1 / 12)
    assert many.reorder_point[0] > many.reorder_point[1]
    certain = rq.best_reorder_policy(0.225, 5, 8, 1300, 0, 0.5)
    plain = economic_order_quantity_with_backorders(8, 0.225, 5, 1300)
    assert certain.order_quantity == pytest.approx(float(plain.quantity), rel=1e-6)
    assert certain.cost == pytest.approx(float(plain.cost), rel=1e-9)
    assert certain.reorder_point == pytest.approx(
        650 - float(plain.backordered_share * plain.quantity), abs=1e-3
    )


def test_stockouts_too_cheap_to_hold_stock_for():
    with pytest.raises(EngineError, match="stockout_cost must be above what holding an order"):
        approximate.expected_inventory_level_policy(1, 0.001, 50, 100, 10, 1)


@given(costs, costs, st.floats(1, 60), st.floats(0.5, 20), st.floats(0.1, 3))
@settings(deadline=None, max_examples=30)
def test_no_poisson_reorder_policy_is_cheaper(holding, penalty, setup, mean, lead):
    terms = (holding, penalty, setup, mean, lead)
    best = best_reorder_policy_poisson(*terms)
    points = best.reorder_point + np.arange(-4, 5)[:, None]
    quantities = np.maximum(best.order_quantity + np.arange(-4, 5), 1)
    assert best.cost <= reorder_policy_cost_poisson(points, quantities, *terms).min() * (1 + 1e-9)
    levels = best.reorder_point + 1 + np.arange(best.order_quantity)
    total = setup * mean + newsvendor_poisson(holding, penalty, mean * lead, level=levels).cost.sum()
    assert best.cost == pytest.approx(total / best.order_quantity, rel=1e-9)


def test_poisson_search_widens_when_stockouts_are_nearly_free():
    best = best_reorder_policy_poisson([1.0, 20.0], [0.01, 150.0], [500.0, 100.0], [3.0, 1.5], [0.1, 2.0])
    assert best.order_quantity[0] > 100
    assert (best.reorder_point[1], best.order_quantity[1]) == (3, 5)


def chain_cost(s, up_to, table, setup, holding, penalty, lead=0):
    """Average cost of an (s, S) policy from the stationary distribution of its inventory position."""
    positions = np.arange(s + 1, up_to + 1)
    moves = np.zeros((len(positions), len(positions)))
    orders = np.zeros(len(positions))
    for i, position in enumerate(positions):
        for demand, probability in enumerate(table):
            after = position - demand
            if after <= s:
                orders[i] += probability
                after = up_to
            moves[i, after - s - 1] += probability
    system = np.vstack([moves.T - np.eye(len(positions)), np.ones(len(positions))])
    share = np.linalg.lstsq(system, np.append(np.zeros(len(positions)), 1.0), rcond=None)[0]
    exposure = np.array([1.0])
    for _ in range(lead + 1):
        exposure = np.convolve(exposure, table)
    left = positions[:, None] - np.arange(len(exposure))
    ends = (holding * np.maximum(left, 0) + penalty * np.maximum(-left, 0)) @ exposure
    return float(share @ (setup * orders + ends))


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=6).filter(lambda w: sum(w[1:]) > 0),
    st.floats(0, 40),
    st.floats(0.2, 20),
    st.integers(0, 2),
)
@settings(deadline=None, max_examples=12)
def test_best_reorder_up_to_equals_enumeration_of_chains(weights, setup, penalty, lead):
    table = np.array(weights) / sum(weights)
    terms = {"fixed_cost": setup, "holding_cost": 1.0, "stockout_cost": penalty, "lead_time": lead}
    best = ss.best_reorder_up_to_table(table, **terms)
    s, up_to = int(best.reorder_point), int(best.order_up_to)
    assert best.cost == pytest.approx(chain_cost(s, up_to, table, setup, 1.0, penalty, lead), rel=1e-9)
    lows, highs = np.meshgrid(np.arange(s - 6, s + 7), np.arange(up_to - 6, up_to + 7))
    below = lows < highs
    around = ss.reorder_up_to_cost_table(lows[below], highs[below], table, **terms)
    assert best.cost <= around.min() * (1 + 1e-9) + 1e-12


def test_poisson_policies_by_simulation():
    rng = np.random.default_rng(3)
    best = ss.best_reorder_up_to_poisson(6, fixed_cost=25, holding_cost=1, stockout_cost=9, lead_time=2)
    s, up_to = int(best.reorder_point), int(best.order_up_to)
    periods, runs = 600, 400
    stock = np.full(runs, up_to)
    pipeline = np.zeros((2, runs), dtype=int)
    total = np.zeros(runs)
    for t in range(periods):
        position = stock + pipeline.sum(axis=0)
        order = np.where(position <= s, up_to - position, 0)
        arriving, pipeline = pipeline[0], np.vstack([pipeline[1:], order])
        stock = stock + arriving - rng.poisson(6, runs)
        if t >= 60:
            total += 25 * (order > 0) + np.maximum(stock, 0) + 9 * np.maximum(-stock, 0)
    average = total / (periods - 60)
    assert average.mean() == pytest.approx(float(best.cost), abs=4 * average.std() / runs**0.5)


@given(st.floats(0.05, 60), st.floats(0, 300), st.floats(0.3, 40))
@settings(deadline=None, max_examples=40)
def test_reorder_up_to_properties(mean, setup, penalty):
    terms = {"fixed_cost": setup, "holding_cost": 1.0, "stockout_cost": penalty}
    best = ss.best_reorder_up_to_poisson(mean, **terms)
    assert best.reorder_point < best.order_up_to
    again = ss.reorder_up_to_cost_poisson(best.reorder_point, best.order_up_to, mean, **terms)
    assert again == pytest.approx(float(best.cost), rel=1e-10)
    dearer = ss.best_reorder_up_to_poisson(mean, **{**terms, "fixed_cost": setup + 10})
    assert best.cost <= dearer.cost
    base = newsvendor_poisson(1.0, penalty, mean)
    assert best.cost >= base.cost * (1 - 1e-9)
    free = ss.best_reorder_up_to_poisson(mean, **{**terms, "fixed_cost": 0})
    assert free.order_up_to == free.reorder_point + 1 == base.level
    table = poisson_table(mean)
    same = ss.best_reorder_up_to_table(table, **terms)
    assert same.cost == pytest.approx(float(best.cost), rel=1e-9)


def test_poisson_table():
    for mean in (0.01, 3.0, 250.0, 40_000.0):
        table = poisson_table(mean)
        np.testing.assert_allclose(
            table, stats.poisson.pmf(np.arange(len(table)), mean), rtol=1e-8, atol=1e-300
        )


def test_long_lots_and_many_items():
    many = ss.best_reorder_up_to_poisson(
        [3.0, 3.0, 3.0], fixed_cost=[0, 20_000, 5], holding_cost=1, stockout_cost=9
    )
    assert many.order_up_to[1] - many.reorder_point[1] > 300
    one = ss.best_reorder_up_to_poisson(3.0, fixed_cost=5, holding_cost=1, stockout_cost=9)
    assert (many.reorder_point[2], many.order_up_to[2], many.cost[2]) == tuple(one)
    waiting = ss.best_reorder_up_to_table([0.2, 0.8], fixed_cost=900, holding_cost=9, stockout_cost=0.1)
    assert waiting.reorder_point < -50


def test_power_approximation_is_near_the_best():
    terms = {"fixed_cost": 64, "holding_cost": 1, "stockout_cost": 9}
    rough = ss.power_approximation(20, 20**0.5, **terms, lead_time=[0, 2])
    best = ss.best_reorder_up_to_poisson(20, **terms, lead_time=[0, 2])
    cost = ss.reorder_up_to_cost_poisson(
        np.rint(rough.reorder_point), np.rint(rough.order_up_to), 20, **terms, lead_time=[0, 2]
    )
    assert np.all(cost <= best.cost * 1.05)


def test_faults_are_named():
    terms = {"fixed_cost": 5, "holding_cost": 1, "stockout_cost": 9}
    with pytest.raises(EngineError, match=r"the sum of probabilities must be 1; it is 0\.9"):
        ss.best_reorder_up_to_table([0.5, 0.4], **terms)
    with pytest.raises(EngineError, match="some demand"):
        ss.best_reorder_up_to_table([1.0, 0.0], **terms)
    with pytest.raises(EngineError, match="order_up_to must be above reorder_point"):
        ss.reorder_up_to_cost_poisson(4, 4, 6, **terms)
    with pytest.raises(EngineError, match="one length or be single numbers"):
        ss.reorder_up_to_cost_table([4, 5], 9, [[0.5, 0.5]] * 3, **terms)
    with pytest.raises(EngineError, match=r"lead_time must be a whole number of at least 0; it is 0\.5"):
        ss.best_reorder_up_to_poisson(6, **terms, lead_time=0.5)
