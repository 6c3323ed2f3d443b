"""Noise of the days that an order must cover: busy days vary more, beyond Poisson, than usual ones.

The forecast's dispersion φ is that of usual days. Demand of mean m whose rate varies by a share
(gamma-Poisson; Greenwood and Yule 1920) has variance m + c·m², so its variance over mean is 1 + c·m, or
1 + (φ − 1)·k on days on which k times the usual is expected. Paths are drawn with one φ a line, which is
therefore that of the order's own days: a promotion triples demand, and with it what φ says beyond Poisson.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def window_dispersion(
    mean: Floats, dispersion: Floats, until: npt.NDArray[np.generic], *, week: int, start: int = 0
) -> Floats:
    """Return the variance over mean of one period, of those that each line's order must cover, [n].

    Parameters
    ----------
    mean : [n, h] expected demand; all of it says what is usual: the median week
    dispersion : [n] variance over mean of usual periods, at least 1
    until : [n] period in which the next order arrives, counted from `start`; at least one period counts
    week : periods of a week, at least 1
    start : today's period

    Examples
    --------
    Three quiet weeks and a promotion that triples demand, of which an order must cover three days:

    >>> mean = np.array([[30.0] * 7 + [10.0] * 21])
    >>> window_dispersion(mean, np.array([1.5]), np.array([3]), week=7)
    array([2.5])
    """
    n, horizon = mean.shape
    week = min(week, horizon)
    summed, squared = _running(mean), _running(mean**2)
    usual = _size(summed[:, week:] - summed[:, :-week], squared[:, week:] - squared[:, :-week])
    known = ~np.isnan(usual)
    middle = np.ones(n)
    some = known.any(axis=1)
    middle[some] = np.nanmedian(usual[some], axis=1)
    rows = np.arange(n)
    last = np.clip(start + np.asarray(until, dtype=np.int64), start + 1, horizon)
    here = _size(summed[rows, last] - summed[:, start], squared[rows, last] - squared[:, start])
    times = np.where(some & ~np.isnan(here), here / middle, 1.0)
    result: Floats = 1.0 + (dispersion - 1.0) * times
    return result


def _running(values: Floats) -> Floats:
    """Sum of all columns before each one, and of all of them."""
    result = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=result[:, 1:])
    return result


def _size(summed: Floats, squared: Floats) -> Floats:
    """Return the mean of a day as a unit of demand meets it; NaN where none is expected."""
    some = summed > 1e-9
    result: Floats = np.where(some, squared / np.where(some, summed, 1.0), np.nan)
    return result
