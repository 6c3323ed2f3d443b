"""Demand of a period given what sold while there was stock: the gamma–Poisson posterior.

A period's demand comes at rate μ·G: μ is what was expected, G a gamma factor of mean 1 and variance c that
all of the period shares (a good day). Stock was there for a share e of the period (weighted by the time of
day, where that is known), and S units sold in it. Given G, S is Poisson with mean μ·e·G; that the stockout
*ends* the count changes the likelihood by a constant only, so by the likelihood principle

    G | S ~ gamma(1/c + S, rate 1/c + μ·e),

and the demand R of the rest of the period is negative binomial with mean μ·(1 − e)·E[G | S]: a day that sold
fast while there was stock would have sold more. Units sold outside the in-stock time (a flag that came late,
a share that is not known) are a lower bound of R, whose moments are then those of R truncated from below.
A dispersion φ scales counts: sales of k kilograms a customer behave as φ times a Poisson count.

Sources: Conrad (1976), Sales data and the estimation of demand, Operational Research Quarterly 27;
Nahmias (1994), Demand estimation in lost sales inventory systems, Naval Research Logistics 41;
Vulcano, van Ryzin, Ratliff (2012), Estimating primary demand …, Operations Research 60(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LEAST_VARIATION = 1e-6
"""Below it the factor G is as good as 1; keeps the gamma shape 1/c finite."""
_NORMAL_90 = 1.2815515655446004


@dataclass(frozen=True, eq=False)
class DemandEstimate:
    """Demand behind sales.

    Attributes
    ----------
    mean : [n, T] demand, units a period; sales where nothing was hidden
    sd : [n, T] its standard deviation, units a period; 0 where nothing was hidden
    """

    mean: Floats
    sd: Floats


def demand_posterior(
    sold: Floats,
    expected: Floats,
    in_stock: Floats,
    variation: Floats,
    dispersion: Floats,
    sold_outside: Floats | None = None,
) -> DemandEstimate:
    """Return mean and standard deviation of demand given sales; arguments broadcast.

    Parameters
    ----------
    sold : S, units sold while there was stock
    expected : μ, units expected of the whole period
    in_stock : e, share of the period's expected demand that falls into the time with stock, 0 … 1
    variation : c, squared coefficient of variation of the period's rate, 0 or more
    dispersion : φ, variance over mean of sales given the rate, more than 0
    sold_outside : units sold while there was said to be no stock; None: 0

    Examples
    --------
    Ten were expected, half of the day had stock and eight sold in it: the rest of the day is worth
    5 · (4 + 8) ÷ (4 + 5) = 6.7 more.

    >>> round(float(demand_posterior(8.0, 10.0, 0.5, 0.25, 1.0).mean), 2)
    14.67
    """
    shape = 1.0 / np.maximum(variation, LEAST_VARIATION) + np.asarray(sold) / dispersion
    rate = 1.0 / np.maximum(variation, LEAST_VARIATION) + np.asarray(expected) * in_stock / dispersion
    # The rest is φ·R with R negative binomial: Poisson of mean scale·gamma(shape).
    scale = np.asarray(expected) * np.clip(1.0 - np.asarray(in_stock), 0.0, 1.0) / (dispersion * rate)
    rest, variance = shape * scale, shape * scale * (1.0 + scale)
    if sold_outside is not None and np.any(sold_outside > 0):
        shape, scale, least = np.broadcast_arrays(shape, scale, sold_outside / dispersion)
        cut = least > 0
        rest, variance = np.array(shape * scale), np.array(shape * scale * (1.0 + scale))
        rest[cut], variance[cut] = _truncated(shape[cut], scale[cut], least[cut])
    mean = sold + dispersion * rest
    return DemandEstimate(mean, np.asarray(dispersion * np.sqrt(variance), dtype=np.float64))


def _truncated(shape: Floats, scale: Floats, least: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a negative binomial R given R ≥ `least` > 0.

    With R' and R'' of shape + 1 and shape + 2: E[R; R ≥ k] = E[R]·P(R' ≥ k − 1) and
    E[R(R − 1); R ≥ k] = shape·(shape + 1)·scale²·P(R'' ≥ k − 2). Where the bound is all but impossible the
    bound itself is the answer.
    """
    chance = _tail(shape, scale, least)
    possible = chance > 1e-9
    divisor = np.where(possible, chance, 1.0)
    first = shape * scale * _tail(shape + 1.0, scale, least - 1.0) / divisor
    second = shape * (shape + 1.0) * scale**2 * _tail(shape + 2.0, scale, least - 2.0) / divisor
    mean = np.where(possible, np.maximum(first, least), least)
    variance = np.where(possible, np.maximum(second + first - first**2, 0.0), 0.0)
    return mean, variance


def _tail(shape: Floats, scale: Floats, least: Floats) -> Floats:
    """P(R ≥ least) = I_{scale ÷ (1 + scale)}(least, shape); 1 for a bound of 0 or less."""
    tail = betainc(np.maximum(least, 1e-12), shape, scale / (1.0 + scale))
    return np.asarray(np.where(least > 0, tail, 1.0), dtype=np.float64)


def interval(estimate: DemandEstimate, sold: Floats) -> tuple[Floats, Floats]:
    """Return the central 80 % interval of demand: its mean ± 1.28 deviations, never below what sold."""
    half = _NORMAL_90 * estimate.sd
    return np.maximum(estimate.mean - half, sold), np.maximum(estimate.mean + half, sold)
