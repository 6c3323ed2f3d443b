"""Full trucks, pallets or containers, and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from engine.replenishment.joint.curves import Curves, FloatArray
from engine.replenishment.joint.terms import (
    TOLERANCE,
    Case,
    Program,
    excess,
    load_faults,
    range_faults,
    rows_of,
)


@dataclass(frozen=True)
class Trucks:
    """The lines travel by truck (or on pallets, in containers): whole ones, or at most so many.

    `least_fill` 1 asks for completely full trucks, which only loads that add up exactly can give (pallets);
    loads in litres or kilograms need some slack, say 0.95. 0 allows any fill.
    """

    bound: ClassVar[str] = "truck"
    name: str
    lines: ArrayLike
    load: ArrayLike
    """Of one each of each line [truck unit/each]: 1, litres, kilograms, or 1 / eaches on a pallet."""
    capacity: float
    """Of one truck [truck unit]."""
    at_most: int | None = None
    least_fill: float = 0.0
    """Least average fill of the trucks sent [share of capacity]."""
    cost: float = 0.0
    """Of one truck [money]."""

    @property
    def wants_less(self) -> bool:
        """Whether a smaller total is never worse."""
        return self.least_fill == 0

    @property
    def moves_money(self) -> bool:
        """Whether it may bring or cost money."""
        return self.cost > 0

    def use(self, curves: Curves) -> FloatArray:
        """Load."""
        load: FloatArray = curves.quantity[rows_of(self.lines)] * np.asarray(self.load, float)[:, None]
        return load

    def count(self, total: float) -> int:
        """Trucks that a load needs."""
        trucks = total / self.capacity
        return math.ceil(trucks - TOLERANCE * max(1.0, trucks))

    def broken_by(self, total: float) -> float:
        """Load beyond the trucks there are, or load that lacks to fill them."""
        if self.at_most is not None and (over := excess(total, self.at_most * self.capacity)):
            return over
        return excess(-total, -self.least_fill * self.capacity * self.count(total))

    def money(self, total: float) -> float:
        """Minus the cost of the trucks."""
        return -self.cost * self.count(total)

    def program(self, most: float) -> Program:
        """A whole number of trucks around the load."""
        full = ((-1.0, (self.least_fill * self.capacity,), 0.0),) if self.least_fill else ()
        trucks = self.count(most) if self.at_most is None else min(self.at_most, self.count(most))
        rows = ((1.0, (-self.capacity,), 0.0), *full)
        return Program((-self.cost,), (float(trucks),), (True,), rows, switch=0)

    def cases(self, most: float) -> tuple[Case, ...]:
        """One for each number of trucks, where it matters."""
        trucks = self.count(most) if self.at_most is None else min(self.at_most, self.count(most))
        if self.least_fill == 0 and self.cost == 0:
            return (Case(most=trucks * self.capacity),)
        return (
            Case(is_closed=True),
            *(
                Case(self.least_fill * self.capacity * y or -np.inf, self.capacity * y, -self.cost * y)
                for y in range(1, trucks + 1)
            ),
        )

    def whole(self, total: float) -> tuple[float, ...]:
        """Values of the whole-number columns of its program."""
        return (float(self.count(total)),)

    def tighter(self, by: float) -> Trucks:
        """Smaller trucks that must be as full."""
        capacity = max(self.capacity - by, TOLERANCE)
        fill = self.least_fill and min((self.least_fill * self.capacity + by) / capacity, 1.0)
        return Trucks(self.name, self.lines, self.load, capacity, self.at_most, fill, self.cost)

    def faults(self) -> list[str]:
        """Loads, capacity, number, fill and cost are in range."""
        load = np.asarray(self.load, float)
        faults = load_faults(self, load)
        number = 0 if self.at_most is None else self.at_most
        return faults + range_faults(
            self,
            {
                "capacity": (self.capacity, 0 < self.capacity < math.inf, "finite and > 0"),
                "at_most": (number, number >= 0, "≥ 0"),
                "least_fill": (self.least_fill, 0 <= self.least_fill <= 1, "in [0, 1]"),
                "cost": (self.cost, 0 <= self.cost < math.inf, "finite and ≥ 0"),
            },
        )
