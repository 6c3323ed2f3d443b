"""Seasonal factors pulled towards a parent's, by the James–Stein weight signal / (signal + noise).

D. Miller and D. Williams (2003), Shrinkage estimators of time series seasonal factors and their effect on
forecasting accuracy, International Journal of Forecasting 19, 669–684.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIGNAL_PRIOR = 2.0
"""Weight of all series' signal beside a series' own when its weekday profile is shrunk."""
LEAST_FACTOR = 0.05


def shrink_bins(factor: Floats, error: Floats, parent: Floats) -> Floats:
    """Pull `factor` towards `parent` by James and Stein's weight, then scale to mean 1."""
    known = np.isfinite(factor)
    if not known.any():
        return parent
    scaled = factor / factor[known].mean()
    difference = np.where(known, scaled - parent, 0.0)
    noise = np.where(known, error, 0.0)
    signal = max(float((difference[known] ** 2 - noise[known]).mean()), 0.0)
    weight = np.where(known & (signal + noise > 0), signal / np.maximum(signal + noise, 1e-300), 0.0)
    shrunk = np.maximum(parent + weight * difference, LEAST_FACTOR)
    result: Floats = shrunk / shrunk.mean()
    return result


def shrink_rows(factor: Floats, error: Floats, parent: Floats) -> Floats:
    """Shrink every row of weekday factors [n, 7] to its parent's; NaN: not known."""
    known = np.isfinite(factor) & np.isfinite(error)
    count = np.maximum(known.sum(axis=1), 1)
    difference = np.where(known, factor - parent, 0.0)
    noise = np.where(known, error, 0.0)
    own = (difference**2 - noise).sum(axis=1) / count
    precision = known.any(axis=1) / (noise.sum(axis=1) / count + 1e-3) ** 2
    shared = (precision * own).sum() / max(precision.sum(), 1e-12)
    # Seven weekdays say little of how much a series differs: what all series show weighs twice as much.
    signal = np.maximum((own + SIGNAL_PRIOR * shared) / (1.0 + SIGNAL_PRIOR), 0.0)[:, None]
    total = signal + noise
    weight = np.where(total > 0, signal / np.where(total > 0, total, 1.0), 0.0)
    shrunk = np.maximum(parent + weight * difference, LEAST_FACTOR)
    result: Floats = shrunk / shrunk.mean(axis=1, keepdims=True)
    return result
