"""What lines share: minimums, trucks, room, cash and rebates, each a rule on one total over its lines.

A term adds up one use over its lines (money, eaches, litres …). It says when a total breaks it, what money
the total brings or costs, and the same as rows of a linear program (`Program`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.replenishment.joint.curves import Curves

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TOLERANCE = 1e-9
"""A total within this share of a limit (or within this of 0) keeps it: decimal fractions are not exact."""


@dataclass(frozen=True)
class Program:
    """A term as columns (variables of its own) and rows `weight · total + own · columns ≤ bound`."""

    gain: tuple[float, ...] = ()
    """Money of one of each column."""
    upper: tuple[float, ...] = ()
    is_integer: tuple[bool, ...] = ()
    rows: tuple[tuple[float, tuple[float, ...], float], ...] = ()
    """(weight of the total, weights of the columns, bound)."""
    switch: int | None = None
    """Column that is at least 1 if any line uses anything."""


@dataclass(frozen=True)
class Case:
    """One way to keep a term, within which money is linear in the total."""

    least: float = -np.inf
    most: float = np.inf
    money: float = 0.0
    rate: float = 0.0
    """Money per unit of the total."""
    is_closed: bool = False
    """No line may use anything."""


class Term(Protocol):
    """A rule on the total use of some lines."""

    bound: ClassVar[str]

    @property
    def name(self) -> str:
        """Supplier, location or budget it belongs to."""

    @property
    def lines(self) -> ArrayLike:
        """Row numbers of its lines."""

    @property
    def wants_less(self) -> bool:
        """A smaller total is never worse."""

    @property
    def moves_money(self) -> bool:
        """It may bring or cost money."""

    def use(self, curves: Curves) -> FloatArray:
        """Use of each candidate of its lines, shape (lines, K)."""

    def broken_by(self, total: float) -> float:
        """How much the total is over (or short of) what is allowed; 0: none."""

    def money(self, total: float) -> float:
        """Money that the total brings (rebate) or costs (trucks: negative)."""

    def program(self, most: float) -> Program:
        """The rule as a linear program; `most` bounds the total."""

    def cases(self, most: float) -> tuple[Case, ...]:
        """All ways to keep the rule; of those that a total keeps, the best has its money."""

    def whole(self, total: float) -> tuple[float, ...]:
        """Values of the whole-number columns of its program at a total."""

    def tighter(self, by: float) -> Term:
        """The rule with limits `by` stricter, of the same unit as the total."""

    def faults(self) -> list[str]:
        """What is wrong with its figures."""


def rows_of(lines: ArrayLike) -> IntArray:
    """Row numbers as an array."""
    return np.asarray(lines, np.int64)


def excess(total: float, limit: float) -> float:
    """How much a total is over a limit, tolerance apart."""
    return total - limit if total > limit + TOLERANCE * max(1.0, abs(limit)) else 0.0


def range_faults(term: Term, figures: dict[str, tuple[float, bool, str]]) -> list[str]:
    """A sentence for each figure (value, is good, rule) that is not good."""
    return [
        f"{figure} of {term.bound} {term.name!r} is {value}, must be {rule}"
        for figure, (value, good, rule) in figures.items()
        if not good
    ]


def load_faults(term: Term, load: FloatArray) -> list[str]:
    """What is wrong with the loads of one each of a term's lines."""
    if load.shape != rows_of(term.lines).shape:
        return [f"load of {term.bound} {term.name!r} has shape {load.shape}, must be one a line"]
    good = np.isfinite(load) & (load >= 0)
    worst = float(load[int(good.argmin())]) if load.size else 0.0
    return range_faults(term, {"load": (worst, bool(good.all()), "finite and ≥ 0")})
