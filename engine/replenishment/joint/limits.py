"""Rules on a total that earn and cost nothing: supplier minimum, room, cash."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.replenishment.joint.curves import Curves, FloatArray
from engine.replenishment.joint.terms import Case, Program, excess, load_faults, range_faults, rows_of


@dataclass(frozen=True)
class Minimum:
    """Order nothing from the lines together, or at least a value or a number of units.

    One for each supplier (scope "order") or for each supplier and location (scope "location").
    """

    bound: ClassVar[str] = "supplier_minimum"
    name: str
    lines: ArrayLike
    least: float
    """[money] or [each]"""
    measure: Literal["value", "units"] = "value"

    @property
    def wants_less(self) -> bool:
        """Whether a smaller total is never worse."""
        return False

    @property
    def moves_money(self) -> bool:
        """Whether it may bring or cost money."""
        return False

    def use(self, curves: Curves) -> FloatArray:
        """Money paid, or eaches."""
        rows = rows_of(self.lines)
        return curves.cash[rows] if self.measure == "value" else curves.quantity[rows]

    def broken_by(self, total: float) -> float:
        """What lacks to the minimum."""
        return excess(-total, -self.least) if total > 0 else 0.0

    def money(self, total: float) -> float:  # noqa: ARG002
        """None."""
        return 0.0

    def program(self, most: float) -> Program:  # noqa: ARG002
        """A switch, and at least the minimum where it is on."""
        return Program((0.0,), (1.0,), (True,), ((-1.0, (self.least,), 0.0),), switch=0)

    def cases(self, most: float) -> tuple[Case, ...]:  # noqa: ARG002
        """Nothing, or at least the minimum."""
        return (Case(is_closed=True), Case(least=self.least)) if self.least > 0 else (Case(),)

    def whole(self, total: float) -> tuple[float, ...]:
        """Values of the whole-number columns of its program."""
        return (float(total > 0),)

    def tighter(self, by: float) -> Minimum:
        """A greater minimum."""
        return Minimum(self.name, self.lines, self.least + by, self.measure)

    def faults(self) -> list[str]:
        """The least is a number of at least 0."""
        good = math.isfinite(self.least) and self.least >= 0
        faults = range_faults(self, {"least": (self.least, good, "finite and ≥ 0")})
        if self.measure not in ("value", "units"):
            faults.append(
                f"measure of {self.bound} {self.name!r} is {self.measure!r}, must be value or units"
            )
        return faults


class _AtMost(ABC):
    """A plain limit: a total that may not be exceeded, and moves no money."""

    @property
    @abstractmethod
    def limit(self) -> float:
        """Most that the total may be; below 0 counts as 0."""

    @property
    def wants_less(self) -> bool:
        """Whether a smaller total is never worse."""
        return True

    @property
    def moves_money(self) -> bool:
        """Whether it may bring or cost money."""
        return False

    def broken_by(self, total: float) -> float:
        """What is beyond the limit."""
        return excess(total, max(self.limit, 0.0))

    def money(self, total: float) -> float:  # noqa: ARG002
        """None."""
        return 0.0

    def program(self, most: float) -> Program:  # noqa: ARG002
        """One row."""
        return Program(rows=((1.0, (), max(self.limit, 0.0)),))

    def cases(self, most: float) -> tuple[Case, ...]:  # noqa: ARG002
        """At most the limit."""
        return (Case(most=max(self.limit, 0.0)),)

    def whole(self, total: float) -> tuple[float, ...]:  # noqa: ARG002
        """Values of the whole-number columns of its program."""
        return ()


@dataclass(frozen=True)
class Storage(_AtMost):
    """The orders of a location must find room."""

    bound: ClassVar[str] = "storage"
    name: str
    lines: ArrayLike
    load: ArrayLike
    """Room that one each of each line takes [litre/each]."""
    room: float
    """Room left when they arrive [litre]; below 0 counts as none."""

    @property
    def limit(self) -> float:
        """The room."""
        return self.room

    def use(self, curves: Curves) -> FloatArray:
        """Room taken."""
        load: FloatArray = curves.quantity[rows_of(self.lines)] * np.asarray(self.load, float)[:, None]
        return load

    def tighter(self, by: float) -> Storage:
        """Less room."""
        return Storage(self.name, self.lines, self.load, self.room - by)

    def faults(self) -> list[str]:
        """Loads and room are numbers."""
        faults = load_faults(self, np.asarray(self.load, float))
        return faults + range_faults(self, {"room": (self.room, not math.isnan(self.room), "a number")})


@dataclass(frozen=True)
class Budget(_AtMost):
    """The orders of the lines are paid from one sum, overall or for a supplier."""

    bound: ClassVar[str] = "budget"
    name: str
    lines: ArrayLike
    cash: float
    """[money]; below 0 counts as none."""

    @property
    def limit(self) -> float:
        """The cash."""
        return self.cash

    def use(self, curves: Curves) -> FloatArray:
        """Money paid, after the price breaks of lines and before rebates."""
        return curves.cash[rows_of(self.lines)]

    def tighter(self, by: float) -> Budget:
        """Less cash."""
        return Budget(self.name, self.lines, self.cash - by)

    def faults(self) -> list[str]:
        """Cash is a number."""
        return range_faults(self, {"cash": (self.cash, not math.isnan(self.cash), "a number")})
