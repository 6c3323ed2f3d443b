"""The loss that models are chosen by: pinball of the protection-period sum.

An order must cover the sum of demand over lead time plus review; too little costs service, too much costs
stock, in the ratio that the service target says. The pinball loss of a quantile is that cost (newsvendor).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.negative_binomial import (
    approximated,
    approximation,
    climb,
    none_at_all,
    score,
    switch_mean,
)

Floats = npt.NDArray[np.float64]

PINBALL_AT = np.array([0.5, 0.8, 0.9, 0.95])
"""Probabilities whose pinball losses are averaged, rising: those that service targets use."""


def sum_pinball(forecast: Floats, actual: Floats, level_cv: Floats, dispersion: Floats) -> Floats:
    """Return the pinball loss of every sum, the mean over `PINBALL_AT`.

    The sum's distribution is the negative binomial with mean F and variance dispersion·F + level_cv²·F².

    Parameters
    ----------
    forecast, actual : [n, K] units
    level_cv, dispersion : [n], ≥ 0 and ≥ 1

    Examples
    --------
    >>> loss = sum_pinball(np.array([[3.0]]), np.array([[5.0]]), np.zeros(1), np.ones(1))
    >>> loss.round(4)  # quantiles of a Poisson of mean 3: 3, 4, 5, 6
    array([[0.4625]])
    """
    result = np.empty(forecast.shape)
    one_form = np.ascontiguousarray  # so that one compiled form serves all callers
    _sum_pinball(
        one_form(forecast), one_form(actual), one_form(level_cv), one_form(dispersion), PINBALL_AT, result
    )
    return result


@njit(cache=True, nogil=True)
def _sum_pinball(
    forecast: Floats, actual: Floats, level_cv: Floats, dispersion: Floats, probabilities: Floats, out: Floats
) -> None:
    n_levels = probabilities.shape[0]
    scores = np.empty(n_levels)
    for q in range(n_levels):
        scores[q] = score(probabilities[q])
    for i in range(forecast.shape[0]):
        for k in range(forecast.shape[1]):
            mean = forecast[i, k]
            wide = dispersion[i] + level_cv[i] * level_cv[i] * mean
            summed = mean < switch_mean(wide)
            count, probability, total = 0, 0.0, 0.0
            origin, scale, centre, slope = 0.0, 0.0, 0.0, 0.0
            if summed:
                probability = none_at_all(mean, wide)
                total = probability
            else:
                origin, scale, centre, slope = approximation(mean, wide)
            loss = 0.0
            for q in range(n_levels):
                if not summed:
                    quantile = approximated(scores[q], origin, scale, centre, slope)
                else:
                    if mean > 0.0 and total < probabilities[q]:
                        count, probability, total = climb(
                            probabilities[q], mean, wide, count, probability, total
                        )
                    quantile = float(count)
                short = actual[i, k] - quantile
                loss += max(probabilities[q] * short, (probabilities[q] - 1.0) * short)
            out[i, k] = loss / n_levels
