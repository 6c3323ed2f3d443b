"""A plan whose orders were moved: played again, unchanged lines untouched, terms still exact."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import EXPLAIN_TERMS
from engine.errors import EngineError
from engine.replenishment.line import draw
from engine.replenishment.lines import BOUNDS, LineInputs
from engine.replenishment.outcome import gains
from engine.replenishment.plan import plan_lines
from engine.replenishment.settle import settle
from engine.replenishment.simulate import LOST_BEFORE, LOST_WINDOW, WASTE

N, H, PATHS = 90, 16, 30


def mixed(seed=3):
    r = np.random.default_rng(seed)
    rate = r.gamma(2, 4, N)
    return LineInputs(
        mean=np.repeat(rate[:, None], H, axis=1),
        level_cv=r.random(N) * 0.3,
        dispersion=1 + r.random(N),
        path_seed=r.integers(0, 2**63, N).astype(np.uint64),
        batch_line=np.arange(N),
        batch_quantity=np.round(rate * r.random(N) * 5, 1),
        batch_last_period=r.choice([-1, 4, 1 << 40], N),
        receipt_line=np.arange(N),
        receipt_period=r.integers(0, 9, N),
        receipt_quantity=np.round(rate * r.random(N)),
        order_period=np.zeros(N, int),
        next_order_period=r.integers(1, 8, N),
        lead_time_mean=r.random(N) * 5,
        lead_time_sd=r.random(N),
        moq=np.zeros(N),
        order_multiple=r.choice([1.0, 6.0], N),
        min_cover=np.zeros(N),
        max_cover=np.full(N, np.nan),
        presentation_stock=np.zeros(N),
        shelf_maximum=np.full(N, np.nan),
        unit_cost=np.full(N, 2.0),
        unit_margin=np.full(N, 1.5),
        target_kind=r.choice(["fill", "cost"], N),
        service_target=np.full(N, 0.95),
        stockout_cost=np.full(N, np.nan),
        holding_cost=np.full(N, 0.01),
        life_periods=r.choice([6.0, np.nan], N),
        backorder=r.random(N) < 0.2,
        order_cost=r.choice([0.0, 2.0], N),
    )


LINES = mixed().checked()
PLAN = plan_lines(LINES, n_paths=PATHS, stock_quantiles=(0.1, 0.9))


def settled(quantity, bound=None):
    bound = np.zeros(N, int) if bound is None else bound
    return settle(LINES, PLAN, quantity, bound, n_paths=PATHS, stock_quantiles=(0.1, 0.9))


def test_the_plans_own_orders_change_nothing_and_bounds_replace_only_where_given():
    same = settled(PLAN.quantity)
    for field in fields(PLAN):
        np.testing.assert_array_equal(getattr(same, field.name), getattr(PLAN, field.name))
    bound = np.where(np.arange(N) % 2, BOUNDS.index("truck"), 0)
    moved = settled(PLAN.quantity, bound).bound
    assert (moved[1::2] == BOUNDS.index("truck")).all()
    np.testing.assert_array_equal(moved[::2], PLAN.bound[::2])


def test_moved_orders_do_what_the_simulation_says():
    r = np.random.default_rng(1)
    quantity = np.where(r.random(N) < 0.5, PLAN.quantity, r.integers(0, 60, N).astype(float))
    moved = settled(quantity)
    expired = np.where(LINES.batch_last_period < 0, LINES.batch_quantity, 0.0)
    for row, line in enumerate(draw(LINES, slice(0, N), PATHS)):
        stock = np.empty(line.paths.shape)
        before, after = line.play(0.0), line.play(quantity[row], stock)
        demand = line.window_demand()
        short = after[:, LOST_WINDOW].mean()
        gained = gains(line, before, after, quantity[row], demand) if quantity[row] else np.zeros(PATHS)
        assert moved.fill_after[row] == pytest.approx(1 - short / demand)
        assert moved.lost_after[row] == pytest.approx(after[:, LOST_BEFORE].mean() + short)
        assert moved.waste_after[row] == pytest.approx(after[:, WASTE].mean() + expired[row])
        assert moved.expected_profit[row] == pytest.approx(gained.mean())
        assert moved.confidence[row] == (gained > 0).mean()
        np.testing.assert_allclose(moved.projected_stock_with_order[row], stock.mean(axis=0), atol=1e-12)
        quantiles = np.quantile(stock, (0.1, 0.9), axis=0)
        np.testing.assert_allclose(moved.stock_quantiles[row], quantiles, atol=1e-12)
    np.testing.assert_array_equal(moved.quantity, quantity)
    position = -PLAN.term_on_hand - PLAN.term_on_order
    level = np.where(quantity > 0, position + quantity, PLAN.reorder_point)
    np.testing.assert_array_equal(moved.order_up_to, level)
    for name in ("need_period", "reorder_point", "money_at_risk", "excess_units", "projected_stock"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(PLAN, name))


def test_moving_back_gives_the_plan_again():
    there = settled(PLAN.quantity + 12.0, np.full(N, BOUNDS.index("truck")))
    back = settle(LINES, there, PLAN.quantity, PLAN.bound, n_paths=PATHS, stock_quantiles=(0.1, 0.9))
    for field in fields(PLAN):
        if field.name != "bound":
            np.testing.assert_array_equal(getattr(back, field.name), getattr(PLAN, field.name))


@settings(max_examples=15)
@given(st.lists(st.integers(0, 100 * 1024), min_size=3, max_size=3))
def test_terms_sum_exactly(amounts):
    quantity = PLAN.quantity.copy()
    quantity[[0, 40, 80]] = np.array(amounts) / 1024.0
    moved = settled(quantity)
    total = sum(getattr(moved, term) for term in EXPLAIN_TERMS)
    assert (total == quantity).all()
    twice = settle(LINES, moved, PLAN.quantity + 1.0, moved.bound, n_paths=PATHS, stock_quantiles=(0.1, 0.9))
    assert (sum(getattr(twice, term) for term in EXPLAIN_TERMS) == PLAN.quantity + 1.0).all()
    np.testing.assert_array_equal(twice.term_joint, np.ones(N))


def test_every_fault_is_named():
    with pytest.raises(EngineError) as caught:
        settle(LINES, PLAN, np.where(np.arange(N) == 5, -1.0, 0.3), np.full(N, 99), n_paths=PATHS)
    for words in (
        "quantity of line 5 is -1.0",
        "multiple of 1/1024",
        "bound of line 0 and 89 more is 99",
        "stock_quantiles has 0",
    ):
        assert words in str(caught.value)
    with pytest.raises(EngineError, match="each must be"):
        settle(LINES, PLAN, np.zeros(3), np.zeros(N, int), n_paths=PATHS, stock_quantiles=(0.1, 0.9))
