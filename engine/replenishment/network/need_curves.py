"""Money curves of a place from its demand paths: what more stock earns there, what parting with it costs.

A path's need is the units by which demand of the window exceeds the stock that meets it; below 0, units are
left over (`engine.replenishment.requirement.window_needs` gives it as the peak). With q units more, a path
costs stockout_cost·(need − q)⁺ + leftover_cost·(q − need)⁺: the newsvendor, path by path, so gains fall
and losses rise from unit to unit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replenishment.line import draw
from engine.replenishment.lines import LineInputs
from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.requirement import window_needs
from engine.replenishment.simulate import usable_stock

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

POINTS = 64
"""Pieces of a curve at most; more units than that share a piece."""


def gain_curve(
    needs: npt.ArrayLike, stockout_cost: float, leftover_cost: float, most: int, *, points: int = POINTS
) -> ValueCurve:
    """Return the money that 0 to `most` further units earn.

    Parameters
    ----------
    needs : [paths] units, see above
    stockout_cost : money per unit short, ≥ 0
    leftover_cost : money per unit left at the end of the window: holding it, and its write-off where it will
        have expired, ≥ 0
    most : units at the end of the curve, ≥ 0
    points : pieces at most

    Raises
    ------
    EngineError : no path, a need that is missing, or a value below 0.

    Examples
    --------
    >>> gain_curve([0, 1, 3], stockout_cost=6, leftover_cost=3, most=4).per_unit.tolist()
    [3.0, 0.0, 0.0, -3.0]
    """
    quantities = _grid(most, points)
    cost = _cost(needs, quantities, stockout_cost, leftover_cost)
    return ValueCurve(tuple(quantities.tolist()), tuple((cost[0] - cost).tolist()))


def loss_curve(
    needs: npt.ArrayLike, stockout_cost: float, leftover_cost: float, most: int, *, points: int = POINTS
) -> ValueCurve:
    """Return the money lost by parting with 0 to `most` units, below 0 where they are not needed.

    Arguments as for `gain_curve`.

    Examples
    --------
    >>> loss_curve([-2, -1, 0], stockout_cost=6, leftover_cost=3, most=3).per_unit.tolist()
    [0.0, 3.0, 6.0]
    """
    quantities = _grid(most, points)
    cost = _cost(needs, -quantities, stockout_cost, leftover_cost)
    return ValueCurve(tuple(quantities.tolist()), tuple((cost - cost[0]).tolist()))


def _grid(most: int, points: int) -> Whole:
    if most < 0 or most != int(most) or points < 1:
        raise EngineError(f"most is {most} and points {points}; they must be whole, 0 and 1 or more")
    return np.unique(np.round(np.linspace(0, most, min(most, points) + 1)).astype(np.int64))


def _cost(needs: npt.ArrayLike, further: Whole, stockout_cost: float, leftover_cost: float) -> Floats:
    """Return expected money at each change of stock, from needs sorted once."""
    need = np.sort(np.asarray(needs, dtype=np.float64))
    if need.ndim != 1 or not len(need) or not np.isfinite(need).all():
        raise EngineError(f"needs has shape {need.shape} or a missing value; it must be one number a path")
    if not (stockout_cost >= 0 and leftover_cost >= 0):
        raise EngineError(
            f"stockout_cost is {stockout_cost} and leftover_cost {leftover_cost}; both must be 0 or more"
        )
    total = np.concatenate([[0.0], np.cumsum(need)])
    met = np.searchsorted(need, further, side="right")
    left = met * further - total[met]
    short = total[-1] - total[met] - (len(need) - met) * further
    cost: Floats = (stockout_cost * short + leftover_cost * left) / len(need)
    return cost


def supply_needs(lines: LineInputs, n_paths: int) -> list[Floats]:
    """Return the needs of each line on its demand paths, from the arrival of its order to that of the next.

    Parameters
    ----------
    lines : lines whose `next_order_period` says until when their order must last
    n_paths : as for `plan_lines`

    Returns
    -------
    Per line, [paths whose order arrives in the horizon] units; empty where none does
    """
    clean = lines.checked()
    needs = []
    for row, line in enumerate(draw(clean, slice(0, clean.size), n_paths)):
        usable = usable_stock(line.stock, clean.mean[row], int(line.next_arrival.max()))
        peaks = window_needs(line.paths, usable, line.receipts, line.arrival, line.next_arrival, line.waits)[
            2
        ]
        needs.append(peaks)
    return needs
