"""What the plans of a played year said: service promised, and what moved an order away from its target."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.replenishment.lines import BOUNDS, LinePlans

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST_UNIT = 1.0
MOVES = ("term_cover", "term_moq", "term_multiple", "term_joint")
"""Terms that raise, cut or round an order beyond what its target asks for."""


class PlansMade:
    """Counts over the plans of n lines, made from period `first` on, of a game of `periods`."""

    def __init__(self, n: int, first: int, periods: int) -> None:
        self.first = first
        self.plans, self.orders, self.moved = np.zeros(n), np.zeros(n), np.zeros(n)
        """Plans made, orders among them, and orders moved by more than a unit."""
        self.promised = np.zeros(n)
        """Service promised, summed over plans."""
        self.named = np.zeros((n, len(BOUNDS)))
        """Plans that named each bound."""
        self.bounded = np.zeros((n, periods - first), dtype=bool)
        """Periods that count, where the plan made for them (from its arrival to the next) named a bound."""

    def add(self, period: int, rows: Ints, plans: LinePlans) -> None:
        """Count the plans of some rows."""
        since = period - self.first
        starts, ends = since + plans.arrival_period, since + plans.next_arrival_period
        for row, start, end, bound in zip(rows, starts, ends, plans.bound, strict=True):
            self.bounded[row, max(start, 0) : max(end, 0)] = bound != 0
        if since < 0:
            return
        moved = np.abs(np.stack([getattr(plans, name) for name in MOVES])).max(axis=0) > LEAST_UNIT
        ordered = plans.quantity > 0.0
        self.plans[rows] += 1
        self.orders[rows] += ordered
        self.moved[rows] += moved
        self.promised[rows] += plans.fill_after
        self.named[rows, plans.bound] += 1
