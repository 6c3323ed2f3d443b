"""The linear relaxation of a choice program: its bound, its prices, and what each column loses at them.

Solved by column generation: of thousands of lines with 64 candidates each, only the few near the optimum
enter the linear program; the others are priced out in one multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array

from engine.errors import EngineError
from engine.replenishment.joint.curves import FloatArray
from engine.replenishment.joint.program import ChoiceProgram

_FIRST_STEP = 8
"""Every eighth candidate starts the column generation."""
_ALL = 2000
"""Candidates up to which all start it: a larger program costs less than a second one."""
_PRECISION = 1e-9
"""Share of the greatest money that a column may win against the prices without being added."""


@dataclass(frozen=True)
class Relaxation:
    """Optimum of the relaxation."""

    bound: float
    """No choice earns more [money]."""
    loss: FloatArray
    """What a choice that takes a candidate earns less than the bound, at least [money]."""
    own: FloatArray
    """Value of each own column of the terms."""
    price: FloatArray
    """Money that one more of each row's bound brings, ≥ 0; one for each row of the program."""


def relax(program: ChoiceProgram) -> Relaxation | None:
    """Solve the relaxation; None if nothing keeps the limits of its columns.

    Returns
    -------
    Relaxation
        The bound holds for whatever prices the linear program ended with: a candidate that still beats
        them raises it by as much.
    """
    n, n_lines = program.n_candidates, len(program.lines)
    gain = program.gain[:n]
    by_line = np.searchsorted(program.line, np.arange(n_lines))
    is_in = (np.arange(n) - by_line[program.line]) % (1 if n <= _ALL else _FIRST_STEP) == 0
    is_in[_best_of(gain, by_line)] = True
    small = _PRECISION * max(float(np.abs(gain).max(initial=0.0)), 1.0)
    while True:
        columns = np.concatenate([np.flatnonzero(is_in), np.arange(n, len(program.gain))])
        solution = linprog(  # type: ignore[call-overload]  # its stubs know no sparse matrices
            -program.gain[columns],
            A_ub=program.rows[:, columns],
            b_ub=program.bound,
            A_eq=choices(program, columns),
            b_eq=np.ones(n_lines),
            bounds=np.stack([program.lower[columns], program.upper[columns]], axis=1),
            method="highs",
        )
        if solution.status == 2:
            if is_in.all():
                return None
            is_in[:] = True
            continue
        if solution.status != 0:
            raise EngineError(f"joint order constraints: linear relaxation not solved: {solution.message}")
        price = np.maximum(-solution.ineqlin.marginals, 0.0)
        value = gain - (program.rows.T @ price)[:n]
        best = _best_of(value, by_line)
        own = program.gain[n:] - (program.rows.T @ price)[n:]
        wins = value[best] + solution.eqlin.marginals > small
        if not wins.any() or is_in[best[wins]].all():
            at_best = np.where(own > 0, program.upper[n:], program.lower[n:])
            bound = float(price @ program.bound + value[best].sum() + own @ at_best)
            return Relaxation(
                bound, value[best][program.line] - value, solution.x[(columns < n).sum() :], price
            )
        for shift in (-1, 0, 1):
            beside = np.clip(best[wins] + shift, 0, n - 1)
            is_in[beside] = True


def choices(program: ChoiceProgram, columns: NDArray[np.int64]) -> csc_array:
    """One row a line: the sum of its candidates."""
    of_line = columns < program.n_candidates
    at = np.flatnonzero(of_line)
    shape = (len(program.lines), len(columns))
    return csc_array((np.ones(len(at)), (program.line[columns[at]], at)), shape=shape)


def _best_of(values: FloatArray, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Column of the greatest value of each line; columns stand line by line, each from `first` on."""
    greatest = np.maximum.reduceat(values, first)
    size = np.diff(np.append(first, len(values)))
    is_best = np.flatnonzero(values == np.repeat(greatest, size))
    line = np.repeat(np.arange(len(first)), size)[is_best]
    best: NDArray[np.int64] = is_best[np.unique(line, return_index=True)[1]]
    return best
