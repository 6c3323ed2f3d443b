"""Joint orders against brute force over every combination, published answers and properties."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.joint import branch as branching
from engine.replenishment.joint import groups
from engine.replenishment.joint.branch import branch
from engine.replenishment.joint.candidates import candidate_quantities
from engine.replenishment.joint.curves import Curves, curves_of
from engine.replenishment.joint.explain import BOUNDS, cost_of_terms, explain
from engine.replenishment.joint.limits import Budget, Minimum, Storage
from engine.replenishment.joint.price_breaks import purchase_value
from engine.replenishment.joint.program import choice_program
from engine.replenishment.joint.ranking import ranked_increments
from engine.replenishment.joint.rebate import Rebate
from engine.replenishment.joint.solve import solve_joint
from engine.replenishment.joint.supplier import supplier_of
from engine.replenishment.joint.terms import Term
from engine.replenishment.joint.trucks import Trucks

pytestmark = pytest.mark.xdist_group("joint orders")  # its kernels compile for 40 s: in one worker only


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
    if term.at_steps:
        rises = np.diff(term.rates, prepend=0.0)
        return sum(rises[step] * term.values[step] for step in reached)
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
            incremental, at_steps = (rng.random(2) < [0.5, 0.3]).tolist()
            terms.append(Rebate(name, lines, values, [0.03, 0.1], incremental=incremental, at_steps=at_steps))
    return curves, terms


@settings(max_examples=1500, derandomize=True)
@given(problem=problems(), way=st.sampled_from(["searched", "branched", "proved from a start"]))
def test_the_plan_is_the_best_of_all_combinations(problem: tuple[Curves, list[Term]], way: str) -> None:
    curves, terms = problem
    with pytest.MonkeyPatch.context() as sizes:
        sizes.setattr(groups, "SEARCHED_FROM", 0 if way == "searched" else groups.SEARCHED_FROM)
        sizes.setattr(branching, "LARGE", 0 if way == "proved from a start" else branching.LARGE)
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


@settings(max_examples=120, derandomize=True)
@given(problem=problems(), accept=st.sampled_from([0.0, 5.0]), nodes=st.sampled_from([1, 20_000]))
def test_the_search_keeps_every_term_and_its_bound_holds(
    problem: tuple[Curves, list[Term]], accept: float, nodes: int
) -> None:
    curves, terms = problem
    supplier = supplier_of(curves, terms, np.arange(curves.size))
    assert supplier is not None
    money, bound = supplier.best(curves.money, accept=accept, most_nodes=nodes)
    quantity, paid = curves.at(supplier.choice, curves.quantity), curves.at(supplier.choice, curves.cash)
    own = [_plain_money(term, _plain_use(term, quantity, paid)) for term in terms]
    assert None not in own
    best = brute_force(curves, terms)
    assert money - 1e-9 <= float(curves.at(supplier.choice, curves.money).sum()) + sum(own) <= best + 1e-9
    assert bound >= best - 1e-9
    if nodes > 1:
        assert money >= best - accept - 1e-9


@settings(max_examples=100, derandomize=True)
@given(problem=problems())
def test_mixed_integer_programs_find_the_same(problem: tuple[Curves, list[Term]]) -> None:
    curves, terms = problem
    assume(terms)
    found = branch(choice_program(curves, terms, np.arange(curves.size)), time_limit=10, relative_gap=0.0)
    assert found.money == pytest.approx(brute_force(curves, terms), rel=1e-6, abs=1e-6)


P01 = (165, [23, 31, 29, 44, 53, 38, 63, 85, 89, 82], [92, 57, 49, 68, 60, 43, 67, 84, 87, 72], 309)
P07 = (
    750,
    [70, 73, 77, 80, 82, 87, 90, 94, 98, 106, 110, 113, 115, 118, 120],
    [135, 139, 149, 150, 156, 163, 173, 184, 192, 201, 210, 214, 221, 229, 240],
    1458,
)


@pytest.mark.parametrize(("cash", "weights", "profits", "best"), [P01, P07])
def test_published_knapsacks(cash: int, weights: list[int], profits: list[int], best: int) -> None:
    """Kreher & Stinson (1999), Combinatorial Algorithms, as collected in Burkardt's KNAPSACK_01."""
    n = len(weights)
    curves = curves_of(np.tile([0.0, 1.0], (n, 1)), np.column_stack([np.zeros(n), profits]), weights)
    plan = solve_joint(curves, [Budget("knapsack", range(n), cash)])
    assert plan.money == pytest.approx(best)
    assert plan.total[0] <= cash


