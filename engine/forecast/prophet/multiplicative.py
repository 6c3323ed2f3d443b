"""Seasonality, holidays and regressors that multiply the trend, alone or mixed with additive ones.

``yhat = g (1 + X_m beta_m) + X_a beta_a`` (Taylor & Letham 2018, "Forecasting at scale", The American
Statistician 72; Prophet's `prophet.stan`). The model is bilinear: given the trend it is a ridge regression,
given beta_m a lasso in the rate changes. From the level alone, the first Gauss-Newton step is the additive
fit; then Newton steps with the cross terms of the two, each an exact lasso, and a line search on the true
objective find a minimum in about five steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.design import Columns
from engine.forecast.prophet.multiplicative_fit import fit_nonlinear
from engine.forecast.prophet.parameters import GROWTH, ProphetParameters
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import ProphetSpec


def fit_multiplicative(
    scaled: NDArray[np.float64],
    days: NDArray[np.float64],
    columns: Columns,
    own: Regressors,
    spec: ProphetSpec,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fit linear or flat trends with at least one multiplicative column.

    Parameters
    ----------
    scaled : ndarray, shape (n, T)
        Demand over y_scale; NaN where not observed. At least two different values in each row.
    days : ndarray, shape (T,)
        Days since 1970-01-01, increasing.
    columns : Columns
        Of the T days; the last `columns.n_own` have values of their own in each series.
    own : Regressors
        Those values.
    spec : ProphetSpec
        Of which growth and changepoint_prior_scale count here.
    out : ProphetParameters
        With scales and changepoints; k, m, delta, beta and sigma are filled in.
    threads : int
        Threads over blocks of series; no result depends on them.

    Returns
    -------
    ndarray, shape (n,)
        The objective, as Stan counts it.
    """
    no_cap = np.empty((len(scaled), 0))
    return fit_nonlinear(
        scaled,
        days,
        columns,
        own,
        no_cap,
        GROWTH[spec.growth],
        spec.changepoint_prior_scale,
        out,
        threads=threads,
    )
