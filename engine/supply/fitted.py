"""The distribution of lead times that a plan draws from, in whole days."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc

from engine.supply.history import FloatArray


def lead_time_chances(mean: float, sd: float, days: FloatArray) -> FloatArray:
    """Return the chance of each whole lead time: a gamma rounded at random, its mean kept.

    Parameters
    ----------
    mean, sd : float
        [days]
    days : float array, [d]
        Whole days, ≥ 0.

    Notes
    -----
    As `engine.replenishment.lead_times` draws them. Rounded so, day *k* has chance E(1 − |L − k|)⁺ =
    G(k + 1) − 2 G(k) + G(k − 1) with G the integral of the distribution function, for a gamma
    G(x) = x F(x; a) − mean · F(x; a + 1).

    Examples
    --------
    >>> lead_time_chances(2.25, 0.0, np.arange(4.0))
    array([0.  , 0.  , 0.75, 0.25])
    """
    if sd <= 0 or mean <= 0:
        return np.asarray(np.maximum(1 - np.abs(days - mean), 0.0))

    shape = (mean / sd) ** 2

    def integral(x: FloatArray) -> FloatArray:
        at = np.maximum(x, 0.0)
        scaled = at * shape / mean
        return np.asarray(at * gammainc(shape, scaled) - mean * gammainc(shape + 1, scaled))

    return np.maximum(integral(days + 1) - 2 * integral(days) + integral(days - 1), 0.0)
