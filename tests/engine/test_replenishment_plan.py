"""The plan of lines: published values, what must never happen, limits, terms, batches of lines."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from engine.contracts import EXPLAIN_TERMS
from engine.errors import EngineError
from engine.replenishment.lines import BOUNDS, NEVER, LineInputs
from engine.replenishment.one_line import one_line
from engine.replenishment.plan import plan_lines

H = 20
PATHS = 60


def quantity(line, n_paths=PATHS):
    return float(plan_lines(line, n_paths=n_paths).quantity[0])


def bound(line):
    return BOUNDS[int(plan_lines(line, n_paths=PATHS).bound[0])]


def changed(line, **figures):
    return replace(line, **{name: np.array([value]) for name, value in figures.items()})


def portfolio(n, seed=0):
    r = np.random.default_rng(seed)
    rate = r.gamma(1, 5, n)
    life = np.where(r.random(n) < 0.4, r.integers(3, 15, n), NEVER).astype(float)
    of = np.repeat(np.arange(n), 2)
    nan = np.full(n, np.nan)
    return LineInputs(
        mean=rate[:, None] * (1 + 0.3 * np.sin(np.arange(H) * 0.9)),
        level_cv=r.random(n) * 0.4,
        dispersion=1 + r.random(n),
        path_seed=r.integers(0, 2**63, n).astype(np.uint64),
        batch_line=of,
        batch_quantity=np.round(r.random(2 * n) * rate[of] * 6 - 1, 1),
        batch_last_period=np.where(life[of] < NEVER, r.integers(-1, 15, 2 * n), NEVER),
        receipt_line=r.integers(0, n, n),
        receipt_period=r.integers(-2, 25, n),
        receipt_quantity=np.round(r.random(n) * rate * 5),
        order_period=r.integers(0, 4, n),
        next_order_period=r.integers(4, 9, n),
        lead_time_mean=r.random(n) * 6,
        lead_time_sd=np.where(r.random(n) < 0.3, np.nan, r.random(n) * 2),
        moq=r.choice([np.nan, 0, 24.0], n),
        order_multiple=r.choice([np.nan, 0, 1, 6, 12.0], n),
        min_cover=r.choice([0, 3.0], n),
        max_cover=r.choice([np.nan, 8.0, 30], n),
        presentation_stock=r.choice([0, 4.0], n),
        shelf_maximum=r.choice([np.nan, 40.0], n),
        unit_cost=np.full(n, 2.0),
        unit_margin=np.full(n, 1.0),
        target_kind=r.choice(["fill", "cycle", "cost"], n),
        service_target=r.choice([0.9, 0.98], n),
        stockout_cost=nan,
        holding_cost=np.full(n, 0.004),
        life_periods=life,
        backorder=r.random(n) < 0.2,
        order_cost=r.choice([0, 1.5], n),
    )


def test_newsvendor_with_poisson_demand():
    # Snyder & Shen, Example 4.7: S = 8, cost 3.5701 (holding 1, stockout 4, mean 6)
    line = one_line([6.0], target_kind="cost", stockout_cost=4.0, holding_cost=1.0)
    plan = plan_lines(line, n_paths=4000)
    assert plan.quantity[0] == 8
    cost = plan.projected_stock_with_order[0, 0] + 4.0 * plan.lost_after[0]
    assert cost == pytest.approx(3.570106945770946, rel=0.02)
    assert plan.service_target[0] == pytest.approx(0.8)
    # Problem 4.8(a): S = 19 (holding 200, stockout 270, mean 18)
    line = one_line([18.0], target_kind="cost", stockout_cost=270.0, holding_cost=200.0)
    assert quantity(line, 4000) == 19


def test_cycle_target_is_the_quantile_of_demand_until_the_next_arrival():
    line = one_line([3.0] * H, target_kind="cycle", service_target=0.9, lead_time_mean=2, backorder=True)
    line = changed(line, next_order_period=4)  # covers periods 0 … 5
    assert quantity(line, 5000) == pytest.approx(poisson(18).ppf(0.9), abs=1)


def test_economic_lot_where_orders_cost():
    # Snyder & Shen, Example 3.1: EOQ 304.05 (fixed cost 8, holding 0.225 a year, 1,300 a year)
    line = one_line(
        [1300 / 52] * H, target_kind="cost", order_cost=8.0, holding_cost=0.225 / 52, stockout_cost=5.0
    )
    assert quantity(line) == 304
    # four periods of life: at most the 100 that sell in it, less where the last of them are written off
    perishable = changed(line, life_periods=4.0)
    assert 25 < quantity(perishable) < 100
    assert quantity(changed(perishable, unit_cost=0.0)) == 100


def test_terms_sum_exactly_and_orders_keep_their_limits_on_a_mixed_portfolio():
    lines = portfolio(400)
    plan = plan_lines(lines, n_paths=PATHS)
    total = sum(getattr(plan, term) for term in EXPLAIN_TERMS)
    assert (total == plan.quantity).all()
    clean = lines.checked()
    ordered = plan.quantity > 0
    assert 0.3 < ordered.mean() < 0.95
    assert (plan.quantity[ordered] >= clean.moq[ordered]).all()
    step = np.maximum(clean.order_multiple, 1)
    assert (plan.quantity % step == 0).all()
    assert (plan.lost_after <= plan.lost_before + 1e-9).all()
    assert (plan.fill_after >= plan.fill_before - 1e-12).all()
    assert (plan.waste_after >= plan.waste_before - 1e-9).all()
    assert (plan.lost_unavoidable <= plan.lost_after + 1e-9).all()
    costs = clean.target_kind == "cost"
    no_floor = (clean.min_cover == 0) & (clean.presentation_stock == 0)
    assert (plan.expected_profit[costs & no_floor] >= 0).all()
    assert ((plan.confidence >= 0) & (plan.confidence <= 1)).all()
    for field in fields(plan):
        if field.name != "cover":
            assert np.isfinite(getattr(plan, field.name)).all(), field.name


def test_service_targets_are_reached_unless_a_bound_says_why():
    lines = portfolio(400, seed=3)
    plan = plan_lines(lines, n_paths=PATHS)
    missed = (lines.target_kind == "fill") & (plan.fill_after < lines.service_target - 1e-6)
    assert missed.any()
    assert (plan.bound[missed] != 0).all()


def test_a_line_does_not_depend_on_its_company():
    lines = portfolio(90)
    whole = plan_lines(lines, n_paths=PATHS)
    rows = np.random.default_rng(1).permutation(90)[:60]
    part = plan_lines(lines.take(rows), n_paths=PATHS, block=7, workers=1)
    for field in fields(whole):
        np.testing.assert_array_equal(getattr(whole, field.name)[rows], getattr(part, field.name))


lines_drawn = st.builds(
    one_line,
    st.lists(st.integers(0, 12).map(float), min_size=H, max_size=H),
    batches=st.lists(st.tuples(st.integers(-3, 40), st.sampled_from([-1, 2, 6, NEVER])), max_size=2),
    receipts=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20)), max_size=2),
    seed=st.integers(0, 2**32),
    level_cv=st.sampled_from([0.0, 0.3]),
    dispersion=st.sampled_from([1.0, 1.7]),
    order_period=st.integers(0, 2),
    next_order_period=st.integers(3, 7),
    lead_time_mean=st.sampled_from([0.0, 1.0, 2.4, 5.0]),
    lead_time_sd=st.sampled_from([0.0, 1.0]),
    moq=st.sampled_from([0.0, 20.0]),
    order_multiple=st.sampled_from([0.0, 1.0, 6.0]),
    max_cover=st.sampled_from([np.inf, 6.0]),
    presentation_stock=st.sampled_from([0.0, 3.0]),
    target_kind=st.sampled_from(["fill", "cycle", "cost"]),
    service_target=st.sampled_from([0.8, 0.97]),
    stockout_cost=st.sampled_from([0.2, 1.0, 5.0]),
    holding_cost=st.sampled_from([0.002, 0.1]),
    life_periods=st.sampled_from([2.0, 6.0, float(NEVER)]),
    backorder=st.booleans(),
    order_cost=st.sampled_from([0.0, 2.0]),
)


@given(lines_drawn)
@settings(max_examples=150)
def test_any_line_has_exact_terms_and_keeps_its_limits(line):
    plan = plan_lines(line, n_paths=PATHS)
    ordered = plan.quantity[0]
    assert sum(getattr(plan, term)[0] for term in EXPLAIN_TERMS) == ordered
    assert ordered == 0 or ordered >= line.moq[0]
    assert ordered % max(line.order_multiple[0], 1) == 0
    assert plan.lost_after[0] <= plan.lost_before[0] + 1e-9
    again = plan_lines(line, n_paths=PATHS)
    for field in fields(plan):
        np.testing.assert_array_equal(getattr(plan, field.name), getattr(again, field.name))


def unlimited(line):
    return changed(line, max_cover=np.inf, moq=0.0, order_multiple=0.0, order_cost=0.0)


@given(lines_drawn)
@settings(max_examples=60)
def test_dearer_stockouts_never_lower_the_order(line):
    line = changed(unlimited(line), target_kind="cost", backorder=False)
    few, many = (quantity(changed(line, stockout_cost=cost)) for cost in (0.3, 3.0))
    assert few <= many


@given(lines_drawn, st.sampled_from(["fill", "cycle"]))
@settings(max_examples=60)
def test_a_higher_target_never_lowers_the_order(line, kind):
    few, many = (quantity(changed(line, target_kind=kind, service_target=t)) for t in (0.7, 0.97))
    assert few <= many or bound(changed(line, target_kind=kind, service_target=0.97)) != "none"


@given(lines_drawn, st.integers(1, 15))
@settings(max_examples=60)
def test_more_on_hand_never_raises_the_order(line, more):
    line = changed(unlimited(line), life_periods=float(NEVER), service_target=0.97)
    fewer = quantity(
        replace(
            line,
            batch_line=np.append(line.batch_line, 0),
            batch_quantity=np.append(line.batch_quantity, more),
            batch_last_period=np.append(line.batch_last_period, NEVER),
        )
    )
    # with lost sales, stock that bridges the wait leaves more of the demand after it to be served
    assert fewer <= quantity(line) + (0 if line.target_kind[0] == "cost" or line.backorder[0] else 1)


@given(lines_drawn)
@settings(max_examples=40)
def test_a_longer_lead_time_never_lowers_what_backorders_need(line):
    line = changed(
        unlimited(line), backorder=True, target_kind="cycle", lead_time_sd=0.0, life_periods=float(NEVER)
    )
    # an open order that arrives within the window of the short lead time only would be another case
    none = {
        "receipt_line": np.zeros(0, int),
        "receipt_period": np.zeros(0, int),
        "receipt_quantity": np.zeros(0),
    }
    line = replace(line, mean=np.full((1, H), 4.0), **none)
    short, long = (plan_lines(changed(line, lead_time_mean=days), n_paths=PATHS) for days in (1.0, 4.0))
    assert short.quantity[0] <= long.quantity[0]
    # the reorder point is stated in stock that mean demand leaves usable: comparable where none expires
    lasting = replace(line, batch_last_period=np.full_like(line.batch_last_period, NEVER))
    short, long = (plan_lines(changed(lasting, lead_time_mean=days), n_paths=PATHS) for days in (1.0, 4.0))
    assert short.reorder_point[0] <= long.reorder_point[0]


def test_limits_bind_and_say_so():
    line = one_line([10.0] * H, next_order_period=7)
    free = quantity(line)
    assert free > 65
    assert quantity(changed(line, max_cover=3.0)) == 30
    assert bound(changed(line, max_cover=3.0)) == "max_cover"
    assert quantity(changed(line, shelf_maximum=25.0)) == 25
    assert bound(changed(line, shelf_maximum=25.0)) == "shelf_maximum"
    assert quantity(changed(line, max_cover=3.0, order_multiple=12.0)) == 24
    assert quantity(changed(line, max_cover=3.0, moq=100.0)) == 0
    assert bound(changed(line, max_cover=3.0, moq=100.0)) == "moq"
    assert quantity(changed(line, max_cover=3.0, order_multiple=50.0)) == 0
    assert bound(changed(line, max_cover=3.0, order_multiple=50.0)) == "order_multiple"
    assert quantity(changed(line, moq=100.0)) == 100
    assert quantity(changed(line, min_cover=12.0)) == 120
    assert quantity(changed(line, presentation_stock=30.0)) == 100
    assert bound(changed(line, life_periods=3.0)) == "shelf_life"
    assert quantity(changed(line, life_periods=3.0)) < 40
    assert bound(changed(line, next_order_period=30)) == "horizon"


def test_an_order_dropped_because_the_least_lot_breaks_a_limit_says_so():
    line = changed(one_line([1.0] * H, max_cover=3.0), moq=6.0, order_multiple=6.0)
    assert quantity(line) == 0
    assert bound(line) == "moq"
    assert bound(changed(line, moq=0.0)) == "order_multiple"
    assert bound(changed(line, moq=1.0)) == "order_multiple"


def test_minimum_cover_reads_the_forecast_past_the_horizon_at_the_mean_rate():
    assert quantity(one_line([10.0] * 4, min_cover=6.5)) == 65


def test_costs_decide_whether_a_lot_pays():
    line = one_line([0.2] * H, target_kind="cost", holding_cost=0.05, next_order_period=2)
    assert quantity(line) > 0
    heavy = changed(line, moq=200.0)  # 200 held for two periods cost 20; four tenths of a sale earn 0.4
    assert quantity(heavy) == 0
    assert bound(heavy) == "moq"
    assert quantity(changed(heavy, min_cover=1.0)) == 200  # a floor must be kept all the same


def test_stock_that_expires_counts_only_as_far_as_it_sells():
    fresh = one_line([5.0] * H, batches=[(40, NEVER)], next_order_period=7)
    old = one_line([5.0] * H, batches=[(40, 1)], next_order_period=7)
    fresh_plan, old_plan = (plan_lines(line, n_paths=PATHS) for line in (fresh, old))
    assert fresh_plan.term_on_hand[0] == -40
    assert old_plan.term_on_hand[0] == -10
    assert old_plan.waste_before[0] == pytest.approx(30, abs=0.5)
    assert old_plan.quantity[0] > fresh_plan.quantity[0]


def test_expired_stock_is_written_off_and_negative_stock_is_none():
    plan = plan_lines(one_line([5.0] * H, batches=[(7, -1), (-4, NEVER)]), n_paths=PATHS)
    assert plan.term_on_hand[0] == 0
    assert plan.on_hand[0] == 3
    assert plan.waste_before[0] == plan.waste_after[0] == 7
    assert plan.money_at_risk[0] >= 14


def test_excess_is_named_and_costs_holding():
    plan = plan_lines(one_line([1.0] * H, batches=[(500, NEVER)]), n_paths=PATHS)
    assert plan.quantity[0] == 0
    assert plan.term_excess[0] > 490
    assert plan.excess_units[0] > 490
    assert plan.money_at_risk[0] > 0
    assert plan.cover[0] == 500


def test_need_and_unavoidable_loss_before_the_order_can_arrive():
    line = one_line([4.0] * H, batches=[(10, NEVER)], lead_time_mean=5, next_order_period=3)
    plan = plan_lines(line, n_paths=300)
    assert plan.need_period[0] == 2
    assert plan.arrival_period[0] == 5
    assert plan.next_arrival_period[0] == 8
    assert plan.lost_unavoidable[0] == pytest.approx(10, abs=0.5)
    assert plan.term_demand[0] == pytest.approx(22, abs=0.5)
    assert plan.lost_after[0] >= plan.lost_unavoidable[0]


def test_nothing_sells_so_nothing_is_ordered():
    plan = plan_lines(one_line([0.0] * H), n_paths=PATHS)
    assert plan.quantity[0] == 0
    assert plan.need_period[0] == -1
    assert np.isnan(plan.cover[0])
    assert plan.fill_after[0] == 1


def test_costs_that_are_all_zero_order_nothing():
    line = one_line([3.0] * H, target_kind="cost", stockout_cost=0.0, holding_cost=0.0)
    plan = plan_lines(line, n_paths=PATHS)
    assert plan.quantity[0] == 0
    assert plan.service_target[0] == 0


def test_backorders_by_cost_and_with_shelf_life():
    line = one_line([6.0] * H, target_kind="cost", backorder=True, lead_time_mean=3, next_order_period=2)
    assert 20 < quantity(line) < 60
    assert 20 < quantity(changed(line, life_periods=4.0)) < 60


def test_stock_quantiles_frame_the_mean():
    line = one_line([5.0] * H, batches=[(30, NEVER)], next_order_period=7)
    plan = plan_lines(line, n_paths=PATHS, stock_quantiles=(0.1, 0.5, 0.9))
    low, middle, high = plan.stock_quantiles[0]
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (low <= plan.projected_stock_with_order[0] + 1e-9).all()
    assert plan_lines(line, n_paths=PATHS).stock_quantiles.shape == (1, 0, H)


def test_every_fault_of_the_inputs_is_listed():
    line = one_line([5.0] * 3)
    wrong = replace(
        line,
        mean=np.array([[1.0, np.nan, 1.0]]),
        dispersion=np.array([0.5]),
        moq=np.array([-1.0]),
        service_target=np.array([1.0]),
        target_kind=np.array(["often"]),
        next_order_period=np.array([-2]),
        batch_line=np.array([4]),
        batch_quantity=np.array([np.inf]),
        batch_last_period=np.array([1]),
    )
    with pytest.raises(EngineError) as error:
        plan_lines(wrong)
    assert "target_kind of line 0 is often" in str(error.value)
    wrong = replace(wrong, target_kind=np.array(["fill"]))
    with pytest.raises(EngineError) as error:
        plan_lines(wrong)
    for name in ("mean", "dispersion", "moq", "service_target", "next_order_period", "batch_line", "≥ 1"):
        assert name in str(error.value)
    with pytest.raises(EngineError, match="moq has 2 values, expected 1"):
        plan_lines(replace(line, moq=np.zeros(2)))


def test_one_line_knows_its_figures():
    with pytest.raises(TypeError, match="no figure called colour"):
        one_line([1.0], colour=3)
