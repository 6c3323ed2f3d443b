"""Values of extra regressors, and how each series standardises them.

Rules are those of Prophet's `initialize_scales`: mean and standard deviation (ddof 1) over the series' own
observed rows; a constant stays as it is, and so does, on 'auto', a regressor whose values are 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.spec import ProphetSpec


@dataclass(frozen=True)
class Regressors:
    """k regressors of n series over T history and h future rows."""

    values: NDArray[np.float64]
    """Raw, shape (n, T + h, k), or (1, T + h, k) where all series share them."""
    mean: NDArray[np.float64]
    """Subtracted, shape (n, k); 0 where not standardised."""
    scale: NDArray[np.float64]
    """Divides, shape (n, k); 1 where not standardised."""

    @property
    def is_shared(self) -> bool:
        """Whether all series have the same raw values."""
        return len(self.values) == 1

    def rows(self, part: slice | NDArray[np.int64]) -> Regressors:
        """Return the regressors of some series."""
        values = self.values if self.is_shared else self.values[part]
        return Regressors(values, self.mean[part], self.scale[part])

    def standardised(self, part: slice, periods: slice) -> NDArray[np.float64]:
        """Return standardised values of a slice of series, shape (series, periods, k)."""
        raw = self.values[:, periods] if self.is_shared else self.values[part, periods]
        scaled: NDArray[np.float64] = (raw - self.mean[part, None]) / self.scale[part, None]
        return scaled


def no_regressors(n: int, periods: int) -> Regressors:
    """Return n series without regressors."""
    return Regressors(np.empty((1, periods, 0)), np.empty((n, 0)), np.empty((n, 0)))


def standardise(values: NDArray[np.float64], observed: NDArray[np.bool_], spec: ProphetSpec) -> Regressors:
    """Return raw regressor values with each series' means and scales.

    Parameters
    ----------
    values : ndarray, shape (n, T + h, k) or (1, T + h, k)
    observed : ndarray of bool, shape (n, T)
        Rows of the history that the scales are taken over.
    spec : ProphetSpec
        Whose `extra_regressors` are the k columns.
    """
    n, n_dates = observed.shape
    mean = np.zeros((n, values.shape[2]))
    scale = np.ones((n, values.shape[2]))
    count = observed.sum(axis=1)
    for column, regressor in enumerate(spec.extra_regressors):
        if regressor.standardize is False:
            continue
        past = values[:, :n_dates, column]
        centre = np.nanmean(past) if past.size else 0.0  # products of small numbers keep their digits
        shifted = np.where(observed, past - centre, 0.0)
        total = shifted.sum(axis=1)
        own_mean = total / np.maximum(count, 1)
        spread = np.where(observed, shifted - own_mean[:, None], 0.0)
        own_scale = np.sqrt((spread**2).sum(axis=1) / np.maximum(count - 1, 1))
        highest = np.where(observed, past, -np.inf).max(axis=1, initial=-np.inf)
        lowest = np.where(observed, past, np.inf).min(axis=1, initial=np.inf)
        keeps = highest <= lowest
        if regressor.standardize == "auto":
            keeps |= (~observed | (past == 0) | (past == 1)).all(axis=1)
        mean[:, column] = np.where(keeps, 0.0, own_mean + centre)
        scale[:, column] = np.where(keeps, 1.0, own_scale)
    return Regressors(values, mean, scale)
