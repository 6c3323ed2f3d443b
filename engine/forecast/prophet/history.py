"""What decides how each series of a panel is modelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray


@dataclass(frozen=True)
class History:
    """Facts of n series, from their observed values."""

    count: NDArray[np.int64]
    """Observed rows."""
    zeros: NDArray[np.int64]
    """Of those, rows at 0."""
    span: NDArray[np.float64]
    """Days from the first to the last observed row."""
    least_step: NDArray[np.float64]
    """Fewest days between two observed rows; infinite where there are fewer than two."""
    first_value: NDArray[np.float64]
    least: NDArray[np.float64]
    """0 where there is no value."""
    greatest: NDArray[np.float64]

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """Fewer than two different values: nothing to fit."""
        constant: NDArray[np.bool_] = self.least == self.greatest
        return constant


def describe(values: NDArray[np.float64], days: NDArray[np.float64]) -> History:
    """Return the facts of each series; `values` are NaN where not observed."""
    n = len(values)
    history = History(
        count=np.zeros(n, dtype=np.int64),
        zeros=np.zeros(n, dtype=np.int64),
        span=np.zeros(n),
        least_step=np.zeros(n),
        first_value=np.zeros(n),
        least=np.zeros(n),
        greatest=np.zeros(n),
    )
    _fill(
        values,
        days,
        history.count,
        history.zeros,
        history.span,
        history.least_step,
        history.first_value,
        history.least,
        history.greatest,
    )
    return history


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    count: NDArray[np.int64],
    zeros: NDArray[np.int64],
    span: NDArray[np.float64],
    least_step: NDArray[np.float64],
    first_value: NDArray[np.float64],
    least: NDArray[np.float64],
    greatest: NDArray[np.float64],
) -> None:
    """Fill in the facts of each row."""
    for i in range(values.shape[0]):
        first = -1
        last = -1
        step = np.inf
        low = np.inf
        high = -np.inf
        for t in range(values.shape[1]):
            value = values[i, t]
            if np.isnan(value):
                continue
            if first < 0:
                first = t
            else:
                step = min(step, days[t] - days[last])
            last = t
            count[i] += 1
            if value == 0.0:
                zeros[i] += 1
            low = min(low, value)
            high = max(high, value)
        if first >= 0:
            span[i] = days[last] - days[first]
            first_value[i] = values[i, first]
            least[i] = low
            greatest[i] = high
        least_step[i] = step
