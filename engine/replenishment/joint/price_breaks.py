"""What an order costs where its price depends on its quantity."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import EngineError
from engine.replenishment.line_checks import find_faults

FloatArray = NDArray[np.float64]


def purchase_value(
    quantity: FloatArray,
    unit_cost: FloatArray,
    break_quantity: ArrayLike | None,
    break_cost: ArrayLike | None,
    incremental: ArrayLike = False,
) -> FloatArray:
    """Value of each order at the price of its quantity.

    Parameters
    ----------
    quantity : float array, shape (n, K)
        Orders [each].
    unit_cost : float array, shape (n,)
        Price below the first break [money/each].
    break_quantity, break_cost : array_like, shape (n, B), optional
        Quantities, rising, from which the unit costs beside them apply; NaN: none.
    incremental : array_like of bool, shape (n,) or scalar
        A break applies to the units beyond it only; otherwise to all units.

    Returns
    -------
    float array, shape (n, K)
        [money]

    Raises
    ------
    EngineError
        Breaks that do not rise, or costs below 0; all faults.

    References
    ----------
    Snyder & Shen (2019), *Fundamentals of Supply Chain Theory*, 2nd ed., section 3.4.

    Examples
    --------
    >>> purchase_value(np.array([[100.0, 400.0, 800.0]]), np.array([0.75]), [[400, 800]], [[0.72, 0.68]])
    array([[ 75., 288., 544.]])
    >>> purchase_value(np.array([[100.0, 500.0]]), np.array([0.75]), [[400]], [[0.72]], incremental=True)
    array([[ 75., 372.]])
    """
    if break_quantity is None or break_cost is None:
        return unit_cost[:, None] * quantity
    starts = np.atleast_2d(np.asarray(break_quantity, float))
    costs = np.atleast_2d(np.asarray(break_cost, float))
    n = len(quantity)
    _check(starts, costs, n)
    is_incremental = np.broadcast_to(np.asarray(incremental, bool), n)
    all_units = unit_cost[:, None] * quantity
    beyond = all_units.copy()
    before = unit_cost
    for start, cost in zip(starts.T, costs.T, strict=True):
        given = np.isfinite(start)
        over = given[:, None] & (quantity >= np.where(given, start, 0.0)[:, None])
        after = np.where(given, cost, before)
        all_units = np.where(over, after[:, None] * quantity, all_units)
        more = quantity - np.where(given, start, 0.0)[:, None]
        beyond += np.where(over, (after - before)[:, None] * more, 0.0)
        before = after
    return np.where(is_incremental[:, None], beyond, all_units)


def _check(starts: FloatArray, costs: FloatArray, n: int) -> None:
    faults: list[str] = []
    if starts.shape != costs.shape or len(starts) != n:
        faults.append(f"break_quantity has shape {starts.shape}, break_cost {costs.shape}, must be ({n}, B)")
    else:
        given = ~np.isnan(starts)
        last = np.maximum.accumulate(np.where(given, starts, -np.inf), axis=1)
        good = ~given | (starts >= 0)
        good[:, 1:] &= ~given[:, 1:] | (starts[:, 1:] > last[:, :-1])
        worst = starts[np.arange(n), good.argmin(axis=1)] if starts.size else np.zeros(n)
        find_faults(faults, "break_quantity", worst, good.all(axis=1), "≥ 0 and rising")
        good = ~given | (np.isfinite(costs) & (costs >= 0))
        worst = costs[np.arange(n), good.argmin(axis=1)] if costs.size else np.zeros(n)
        find_faults(faults, "break_cost", worst, good.all(axis=1), "finite and ≥ 0")
    if faults:
        raise EngineError("price breaks: " + "; ".join(faults))
