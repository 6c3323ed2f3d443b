"""Values of extra regressors, and how each series standardises them.

Rules are those of Prophet's `initialize_scales`: mean and standard deviation (ddof 1) over the series' own
observed rows; a constant stays as it is, and so does, on 'auto', a regressor whose values are 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.spec import ProphetSpec

AUTO = 2


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


def standardise(values: NDArray[np.float64], history: NDArray[np.float64], spec: ProphetSpec) -> Regressors:
    """Return raw regressor values with each series' means and scales.

    Parameters
    ----------
    values : ndarray, shape (n, T + h, k) or (1, T + h, k)
    history : ndarray, shape (n, T)
        Demand; scales are taken over the periods in which it is not NaN.
    spec : ProphetSpec
        Whose `extra_regressors` are the k columns.
    """
    n = len(history)
    mean = np.zeros((n, values.shape[2]))
    scale = np.ones((n, values.shape[2]))
    asked = [regressor.standardize for regressor in spec.extra_regressors]
    if any(answer is not False for answer in asked):
        codes = np.array([AUTO if answer == "auto" else int(answer) for answer in asked], dtype=np.int64)
        _fill_scales(values, history, codes, mean, scale)
    return Regressors(values, mean, scale)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_scales(
    values: NDArray[np.float64],
    history: NDArray[np.float64],
    codes: NDArray[np.int64],
    mean: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> None:
    """Fill mean and scale where a regressor is to be standardised."""
    n, n_dates = history.shape
    for i in range(n):
        x = values[min(i, values.shape[0] - 1)]
        for c in range(codes.shape[0]):
            if codes[c] == 0:
                continue
            count = 0
            total = 0.0
            low = np.inf
            high = -np.inf
            is_binary = True
            for t in range(n_dates):
                if not np.isnan(history[i, t]):
                    value = x[t, c]
                    count += 1
                    total += value
                    low = min(low, value)
                    high = max(high, value)
                    is_binary = is_binary and (value == 0.0 or value == 1.0)
            if low >= high or (is_binary and codes[c] == AUTO):
                continue
            centre = total / count
            squares = 0.0
            for t in range(n_dates):
                if not np.isnan(history[i, t]):
                    squares += (x[t, c] - centre) ** 2
            mean[i, c] = centre
            scale[i, c] = np.sqrt(squares / (count - 1))
