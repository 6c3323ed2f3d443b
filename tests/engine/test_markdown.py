"""Markdowns: worked out by hand, against a simulation that anyone can read, and what must always hold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replenishment.line import draw
from engine.replenishment.lines import NEVER
from engine.replenishment.markdown import (
    DISCOUNTED,
    MONEY,
    SHORT,
    WASTE,
    Response,
    best_markdown,
    elasticity_curve,
    outcome,
    play_without,
)
from engine.replenishment.one_line import one_line

H = 8
STEPS = np.array([0.1, 0.2, 0.3, 0.4, 0.5])


def line_of(paths, *, batches=(), arrival=H, next_arrival=H, **figures):
    """A line with given demand: columns are periods."""
    paths = np.array(paths, dtype=float)
    (line,) = draw(one_line([1.0] * paths.shape[1], batches=batches, **figures), slice(0, 1), len(paths))
    full = np.full(len(paths), 1)
    return replace(line, paths=paths, arrival=full * arrival, next_arrival=full * next_arrival)


def certain(elasticity, depths=STEPS, **more):
    return Response(depths, elasticity_curve(elasticity, depths), np.zeros(len(depths)), **more)


def slow_outcome(case, demand):
    """One path of `outcome` in plain Python: (money, waste, discounted, short)."""
    price, cost, margin = case["price"], 2.0, case["price"] - 2.0
    shelf = [[last, amount] for amount, last in case["batches"]]
    backlog = money = waste = discounted = short_total = given = 0.0
    due, since, running = 0.5, 0, case["until"] >= 0
    for period, usual in enumerate(demand):
        if period == case["arrival"]:
            shelf.append([period + case["life"] - 1, case["order"]])
        wanted_now, lower = usual, 0.0
        if case["until"] >= 0:
            factor = 1.0
            if running and period >= case["start"]:
                running = period <= case["until"] and any(
                    last <= case["until"] and left > 0 for last, left in shelf
                )
            if running and period >= case["start"]:
                factor, lower = case["uplift"], case["depth"]
            elif not running and since < 3:
                factor = math.exp(case["dip"] * (1 - since / 3))
                since += 1
            due += factor * usual
            wanted_now = max(math.floor(due + 1e-9) - given, 0)
            given += wanted_now
        shelf.sort(key=lambda batch: batch[0])
        wanted = wanted_now + backlog
        served = 0.0
        for batch in shelf:
            sold = min(batch[1], wanted - served)
            batch[1] -= sold
            served += sold
        unmet = wanted - served
        backlog = unmet if case["backorder"] else 0.0
        before = period < case["next_arrival"]
        sold = served if before and not case["backorder"] else wanted_now
        money += (margin - lower * price) * sold
        if before:
            short = min(unmet, usual)
            short_total += short
            money -= (case["stockout"] if case["backorder"] else case["stockout"] - margin) * short
        if lower > 0:
            discounted += sold
            money -= case["taken"] * margin * max(sold - usual, 0)
        gone = sum(left for last, left in shelf if last == period)
        waste += gone
        money -= cost * gone
        shelf = [batch for batch in shelf if batch[0] > period]
        if before:
            money -= 0.01 * sum(left for _, left in shelf)
    return money, waste, discounted, short_total


whole = st.integers(0, 9).map(float)
cases = st.fixed_dictionaries(
    {
        "paths": st.lists(whole, min_size=H, max_size=H).map(lambda path: [path]),
        "batches": st.lists(st.tuples(whole, st.integers(0, H + 1)), max_size=3),
        "life": st.sampled_from([1, 3, 20]),
        "arrival": st.integers(0, H),
        "window": st.integers(0, 5),
        "order": st.integers(0, 20).map(float),
        "backorder": st.booleans(),
        "price": st.sampled_from([1.5, 3.0, 5.0]),
        "stockout": st.sampled_from([0.5, 3.0]),
        "start": st.integers(0, 3),
        "until": st.integers(-1, H - 1),
        "depth": st.sampled_from([0.1, 0.5]),
        "uplift": st.sampled_from([1.0, 1.5, 3.0]),
        "dip": st.sampled_from([0.0, -0.5]),
        "taken": st.sampled_from([0.0, 0.4]),
    }
)


def played(case, kernel=outcome):
    case["next_arrival"] = min(case["arrival"] + case["window"], H)
    line = line_of(
        case["paths"],
        batches=case["batches"],
        arrival=case["arrival"],
        next_arrival=case["next_arrival"],
        life_periods=float(case["life"]),
        backorder=case["backorder"],
        stockout_cost=case["stockout"],
    )
    return kernel(
        line.paths, line.stock, line.receipts, line.life, line.arrival, line.next_arrival, case["order"],
        line.waits, case["price"], 2.0, case["stockout"], 0.01, case["start"], case["until"], case["depth"],
        np.array([case["uplift"]]), case["dip"], 3, case["taken"],
    )  # fmt: skip


@given(cases)
def test_the_outcome_is_what_happens_period_by_period(case):
    np.testing.assert_allclose(played(case)[0], slow_outcome(case, case["paths"][0]), atol=1e-9)


@settings(max_examples=25)
@given(cases)
def test_the_kernel_does_what_its_python_says(case):
    np.testing.assert_array_equal(played(case), played(case, outcome.py_func))


def test_a_markdown_worked_out_by_hand():
    # 12 in stock for two days, 4 a day at price 5, cost 2. Nothing done: 8 sold at a margin of 3, 4 written
    # off at 2: 24 − 8 = 16. A fifth off (elasticity: ln 1.5 / −ln 0.8) sells 6 a day: 12 × (4 − 2) = 24.
    line = line_of([[4.0, 4.0, 0.0]], batches=[(12.0, 1)], stockout_cost=3.0, holding_cost=0.0)
    before = play_without(line, 5.0, 0.0)
    assert before[0, MONEY] == pytest.approx(16.0)
    elasticity = math.log(1.5) / -math.log(0.8)
    best = best_markdown(line, 5.0, 0.0, [(0, 1)], certain(elasticity, np.array([0.2])))
    assert best.outcome[0, [MONEY, WASTE, DISCOUNTED, SHORT]].tolist() == pytest.approx(
        [24.0, 0.0, 12.0, 0.0]
    )
    # a quarter of the four gained is lost by other products at the same margin: 4 × 0.25 × 3 = 3
    taken = best_markdown(line, 5.0, 0.0, [(0, 1)], certain(elasticity, np.array([0.2]), taken=0.25))
    assert taken.outcome[0, MONEY] == pytest.approx(21.0)


def test_a_markdown_of_what_is_to_come_starts_when_it_comes():
    line = line_of([[4.0, 4.0, 4.0]], batches=[(4.0, NEVER)], stockout_cost=3.0, holding_cost=0.0)
    coming = replace(line, receipts=np.array([0.0, 20.0, 0.0]), life=2)
    best = best_markdown(coming, 5.0, 0.0, [(1, 2)], certain(math.log(2.0) / -math.log(0.8), np.array([0.2])))
    # the first day at the full price: 4 × 3; then 8 + 8 at a margin of 2, and 4 written off
    assert best.outcome[0, MONEY] == pytest.approx(12.0 + 32.0 - 8.0)
    assert best.outcome[0, DISCOUNTED] == 16.0
    assert (best.start, best.until) == (1, 2)


def test_with_enough_stock_the_best_price_is_the_published_one():
    # Lerner (1934): with a constant elasticity e and marginal cost c the best price is c · e / (e − 1);
    # e = 2 and c = 2 give 4, a fifth below 5
    # of what expires there is next to nothing; later orders serve the rest, so every unit sold costs c
    line = line_of([[100.0]], batches=[(1.0, 0), (1e6, NEVER)], next_arrival=0, holding_cost=0.0)
    best = best_markdown(line, 5.0, 0.0, [(0, 0)], certain(2.0))
    assert best.depth == 0.2


def test_published_constant_elasticity():
    # elasticity 2 at half the price: four times the demand (Phillips 2005, ch. 3)
    assert np.exp(elasticity_curve(2.0, np.array([0.5])))[0] == pytest.approx(4.0)


@given(cases)
def test_without_elasticity_no_markdown_pays(case):
    flat = case | {"uplift": 1.0, "dip": 0.0}
    nothing = played(flat | {"until": -1})
    assert played(flat)[0, MONEY] <= nothing[0, MONEY] + 1e-9
    assert played(flat)[0, WASTE] == pytest.approx(nothing[0, WASTE])


@given(cases)
def test_more_demand_never_means_more_waste(case):
    case = case | {"dip": 0.0, "until": H - 1, "start": 0}
    assert played(case | {"uplift": 3.0})[0, WASTE] <= played(case | {"uplift": 1.0})[0, WASTE] + 1e-9


def test_what_is_not_known_of_the_uplift_makes_it_less_sure():
    line = line_of([[4.0, 4.0]] * 200, batches=[(12.0, 1)], stockout_cost=3.0)
    nothing = play_without(line, 5.0, 0.0)[:, MONEY]
    depth = np.array([0.3])
    shares = []
    for error in (0.0, 0.6):
        best = best_markdown(line, 5.0, 0.0, [(0, 1)], Response(depth, np.log([1.5]), np.array([error])))
        shares.append((best.outcome[:, MONEY] > nothing).mean())
        assert best.outcome[:, DISCOUNTED].mean() <= 12.0
    assert shares[0] == 1.0
    assert 0.2 < shares[1] < 1.0