@pytest.mark.parametrize(("incremental", "best", "cost"), [(False, 800, 978.60), (True, 304, 1043.41)])
def test_published_price_breaks(incremental: bool, best: float, cost: float) -> None:
    """Snyder & Shen, 2nd ed., Examples 3.6 and 3.7: yearly cost of orders of whole units."""
    quantity = np.arange(1.0, 2001.0)
    prices = np.array([0.75])
    paid = purchase_value(quantity[None], prices, [[400, 800]], [[0.72, 0.68]], incremental)[0]
    yearly = 1300 / quantity * (8 + paid) + 0.3 * paid / 2
    assert quantity[yearly.argmin()] == best
    assert yearly.min() == pytest.approx(cost, abs=0.005)


def _random_curves(n: int, seed: int) -> Curves:
    rng = np.random.default_rng(seed)
    quantity = np.arange(8.0) * rng.choice([1, 6, 12], n)[:, None]
    money = np.cumsum(np.sort(rng.normal(2, 6, (n, 8)))[:, ::-1], axis=1)
    money -= money[:, :1]
    return curves_of(quantity, money, rng.uniform(1, 9, n))


def test_without_terms_every_line_orders_its_own_best() -> None:
    curves = _random_curves(40, 1)
    plan = solve_joint(curves, [])
    assert plan.choice.tolist() == curves.money.argmax(axis=1).tolist()
    assert plan.money == pytest.approx(curves.money.max(axis=1).sum())
    assert set(explain(curves, [], plan).bound) == {"none"}


@settings(max_examples=25, derandomize=True)
@given(seed=st.integers(0, 10_000), shares=st.lists(st.floats(0, 1.2), min_size=2, max_size=2))
def test_more_budget_is_never_worse(seed: int, shares: list[float]) -> None:
    curves = _random_curves(12, seed)
    cash = float(curves.at(curves.own_best, curves.cash).sum())
    terms = [Minimum("supplier", range(6), 0.2 * cash)]
    low, high = (
        solve_joint(curves, [*terms, Budget("all", range(12), share * cash)]).money
        for share in sorted(shares)
    )
    assert low <= high + 1e-9


@settings(max_examples=60, derandomize=True)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 1.1))
def test_the_ranked_list_brackets_the_optimum(seed: int, share: float) -> None:
    curves = _random_curves(15, seed)
    budget = share * float(curves.at(curves.own_best, curves.cash).sum())
    ranked = ranked_increments(curves, budget)
    assert (np.diff(ranked.money_per_cash) <= 1e-12).all()
    assert (ranked.money > 0).all()
    above = ranked.is_above
    money = float(ranked.money[above].sum())
    assert ranked.cash[above].sum() <= budget * (1 + 1e-9)
    best = solve_joint(curves, [Budget("all", range(15), budget)]).money
    cut = float(ranked.money[ranked.cut]) if ranked.cut < len(ranked.line) else 0.0
    assert money - 1e-9 <= best <= money + cut + 1e-9
    for line in range(15):
        of_line = ranked.line == line
        steps = np.append(ranked.from_quantity[of_line], curves.quantity[line, curves.own_best[line]])
        assert steps[0] == 0.0
        assert (ranked.to_quantity[of_line] == steps[1:]).all()


@settings(max_examples=60, derandomize=True)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 1.1))
def test_the_list_up_to_a_plan_adds_up_to_its_cash_and_money(seed: int, share: float) -> None:
    curves = _random_curves(12, seed)
    last = np.random.default_rng(seed).integers(0, 8, 12)
    cash = curves.at(last, curves.cash)
    ranked = ranked_increments(curves, share * float(cash.sum()), up_to=last)
    assert float(ranked.cash.sum()) == pytest.approx(float(cash.sum()))
    assert float(ranked.money.sum()) == pytest.approx(float(curves.at(last, curves.money).sum()))
    assert (np.diff(ranked.money_per_cash) <= 1e-12).all()
    for line in range(12):
        ends = ranked.to_quantity[ranked.line == line]
        assert (np.diff(ends) > 0).all()
        assert ends[-1:].tolist() == ([curves.quantity[line, last[line]]] if last[line] else [])


