"""Which orders of a line are worth valuing: at most 64 of its lots, close together near the plan's own."""

from __future__ import annotations

import math

import numpy as np

from engine.replenishment.constraints import GRID, on_grid
from engine.replenishment.lines import FloatArray

MOST_CANDIDATES = 64
"""Candidate orders of a line, the order of nothing included."""
_BEYOND = 2.0
"""Candidates reach this many times the greatest order of use, for trucks and minimums to be filled."""
_LEAST_LOTS = 4
_ROUNDING = 1e-9


def order_candidates(
    multiple: float, moq: float, most: float, *, own: float, useful: float, breaks: FloatArray
) -> FloatArray:
    """Orders to value, rising from 0.

    All lots from the smallest up to twice what is of use, if they are few enough. Otherwise the plan's
    own, the smallest, the greatest and the price breaks, and beside the plan's own lots whose distances
    from it grow from one lot geometrically to the ends.

    Parameters
    ----------
    multiple : float
        Orders are whole multiples of this [each]; 0: any whole number.
    moq : float
        Minimum order quantity [each].
    most : float
        What the limits of the line allow [each]; may be infinite.
    own : float
        The plan's order [each]; always a candidate.
    useful : float
        Greatest order that any path of demand needs [each].
    breaks : float array
        Quantities from which price breaks apply [each]; NaN: none.

    Returns
    -------
    float array, shape (≤ 64,)

    Examples
    --------
    >>> order_candidates(6, 10, 40, own=18, useful=30, breaks=np.array([20.0])).tolist()
    [0.0, 12.0, 18.0, 24.0, 30.0, 36.0]
    """
    step = on_grid(multiple) if multiple > 0.0 else 1.0
    step = step or 1.0 / GRID
    first = max(math.ceil(moq / step - _ROUNDING), 1)
    least_top = first + _LEAST_LOTS
    top = max(math.ceil(_BEYOND * max(own, useful, 0.0) / step), least_top)
    marks = [max(math.ceil(at / step - _ROUNDING), first) for at in breaks[np.isfinite(breaks)]]
    allowed = math.floor(min(most, 2.0**40) / step + _ROUNDING)
    last = min(max([top, *marks]), allowed)
    kept = {0.0, own}
    if last < first:
        return np.array(sorted(kept))
    if last - first < MOST_CANDIDATES - 2:
        return _sorted(kept, step * np.arange(first, last + 1))
    middle = min(max(round(own / step), first), last)
    wanted = {first, middle, last, *sorted(lots for lots in marks if lots <= last)[: MOST_CANDIDATES // 4]}
    room = MOST_CANDIDATES - len(wanted) - len(kept)
    above = max(min(round(room * 0.6), last - middle), room - (middle - first))
    down, up = _distances(middle - first, room - above), _distances(last - middle, above)
    lots = np.concatenate([np.array(sorted(wanted), float), middle - down, middle + up])
    return _sorted(kept, step * lots)


def _distances(end: int, count: int) -> FloatArray:
    """At most `count` whole distances from 1 to `end`, growing geometrically."""
    if end < 1 or count < 1:
        return np.empty(0)
    place = np.arange(1, min(count, end) + 1)
    distance: FloatArray = np.maximum(place, np.round(float(end) ** (place / len(place))))
    return distance


def _sorted(kept: set[float], lots: FloatArray) -> FloatArray:
    return np.unique(np.concatenate([np.array(sorted(kept)), lots]))
