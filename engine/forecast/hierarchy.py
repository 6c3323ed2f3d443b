"""Forecasts of totals: the sum of their items, with intervals from the backtest errors of the totals.

Bottom-up, so that items and totals always agree and a change to either spreads to the other. Errors of items
partly go together (a warm week, a trend that all models missed), so the sum of independent items is too
narrow: a total of mean M has variance Σφm + Σ(level_cv·m)² + κ²M², where κ is the relative error that its
items share, measured on what was forecast at past cut-offs and shrunk to that of the totals of its level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincinv

from engine.errors import EngineError

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

COVERAGE = 0.8
LEVEL_CELLS = 30.0
"""Periods of backtest that the shared error of a level's other totals weighs."""
LEAST_CELLS = 60
"""Fewer periods than this do not set the width that holds `COVERAGE` of them."""
PRIOR_KAPPA2 = 0.01
_LARGEST_RATIO = 4.0
_FACTORS = np.array([0.3, 0.45, 0.6, 0.75, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5])


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What was forecast at past cut-offs without their future.

    forecast, actual : [K, n, H]; scored : [K, n, H] where demand was seen
    """

    forecast: Floats
    actual: Floats
    scored: Mask


@dataclass(frozen=True, eq=False)
class Totals:
    """Forecasts of g totals.

    Attributes
    ----------
    mean : [g, h] the sum of the items' means
    low, high : [g, h] 10 % and 90 % quantiles of each period
    shared_cv : [g] κ, the relative error that the items share
    coverage : share of backtest periods inside the 80 % interval, each by the errors of the other cut-offs;
        NaN without a backtest
    """

    mean: Floats
    low: Floats
    high: Floats
    shared_cv: Floats
    coverage: float


def total_forecasts(
    mean: Floats, level_cv: Floats, dispersion: Floats, group: Codes, held_out: HeldOut | None = None
) -> Totals:
    """Forecast the totals of one level.

    Parameters
    ----------
    mean : [n, h] of the items
    level_cv, dispersion : [n] their noise
    group : [n] 0 … g − 1: the total that an item is in; -1: in none
    held_out : backtest of the same items; None: a shared error of √`PRIOR_KAPPA2` is taken

    Examples
    --------
    >>> one = np.ones(3)
    >>> totals = total_forecasts(np.array([[2.0], [3.0], [5.0]]), 0.2 * one, one, np.array([0, 0, 1]))
    >>> totals.mean.tolist()
    [[5.0], [5.0]]
    """
    if not len(mean) == len(level_cv) == len(dispersion) == len(group):
        raise EngineError(
            f"{len(mean)} means, {len(level_cv)} level_cv, {len(dispersion)} dispersions and "
            f"{len(group)} groups must be one an item"
        )
    size = int(group.max(initial=-1)) + 1
    total, own = _sums(mean, group, size), _own_variance(mean, level_cv, dispersion, group, size)
    kappa2, factor, coverage = np.full(size, PRIOR_KAPPA2), 1.0, float("nan")
    if held_out is not None and held_out.scored.any():
        cells = _cells(held_out, level_cv, dispersion, group, size)
        kappa2, factor, coverage = _learnt(*cells)
    spread = factor**2 * (own + kappa2[:, None] * total**2)
    tail = (1.0 - COVERAGE) / 2
    return Totals(
        total,
        _quantile(total, spread, tail),
        _quantile(total, spread, 1.0 - tail),
        np.sqrt(kappa2) * factor,
        coverage,
    )


def _sums(values: Floats, group: Codes, size: int) -> Floats:
    """Sum items [n, h] to totals [size, h]."""
    result = np.zeros((size, values.shape[1]))
    inside = group >= 0
    np.add.at(result, group[inside], values[inside])
    return result


def _own_variance(mean: Floats, level_cv: Floats, dispersion: Floats, group: Codes, size: int) -> Floats:
    """Return the variance of totals if the items' errors had nothing to do with each other."""
    return _sums(dispersion[:, None] * mean + (level_cv[:, None] * mean) ** 2, group, size)


def _cells(
    held_out: HeldOut, level_cv: Floats, dispersion: Floats, group: Codes, size: int
) -> tuple[Floats, Floats, Floats]:
    """Return forecast, actual and own variance of totals over scored items, each [size, K, H]."""
    parts = []
    for forecast, actual, scored in zip(held_out.forecast, held_out.actual, held_out.scored, strict=True):
        expected = np.where(scored, forecast, 0.0)
        parts.append(
            (
                _sums(expected, group, size),
                _sums(np.where(scored, actual, 0.0), group, size),
                _own_variance(expected, level_cv, dispersion, group, size),
            )
        )
    forecast, actual, own = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
    return forecast, actual, own


def _learnt(forecast: Floats, actual: Floats, own: Floats) -> tuple[Floats, float, float]:
    """Return κ² [size], the factor on the standard deviation, and the coverage reached."""
    known = forecast > 0
    kappa2 = _shared(forecast, actual, own, known)
    without = np.zeros_like(forecast)
    for k in range(forecast.shape[1]):
        others = known.copy()
        others[:, k] = False
        without[:, k] = _shared(forecast, actual, own, others if others.any() else known)[:, None]
    spread = own + without * forecast**2
    expected, sold, wide = forecast[known], actual[known], spread[known]
    if not len(expected):
        return kappa2, 1.0, float("nan")

    def inside(factor: float) -> float:
        chance = _probability(sold, expected, factor**2 * wide)
        tail = (1.0 - COVERAGE) / 2
        return float(((chance > tail) & (chance < 1.0 - tail)).mean())

    factor = 1.0
    if len(expected) >= LEAST_CELLS:
        shares = np.maximum.accumulate([inside(float(factor)) for factor in _FACTORS])
        factor = float(np.interp(COVERAGE, shares, _FACTORS))
    return kappa2, factor, inside(factor)


def _shared(forecast: Floats, actual: Floats, own: Floats, known: Mask) -> Floats:
    """Return κ² of each total: squared relative errors less the items' own, shrunk to the level's."""
    mean = np.where(known, forecast, 1.0)
    sampling = np.where(known, own / mean**2, 0.0)
    ratio = np.clip((actual - mean) ** 2 / mean**2 - sampling, -1.0, _LARGEST_RATIO)
    pooled = PRIOR_KAPPA2
    for _ in range(3):
        weight = np.where(known, (sampling + pooled) ** -2.0, 0.0)
        pooled = max(float((weight * ratio).sum() / max(weight.sum(), 1e-300)), 1e-5)
    precision = np.where(known, (pooled / (sampling + pooled)) ** 2, 0.0)
    seen, told = precision.sum(axis=(1, 2)), (precision * ratio).sum(axis=(1, 2))
    result: Floats = np.maximum((told + LEVEL_CELLS * pooled) / (seen + LEVEL_CELLS), 0.1 * pooled)
    return result


def _quantile(mean: Floats, variance: Floats, probability: float) -> Floats:
    """Return the quantile of the gamma distribution with this mean and variance; 0 where the mean is 0."""
    some = (mean > 0) & (variance > 0)
    shape = np.where(some, mean**2 / np.where(some, variance, 1.0), 1.0)
    scale = np.where(some, variance / np.where(some, mean, 1.0), 0.0)
    result: Floats = scale * gammaincinv(shape, probability)
    return result


def _probability(value: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return the gamma distribution's probability of at most `value`."""
    result: Floats = gammainc(mean**2 / variance, value * mean / variance)
    return result
