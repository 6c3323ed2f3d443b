"""Acts against write-offs: compared with brute force, ranked, refused with a reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replenishment.acts import ACTS, Choice, Moves, compare_acts
from engine.replenishment.expiry import project_expiry
from engine.replenishment.line import draw
from engine.replenishment.lines import NEVER
from engine.replenishment.markdown import MONEY, Response, elasticity_curve, play_without
from engine.replenishment.one_line import one_line
from engine.replenishment.write_offs import line_write_offs

H = 12
PATHS = 50
PRICE = 3.0
STEPS = np.array([0.1, 0.3, 0.5])
BUCKET = np.arange(H) // 7


def elastic(e=3.0):
    return Response(STEPS, elasticity_curve(e, STEPS), np.full(3, 0.1))


def acts_of(line, quantity, choice):
    (drawn,) = draw(line, slice(0, 1), PATHS)
    return compare_acts(drawn, quantity, line_write_offs(drawn, 0, quantity, BUCKET), choice)


def by_name(acts):
    return {act.act: act for act in acts}


def test_too_much_on_the_shelf_is_marked_down_and_nothing_else_is_offered():
    line = one_line([2.0] * H, batches=[(30.0, 4)])
    acts = acts_of(line, 0.0, Choice(PRICE, elastic(), no_transfer="no transfer of it pays"))
    assert acts[0].act == "markdown"
    assert acts[0].money > 0
    assert 0 < acts[0].write_off < by_name(acts)["nothing"].write_off
    assert (acts[0].start, acts[0].until) == (0, 4)
    refused = {act.act: act.reason for act in acts if not act.offered}
    assert refused == {"stop_order": "nothing is ordered now", "transfer": "no transfer of it pays"}


def test_an_order_that_will_be_thrown_away_is_stopped():
    line = one_line([0.2] * H, batches=[(10.0, 9)], life_periods=4.0)
    acts = acts_of(line, 24.0, Choice(PRICE, None, "nothing tells"))
    assert acts[0].act == "stop_order"
    assert acts[0].quantity == 0.0
    assert acts[0].confidence == 1.0
    assert by_name(acts)["nothing"].confidence == 0.0
    assert by_name(acts)["markdown"].reason == "nothing tells"


@settings(max_examples=40)
@given(
    st.integers(1, 60),
    st.sampled_from([1.0, 6.0]),
    st.sampled_from([0.0, 7.0]),
    st.integers(2, 6),
    st.integers(0, 30),
    st.sampled_from([0.0, 5.0]),
    st.booleans(),
)
def test_the_order_that_remains_is_the_best_of_all(lots, multiple, moq, life, stock, order_cost, backorder):
    line = one_line(
        [3.0] * H,
        batches=[(float(stock), 3)],
        life_periods=float(life),
        order_multiple=multiple,
        moq=moq,
        order_cost=order_cost,
        next_order_period=3,
        backorder=backorder,
    )
    quantity = lots * multiple
    (drawn,) = draw(line, slice(0, 1), PATHS)
    acts = by_name(acts_of(line, quantity, Choice(PRICE)))
    act = acts.get("cut_order") or acts["stop_order"]
    share = min(1.0, drawn.window_demand() / quantity)

    def money(order):
        played = play_without(drawn, PRICE, order)[:, MONEY].mean()
        return played - (order_cost * share if order > 0 else 0.0)

    allowed = [0.0, *(q for q in np.arange(multiple, quantity, multiple) if q >= moq)]
    best = max(money(order) for order in allowed)
    assert act.money + money(quantity) <= best + 1e-9
    if len(allowed) <= 7:
        assert act.money + money(quantity) == pytest.approx(best)
    else:  # a grid, then ever closer: what is missed is small against what is at stake
        assert act.money + money(quantity) >= best - 0.05 * (best - min(map(money, allowed))) - 1e-9


def test_what_leaves_is_neither_sold_nor_written_off_here():
    line = one_line([1.0] * H, batches=[(20.0, 2), (50.0, NEVER)])
    moves = (Moves(10.0, 2, 4.0), Moves(5.0, 2, 1.0))
    acts = by_name(acts_of(line, 0.0, Choice(PRICE, moves=moves)))
    moved = acts["transfer"]
    assert moved.quantity == 15.0
    saved = acts["nothing"].write_off - moved.write_off
    assert 13.0 < saved <= 15.0
    # what it saves here at cost 2, what it earns there, a little holding
    assert moved.money == pytest.approx(2.0 * saved + 5.0, abs=1.0)


def test_a_markdown_does_not_meet_a_promotion_nor_an_order_that_is_not_there():
    line = one_line([2.0] * H, batches=[(30.0, 4)])
    planned = by_name(acts_of(line, 0.0, Choice(PRICE, elastic(), promoted_from=3)))["markdown"]
    assert planned.reason == "a promotion of it is planned already"
    fresh = one_line([0.5] * H, life_periods=3.0)
    only_order = by_name(acts_of(fresh, 20.0, Choice(PRICE, elastic())))["markdown"]
    assert only_order.reason == "only the order is at risk, not what is here or on its way"


def test_what_is_on_its_way_is_marked_down_when_it_comes():
    line = one_line([1.0] * H, receipts=[(2, 30.0)], life_periods=5.0)
    best = acts_of(line, 0.0, Choice(PRICE, elastic()))[0]
    assert (best.act, best.start, best.until) == ("markdown", 2, 6)


@settings(max_examples=25)
@given(
    st.integers(0, 40),
    st.integers(0, 5),
    st.integers(0, 30),
    st.integers(1, 6),
    st.floats(0.0, 4.0),
    st.floats(0.5, 6.0),
)
def test_acts_are_ranked_by_money_and_doing_nothing_brings_nothing(stock, last, order, life, e, price):
    line = one_line([2.0] * H, batches=[(float(stock), last)], life_periods=float(life))
    acts = acts_of(line, float(order), Choice(price, elastic(e)))
    offered = [act for act in acts if act.offered]
    assert [act.money for act in offered] == sorted((act.money for act in offered), reverse=True)
    assert acts[: len(offered)] == offered
    assert offered[0].money >= 0.0
    nothing = by_name(acts)["nothing"]
    assert nothing.money == 0.0
    assert nothing.quantity == order
    assert all(0.0 <= act.confidence <= 1.0 and act.write_off >= 0.0 for act in offered)
    assert {act.act for act in acts} <= set(ACTS)
    assert all(math.isnan(act.money) for act in acts if not act.offered)
    if e == 0.0 and "markdown" in by_name(offered):
        assert by_name(offered)["markdown"].money <= 1e-9


def test_only_lines_worth_it_are_compared():
    line = one_line([2.0] * H, batches=[(30.0, 4)])
    for least, choice, lines in ((1.0, Choice(PRICE), [0]), (1e6, Choice(PRICE), []), (1.0, None, [])):
        found = project_expiry(
            line, np.zeros(1), np.array([0]), BUCKET, least_money=least, choice_of=lambda _, c=choice: c
        )
        assert list(found.acts) == lines


def test_blocks_and_workers_change_nothing():
    lines = one_line([2.0] * H, batches=[(30.0, 4)])
    many = replace(
        lines,
        **{
            name: np.repeat(getattr(lines, name), 5, axis=0)
            for name in lines.__dataclass_fields__
            if not name.startswith(("batch", "receipt")) and name != "period_days"
        },
    )
    many = replace(
        many,
        path_seed=np.arange(5, dtype=np.uint64),
        batch_line=np.arange(5),
        batch_quantity=np.full(5, 30.0),
        batch_last_period=np.full(5, 4),
    )

    def run(block, workers):
        return project_expiry(
            many, np.zeros(5), np.arange(5), BUCKET, least_money=0.0,
            choice_of=lambda _: Choice(PRICE, elastic()), block=block, workers=workers,
        )  # fmt: skip

    one, two = run(64, 1), run(2, 2)
    np.testing.assert_array_equal(one.write_offs.units, two.write_offs.units)
    assert [a.money for a in one.acts[3]] == pytest.approx([a.money for a in two.acts[3]], nan_ok=True)
