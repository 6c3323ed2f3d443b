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

from engine.forecast.prophet.blocks import for_each_block, on_one_blas_thread, padded_product
from engine.forecast.prophet.design import Columns
from engine.forecast.prophet.multiplicative_fit import fit_nonlinear
from engine.forecast.prophet.parameters import GROWTH, ProphetParameters
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import ProphetSpec

MOST_NEGATIVE_FACTOR = 0.5
"""Mean negative part of the factor from which a fit counts as degenerate. Seasons without any demand have
0.1 to 0.2 (waves overshoot 0); where the trend has collapsed it is 2 to 20."""


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
    return fit_nonlinear(
        scaled,
        days,
        columns,
        own,
        None,
        GROWTH[spec.growth],
        spec.changepoint_prior_scale,
        out,
        threads=threads,
    )


@on_one_blas_thread
def is_degenerate(
    scaled: NDArray[np.float64], columns: Columns, own: Regressors, out: ProphetParameters, *, threads: int
) -> NDArray[np.bool_]:
    """Return which fitted series have let their trend collapse.

    Where demand is mostly noise, zeros or rare spikes, the best posterior may have a trend near 0 whose sign
    changes, and a factor ``1 + X_m beta_m`` of tens that changes sign with it: columns then explain what the
    trend should, and the forecast is worthless. A factor is meant to be positive; its negative part, averaged
    over the observed rows, tells (large factors alone do not: promotions have them).

    Returns
    -------
    ndarray of bool, shape (n,)
        True where the terms should be added instead.
    """
    n_shared = columns.values.shape[1]
    share = columns.is_multiplicative.astype(np.float64)
    shared = np.ascontiguousarray(columns.values.T)
    collapsed = np.empty(len(scaled), dtype=np.bool_)

    def judge(part: slice) -> None:
        beta = out.beta[part] * share
        factor = 1.0 + padded_product(beta[:, :n_shared], shared)
        if columns.n_own:
            values = own.standardised(part, slice(0, scaled.shape[1]))
            for column in range(columns.n_own):
                factor += beta[:, n_shared + column, None] * values[:, :, column]
        observed = ~np.isnan(scaled[part])
        negative = np.where(observed, np.maximum(-factor, 0.0), 0.0).sum(axis=1)
        collapsed[part] = negative > MOST_NEGATIVE_FACTOR * observed.sum(axis=1)

    for_each_block(judge, len(scaled), threads)
    return collapsed
