"""The choice formulation: one binary a line and candidate, and the columns and rows of the terms.

    max  Σ money_ij x_ij + Σ gain_a y_a
    s.t. Σ_j x_ij = 1                       each line orders one of its candidates
         weight_r Σ use_ij x_ij + w_r y ≤ b_r   each row of each term
         Σ_{j uses} x_ij ≤ y_s              a line orders only where its term's switch is on

The last rows are implied by the others for whole numbers, but make the relaxation tight: with them it is the
perspective formulation of "nothing or at least" (Günlük & Linderoth 2010, Math. Programming 124:183–205).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.terms import Term, rows_of


@dataclass(frozen=True)
class ChoiceProgram:
    """Candidates come first among the columns, the terms' own columns after them."""

    line: IntArray
    """Line of each candidate column, as a number in 0 … lines − 1 of this program."""
    candidate: IntArray
    """Its candidate."""
    lines: IntArray
    """Line of the curves for each line of this program."""
    gain: FloatArray
    """Money of one of each column."""
    lower: FloatArray
    upper: FloatArray
    is_integer: NDArray[np.bool_]
    rows: csc_array
    """`rows @ columns ≤ bound`."""
    bound: FloatArray
    weight: FloatArray
    """Weight of its term's total in each row of a term."""
    first_row: IntArray
    """First row of each term, and the number of rows of terms at the end."""
    first_own: IntArray
    """First own column of each term, and the number of columns at the end."""

    @property
    def n_candidates(self) -> int:
        """Number of candidate columns."""
        return len(self.line)

    def within(self, lower: FloatArray, upper: FloatArray) -> ChoiceProgram:
        """The same with other limits of the columns."""
        return replace(self, lower=lower, upper=upper)


def choice_program(curves: Curves, terms: Sequence[Term], lines: IntArray) -> ChoiceProgram:
    """Write the choice of `lines` under `terms`, all of whose lines must be among them.

    Parameters
    ----------
    curves : Curves
    terms : sequence of Term
    lines : int array
        Rising row numbers of the curves.
    """
    kept = _worth_having(curves, terms, lines)
    line, candidate = np.nonzero(kept)
    gain, upper, integer = (
        [curves.money[lines[line], candidate]],
        [np.ones(len(line))],
        [np.ones(len(line), bool)],
    )
    number = np.full(kept.shape, -1)
    number[line, candidate] = np.arange(len(line))
    entries: list[tuple[IntArray, IntArray, FloatArray]] = []
    bound: list[float] = []
    row_weight: list[float] = []
    first_row, first_own, n_columns = [0], [len(line)], len(line)
    switches: list[tuple[IntArray, IntArray, int]] = []
    for term in terms:
        rows = np.searchsorted(lines, rows_of(term.lines))
        use = np.where(kept[rows], term.use(curves), 0.0)
        at, k = np.nonzero(use)
        columns, weights = number[rows[at], k], use[at, k]
        program = term.program(float(use.max(axis=1, initial=0.0).sum()))
        for weight, own, limit in program.rows:
            if weight:
                entries.append((np.full(len(columns), len(bound)), columns, weight * weights))
            nonzero = np.flatnonzero(own)
            entries.append(
                (np.full(len(nonzero), len(bound)), n_columns + nonzero, np.array(own, float)[nonzero])
            )
            bound.append(limit)
            row_weight.append(weight)
        if program.switch is not None:
            switches.append((rows[at], columns, n_columns + program.switch))
        gain.append(np.array(program.gain))
        upper.append(np.array(program.upper))
        integer.append(np.array(program.is_integer, bool))
        n_columns += len(program.gain)
        first_row.append(len(bound))
        first_own.append(n_columns)
    for users, columns, switch in switches:
        using, row = np.unique(users, return_inverse=True)
        entries.append((len(bound) + row, columns, np.ones(len(columns))))
        entries.append(
            (len(bound) + np.arange(len(using)), np.full(len(using), switch), -np.ones(len(using)))
        )
        bound.extend([0.0] * len(using))
    row_of, column_of, values = (
        np.concatenate([entry[part] for entry in entries]) if entries else np.zeros(0) for part in range(3)
    )
    matrix = csc_array((values, (row_of.astype(int), column_of.astype(int))), shape=(len(bound), n_columns))
    return ChoiceProgram(
        line=line.astype(np.int64),
        candidate=candidate.astype(np.int64),
        lines=lines,
        gain=np.concatenate(gain),
        lower=np.zeros(n_columns),
        upper=np.concatenate(upper),
        is_integer=np.concatenate(integer),
        rows=matrix,
        bound=np.array(bound, float),
        weight=np.array(row_weight),
        first_row=np.array(first_row),
        first_own=np.array(first_own),
    )


def _worth_having(curves: Curves, terms: Sequence[Term], lines: IntArray) -> NDArray[np.bool_]:
    """Candidates of the lines without those that another one beats whatever the others order.

    Where every term only ever wants less of a line, a candidate is beaten by a smaller one of as much
    money and no more use of anything.
    """
    kept = curves.valid[lines]
    wants_less = np.ones(len(lines), bool)
    rises = np.ones(kept.shape, bool)
    for term in terms:
        rows = np.searchsorted(lines, rows_of(term.lines))
        wants_less[rows] &= term.wants_less
        use = term.use(curves)
        rises[rows] &= use >= np.maximum.accumulate(use, axis=1)
    money = curves.money[lines]
    most = np.maximum.accumulate(money, axis=1)
    beaten = np.zeros(kept.shape, bool)
    # a dip of use (an all-unit price break) keeps its candidate
    beaten[:, 1:] = (money[:, 1:] <= most[:, :-1]) & np.logical_and.accumulate(rises, axis=1)[:, 1:]
    return kept & ~(beaten & wants_less[:, None])
