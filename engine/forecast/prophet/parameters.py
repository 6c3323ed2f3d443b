"""Fitted parameters of many series, in Prophet's names and scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ProphetParameters:
    """Parameters of n series; each row means what Prophet's `params` mean.

    A series is ``y = y_scale * (k t + m + sum_j delta_j (t - s_j)+ + X beta)`` with scaled time
    ``t = (day - start) / t_scale``. Columns of `delta` and `changepoints` past a series' own number of
    changepoints are 0; columns of `beta` for seasonality that a series does not have are 0.
    """

    k: NDArray[np.float64]
    m: NDArray[np.float64]
    delta: NDArray[np.float64]
    """Shape (n, s)."""
    beta: NDArray[np.float64]
    """Shape (n, columns); columns as `design.seasonal_columns` for `orders`."""
    sigma: NDArray[np.float64]
    """Noise, in units of y_scale (Prophet's sigma_obs)."""
    changepoints: NDArray[np.float64]
    """Scaled time, shape (n, s)."""
    n_changepoints: NDArray[np.int64]
    start: NDArray[np.float64]
    """First observed day [days since 1970-01-01]."""
    t_scale: NDArray[np.float64]
    """Days from first to last observed row; 1 where they are the same."""
    y_scale: NDArray[np.float64]
    """Largest absolute value; 1 where all are 0."""
    orders: tuple[int, int, int]
    """Fourier orders (yearly, weekly, daily) of the columns of beta."""

    @classmethod
    def empty(cls, n: int, n_deltas: int, n_columns: int, orders: tuple[int, int, int]) -> ProphetParameters:
        """Return zeros (scales 1) to be filled in place."""
        return cls(
            k=np.zeros(n),
            m=np.zeros(n),
            delta=np.zeros((n, n_deltas)),
            beta=np.zeros((n, n_columns)),
            sigma=np.zeros(n),
            changepoints=np.zeros((n, n_deltas)),
            n_changepoints=np.zeros(n, dtype=np.int64),
            start=np.zeros(n),
            t_scale=np.ones(n),
            y_scale=np.ones(n),
            orders=orders,
        )
