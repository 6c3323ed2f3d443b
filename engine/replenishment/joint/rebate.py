"""What a supplier pays back for the value of a whole order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from engine.replenishment.joint.curves import Curves, FloatArray
from engine.replenishment.joint.terms import Case, Program, excess, rows_of


@dataclass(frozen=True)
class Rebate:
    """A supplier pays back a share of the order value from each step on: of all, or of what is beyond."""

    bound: ClassVar[str] = "rebate"
    name: str
    lines: ArrayLike
    values: Sequence[float]
    """Order values at which a step begins, rising [money]."""
    rates: Sequence[float]
    """Share paid back from each step on, rising."""
    incremental: bool = False
    """The share is paid of what is beyond the step only."""
    at_steps: bool = False
    """The share is paid of the step's own value only: ordering more than it earns nothing further."""

    @property
    def wants_less(self) -> bool:
        """Whether a smaller total is never worse."""
        return False

    @property
    def moves_money(self) -> bool:
        """Whether it may bring or cost money."""
        return True

    def use(self, curves: Curves) -> FloatArray:
        """Order value."""
        return curves.cash[rows_of(self.lines)]

    def broken_by(self, total: float) -> float:  # noqa: ARG002
        """Never."""
        return 0.0

    def money(self, total: float) -> float:
        """The rebate."""
        rebate, before = 0.0, 0.0
        for value, rate in zip(self.values, self.rates, strict=True):
            if not excess(value, total):
                rebate += (rate - before) * self._counted(total, value)
            before = rate
        return rebate

    def _counted(self, total: float, value: float) -> float:
        if self.at_steps:
            return value
        return total - value if self.incremental else total

    def program(self, most: float) -> Program:
        """For each step a switch and the value that earns its rise of the rate."""
        steps = [(v, r - b) for v, r, b in zip(self.values, self.rates, (0.0, *self.rates), strict=False)]
        n = len(steps)
        reachable = tuple(float(most >= start) for start, _ in steps)
        if self.at_steps:
            whole = tuple(
                (-1.0, tuple((start * np.eye(n)[at]).tolist()), 0.0) for at, (start, _) in enumerate(steps)
            )
            return Program(tuple(start * rise for start, rise in steps), reachable, (True,) * n, whole)
        rows = []
        for step, (start, _) in enumerate(steps):
            free = start if self.incremental else 0.0
            switch, earning = np.eye(2 * n)[step], np.eye(2 * n)[n + step]
            rows.append((-1.0, tuple((start * switch).tolist()), 0.0))
            rows.append((-1.0, tuple((free * switch + earning).tolist()), 0.0))
            rows.append((0.0, tuple((earning - max(most - free, 0.0) * switch).tolist()), 0.0))
        gain = (0.0,) * n + tuple(rise for _, rise in steps)
        upper = reachable + (max(most, 0.0),) * n
        return Program(gain, upper, (True,) * n + (False,) * n, tuple(rows))

    def cases(self, most: float) -> tuple[Case, ...]:
        """None, and one for each step that can be reached."""
        cases, money, before = [Case()], 0.0, 0.0
        for value, rate in zip(self.values, self.rates, strict=True):
            if excess(value, most):
                break
            money += (rate - before) * value
            before = rate
            if self.at_steps:
                cases.append(Case(least=value, money=money))
            else:
                cases.append(Case(least=value, money=-money if self.incremental else 0.0, rate=rate))
        return tuple(cases)

    def whole(self, total: float) -> tuple[float, ...]:
        """Values of the whole-number columns of its program."""
        return tuple(float(not excess(value, total)) for value in self.values)

    def tighter(self, by: float) -> Rebate:
        """Later steps."""
        return replace(self, values=[at + by for at in self.values])

    def faults(self) -> list[str]:
        """Steps and rates rise, and are as many."""
        values, rates = np.asarray(self.values, float), np.asarray(self.rates, float)
        rises = len(values) == len(rates) and bool(
            np.all(np.diff(values, prepend=0.0) >= 0) and np.all(np.diff(rates, prepend=0.0) >= 0)
        )
        rule = "as many as rates, both rising from 0 on"
        given = f"{values.tolist()} with rates {rates.tolist()}"
        return [] if rises else [f"values of {self.bound} {self.name!r} are {given}, must be {rule}"]
