"""Joint orders against brute force over every combination, published answers and properties."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.joint.curves import Curves, curves_of
from engine.replenishment.joint.limits import Budget, Minimum, Storage
from engine.replenishment.joint.rebate import Rebate
from engine.replenishment.joint.solve import solve_joint
from engine.replenishment.joint.terms import Term
from engine.replenishment.joint.trucks import Trucks


def _plain_use(term: Term, quantity: Sequence[float], paid: Sequence[float]) -> float:
    total = 0.0
    for at, line in enumerate(term.lines):
        if isinstance(term, (Trucks, Storage)):
            total += term.load[at] * quantity[line]
        elif isinstance(term, Minimum) and term.measure == "units":
            total += quantity[line]
        else:
            total += paid[line]
    return total


def _plain_money(term: Term, total: float) -> float | None:
    """Money of a term at a total, None where the total is not allowed; written without the engine."""
    near = 1e-9 * max(1.0, total)
    if isinstance(term, Minimum):
        return 0.0 if total == 0 or total >= term.least - near else None
    if isinstance(term, Storage):
        return 0.0 if total <= max(term.room, 0) + near else None
    if isinstance(term, Budget):
        return 0.0 if total <= max(term.cash, 0) + near else None
    if isinstance(term, Trucks):
        trucks = 0
        while trucks * term.capacity < total - near:
            trucks += 1
        too_many = term.at_most is not None and trucks > term.at_most
        return (
            None
            if too_many or total < term.least_fill * trucks * term.capacity - near
            else -term.cost * trucks
        )
    reached = [step for step, value in enumerate(term.values) if total >= value - near]
    if not reached:
        return 0.0
    if not term.incremental:
        return term.rates[reached[-1]] * total
    ends = [*term.values[1:], np.inf]
    return sum(term.rates[s] * (min(total, ends[s]) - term.values[s]) for s in reached)


def brute_force(curves: Curves, terms: Sequence[Term]) -> float:
    """Best money of every combination of candidates."""
    best = -np.inf
    choices = [np.flatnonzero(row).tolist() for row in curves.valid]
    for pick in itertools.product(*choices):
        quantity = [curves.quantity[i, k] for i, k in enumerate(pick)]
        paid = [curves.cash[i, k] for i, k in enumerate(pick)]
        money = sum(curves.money[i, k] for i, k in enumerate(pick))
        for term in terms:
            extra = _plain_money(term, _plain_use(term, quantity, paid))
            if extra is None:
                break
            money += extra
        else:
            best = max(best, money)
    return best


@st.composite
def problems(draw: st.DrawFn) -> tuple[Curves, list[Term]]:
    """Up to five lines of five candidates, and up to four terms over some of them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    exact = draw(st.booleans())
    lot = rng.choice([1, 4, 6, 12], n)
    quantity = np.cumsum(
        np.hstack([np.zeros((n, 1)), rng.integers(1, 4, (n, width - 1)) * lot[:, None]]), axis=1
    )
    money = np.hstack([np.zeros((n, 1)), np.cumsum(rng.normal(3, 8, (n, width - 1)), axis=1)])
    cost = rng.uniform(0.5, 9, n)
    if exact:
        money, cost = np.round(money), np.round(cost)
    for line in range(n):
        last = rng.integers(1, width + 1)
        quantity[line, last:] = money[line, last:] = np.nan
    has_break = rng.random((n, 2)) < 0.4
    starts = np.where(has_break, np.array([10, 20]) + rng.integers(0, 5, (n, 2)), np.nan)
    breaks = cost[:, None] * np.array([0.95, 0.9])
    curves = curves_of(
        quantity, money, cost, break_quantity=starts, break_cost=breaks, incremental=rng.random(n) < 0.5
    )
    terms: list[Term] = []
    for at, kind in enumerate(
        draw(st.lists(st.sampled_from(["min", "units", "truck", "room", "cash", "rebate"]), max_size=4))
    ):
        lines = np.flatnonzero(rng.random(n) < 0.8).tolist() or [0]
        worth = float(np.nan_to_num(curves.cash[lines].max(axis=1)).sum()) + 1.0
        load = rng.uniform(0.2, 3, len(lines)).round(1).tolist()
        weight = float((curves.quantity[lines].max(axis=1) * load).sum()) + 1.0
        share = float(rng.uniform(0.05, 0.95))
        name = f"{kind} {at}"
        if kind == "min":
            terms.append(Minimum(name, lines, share * worth))
        elif kind == "units":
            terms.append(
                Minimum(name, lines, round(share * float(curves.quantity[lines].max(axis=1).sum())), "units")
            )
        elif kind == "truck":
            at_most = None if rng.random() < 0.5 else int(rng.integers(0, 4))
            fill = float(rng.choice([0, 0.6, 0.9, 1.0]))
            terms.append(
                Trucks(name, lines, load, weight * share / 2, at_most, fill, float(rng.choice([0, 2.5])))
            )
        elif kind == "room":
            terms.append(Storage(name, lines, load, share * weight))
        elif kind == "cash":
            terms.append(Budget(name, lines, share * worth))
        else:
            values = (np.array([0.3, 0.6]) * share * worth).tolist()
            terms.append(Rebate(name, lines, values, [0.03, 0.1], incremental=bool(rng.random() < 0.5)))
    return curves, terms


@settings(max_examples=600, derandomize=True)
@given(problem=problems())
def test_the_plan_is_the_best_of_all_combinations(problem: tuple[Curves, list[Term]]) -> None:
    curves, terms = problem
    plan = solve_joint(curves, terms)
    best = brute_force(curves, terms)
    assert plan.money == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert plan.gap == 0.0
    chosen = [
        _plain_money(t, _plain_use(t, plan.quantity, curves.at(plan.choice, curves.cash))) for t in terms
    ]
    assert None not in chosen
    assert plan.term_money == pytest.approx(chosen)
    assert np.isfinite(curves.at(plan.choice, curves.money)).all()
