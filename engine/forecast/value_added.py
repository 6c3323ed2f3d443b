"""Forecast value added: what each step of a forecasting process did to the error.

M. Gilliland (2010), *The Business Forecasting Deal*, Wiley, chapter 4: compare the error of every step with
that of the step before it and with a naive forecast; a step that does not lower the error is waste. Errors
are absolute errors in units, so they add up over days, products and planners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEAST_CLUSTERS = 3
"""Fewer independent acts than this say nothing of how the next one will do: no interval."""

COVERAGE = 0.8
"""Of the intervals: the range that every page of the product shows."""


@dataclass(frozen=True)
class Accuracy:
    """Sums of a forecast's errors, each [g]: they add over groups, ratios of them do not."""

    demand: Floats
    """Demand that came [each]."""
    forecast: Floats
    """What was forecast for it [each]."""
    absolute_error: Floats
    """Σ|forecast − demand| [each]."""

    @property
    def wape(self) -> Floats:
        """Weighted absolute percentage error Σ|f − y| / Σy; NaN where no demand came."""
        return _share(self.absolute_error, self.demand)

    @property
    def bias(self) -> Floats:
        """Σ(f − y) / Σy: positive is over-forecasting; NaN where no demand came."""
        return _share(self.forecast - self.demand, self.demand)


def accuracy(forecast: Floats, demand: Floats, group: Integers, n_groups: int) -> Accuracy:
    """Sum the errors of cells by group.

    Parameters
    ----------
    forecast, demand : [c] units of a cell (a series and a period)
    group : [c] group of each cell, 0 … n_groups − 1

    Examples
    --------
    >>> two = accuracy(np.array([8.0, 12.0, 5.0]), np.array([10.0, 10.0, 0.0]), np.array([0, 0, 1]), 2)
    >>> two.wape, two.bias
    (array([0.2, nan]), array([ 0., nan]))
    """

    def sums(values: Floats) -> Floats:
        return np.bincount(group, weights=values, minlength=n_groups).astype(np.float64)

    return Accuracy(sums(demand), sums(forecast), sums(np.abs(forecast - demand)))


def value_added(before: Floats, after: Floats, demand: Floats) -> Floats:
    """Absolute error that a step took away, |before − y| − |after − y| [c]; negative: the step made it worse.

    Of a factor f on a forecast m it lies between −m·|f − 1| and m·|f − 1|; a factor of 1 adds nothing.

    Examples
    --------
    >>> value_added(np.array([10.0, 10.0]), np.array([14.0, 14.0]), np.array([13.0, 9.0]))
    array([ 2., -4.])
    """
    gain: Floats = np.abs(before - demand) - np.abs(after - demand)
    return gain


def bootstrap_interval(
    gain: Floats, *, seed: int, draws: int = 2000, coverage: float = COVERAGE
) -> tuple[float, float]:
    """Percentile bootstrap interval of a sum of independent gains.

    Days of one override share their cause, so whoever calls sums them first: a gain is one override (of an
    author or a segment), or one day of a single override.

    Parameters
    ----------
    gain : [k] value added of each cluster [each]
    seed : int

    Returns
    -------
    low, high : float
        Both NaN with fewer than `LEAST_CLUSTERS` clusters.

    References
    ----------
    B. Efron and R. J. Tibshirani (1993), *An Introduction to the Bootstrap*, section 13.3.

    Examples
    --------
    >>> bootstrap_interval(np.full(5, 2.0), seed=1)
    (10.0, 10.0)
    """
    if len(gain) < LEAST_CLUSTERS:
        return float("nan"), float("nan")
    # Multinomial counts: how often each cluster is drawn, [draws, k].
    counts = np.random.default_rng(seed).multinomial(len(gain), np.full(len(gain), 1 / len(gain)), size=draws)
    low, high = np.quantile(counts @ gain, [0.5 - coverage / 2, 0.5 + coverage / 2])
    return float(low), float(high)


def _share(part: Floats, whole: Floats) -> Floats:
    result: Floats = np.full(len(whole), np.nan)
    known = whole > 0
    result[known] = part[known] / whole[known]
    return result