def test_free_steps_come_first_and_no_budget_cuts_nothing() -> None:
    curves = curves_of([[0, 5], [0, 5]], [[0, 10], [0, 3]], [1.0, 0.0])
    ranked = ranked_increments(curves)
    assert ranked.line.tolist() == [1, 0]
    assert ranked.cut == 2
    assert ranked_increments(curves, 0.0).cut == 1
    assert len(ranked_increments(curves_of([[0.0]], [[0.0]], [1.0])).line) == 0
    with pytest.raises(EngineError, match="budget is -1"):
        ranked_increments(curves, -1)


@settings(max_examples=80, derandomize=True)
@given(problem=problems())
def test_every_moved_line_has_a_reason(problem: tuple[Curves, list[Term]]) -> None:
    curves, terms = problem
    plan = solve_joint(curves, terms)
    why = explain(curves, terms, plan)
    assert set(why.bound) <= set(BOUNDS)
    costly = why.opportunity > 1e-9
    assert (why.term[costly] >= 0).all()
    assert (why.term[~costly & (why.bound == "price_break")] == -1).all()
    for line in np.flatnonzero(costly):
        term = terms[why.term[line]]
        assert term.bound == why.bound[line]
        alone = plan.choice.copy()
        alone[line] = curves.own_best[line]
        total = _plain_use(term, curves.at(alone, curves.quantity), curves.at(alone, curves.cash))
        money = _plain_money(term, total)
        gained = curves.at(alone, curves.money).sum() - curves.at(plan.choice, curves.money).sum()
        assert money is None or money < plan.term_money[why.term[line]]
        assert gained == pytest.approx(why.opportunity[line])


def test_reasons_and_costs_of_a_small_order() -> None:
    quantity = [[0, 10, 20]] * 4
    money = [[0, 30, 35], [0, 20, 22], [0, 5, -4], [0, 8, 7]]
    breaks = [[np.nan], [np.nan], [np.nan], [20]]
    curves = curves_of(quantity, money, [2, 2, 2, 2.0], break_quantity=breaks, break_cost=[[1.8]] * 4)
    terms: list[Term] = [
        Budget("cash", [0, 1], 50),
        Minimum("Oats Ltd", [2], 60),
        Minimum("Rye", [3], 30, "units"),
    ]
    plan = solve_joint(curves, terms[:2])
    why = explain(curves, terms[:2], plan)
    assert plan.quantity.tolist() == [10.0, 10.0, 0.0, 20.0]
    assert why.bound.tolist() == ["budget", "budget", "supplier_minimum", "price_break"]
    assert why.opportunity.tolist() == [5.0, 2.0, 5.0, 0.0]
    assert why.own_quantity.tolist() == [20.0, 20.0, 10.0, 20.0]
    assert why.over.tolist() == [10.0, 10.0, 40.0, 0.0]
    assert plan.price[0] == pytest.approx(0.25)
    assert cost_of_terms(curves, terms[:2], plan, [0, 1]).tolist() == [7.0, 5.0]
    assert solve_joint(curves, terms).quantity[3] == 0.0


def test_a_truck_is_sent_only_if_it_pays() -> None:
    curves = curves_of([[0, 10]] * 3, [[0, 30], [0, 30], [0, 12]], [1, 1, 1])
    truck = Trucks("haulier", range(3), [1, 1, 1], 20, cost=25)
    plan = solve_joint(curves, [truck])
    assert plan.quantity.tolist() == [10.0, 10.0, 0.0]
    assert plan.term_money.tolist() == [-25.0]
    assert explain(curves, [truck], plan).bound.tolist() == ["none", "none", "truck"]
    assert solve_joint(curves, [Trucks("haulier", range(3), [1, 1, 1], 30, cost=71)]).quantity.sum() == 30
    assert solve_joint(curves, [Trucks("haulier", range(3), [1, 1, 1], 30, cost=73)]).quantity.sum() == 0


