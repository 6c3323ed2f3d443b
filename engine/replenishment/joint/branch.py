"""The best whole choice: branching on the terms, then mixed-integer programs over few candidates."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from engine.replenishment.highs import exact_options
from engine.replenishment.joint.curves import FloatArray, IntArray
from engine.replenishment.joint.program import ChoiceProgram
from engine.replenishment.joint.relaxation import Relaxation, choices, relax

FEW = 30
"""Candidates beyond one a line and a quarter that the first mixed-integer program may hold."""
LARGE = 500
"""Lines from which a good choice is looked for before the best: what cannot beat it need not be looked at."""
MOST_BRANCHED = 8
"""Whole own columns of a program that is branched here; HiGHS branches those of a larger one."""
MOST_NODES = 400
"""Relaxations of a program before HiGHS gets what is left."""
_WHOLE = 1e-6
_SCALE = 2.0**14
"""HiGHS stops within 1e-6 of the optimum; money is scaled to this, so that it means 1e-10 of it."""


@dataclass(frozen=True)
class Choice:
    """A whole choice, and how good any other could be."""

    candidate: IntArray
    """Candidate of each line of the program."""
    own: FloatArray
    """Value of each own column of the terms."""
    money: float
    """Money by the program."""
    bound: float
    """No choice earns more; equal to money if the choice is proven best."""
    price: FloatArray
    """Prices of the program's rows in the relaxation."""


def branch(program: ChoiceProgram, *, time_limit: float, relative_gap: float) -> Choice:
    """Choose one candidate a line.

    How many trucks, whether anything is ordered, which rebate: these few whole numbers make the relaxation
    loose. With them fixed it is tight. So they are branched first, best bound first (Land & Doig 1960), and
    only where the relaxation has them whole are candidates chosen (`choose`).

    Parameters
    ----------
    program : ChoiceProgram
    time_limit : float
        For each mixed-integer program, of which a group needs few [s].
    relative_gap : float
        Distance to the bound, as a share of the money, that will do.

    Returns
    -------
    Choice
    """
    n = program.n_candidates
    whole = n + np.flatnonzero(program.is_integer[n:])
    root = relax(program)
    if root is None:
        raise AssertionError("unreachable: ordering nothing keeps every term")
    best = _rounded(program, root) if len(program.gain) == n else nothing(program, root)
    if len(whole) > MOST_BRANCHED:
        return choose(program, root, best, time_limit, relative_gap)
    left = [(-root.bound, 0, program, root)]
    open_bound, nodes = -np.inf, 0
    while left and -left[0][0] > best.money + _enough(best.money, relative_gap):
        _, _, box, relaxation = heapq.heappop(left)
        value = relaxation.own[whole - n]
        if nodes < MOST_NODES and (np.abs(value - np.round(value)) > _WHOLE).any():
            at = int(np.abs(value - np.round(value)).argmax())
            boxes = [
                _cut(box, whole[at], upper=np.floor(value[at])),
                _cut(box, whole[at], lower=np.ceil(value[at])),
            ]
        elif nodes < MOST_NODES:
            # at these whole numbers, and then everywhere else
            boxes = []
            for column, number in zip(whole.tolist(), np.round(value).tolist(), strict=True):
                boxes += [_cut(box, column, upper=number - 1), _cut(box, column, lower=number + 1)]
                box = _cut(_cut(box, column, upper=number), column, lower=number)
            found = choose(box, relaxation, best, time_limit, relative_gap)
            open_bound = max(open_bound, found.bound)
            best = found
        else:
            found = choose(box, relaxation, best, time_limit, relative_gap)
            open_bound = max(open_bound, found.bound)
            best, boxes = found, []
        for child in boxes:
            if (child.lower <= child.upper).all() and (inside := relax(child)):
                nodes += 1
                heapq.heappush(left, (-min(inside.bound, relaxation.bound), nodes, child, inside))
    rest = -left[0][0] if left else -np.inf
    if rest <= best.money + _enough(best.money, 0.0):
        rest = best.money
    return replace(best, bound=max(best.money, open_bound, rest), price=root.price)


def _enough(money: float, relative_gap: float) -> float:
    return max(1e-10 * max(1.0, abs(money)), relative_gap * abs(money)) if np.isfinite(money) else 0.0


def _cut(
    box: ChoiceProgram, column: int, *, lower: float | None = None, upper: float | None = None
) -> ChoiceProgram:
    lows, highs = box.lower.copy(), box.upper.copy()
    if lower is not None:
        lows[column] = max(lows[column], lower)
    if upper is not None:
        highs[column] = min(highs[column], upper)
    return box.within(lows, highs)


def nothing(program: ChoiceProgram, relaxation: Relaxation) -> Choice:
    """The order of nothing, which keeps every term."""
    is_none = program.candidate == 0
    own = np.zeros(len(program.gain) - program.n_candidates)
    money = float(program.gain[: program.n_candidates][is_none].sum())
    return Choice(np.zeros(len(program.lines), np.int64), own, money, relaxation.bound, relaxation.price)


