"""Between which figures an order's outcome lies that is not one of a curve's own orders.

Between two orders that were played a convex figure lies below their chord and above the extensions of
their slopes to either side; one that only rises or falls, no steeper than a unit a unit, lies within the
parallelogram of these two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.replenishment.lines import FloatArray, IntArray, LineInputs
from engine.replenishment.what_if_curves import WhatIfCurves


@dataclass(frozen=True)
class Bounds:
    """One figure of n orders, shape (n,) each: the least and the greatest it can be, and the likeliest."""

    least: FloatArray
    guess: FloatArray
    most: FloatArray


@dataclass(frozen=True)
class Outcome:
    """What one order a line does."""

    short: Bounds
    waste: Bounds
    held: Bounds


def outcome_bounds(curves: WhatIfCurves, lines: LineInputs, quantity: FloatArray) -> Outcome:
    """Expected units short, write-off and stock held of one order a line.

    Parameters
    ----------
    curves : WhatIfCurves
    lines : LineInputs
        The same n lines.
    quantity : float array (n,)
        Orders ≥ 0 [each].
    """
    place = _Place.of(curves.quantity, quantity)
    lost = ~lines.backorder
    nowhere = np.zeros(curves.size)
    convex = lost | (curves.expires == 0)
    steepest = np.where(lost, -1.0, -np.inf)
    short = place.enclosed(curves.short, -curves.short_saved, steepest, nowhere, lost)
    # past the last order nothing is left to save
    left = pick(curves.short, place.start)
    short = Bounds(*(np.where(place.past, left, np.maximum(value, 0.0)) for value in vars(short).values()))
    waste = place.enclosed(curves.waste, curves.waste_added, nowhere, curves.expires, convex)
    outlasts = (curves.outlasts > 0) & convex
    held = place.enclosed(curves.held, curves.held_added, nowhere, curves.window_periods, outlasts)
    return Outcome(short, waste, held)


def money_bounds(curves: WhatIfCurves, lines: LineInputs, quantity: FloatArray, outcome: Outcome) -> Bounds:
    """Expected money of orders against none, as `outcome.gains` has it."""
    return Bounds(
        _money(curves, lines, quantity, outcome.short.most, outcome.waste.most, outcome.held.most),
        _money(curves, lines, quantity, outcome.short.guess, outcome.waste.guess, outcome.held.guess),
        _money(curves, lines, quantity, outcome.short.least, outcome.waste.least, outcome.held.least),
    )


def _money(
    curves: WhatIfCurves,
    lines: LineInputs,
    quantity: FloatArray,
    short: FloatArray,
    waste: FloatArray,
    held: FloatArray,
) -> FloatArray:
    written_off = waste - curves.waste[:, 0]
    lasting = quantity - written_off
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(lasting > 0.0, np.minimum(1.0, curves.window_demand / lasting), 1.0)
    fixed = lines.order_cost * (quantity > 0.0)
    money: FloatArray = (
        lines.stockout_cost * (curves.short[:, 0] - short)
        - lines.holding_cost * (held - curves.held[:, 0])
        - share * (lines.unit_cost * written_off + fixed)
    )
    return money


@dataclass(frozen=True)
class _Place:
    """Where orders stand among those of their curves."""

    start: IntArray
    end: IntArray
    beyond_start: FloatArray
    before_end: FloatArray
    past: NDArray[np.bool_]

    @classmethod
    def of(cls, orders: FloatArray, quantity: FloatArray) -> _Place:
        start = np.maximum((orders <= quantity[:, None]).sum(axis=1) - 1, 0)
        end = np.minimum(start + 1, count(orders) - 1)
        low, high = pick(orders, start), pick(orders, end)
        return cls(start, end, quantity - low, high - quantity, end <= start)

    def enclosed(
        self,
        figure: FloatArray,
        step: FloatArray,
        shallowest: FloatArray,
        steepest: FloatArray,
        convex: NDArray[np.bool_],
    ) -> Bounds:
        """Least and greatest of a figure; `step` is what one each more changes, between the other two."""
        first, second = pick(figure, self.start), pick(figure, self.end)
        rise, next_rise = pick(step, self.start), pick(step, self.end)
        x, y = self.beyond_start, self.before_end
        with np.errstate(invalid="ignore", divide="ignore"):
            falling = np.where(x > 0.0, first + shallowest * x, first)
            rising = first + steepest * x
            from_end = np.where(self.past, -np.inf, second - np.where(y > 0.0, steepest * y, 0.0))
            to_end = np.where(self.past, np.inf, second - np.where(y > 0.0, shallowest * y, 0.0))
            chord = first + rise + (second - first - rise) * (x - 1.0) / (x + y - 1.0)
            below = np.where(x >= 1.0, first + rise * x, falling)
            below = np.where(self.past, below, np.maximum(below, second - next_rise * y))
            above = np.where(x <= 1.0, first + rise * x, np.where(self.past, rising, chord))
            least = np.where(convex, below, np.maximum(falling, from_end))
            most = np.where(convex, above, np.minimum(rising, to_end))
            straight = first + np.where(self.past, rise, (second - first) / (x + y)) * x
        least, most = np.minimum(least, most), np.maximum(least, most)
        guess = np.where(convex & ~self.past, (least + most) / 2.0, np.clip(straight, least, most))
        return Bounds(*(np.where(x == 0.0, first, value) for value in (least, guess, most)))


def pick(values: FloatArray, index: IntArray) -> FloatArray:
    """One value a row; of the last column where the index is past it."""
    safe = np.minimum(index, values.shape[1] - 1)
    picked: FloatArray = values[np.arange(len(values)), safe]
    return picked


def count(quantity: FloatArray) -> IntArray:
    """Orders of each curve, shape (n,)."""
    counted: IntArray = (~np.isnan(quantity)).sum(axis=1)
    return counted
