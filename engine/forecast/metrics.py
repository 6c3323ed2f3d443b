"""Forecast errors with their signs: error = forecast − actual, so a positive bias is over-forecasting."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def wape(forecast: Floats, actual: Floats, scored: Mask) -> Floats:
    """Weighted absolute percentage error Σ|f − y| / Σy of each row [n]; NaN where nothing was sold.

    Examples
    --------
    >>> wape(np.array([[2.0, 4.0]]), np.array([[1.0, 4.0]]), np.ones((1, 2), dtype=bool))
    array([0.2])
    """
    return _ratio(np.abs(forecast - actual), actual, scored)


def bias(forecast: Floats, actual: Floats, scored: Mask) -> Floats:
    """Σ(f − y) / Σy of each row [n]: positive is over-forecasting; NaN where nothing was sold.

    Examples
    --------
    >>> bias(np.array([[2.0, 4.0]]), np.array([[1.0, 4.0]]), np.ones((1, 2), dtype=bool))
    array([0.2])
    """
    return _ratio(forecast - actual, actual, scored)


def rmsse(forecast: Floats, actual: Floats, scored: Mask, scale: Floats) -> Floats:
    """Root mean squared error over `scale` (root mean squared step of the history) of each row [n].

    Makridakis, Spiliotis and Assimakopoulos (2022), M5 accuracy competition, International Journal of
    Forecasting 38, 1346–1364. NaN where the scale is 0 or nothing was scored.
    """
    count = scored.sum(axis=1)
    squares = np.where(scored, (forecast - actual) ** 2, 0.0).sum(axis=1)
    known = (count > 0) & (scale > 0)
    result: Floats = np.full(len(forecast), np.nan)
    result[known] = np.sqrt(squares[known] / count[known]) / scale[known]
    return result


def naive_scale(values: Floats, observed: Mask) -> Floats:
    """Root mean squared change between consecutive observed periods [n]; 0 where there is none."""
    pairs = observed[:, 1:] & observed[:, :-1]
    steps = np.where(pairs, np.diff(values, axis=1), 0.0)
    result: Floats = np.sqrt((steps**2).sum(axis=1) / np.maximum(pairs.sum(axis=1), 1))
    return result


def pinball(quantile: Floats, actual: Floats, probability: float) -> Floats:
    """Pinball (quantile) loss: p·(y − q) if demand was above the quantile, (1 − p)·(q − y) if below.

    Examples
    --------
    >>> pinball(np.array([10.0, 10.0]), np.array([12.0, 8.0]), 0.9).round(6)
    array([1.8, 0.2])
    """
    short = actual - quantile
    result: Floats = np.maximum(probability * short, (probability - 1.0) * short)
    return result


def _ratio(top: Floats, bottom: Floats, scored: Mask) -> Floats:
    sold = np.where(scored, bottom, 0.0).sum(axis=1)
    result: Floats = np.full(len(bottom), np.nan)
    some = sold > 0
    result[some] = np.where(scored, top, 0.0).sum(axis=1)[some] / sold[some]
    return result
