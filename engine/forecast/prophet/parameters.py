"""Fitted parameters of many series, in Prophet's names and scales."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LINEAR, LOGISTIC, FLAT = 0, 1, 2
"""Prophet's numbers of the kinds of trend (`prophet.models.TrendIndicator`)."""
GROWTH_NAMES: tuple[Literal["linear", "logistic", "flat"], ...] = ("linear", "logistic", "flat")
GROWTH = {"linear": LINEAR, "logistic": LOGISTIC, "flat": FLAT}


@dataclass(frozen=True)
class ProphetParameters:
    """Parameters of n series; each row means what Prophet's `params` mean.

    With scaled time ``t = (day - start) / t_scale``, a series is
    ``y = floor + y_scale * (g (1 + X_m beta_m) + X_a beta_a)``. Its trend g is
    ``z = k t + m + sum_j delta_j (t - s_j)+``, or m alone where growth is flat, or
    ``cap / (1 + exp(-(k (t - m) + sum_j delta_j (t - s_j)+)))`` where it is logistic (cap in the scale of y).
    Columns of `delta` and `changepoints` past a series' own number of changepoints are 0; columns of `beta`
    for seasonality that a series does not have are 0.
    """

    k: NDArray[np.float64]
    m: NDArray[np.float64]
    delta: NDArray[np.float64]
    """Shape (n, s)."""
    beta: NDArray[np.float64]
    """Shape (n, columns); columns as `design.design_columns` for `orders` and `calendar`."""
    sigma: NDArray[np.float64]
    """Noise, in units of y_scale (Prophet's sigma_obs)."""
    changepoints: NDArray[np.float64]
    """Scaled time, shape (n, s)."""
    n_changepoints: NDArray[np.int64]
    """At least 1: where there is none Prophet has a dummy at 0."""
    start: NDArray[np.float64]
    """First observed day [days since 1970-01-01]."""
    t_scale: NDArray[np.float64]
    """Days from first to last observed row; 1 where they are the same."""
    y_scale: NDArray[np.float64]
    """Largest absolute value, or with minmax scaling the range; 1 where that is 0."""
    floor: NDArray[np.float64]
    """Subtracted before scaling, shape (n,): the least value with minmax scaling, else 0. A floor that the
    caller gives (logistic growth) is not in here."""
    growth: NDArray[np.int8]
    """Of each series: LINEAR, LOGISTIC or FLAT."""
    is_additive: NDArray[np.bool_]
    """Series whose multiplicative terms were added instead."""
    regressor_mean: NDArray[np.float64]
    """Shape (n, regressors)."""
    regressor_scale: NDArray[np.float64]
    orders: tuple[int, int, int]
    """Fourier orders (yearly, weekly, daily) of the columns of beta."""
    calendar: NDArray[np.float64]
    """Days of the history's calendar, shape (T,); they decide which holidays have columns."""

    def scaled(self, values: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
        """Return some rows of `values` [units], shape (n, T), in the scale of the model."""
        rows = values[part]
        if self.floor[part].any():
            rows = rows - self.floor[part, None]
        scaled: NDArray[np.float64] = rows / self.y_scale[part, None]
        return scaled

    def rows(self, part: slice | NDArray[np.int64]) -> ProphetParameters:
        """Return the parameters of some series: views where `part` is a slice, else copies."""
        return replace(
            self,
            **{name: getattr(self, name)[part] for name in vars(self) if name not in ("orders", "calendar")},
        )

    @classmethod
    def empty(
        cls,
        n: int,
        n_deltas: int,
        n_columns: int,
        orders: tuple[int, int, int],
        *,
        n_regressors: int = 0,
        calendar: NDArray[np.float64] | None = None,
    ) -> ProphetParameters:
        """Return zeros (scales 1) to be filled in place."""
        return cls(
            k=np.zeros(n),
            m=np.zeros(n),
            delta=np.zeros((n, n_deltas)),
            beta=np.zeros((n, n_columns)),
            sigma=np.zeros(n),
            changepoints=np.zeros((n, n_deltas)),
            n_changepoints=np.ones(n, dtype=np.int64),
            start=np.zeros(n),
            t_scale=np.ones(n),
            y_scale=np.ones(n),
            floor=np.zeros(n),
            growth=np.zeros(n, dtype=np.int8),
            is_additive=np.zeros(n, dtype=np.bool_),
            regressor_mean=np.zeros((n, n_regressors)),
            regressor_scale=np.ones((n, n_regressors)),
            orders=orders,
            calendar=np.empty(0) if calendar is None else calendar,
        )
