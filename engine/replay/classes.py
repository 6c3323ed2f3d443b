"""ABC by turnover and XYZ by how much weekly demand varies: nine classes, as planners set parameters by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHARE_A, SHARE_B = 0.80, 0.95
"""A: the lines that make the first 80 % of turnover; B: up to 95 %; C: the rest (Pareto's rule)."""
VARIATION_X, VARIATION_Y = 0.5, 1.0
"""Coefficient of variation of weekly demand up to which a line is X, and Y; else Z."""
CLASSES = tuple(f"{abc}{xyz}" for abc in "ABC" for xyz in "XYZ")


def abc_xyz(demand: Floats, price: Floats, periods_a_week: int = 7) -> Ints:
    """Return the class of each line, [n], an index into `CLASSES`; lines that sold nothing are CZ.

    Parameters
    ----------
    demand : [n, T] units a period; NaN: not on sale
    price : [n] money
    periods_a_week : 7 for days; 1 for weeks or longer

    Examples
    --------
    >>> demand = np.array([[70.0] * 28, [3.0, 0, 0, 0, 0, 0, 0] * 4])
    >>> [CLASSES[code] for code in abc_xyz(demand, np.ones(2))]
    ['AX', 'CX']
    """
    units = np.nan_to_num(demand)
    turnover = units.sum(axis=1) * price
    order = np.argsort(-turnover, kind="stable")
    before = np.cumsum(turnover[order]) - turnover[order]
    share = np.empty(len(order))
    share[order] = before / max(float(turnover.sum()), 1e-12)
    abc = np.where(turnover <= 0.0, 2, np.where(share < SHARE_A, 0, np.where(share < SHARE_B, 1, 2)))
    weeks = units.shape[1] // periods_a_week
    weekly = units[:, units.shape[1] - weeks * periods_a_week :]
    weekly = weekly.reshape(len(units), weeks, periods_a_week).sum(axis=2)
    mean = weekly.mean(axis=1) if weeks else np.zeros(len(units))
    spread = weekly.std(axis=1) if weeks else np.zeros(len(units))
    variation = np.where(mean > 0.0, spread / np.where(mean > 0.0, mean, 1.0), np.inf)
    xyz = np.where(variation <= VARIATION_X, 0, np.where(variation <= VARIATION_Y, 1, 2))
    return (3 * abc + xyz).astype(np.int64)
