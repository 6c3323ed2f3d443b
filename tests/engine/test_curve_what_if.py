"""What-ifs read off curves against planning again: targets, costs, lots, minimums, budgets."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.candidate_outcomes import outcomes
from engine.replenishment.curve_bounds import outcome_bounds
from engine.replenishment.curve_what_if import what_if, within_budget
from engine.replenishment.joint.curves import curves_of
from engine.replenishment.joint.ranking import ranked_increments
from engine.replenishment.line import draw as engine_draw
from engine.replenishment.lines import NEVER, LineInputs
from engine.replenishment.one_line import one_line
from engine.replenishment.plan import plan_lines
from engine.replenishment.value_curves import value_curves
from engine.replenishment.what_if_curves import what_if_curves

pytestmark = pytest.mark.xdist_group("what-if curves")  # planned once

H, PATHS, N = 24, 80, 400


def retail(seed=0, rate=6.0):
    """Lines as shops have them: a third expires, packs, minimums, some wait, some weigh costs."""
    r = np.random.default_rng(seed)
    mean = r.gamma(1, rate, N)
    life = np.where(r.random(N) < 0.35, r.integers(2, 20, N), NEVER).astype(float)
    first = r.integers(0, 3, N)
    return LineInputs(
        mean=mean[:, None] * (1 + 0.3 * np.sin(np.arange(H) * 0.9)),
        level_cv=r.random(N) * 0.3,
        dispersion=1 + r.random(N),
        path_seed=r.integers(0, 2**63, N).astype(np.uint64),
        batch_line=np.arange(N),
        batch_quantity=np.round(r.random(N) * mean * 6),
        batch_last_period=np.where(life < NEVER, r.integers(0, 20, N), NEVER),
        receipt_line=np.arange(N),
        receipt_period=r.integers(0, 12, N),
        receipt_quantity=np.round(r.random(N) * mean * 3),
        order_period=first,
        next_order_period=first + r.choice([1, 2, 7], N),
        lead_time_mean=r.random(N) * 5,
        lead_time_sd=r.random(N),
        moq=r.choice([0.0, 12.0, 40.0], N),
        order_multiple=r.choice([1.0, 6.0, 12.0], N),
        min_cover=np.zeros(N),
        max_cover=r.choice([np.nan, 15.0], N),
        presentation_stock=r.choice([0.0, 0.0, 4.0], N),
        shelf_maximum=r.choice([np.nan, 80.0], N),
        unit_cost=np.full(N, 2.0),
        unit_margin=np.full(N, 1.0),
        target_kind=r.choice(["fill", "fill", "cycle", "cost"], N),
        service_target=r.choice([0.93, 0.97], N),
        stockout_cost=np.full(N, np.nan),
        holding_cost=np.full(N, 0.004),
        life_periods=life,
        backorder=r.random(N) < 0.15,
        order_cost=r.choice([0.0, 1.5], N),
    ).checked()


LINES = retail()


@cache
def all_curves():
    """Made when first asked for, not while pytest collects: that both workers do for every file."""
    return what_if_curves(LINES, plan_lines(LINES, n_paths=PATHS), n_paths=PATHS)


def planned_again(lines):
    return plan_lines(lines, n_paths=PATHS).quantity


def off_by(lines, curves=None):
    """Orders by which the what-if is off, in order multiples of each line."""
    read = what_if(curves or all_curves(), lines).quantity
    return np.abs(read - planned_again(lines)) / np.maximum(lines.order_multiple, 1.0)


def every(**figures):
    return replace(LINES, **{name: np.full(N, value) for name, value in figures.items()})


CHANGES = {
    "as planned": LINES,
    **{f"target {t}": every(service_target=t) for t in (0.55, 0.7, 0.9, 0.937, 0.963, 0.98, 0.9875, 0.995)},
    **{f"cycle {t}": every(service_target=t, target_kind="cycle") for t in (0.9, 0.963)},
    "fill for all": every(service_target=0.98, target_kind="fill"),
    **{f"shortage ×{x}": replace(LINES, stockout_cost=LINES.stockout_cost * x) for x in (0.5, 1.1, 2.7)},
    **{f"holding ×{x}": replace(LINES, holding_cost=LINES.holding_cost * x) for x in (0.5, 1.25)},
    "unit cost ×1.5": replace(LINES, unit_cost=LINES.unit_cost * 1.5),
    **{f"multiple {x}": every(order_multiple=x) for x in (0.0, 1.0, 5.0, 24.0)},
    **{f"minimum {x}": every(moq=x) for x in (0.0, 30.0, 100.0)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_orders_are_those_of_planning_again(name):
    read, plan = what_if(all_curves(), CHANGES[name]), planned_again(CHANGES[name])
    off = np.abs(read.quantity - plan) / np.maximum(CHANGES[name].order_multiple, 1.0)
    assert (off == 0).mean() >= 0.99
    assert off.max() <= 1
    # what a curve leaves open is played as the plan plays it
    np.testing.assert_array_equal(read.quantity[read.played], plan[read.played])
    assert read.played.mean() <= 0.08


@pytest.mark.parametrize("multiple", [1.0, 12.0])
def test_asked_by_cost_orders_are_those_of_planning_again_within_a_multiple(multiple):
    off = off_by(every(target_kind="cost", order_multiple=multiple))
    assert (off == 0).mean() >= 0.98
    assert off.max() <= 1


QUANTITY = st.integers(0, 60).map(float)


@st.composite
def questions(draw):
    """One line, and the same line with other targets, costs, lots."""
    horizon = draw(st.integers(4, 16))
    asked = {
        "target_kind": st.sampled_from(["fill", "cycle", "cost"]),
        "service_target": st.floats(0.5, 0.999),
        "stockout_cost": st.integers(1, 2000).map(lambda cents: cents / 100.0),
        "holding_cost": st.sampled_from([0.0, 0.001, 0.02, 0.3]),
        "unit_cost": st.integers(10, 1000).map(lambda cents: cents / 100.0),
        "order_cost": st.sampled_from([0.0, 0.5, 5.0]),
        "moq": st.sampled_from([0.0, 7.0, 30.0, 200.0]),
        "order_multiple": st.sampled_from([0.0, 0.5, 1.0, 6.0, 24.0]),
    }
    first = draw(st.integers(0, 2))
    line = one_line(
        draw(st.lists(st.floats(0.0, draw(st.sampled_from([1.0, 20.0, 90.0]))), min_size=16, max_size=16))[
            :horizon
        ],
        seed=draw(st.integers(0, 10**6)),
        batches=draw(st.lists(st.tuples(QUANTITY, st.integers(-1, 20)), max_size=3)),
        receipts=draw(st.lists(st.tuples(st.integers(0, 10), QUANTITY), max_size=2)),
        level_cv=draw(st.sampled_from([0.0, 0.4])),
        dispersion=draw(st.sampled_from([1.0, 3.0])),
        order_period=first,
        next_order_period=first + draw(st.integers(1, 7)),
        lead_time_mean=draw(st.integers(0, 8)) / 2.0,
        lead_time_sd=draw(st.sampled_from([0.0, 1.0])),
        max_cover=draw(st.sampled_from([np.inf, 5.0])),
        shelf_maximum=draw(st.sampled_from([np.inf, 50.0])),
        presentation_stock=draw(st.sampled_from([0.0, 4.0])),
        life_periods=float(draw(st.sampled_from([1, 2, 4, 8, NEVER]))),
        backorder=draw(st.booleans()),
        **{name: draw(values) for name, values in asked.items()},
    )
    changed = draw(st.sets(st.sampled_from(sorted(asked)), min_size=1))
    return line, replace(line, **{name: np.array([draw(asked[name])]) for name in sorted(changed)})


@settings(max_examples=300, deadline=None)
@given(questions())
def test_no_order_is_ever_off_by_more_than_one_multiple(question):
    line, asked = question
    curves = what_if_curves(line, plan_lines(line, n_paths=30), n_paths=30)
    read, plan = what_if(curves, asked), plan_lines(asked, n_paths=30)
    step = float(asked.order_multiple[0]) or 1.0
    assert abs(read.quantity[0] - plan.quantity[0]) <= step
    if read.played[0]:
        assert read.quantity[0] == plan.quantity[0]


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(0, 150).map(float))
def test_what_any_order_does_is_within_its_bounds(question, quantity):
    line = question[0]
    curves = what_if_curves(line, plan_lines(line, n_paths=30), n_paths=30)
    # every other order is forgotten, so that there is something to enclose
    rough = curves.take(np.array([0]))
    known = np.flatnonzero(np.isfinite(rough.quantity[0]))
    kept = np.unique(np.concatenate([known[::9], known[-1:]]))
    names = ("quantity", "short", "waste", "held", "short_saved", "waste_added", "held_added")
    rough = replace(rough, **{name: getattr(rough, name)[:, kept] for name in names})
    found = outcome_bounds(rough, line, np.array([quantity]))
    (drawn,) = engine_draw(line, slice(0, 1), 30)
    short, _, waste, held = outcomes(drawn)[1](np.array([quantity]))
    for bounds, truth in ((found.short, short), (found.waste, waste), (found.held, held)):
        slack = 1e-9 * (1 + abs(truth[0]))
        assert bounds.least[0] - slack <= truth[0] <= bounds.most[0] + slack
        assert bounds.least[0] - slack <= bounds.guess[0] <= bounds.most[0] + slack


def test_small_lines_are_exact_whatever_is_asked():
    lines = retail(seed=5, rate=0.6)
    lasting = lines.take(np.flatnonzero(lines.life_periods >= H)[:150])
    curves = what_if_curves(lasting, plan_lines(lasting, n_paths=PATHS), n_paths=PATHS)
    small = np.isfinite(curves.quantity).sum(axis=1) < curves.quantity.shape[1]
    assert small.mean() > 0.9
    r = np.random.default_rng(0)
    for kind in ("fill", "cycle"):
        target = r.uniform(0.6, 0.999, lasting.size)
        asked = replace(lasting, service_target=target, target_kind=np.full(lasting.size, kind))
        assert (off_by(asked, curves)[small] == 0).all()


def test_what_orders_do_is_what_the_plan_says_of_them():
    asked = every(service_target=0.98)
    plan, read = plan_lines(asked, n_paths=PATHS), what_if(all_curves(), asked)
    same = read.quantity == plan.quantity
    near = {"rtol": 0.05, "atol": 0.15}
    np.testing.assert_allclose(read.fill[same], plan.fill_after[same], atol=0.004)
    np.testing.assert_allclose(read.short[same], (plan.lost_after - plan.lost_unavoidable)[same], **near)
    np.testing.assert_allclose(read.waste[same], plan.waste_after[same], **near)
    np.testing.assert_allclose(read.money[same], plan.expected_profit[same], rtol=0.03, atol=0.15)
    np.testing.assert_array_equal(read.cash, read.quantity * 2.0)


def test_curves_keep_to_64_orders_rise_and_do_not_depend_on_the_company():
    given = np.isfinite(all_curves().quantity)
    assert all_curves().quantity.shape[1] <= 64
    assert (np.diff(all_curves().quantity, axis=1)[given[:, 1:]] > 0).all()
    part = LINES.take(np.arange(30, 45))
    alone = what_if_curves(part, plan_lines(part, n_paths=PATHS), n_paths=PATHS, block=1, workers=1)
    np.testing.assert_array_equal(alone.quantity, all_curves().quantity[30:45])
    np.testing.assert_array_equal(alone.waste, all_curves().waste[30:45])
    np.testing.assert_array_equal(what_if(alone, part).quantity, what_if(all_curves(), LINES).quantity[30:45])


def test_a_greater_target_or_a_dearer_shortage_never_orders_less():
    before = np.zeros(N)
    for target in np.arange(0.8, 0.999, 0.007):
        free = every(service_target=target, target_kind="fill", moq=0.0, order_multiple=1.0)
        now = what_if(all_curves(), free).quantity
        # where expiry puts a target out of reach, it is applied to what can be saved
        unlimited = (all_curves().most_order >= NEVER) & (all_curves().expires == 0)
        assert (now >= before)[unlimited].all()
        before = now


def test_lines_without_demand_or_window():
    idle = one_line([0.0] * 4)
    late = one_line([5.0] * 4, lead_time_mean=9)
    for line in (idle, late):
        curves = what_if_curves(line, plan_lines(line, n_paths=PATHS), n_paths=PATHS)
        read = what_if(curves, replace(line, service_target=np.array([0.99])))
        assert read.quantity.tolist() == [0.0]
        assert read.fill.tolist() == [1.0]
    with pytest.raises(EngineError, match="400 lines and curves of 1"):
        what_if(curves, LINES)
    with pytest.raises(EngineError, match="service_target of line 0"):
        what_if(curves, replace(idle, service_target=np.array([1.5])))


def test_a_budget_cuts_the_ranked_list_where_ranking_it_again_would():
    plan = plan_lines(LINES, n_paths=PATHS)
    values = value_curves(LINES, plan, n_paths=PATHS)
    curves = curves_of(values.quantity, values.money, LINES.unit_cost)
    ranked = ranked_increments(curves)
    everything, steps = within_budget(ranked, N, np.inf)
    assert steps == len(ranked.line)
    np.testing.assert_array_equal(everything, plan.quantity)
    for share in (0.0, 0.3, 0.8):
        budget = share * float(ranked.cumulative_cash[-1])
        quantity, cut = within_budget(ranked, N, budget)
        again = ranked_increments(curves, budget)
        assert cut == again.cut
        assert (quantity * LINES.unit_cost).sum() <= budget + 1e-6
        assert np.isin(quantity, values.quantity).all()
    with pytest.raises(EngineError, match="budget is -1"):
        within_budget(ranked, N, -1.0)
