"""What stores will have ordered, and how uncertain it is, summed exactly over their demand."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

TAIL_SDS = 9.0
"""Demand is followed to this many standard deviations from its mean."""
CERTAIN = 5.0
"""A store whose surplus is used up this many standard deviations below mean demand is sure to order."""
EVEN = 2.0
"""Mean demand in standard deviations from which no demand is rare, so that the last lot overshoots evenly."""
POISSON_BELOW = 1.0 + 1e-6
"""Variance over mean below which demand is taken as Poisson."""
STEPS_A_SD = 32.0
"""Demand of a standard deviation beyond this is summed in steps of several units."""


@njit(cache=True, nogil=True)
def _log_chance(units: float, mean: float, wide: float) -> float:
    """Return log P(D = units) of a negative binomial, or Poisson, with this mean and variance over mean."""
    if wide < POISSON_BELOW:
        return units * math.log(mean) - mean - math.lgamma(units + 1.0)
    size = mean / (wide - 1.0)
    among = math.lgamma(units + size) - math.lgamma(size) - math.lgamma(units + 1.0)
    return among - size * math.log(wide) + units * math.log(1.0 - 1.0 / wide)


@njit(cache=True, nogil=True)
def orders_of(demand: float, spread: float, surplus: float, lot: float) -> tuple[float, float]:
    """Return mean and variance of what a store has ordered after demand of this mean and variance.

    Parameters
    ----------
    demand, spread : mean and variance of demand until now [each, each²]
    surplus : stock and open orders above the target at the start [each]
    lot : [each]
    """
    if demand <= 0.0:
        return lot * max(math.ceil(-surplus / lot - 1e-9), 0.0), 0.0
    sd = math.sqrt(spread)
    sure = surplus <= max(demand - CERTAIN * sd, 0.0)
    if sure and (lot == 1.0 or (sd >= lot and demand >= EVEN * sd)):
        # The last lot overshoots by 0 … lot − 1, all alike.
        rounding = surplus - math.floor(surplus)
        return demand - surplus + rounding + (lot - 1.0) / 2.0, spread + (lot * lot - 1.0) / 12.0
    wide = spread / demand
    step = max(1.0, math.floor(sd / STEPS_A_SD))
    units = max(math.floor(demand - TAIL_SDS * sd), 0.0)
    most = demand + TAIL_SDS * sd + 20.0
    chance = math.exp(_log_chance(units, demand, wide))
    total, expected, squares = 0.0, 0.0, 0.0
    while units <= most:
        lots = max(math.ceil((units - surplus) / lot - 1e-9), 0.0)
        total += chance
        expected += chance * lots
        squares += chance * lots * lots
        if step > 1.0:
            chance = math.exp(_log_chance(units + step, demand, wide))
        elif wide < POISSON_BELOW:
            chance *= demand / (units + 1.0)
        else:
            chance *= (units * (1.0 - 1.0 / wide) + demand / wide) / (units + 1.0)
        units += step
    expected /= total
    return lot * expected, lot * lot * max(squares / total - expected * expected, 0.0)


@njit(cache=True, nogil=True)
def place_orders(
    mean: Floats,
    level_cv: Floats,
    dispersion: Floats,
    orders_in: npt.NDArray[np.bool_],
    surplus: Floats,
    target_rise: Floats,
    lot: Floats,
    window: Codes,
) -> tuple[Floats, Floats, Floats]:
    """Return what n stores order in each of h periods.

    Parameters
    ----------
    mean, orders_in, target_rise : [n, h]
    level_cv, dispersion, surplus, lot : [n]
    window : [n] periods over which the variance is asked for

    Returns
    -------
    (ordered, variance, common)
        [n, h] expected orders; [n] variance of all orders of the window; [n] standard deviation of that
        part of them that comes from the store's level
    """
    n, horizon = mean.shape
    ordered = np.zeros((n, horizon))
    variance, common = np.zeros(n), np.zeros(n)
    for i in range(n):
        demand, total = 0.0, 0.0
        for t in range(horizon):
            if orders_in[i, t]:
                spread = dispersion[i] * demand + (level_cv[i] * demand) ** 2
                expected, squares = orders_of(demand, spread, surplus[i] - target_rise[i, t], lot[i])
                ordered[i, t] = max(expected - total, 0.0)
                total += ordered[i, t]
                if t < window[i]:  # the window's last order period holds all that it orders
                    variance[i] = squares
                    # A store with ample stock passes on only a part of its demand's deviations.
                    passed = min(1.0, math.sqrt(squares / spread)) if spread > 0.0 else 0.0
                    common[i] = passed * level_cv[i] * demand
            demand += mean[i, t]
    return ordered, variance, common