def _rounded(program: ChoiceProgram, relaxation: Relaxation) -> Choice:
    """Each line's candidate of least loss where it still fits: a start where all rows are limits."""
    order = np.lexsort((program.candidate, relaxation.loss, program.line))
    preferred = order[np.searchsorted(program.line[order], np.arange(len(program.lines)))]
    use = program.rows[:, preferred].toarray()
    left = program.bound.copy()
    candidate = np.zeros(len(program.lines), np.int64)
    for line in np.argsort(-program.gain[preferred], kind="stable").tolist():
        if (use[:, line] <= left).all():
            left -= use[:, line]
            candidate[line] = program.candidate[preferred[line]]
    is_chosen = program.candidate == candidate[program.line]
    start = nothing(program, relaxation)
    return replace(start, candidate=candidate, money=float(program.gain[is_chosen].sum()))


def choose(
    program: ChoiceProgram, relaxation: Relaxation, best: Choice, time_limit: float, relative_gap: float
) -> Choice:
    """The better of `best` and the best within the program's limits, whose bound is returned.

    First among the candidates that lose least at the prices of the relaxation. Whoever loses more than the
    difference between the bound and the money so found is in no better choice; the rest is solved again. So
    the second answer is the best of all, not only of the candidates looked at (Pisinger 1995, EJOR
    83:394–410).
    """
    loss = relaxation.loss
    few, reach = len(program.lines) + len(program.lines) // 4 + FEW, np.inf
    if len(loss) > few:
        # what loses nothing but rounding is what the relaxation mixes
        noise = 1e-9 * float(np.abs(program.gain).max(initial=0.0))
        reach = max(float(np.partition(loss, few)[few]), noise)
    slack = 1e-9 * max(1.0, abs(relaxation.bound))
    bound = relaxation.bound
    limits = {"time_limit": time_limit, "mip_rel_gap": relative_gap}
    if len(program.lines) >= LARGE:
        start = _solve(program, relaxation, reach, {**limits, "presolve": True})
        best = start if start.money > best.money else best
        reach = relaxation.bound - best.money + slack
        within = _prove(program, relaxation, reach, limits)
        best = within if within.money > best.money else best
        return replace(best, bound=max(min(bound, within.bound), best.money))
    for _ in range(2):
        within = _solve(program, relaxation, reach, exact_options(**limits))
        bound = min(bound, max(within.bound, relaxation.bound - reach))
        if within.money > best.money:
            best = within
        if relaxation.bound - reach <= best.money + max(slack, _enough(best.money, relative_gap)):
            break
        reach = relaxation.bound - best.money + slack
    return replace(best, bound=max(bound, best.money))


def _solve(program: ChoiceProgram, relaxation: Relaxation, reach: float, options: Any) -> Choice:
    """Best choice among candidates that lose at most `reach`, and the order of nothing."""
    near = (relaxation.loss <= reach) | (program.candidate == 0)
    return _best_of(program, relaxation, near, np.zeros(len(near), bool), options)


def _prove(program: ChoiceProgram, relaxation: Relaxation, reach: float, limits: dict[str, float]) -> Choice:
    """Best choice among candidates that lose at most `reach`, one of each line; money −inf: there is none.

    Most lines have one such candidate. They are settled before HiGHS sees them, as its presolve would.
    """
    near = relaxation.loss <= reach
    left = np.bincount(program.line[near], minlength=len(program.lines))
    if (left == 0).any():
        return replace(nothing(program, relaxation), money=-np.inf, bound=-np.inf)
    settled = near & (left[program.line] == 1)
    return _best_of(program, relaxation, near, settled, exact_options(**limits))


def _best_of(
    program: ChoiceProgram,
    relaxation: Relaxation,
    near: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    options: Any,
) -> Choice:
    """Best choice among the candidates `near`, of which those `settled` are chosen."""
    n = program.n_candidates
    open_candidates = np.flatnonzero(near & ~settled)
    columns = np.concatenate([open_candidates, np.arange(n, len(program.gain))])
    chosen = np.zeros(len(program.lines), np.int64)
    chosen[program.line[settled]] = np.flatnonzero(settled)
    own = np.zeros(len(program.gain) - n)
    bound = float(program.gain[:n][settled].sum())
    if len(columns):
        scale = _SCALE / 2.0 ** np.ceil(np.log2(max(float(np.abs(program.gain).max(initial=0.0)), 1e-30)))
        one_each = choices(program, columns)
        one_each = one_each[np.diff(one_each.tocsr().indptr) > 0] if settled.any() else one_each
        used = program.rows[:, np.flatnonzero(settled)].sum(axis=1)
        solution = milp(
            -program.gain[columns] * scale,
            integrality=program.is_integer[columns].astype(int),
            bounds=Bounds(program.lower[columns], program.upper[columns]),
            constraints=[
                LinearConstraint(one_each, 1.0, 1.0),
                LinearConstraint(program.rows[:, columns], -np.inf, program.bound - used),
            ],
            options=options,
        )
        if solution.x is None:
            # no whole choice here, or out of time before one was found
            worst = -np.inf if solution.status == 2 else relaxation.bound
            return replace(nothing(program, relaxation), money=-np.inf, bound=worst)
        value = solution.x[: len(open_candidates)]
        order = open_candidates[np.lexsort((value, program.line[open_candidates]))]
        chosen[program.line[order]] = order  # the last of a line, of greatest value, stays
        own = solution.x[len(open_candidates) :]
        bound -= float(solution.mip_dual_bound) / scale
    money = float(program.gain[chosen].sum() + program.gain[n:] @ own)
    is_proven = not len(columns) or (solution.status == 0 and options["mip_rel_gap"] == 0)
    return Choice(
        program.candidate[chosen], own, money, money if is_proven else max(bound, money), relaxation.price
    )
