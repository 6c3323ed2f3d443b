"""The best whole choice of a program: mixed-integer programs over the candidates that can still win."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from engine.errors import EngineError
from engine.replenishment.joint.curves import FloatArray, IntArray
from engine.replenishment.joint.program import ChoiceProgram
from engine.replenishment.joint.relaxation import Relaxation, choices, relax

FEW = 200
"""Candidates beyond one a line and a quarter that the first mixed-integer program may hold."""
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

    First among those that lose least at the prices of the relaxation. Whoever loses more than the difference
    between the bound and the money so found is in no better choice; the rest is solved again. So the second
    answer is the best of all, not only of the candidates looked at.

    Parameters
    ----------
    program : ChoiceProgram
    time_limit : float
        For each of at most two mixed-integer programs [s].
    relative_gap : float
        Distance to the bound, as a share of the money, that will do.

    Returns
    -------
    Choice
    """
    relaxation = relax(program)
    loss = relaxation.loss
    few, reach = len(program.lines) + len(program.lines) // 4 + FEW, np.inf
    if len(loss) > few:
        # what loses nothing but rounding is what the relaxation mixes
        noise = 1e-9 * float(np.abs(program.gain).max(initial=0.0))
        reach = max(float(np.partition(loss, few)[few]), noise)
    best = _solve(program, relaxation, reach, time_limit, relative_gap)
    slack = 1e-9 * max(1.0, abs(relaxation.bound))
    if relaxation.bound - reach > best.money + max(slack, relative_gap * abs(best.money)):
        reach = relaxation.bound - best.money
        again = _solve(program, relaxation, reach + slack, time_limit, relative_gap)
        best = (
            again
            if again.money >= best.money
            else Choice(best.candidate, best.own, best.money, again.bound, best.price)
        )
    return best


def _solve(
    program: ChoiceProgram, relaxation: Relaxation, reach: float, time_limit: float, relative_gap: float
) -> Choice:
    """Best choice among candidates that lose at most `reach`, and the order of nothing."""
    n = program.n_candidates
    near = (relaxation.loss <= reach) | (program.candidate == 0)
    columns = np.concatenate([np.flatnonzero(near), np.arange(n, len(program.gain))])
    rows = program.rows[:, columns]
    scale = _SCALE / 2.0 ** np.ceil(np.log2(max(float(np.abs(program.gain).max(initial=0.0)), 1e-30)))
    solution = milp(
        -program.gain[columns] * scale,
        integrality=program.is_integer[columns].astype(int),
        bounds=Bounds(np.zeros(len(columns)), program.upper[columns]),
        constraints=[
            LinearConstraint(choices(program, columns), 1.0, 1.0),
            LinearConstraint(rows, -np.inf, program.bound),
        ],
        options={"time_limit": time_limit, "mip_rel_gap": relative_gap},
    )
    lines = len(program.lines)
    if solution.x is None:
        if solution.status not in (1, 4):
            raise EngineError(f"joint order constraints: not solved: {solution.message}")
        # out of time before anything was found: order nothing
        return Choice(
            np.zeros(lines, np.int64),
            np.zeros(len(program.gain) - n),
            -np.inf,
            relaxation.bound,
            relaxation.price,
        )
    value = solution.x
    of_lines = columns[: int(near.sum())]
    chosen = of_lines[np.lexsort((value[: len(of_lines)], program.line[of_lines]))]
    last = np.searchsorted(program.line[chosen], np.arange(lines), side="right") - 1
    chosen = chosen[last]
    own = value[len(of_lines) :]
    money = float(program.gain[chosen].sum() + program.gain[n:] @ own)
    found = relaxation.bound - reach if np.isfinite(reach) else -np.inf
    within = money if solution.status == 0 and relative_gap == 0 else -float(solution.mip_dual_bound) / scale
    bound = min(max(within, found, money), max(relaxation.bound, money))
    return Choice(program.candidate[chosen], own, money, bound, relaxation.price)