def test_candidates_are_lots_with_the_breaks_among_them() -> None:
    assert candidate_quantities(6, 10, 40).tolist() == [0, 12, 18, 24, 30, 36]
    assert candidate_quantities(0, 0, 3).tolist() == [0, 1, 2, 3]
    assert candidate_quantities(12, 0, 11).tolist() == [0]
    many = candidate_quantities(6, 30, 60_000, breaks=[1001, 7000, 90_000], near=2400)
    assert len(many) <= 64
    assert (np.diff(many) > 0).all()
    assert (many % 6 == 0).all()
    assert {0.0, 30.0, 1002.0, 7002.0, 2394.0, 2400.0, 2406.0, 60_000.0} <= set(many.tolist())
    crowded = candidate_quantities(1, 0, 1000, breaks=range(5, 200), near=500, count=8)
    assert len(crowded) <= 8
    assert crowded[[0, -1]].tolist() == [0, 1000]


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(
        EngineError, match=r"unit_cost of line 0 is -1.*first quantity of line 1 .*quantity of line 2"
    ):
        curves_of([[0, 1], [1, 2], [0, 0]], np.zeros((3, 2)), [-1, 1, 1])
    with pytest.raises(EngineError, match="money of line 0 is nan"):
        curves_of([[0, 1]], [[0, np.nan]], [1])
    with pytest.raises(EngineError, match="money has shape"):
        curves_of([[0, 1]], [[0]], [1])
    with pytest.raises(EngineError, match="65 columns"):
        curves_of(np.arange(65.0)[None], np.zeros((1, 65)), [1])
    with pytest.raises(EngineError, match=r"break_quantity of line 0 is 5.*break_cost of line 0 is -2"):
        curves_of([[0, 1]], [[0, 1]], [1], break_quantity=[[9, 5]], break_cost=[[1, -2]])
    with pytest.raises(EngineError, match="break_cost"):
        curves_of([[0, 1]], [[0, 1]], [1], break_quantity=[[9, 5]], break_cost=[[1]])
    curves = curves_of([[0, 1]], [[0, 1]], [1])
    bad: list[Term] = [
        Minimum("A", [0], -1, measure="pieces"),  # type: ignore[arg-type]
        Trucks("B", [0], [np.nan], 0, at_most=-1, least_fill=2, cost=-1),
        Trucks("C", [0], [1, 2], 1),
        Storage("D", [0], [1], float("nan")),
        Budget("E", [0, 0], float("nan")),
        Rebate("F", [4], [10, 5], [0.1]),
    ]
    with pytest.raises(EngineError) as caught:
        solve_joint(curves, bad)
    message = str(caught.value)
    for part in ("least of", "measure of", "load of truck 'B'", "capacity of", "at_most of", "least_fill of"):
        assert part in message
    for part in (
        "cost of truck",
        "'C' has shape",
        "room of",
        "cash of",
        "lines of budget 'E'",
        "lines of rebate",
    ):
        assert part in message
    assert "values of rebate 'F'" in message


@pytest.mark.parametrize("seed", [1, 2])
def test_suppliers_under_one_budget_come_close_and_the_bound_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curves = _random_curves(40, seed)
    cash = float(curves.at(curves.own_best, curves.cash).sum())
    terms: list[Term] = [
        Minimum(str(s), range(4 * s, 4 * s + 4), float(rng.uniform(0.05, 0.15) * cash)) for s in range(9)
    ]
    terms.append(Rebate("0", range(4), [10, 0.05 * cash], [0.01, 0.05]))
    terms.append(Trucks("1", range(4, 8), [1.0] * 4, 40, cost=5.0))
    terms.append(Budget("all", range(40), 0.6 * cash))
    plan = solve_joint(curves, terms)
    assert not any(term.broken_by(total) for term, total in zip(terms, plan.total, strict=True))
    # the same, left to HiGHS alone
    whole = choice_program(curves, terms, np.arange(40))
    best = branch(whole, time_limit=30, relative_gap=0.0)
    assert plan.money <= best.bound + 1e-6
    assert plan.money + plan.gap >= best.money - 1e-6
    assert plan.money >= 0.97 * best.money


def test_no_time_leaves_a_plan_that_keeps_all_and_says_how_far_it_may_be() -> None:
    curves = _random_curves(48, 3)
    cash = float(curves.at(curves.own_best, curves.cash).sum())
    terms: list[Term] = [Minimum(str(s), range(4 * s, 4 * s + 4), 0.08 * cash) for s in range(12)]
    terms.append(Budget("all", range(48), 0.6 * cash))
    plan = solve_joint(curves, terms, time_limit=1e-6)
    assert not any(term.broken_by(total) for term, total in zip(terms, plan.total, strict=True))
    best = solve_joint(curves, terms, time_limit=0.5)
    assert best.money <= plan.money + plan.gap + 1e-6
