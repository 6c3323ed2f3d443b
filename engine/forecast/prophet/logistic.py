"""Trends that saturate: logistic growth between a floor and a capacity.

Prophet's ``g = cap / (1 + exp(-(k + A delta) (t - (m + A gamma))))`` with offsets gamma that make it
continuous is ``cap / (1 + exp(-u))`` of the piecewise line ``u = k (t - m) + sum_j delta_j (t - s_j)+``
(Taylor & Letham 2018, "Forecasting at scale", section 3.1.1). Descended from two starts, Prophet's own and
one with the opposite sign of k; the better is kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.design import Columns
from engine.forecast.prophet.multiplicative_fit import fit_nonlinear
from engine.forecast.prophet.parameters import LOGISTIC, ProphetParameters
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import ProphetSpec


def fit_logistic(
    scaled: NDArray[np.float64],
    days: NDArray[np.float64],
    columns: Columns,
    own: Regressors,
    cap: NDArray[np.float64],
    spec: ProphetSpec,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fit logistic trends with additive columns, multiplicative ones or both.

    Parameters are those of `multiplicative.fit_multiplicative`, and `cap`, shape (n, T): the capacity above
    the floor over y_scale, > 0. `scaled` is demand above the floor over y_scale. ``out.m`` is Prophet's:
    the scaled time of the first segment's inflection.

    Returns
    -------
    ndarray, shape (n,)
        The objective, as Stan counts it.
    """
    return fit_nonlinear(
        scaled, days, columns, own, cap, LOGISTIC, spec.changepoint_prior_scale, out, threads=threads
    )
