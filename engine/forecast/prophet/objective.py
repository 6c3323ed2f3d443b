"""Prophet's objective, evaluated directly: what Stan calls ``-lp__``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from engine.forecast.prophet.design import TREND_PRIOR_SCALE, design_columns
from engine.forecast.prophet.inputs import Inputs
from engine.forecast.prophet.parameters import FLAT, LOGISTIC, ProphetParameters
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import ProphetSpec


def objective(inputs: Inputs, parameters: ProphetParameters, spec: ProphetSpec) -> NDArray[np.float64]:
    """Return the negative log posterior of each series, up to the constants that Stan drops.

    ``T ln s + |y - yhat|² / (2 s²) + (k² + m²) / 50 + sum|delta| / tau + sum beta² / (2 scale²) + 2 s²``

    Parameters
    ----------
    inputs : Inputs
        History, regressors and capacities of the n series.
    parameters : ProphetParameters
        Of the n series.
    spec : ProphetSpec
        Prior scales, modes and terms that the parameters belong to.

    Returns
    -------
    ndarray, shape (n,)
        Lower is better; differences are comparable within a series only.
    """
    days = inputs.days
    columns = design_columns(days, parameters.orders, spec)
    drivers = Regressors(inputs.regressors, parameters.regressor_mean, parameters.regressor_scale)
    past = slice(0, len(days))
    out = np.empty(len(inputs.values))
    for i, row in enumerate(inputs.values):
        seen = ~np.isnan(row)
        p = parameters.rows(slice(i, i + 1))
        floor = np.zeros(len(row)) if inputs.floor is None else inputs.floor[i, past]
        y = ((row - floor - p.floor) / p.y_scale)[seen]
        time = (days[seen] - p.start) / p.t_scale
        ramps = np.maximum(time[:, None] - p.changepoints, 0.0) @ p.delta[0]
        if p.growth[0] == FLAT:
            trend = np.full(len(y), p.m[0])
        elif p.growth[0] == LOGISTIC and inputs.cap is not None:
            cap = ((inputs.cap[i, past] - floor - p.floor) / p.y_scale)[seen]
            trend = cap * expit(p.k * (time - p.m) + ramps)
        else:
            trend = p.k * time + p.m + ramps
        x = np.hstack([columns.values, drivers.standardised(slice(i, i + 1), past)[0]])[seen]
        multiplies = columns.is_multiplicative & ~p.is_additive[0]
        beta = p.beta[0]
        yhat = trend * (1 + x[:, multiplies] @ beta[multiplies]) + x[:, ~multiplies] @ beta[~multiplies]
        error = y - yhat
        sigma = p.sigma[0]
        out[i] = (
            seen.sum() * np.log(sigma)
            + error @ error / (2 * sigma**2)
            + (p.k[0] ** 2 + p.m[0] ** 2) / (2 * TREND_PRIOR_SCALE**2)
            + np.abs(p.delta[0]).sum() / spec.changepoint_prior_scale
            + ((beta / columns.prior_scale) ** 2).sum() / 2
            + 2 * sigma**2
        )
    return out
