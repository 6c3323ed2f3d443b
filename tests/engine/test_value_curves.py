"""Value curves: every candidate against the simulation, the plan is the best one, prices and candidates."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from engine.errors import EngineError
from engine.replenishment import candidate_outcomes
from engine.replenishment.candidate_orders import MOST_CANDIDATES, order_candidates
from engine.replenishment.candidate_outcomes import greatest_window
from engine.replenishment.implied_price import implied_price, lifted
from engine.replenishment.line import draw
from engine.replenishment.lines import NEVER, LineInputs
from engine.replenishment.one_line import one_line
from engine.replenishment.outcome import gains
from engine.replenishment.plan import plan_lines
from engine.replenishment.simulate import HELD, LOST_WINDOW, WASTE
from engine.replenishment.value_curves import value_curves

H = 20
PATHS = 40


def portfolio(n, seed=0):
    """Mixed lines: perishable and not, packs, minimums, every target, fractional stock, late, no demand."""
    r = np.random.default_rng(seed)
    rate = r.gamma(1, 5, n) * (r.random(n) < 0.97)
    life = np.where(r.random(n) < 0.4, r.integers(1, 15, n), NEVER).astype(float)
    of = np.repeat(np.arange(n), 2)
    first = r.integers(0, 4, n)
    return LineInputs(
        mean=rate[:, None] * (1 + 0.3 * np.sin(np.arange(H) * 0.9)),
        level_cv=r.random(n) * 0.4,
        dispersion=1 + r.random(n),
        path_seed=r.integers(0, 2**63, n).astype(np.uint64),
        batch_line=of,
        batch_quantity=np.round(r.random(2 * n) * rate[of] * 4 - 1, 1),
        batch_last_period=np.where(life[of] < NEVER, r.integers(-1, 15, 2 * n), NEVER),
        receipt_line=r.integers(0, n, n),
        receipt_period=r.integers(-2, 25, n),
        receipt_quantity=np.round(r.random(n) * rate * 3),
        order_period=first,
        next_order_period=first + r.choice([1, 3, 7, 20], n),
        lead_time_mean=r.random(n) * 6,
        lead_time_sd=np.where(r.random(n) < 0.3, np.nan, r.random(n) * 2),
        moq=r.choice([np.nan, 0, 24.0], n),
        order_multiple=r.choice([np.nan, 0, 1, 6, 12.0], n),
        min_cover=r.choice([0, 0, 3.0], n),
        max_cover=r.choice([np.nan, 8.0, 30], n),
        presentation_stock=r.choice([0, 0, 4.0], n),
        shelf_maximum=r.choice([np.nan, 40.0], n),
        unit_cost=np.full(n, 2.0),
        unit_margin=np.full(n, 1.0),
        target_kind=r.choice(["fill", "cycle", "cost"], n),
        service_target=r.choice([0.9, 0.98], n),
        stockout_cost=r.choice([np.nan, 0.0, 0.5, 20.0], n),
        holding_cost=r.choice([0.0, 0.004, 0.1], n),
        life_periods=life,
        backorder=r.random(n) < 0.2,
        order_cost=r.choice([0, 1.5], n),
    )


def own_of(curves, plan):
    return (curves.quantity == plan.quantity[:, None]).argmax(axis=1)


@pytest.fixture(scope="module")
def planned():
    lines = portfolio(150, seed=4).checked()
    plan = plan_lines(lines, n_paths=PATHS)
    return lines, plan, value_curves(lines, plan, n_paths=PATHS)


def test_every_candidate_does_what_the_simulation_says(planned):
    lines, plan, curves = planned
    expired = np.zeros(lines.size)
    gone = lines.batch_last_period < 0
    np.add.at(expired, lines.batch_line[gone], np.maximum(lines.batch_quantity[gone], 0.0))
    own = own_of(curves, plan)
    for row, line in enumerate(draw(lines, slice(0, lines.size), PATHS)):
        before = line.play(0.0)
        demand = line.window_demand()
        assert curves.window_demand[row] == demand
        priced = replace(lines, stockout_cost=curves.shortage_price)
        windows = max((line.arrival < line.next_arrival).sum(), 1)
        for k, quantity in enumerate(curves.quantity[row]):
            if np.isnan(quantity):
                break
            played = line.play(quantity)
            figures = [curves.short[row, k], curves.waste[row, k] - expired[row], curves.held[row, k]]
            np.testing.assert_allclose(
                figures, played[:, [LOST_WINDOW, WASTE, HELD]].mean(axis=0), rtol=1e-9, atol=1e-9
            )
            if not line.waits or line.perishable:
                assert curves.short_windows[row, k] == (played[:, LOST_WINDOW] > 1e-9).sum() / windows
            if quantity > 0.0:
                money = gains(replace(line, inputs=priced, row=row), before, played, quantity, demand).mean()
                if k != own[row]:
                    assert curves.money[row, k] == pytest.approx(money, rel=1e-9, abs=1e-9)
                else:
                    assert curves.money[row, k] >= money - 1e-9 * (1 + abs(money))


def test_the_plan_is_each_lines_best_order_on_thousands_of_lines():
    lifted_share = []
    for seed in range(5):
        lines = portfolio(500, seed=seed)
        plan = plan_lines(lines, n_paths=PATHS)
        curves = value_curves(lines, plan, n_paths=PATHS)
        best = np.nanargmax(curves.money, axis=1)
        assert (curves.quantity[np.arange(lines.size), best] == plan.quantity).all()
        assert (np.nansum(curves.money == np.nanmax(curves.money, axis=1)[:, None], axis=1) == 1).all()
        own, rows = own_of(curves, plan), np.arange(lines.size)
        expected = plan.lost_after - plan.lost_unavoidable
        np.testing.assert_allclose(curves.short[rows, own], expected, atol=1e-9)
        np.testing.assert_allclose(curves.waste[rows, own], plan.waste_after, atol=1e-9)
        costs = lines.target_kind == "cost"
        lift = curves.money[rows, own] - plan.expected_profit
        assert (lift[costs] >= -1e-9).all()
        lifted_share.append((lift[costs] > 0.01).mean())
    assert np.mean(lifted_share) < 0.3


def test_shortage_falls_with_the_order_and_is_convex_without_expiry(planned):
    lines, _, curves = planned
    fall = np.diff(curves.short, axis=1)
    assert (fall[~np.isnan(fall)] <= 1e-9).all()
    assert (np.diff(curves.short_windows, axis=1)[~np.isnan(fall)] <= 0).all()
    lasting = (lines.life_periods >= H) & (np.bincount(lines.batch_line, lines.batch_last_period < H) == 0)
    slope = (fall / np.diff(curves.quantity, axis=1))[lasting & ~lines.backorder]
    bend = np.diff(slope, axis=1)
    assert (bend[~np.isnan(bend)] >= -1e-9).all()
    rise = np.diff(curves.held[lasting], axis=1)
    assert (rise[~np.isnan(rise)] >= -1e-9).all()


def test_candidates_are_orders_that_the_line_may_place(planned):
    lines, plan, curves = planned
    given = ~np.isnan(curves.quantity)
    assert curves.quantity.shape[1] <= MOST_CANDIDATES
    assert (curves.quantity[:, 0] == 0).all()
    assert (np.diff(curves.quantity, axis=1)[given[:, 1:]] > 0).all()
    assert (given[:, :-1] >= given[:, 1:]).all()
    assert (curves.quantity == plan.quantity[:, None]).any(axis=1).all()
    step = np.maximum(lines.order_multiple, 1.0)[:, None]
    assert (np.where(given, curves.quantity % step, 0.0) == 0).all()
    assert (np.where(curves.quantity > 0, curves.quantity, np.inf) >= lines.moq[:, None]).all()
    assert (np.where(given, curves.quantity, 0) <= np.maximum(plan.most_order, plan.quantity)[:, None]).all()
    for name in ("short", "short_windows", "waste", "held", "money"):
        assert (np.isnan(getattr(curves, name)) == ~given).all()


@settings(max_examples=200)
@given(
    st.sampled_from([0.0, 1.0, 6.0, 0.5, 144.0]),
    st.floats(0, 500),
    st.floats(0, 1e5) | st.just(np.inf),
    st.integers(0, 3000),
    st.floats(-10, 1e5),
    st.lists(st.floats(1, 1e5), max_size=3),
)
def test_candidate_orders(multiple, moq, most, lots, useful, breaks):
    step = multiple or 1.0
    own = lots * step
    found = order_candidates(multiple, moq, most, own=own, useful=useful, breaks=np.array(breaks))
    assert found[0] == 0
    assert own in found
    assert len(found) <= MOST_CANDIDATES
    assert (np.diff(found) > 0).all()
    others = found[(found > 0) & (found != own)]
    assert ((others >= moq - 1e-6) & (others <= most + 1e-6)).all()
    assert np.allclose(others / step, np.round(others / step))
    for at in breaks:
        raised = max(np.ceil(at / step), np.ceil(moq / step - 1e-9), 1) * step
        assert raised in found or raised > most
    for beside in (own - step, own + step):
        if max(moq, step) <= own and max(moq, step) <= beside <= most and own <= most:
            assert beside in found or beside > 2 * max(own, useful)


def test_price_of_a_cycle_target_is_that_of_its_critical_ratio():
    # newsvendor: q is best at prices p with F(q − 1) ≤ p / (p + h) ≤ F(q)
    # (Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., section 4.3)
    holding = 200.0
    figures = {"target_kind": "cycle", "service_target": 0.9, "unit_cost": 1000.0}
    line = one_line([18.0], stockout_cost=1.0, holding_cost=holding, **figures)
    plan = plan_lines(line, n_paths=4000)
    quantity = plan.quantity[0]
    for cost, from_below in ((1.0, True), (1e6, False)):
        priced = replace(line, stockout_cost=np.array([cost]))
        price = value_curves(priced, plan, n_paths=4000).shortage_price[0]
        low, high = poisson(18).cdf([quantity - 1, quantity])
        assert low - 0.005 <= price / (price + holding) <= high + 0.005
        edge = low if from_below else high
        assert price / (price + holding) == pytest.approx(edge, abs=0.01)


def test_a_stockout_cost_that_agrees_with_the_target_is_kept():
    line = one_line([18.0], target_kind="cycle", service_target=0.8, stockout_cost=800.0, holding_cost=200.0)
    plan = plan_lines(line, n_paths=2000)
    assert value_curves(line, plan, n_paths=2000).shortage_price[0] == 800.0


def test_implied_price_against_a_fine_grid_of_prices():
    r = np.random.default_rng(5)
    for _ in range(60):
        k = r.integers(2, 8)
        saved = np.concatenate([[0.0], np.cumsum(r.random(k))])
        spent = np.concatenate([[0.0], np.cumsum(r.random(k) * (np.arange(k) + 1))])
        own = np.array([r.integers(0, k + 1)])
        cost = np.array([r.random() * 10])
        price = implied_price(saved[None], spent[None], own, cost, np.array([1000.0]))[0]
        grid = np.linspace(0, 40, 8001)
        behind = (grid[:, None] * saved - spent).max(axis=1) - (grid * saved[own[0]] - spent[own[0]])
        reached = (price * saved - spent).max() - (price * saved[own[0]] - spent[own[0]])
        assert reached <= behind.min() + 1e-9
        agree = grid[behind <= 1e-12]
        if len(agree) > 1:
            nearest = agree[np.abs(agree - cost[0]).argmin()]
            assert price == pytest.approx(nearest, rel=0.011, abs=0.006)


def test_lifted_money_is_ahead_by_a_hair():
    money = np.array([[0.0, 5.0, 4.0, np.nan], [0.0, -1.0, np.nan, np.nan], [7.0, np.nan, np.nan, np.nan]])
    result = lifted(money, np.array([2, 0, 0]))
    assert result[0].tolist()[:3] == [0.0, 5.0, pytest.approx(5.0)]
    assert result[0, 2] > 5.0
    np.testing.assert_array_equal(result[1:], money[1:])


def test_breaks_are_candidates_and_lines_do_not_depend_on_their_company(planned):
    lines, plan, curves = planned
    for settings_ in ({"block": 7}, {"workers": 1}, {"block": 1000}):
        again = value_curves(lines, plan, n_paths=PATHS, **settings_)
        for field in fields(curves):
            np.testing.assert_array_equal(getattr(again, field.name), getattr(curves, field.name))
    breaks = np.full((lines.size, 2), np.nan)
    breaks[:, 0] = 500.0
    broken = value_curves(lines, plan, n_paths=PATHS, breaks=breaks)
    step = np.maximum(lines.order_multiple, 1.0)
    at = np.ceil(500 / step) * step
    allowed = at <= plan.most_order
    assert allowed.any()
    assert (broken.quantity[allowed] == at[allowed, None]).any(axis=1).all()
    best = np.nanargmax(broken.money, axis=1)
    assert (broken.quantity[np.arange(lines.size), best] == plan.quantity).all()


def test_lines_past_the_horizon_without_demand_and_none_at_all():
    late = one_line([5.0] * 4, lead_time_mean=9, presentation_stock=7.0)
    idle = one_line([0.0] * 4)
    for line in (late, idle):
        plan = plan_lines(line, n_paths=PATHS)
        curves = value_curves(line, plan, n_paths=PATHS)
        assert curves.quantity[0, np.nanargmax(curves.money[0])] == plan.quantity[0]
        assert np.isfinite(curves.shortage_price).all()
    none = one_line([1.0]).take(np.empty(0, np.int64))
    assert value_curves(none, plan_lines(none)).quantity.shape[0] == 0
    with pytest.raises(EngineError, match="holding_cost of line 0"):
        value_curves(replace(idle, holding_cost=np.array([-1.0])), plan_lines(idle))


def test_kernels_say_what_python_says():
    lines = portfolio(12, seed=8).checked()
    quantity = np.array([0.0, 3.0, 11.0])
    for line in draw(lines, slice(0, 12), 6):
        case = (line.paths, line.stock, line.receipts, line.life, line.arrival, line.next_arrival, line.waits)
        fast = candidate_outcomes._play_each(*case, quantity)
        np.testing.assert_array_equal(fast, candidate_outcomes._play_each.py_func(*case, quantity))
        window = (line.paths, line.arrival, line.next_arrival, line.waits)
        assert greatest_window(*window) == greatest_window.py_func(*window)
