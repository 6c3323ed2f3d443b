"""What lines need, read off their curves: the least and the most it can be, and the likeliest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.replenishment.curve_bounds import count, pick
from engine.replenishment.lines import FloatArray, IntArray, LineInputs
from engine.replenishment.what_if_curves import WhatIfCurves

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Needs:
    """Smallest whole order that reaches each line's target, or its cheapest one [each], shape (n,) each."""

    least: FloatArray
    guess: FloatArray
    most: FloatArray


def curve_needs(curves: WhatIfCurves, lines: LineInputs) -> Needs:
    """Enclose the need of every line.

    Parameters
    ----------
    curves : WhatIfCurves
    lines : LineInputs
        The same n lines, with the targets and costs that are asked about.
    """
    found = np.zeros((3, curves.size))
    for kind, read in (("fill", _filled), ("cycle", _protected), ("cost", _cheapest)):
        rows = np.flatnonzero(lines.target_kind == kind)
        if len(rows):
            found[:, rows] = read(curves, lines, rows)
    return Needs(*found)


def _filled(curves: WhatIfCurves, lines: LineInputs, rows: IntArray) -> FloatArray:
    orders, short, saved = curves.quantity[rows], curves.short[rows], curves.short_saved[rows]
    allowed = _allowed(curves, lines, rows, short, curves.window_demand[rows])
    end = np.minimum((short > allowed[:, None]).sum(axis=1), count(orders) - 1)
    start = np.maximum(end - 1, 0)
    low, high = pick(orders, start), pick(orders, end)
    slope, next_slope = pick(saved, start), pick(saved, end)
    # one each beyond the first of the two is known as well
    over, under = pick(short, start) - slope, pick(short, end)
    lost = ~lines.backorder[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        by_first = np.where(lost & (slope > 0.0), low + 1.0 + (over - allowed) / slope, low + 1.0)
        by_next = np.where(lost & (next_slope > 0.0), high - (allowed - under) / next_slope, low + 1.0)
        share = np.clip((over - allowed) / (over - under), 0.0, 1.0)
        chord = low + 1.0 + (high - low - 1.0) * share
        curved = _between(low + 1.0, high, (over - under) / slope, (over - under) / next_slope, share)
    least = np.clip(np.ceil(np.maximum(by_first, by_next) - _ROUNDING), low + 2.0, high)
    most = np.where(lost, np.clip(np.ceil(chord + _ROUNDING), least, high), high)
    guess = np.clip(np.ceil(np.where(lost, curved, chord) - _ROUNDING), least, most)
    needs = np.array([least, guess, most])
    needs = np.where(over <= allowed, low + 1.0, needs)
    return np.where(end == 0, low, np.where(high - low <= 1.0, high, needs))


def _between(
    first: FloatArray, last: FloatArray, rise: FloatArray, last_rise: FloatArray, share: FloatArray
) -> FloatArray:
    """Order at a share of the way down, by the slopes at both ends (Fritsch & Carlson's monotone cubic)."""
    far = last - first
    rise = np.where(np.isfinite(rise), np.minimum(rise, 3.0 * far), 3.0 * far)
    last_rise = np.where(np.isfinite(last_rise), np.minimum(last_rise, 3.0 * far), 3.0 * far)
    rest = 1.0 - share
    found: FloatArray = (
        first * rest**2 * (1.0 + 2.0 * share)
        + last * share**2 * (3.0 - 2.0 * share)
        + rise * share * rest**2
        - last_rise * share**2 * rest
    )
    return found


def _protected(curves: WhatIfCurves, lines: LineInputs, rows: IntArray) -> FloatArray:
    orders, failures = curves.quantity[rows], curves.short_windows[rows]
    allowed = _allowed(curves, lines, rows, failures, np.ones(len(rows)))
    end = np.minimum((failures > allowed[:, None]).sum(axis=1), count(orders) - 1)
    start = np.maximum(end - 1, 0)
    low, high = pick(orders, start), pick(orders, end)
    over, under = pick(failures, start), pick(failures, end)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.ceil(low + (high - low) * (over - allowed) / (over - under))
    needs = np.array([low + 1.0, np.clip(between, low + 1.0, high), high])
    exact = pick(curves.short_windows_below[rows], end) > allowed
    return np.where(end == 0, low, np.where(exact | (high - low <= 1.0), high, needs))


def _allowed(
    curves: WhatIfCurves, lines: LineInputs, rows: IntArray, figure: FloatArray, whole: FloatArray
) -> FloatArray:
    """Shortage that the target allows; of what an order can still save where expiry puts it out of reach."""
    allowed = (1.0 - lines.service_target[rows]) * whole
    floor = np.where(curves.expires[rows] > 0, np.nanmin(figure, axis=1), 0.0)
    out_of_reach = floor > allowed + 1e-9 * whole
    share = (1.0 - lines.service_target[rows]) * (whole - floor)
    result: FloatArray = np.where(out_of_reach, floor + share, allowed) + 1e-9 * whole
    return result


def _cheapest(curves: WhatIfCurves, lines: LineInputs, rows: IntArray) -> FloatArray:
    """By what one each more saves and costs: it pays below the need, and no longer from there on."""
    orders = curves.quantity[rows]
    saves = lines.stockout_cost[rows, None] * curves.short_saved[rows]
    wastes = lines.unit_cost[rows, None] * curves.waste_added[rows]
    holds = lines.holding_cost[rows, None] * curves.held_added[rows]
    # what does not outlast the window may be held the longer the more there is, or the shorter
    outlasts = curves.outlasts[rows, None] > 0
    longest = np.broadcast_to((lines.holding_cost * curves.window_periods)[rows, None], orders.shape)
    most, least = np.where(outlasts, holds, longest), np.where(outlasts, holds, 0.0)
    noise = 1e-9 * (saves + wastes + holds)
    # the plan looks up to the greatest demand of a window only
    last = ~(orders < curves.useful[rows, None])
    pays = ~last & (wastes + most - saves < -noise)
    no_longer = last | (wastes + least - saves > noise) | ((saves == 0.0) & (wastes + least >= 0.0))
    below = _last_true(pays)
    above = no_longer.argmax(axis=1)
    low = np.where(below >= 0, pick(orders, np.maximum(below, 0)) + 1.0, 0.0)
    high = np.maximum(pick(orders, above), low)
    change = saves - wastes - holds
    start = np.maximum(above - 1, 0)
    over, under = pick(change, start), -pick(change, above)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(over + under > 0.0, over / (over + under), 1.0)
    between = pick(orders, start) + np.clip(share, 0.0, 1.0) * (pick(orders, above) - pick(orders, start))
    needs = np.array([low, np.clip(np.ceil(between), low, high), high])
    # what waits does not cost more and more: any order may be the cheapest
    cost = lines.stockout_cost[rows, None] * curves.short[rows]
    cost += (
        lines.unit_cost[rows, None] * curves.waste[rows] + lines.holding_cost[rows, None] * curves.held[rows]
    )
    cheapest = pick(orders, np.where(orders <= curves.useful[rows, None], cost, np.inf).argmin(axis=1))
    anything = np.array([np.zeros(len(rows)), cheapest, curves.useful[rows]])
    needs = np.where(lines.backorder[rows], anything, needs)
    asked = curves.stockout_cost[rows] == lines.stockout_cost[rows]
    asked &= (curves.holding_cost[rows] == lines.holding_cost[rows]) & ~np.isnan(curves.needed[rows])
    asked &= curves.unit_cost[rows] == lines.unit_cost[rows]
    return np.where(asked, curves.needed[rows], needs)


def _last_true(values: NDArray[np.bool_]) -> IntArray:
    """Place of the last true one of each row; -1: none."""
    width = values.shape[1]
    return np.where(values.any(axis=1), width - 1 - values[:, ::-1].argmax(axis=1), -1)
