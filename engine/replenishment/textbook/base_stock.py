"""Base stock (order-up-to every review) by cost or by service, with certain or varying lead times.

The level covers the demand of a review period and a lead time, taken as normal. By cost it is the newsvendor
(`newsvendor`); for a horizon that ends, see `finite_horizon`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.replenishment.textbook.checks import (
    NOT_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    Floats,
    checked,
)
from engine.replenishment.textbook.loss_continuous import normal_loss

_BISECTIONS = 200


class ServiceLevels(NamedTuple):
    """Order-up-to level [units] and the service that it gives: shares of cycles and of demand served."""

    level: Floats
    cycle_service: Floats
    fill_rate: Floats


class _Exposure(NamedTuple):
    """Demand until an order arrives, and until the next one does [units]."""

    cycle_demand: Floats
    lead_mean: Floats
    lead_sd: Floats
    mean: Floats
    sd: Floats


def base_stock_for_cycle_service(
    cycle_service: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    lead_time: npt.ArrayLike,
    lead_time_sd: npt.ArrayLike = 0.0,
    review_period: npt.ArrayLike = 1.0,
) -> ServiceLevels:
    """Return the base stock that leaves no shortage in a given share of order cycles.

    Parameters
    ----------
    cycle_service : array_like
        Share of cycles without shortage; above 0, below 1.
    demand_mean, demand_sd : array_like
        Demand of a period [units]; mean > 0, sd ≥ 0.
    lead_time, lead_time_sd : array_like
        [periods]; ≥ 0.
    review_period : array_like
        Between two orders [periods]; > 0.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    ``S = μ(L + R) + z·√(σ²(L + R) + μ²σ_L²)`` (Silver, Pyke & Thomas 2017, ch. 6).

    Examples
    --------
    >>> best = base_stock_for_cycle_service(0.95, 50, 8, lead_time=4)
    >>> round(float(best.level), 2)
    279.42
    """
    (target,) = checked(("cycle_service", cycle_service, PROBABILITY))
    exposure = _exposure(demand_mean, demand_sd, lead_time, lead_time_sd, review_period)
    return _service(exposure, exposure.mean + special.ndtri(target) * exposure.sd)


def base_stock_for_fill_rate(
    fill_rate: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    lead_time: npt.ArrayLike,
    lead_time_sd: npt.ArrayLike = 0.0,
    review_period: npt.ArrayLike = 1.0,
) -> ServiceLevels:
    """Return the base stock that serves a given share of demand from stock.

    Parameters
    ----------
    fill_rate : array_like
        Share of demand that does not wait; above 0, below 1.
    demand_mean, demand_sd, lead_time, lead_time_sd, review_period : array_like
        As of `base_stock_for_cycle_service`.

    Notes
    -----
    What waits anew in a cycle is what is short at its end less what was short at its start, when the order
    had just arrived: ``n_{L+R}(S) − n_L(S) = (1 − β)μR`` (Zhang & Zhang 2007). The difference falls with S.

    Examples
    --------
    >>> best = base_stock_for_fill_rate(0.99, 50, 8, lead_time=4)
    >>> round(float(best.level), 2), round(float(best.fill_rate), 6)
    (277.2, 0.99)
    """
    (target,) = checked(("fill_rate", fill_rate, PROBABILITY))
    exposure = _exposure(demand_mean, demand_sd, lead_time, lead_time_sd, review_period)
    allowed = (1.0 - target) * exposure.cycle_demand
    low = exposure.lead_mean - 10.0 * exposure.lead_sd
    high = exposure.mean + 10.0 * exposure.sd
    low, high, allowed = np.broadcast_arrays(low, high, allowed)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if np.all((middle == low) | (middle == high)):
            break
        too_low = _waiting(exposure, middle) > allowed
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return _service(exposure, high)


def _exposure(
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
    lead_time_sd: npt.ArrayLike,
    review_period: npt.ArrayLike,
) -> _Exposure:
    mean, sd, lead, lead_sd, review = checked(
        ("demand_mean", demand_mean, POSITIVE),
        ("demand_sd", demand_sd, NOT_NEGATIVE),
        ("lead_time", lead_time, NOT_NEGATIVE),
        ("lead_time_sd", lead_time_sd, NOT_NEGATIVE),
        ("review_period", review_period, POSITIVE),
    )
    of_lead_time = sd * sd * lead + (mean * lead_sd) ** 2
    return _Exposure(
        mean * review,
        mean * lead,
        np.sqrt(of_lead_time),
        mean * (lead + review),
        np.sqrt(of_lead_time + sd * sd * review),
    )


def _waiting(exposure: _Exposure, level: Floats) -> Floats:
    """Return the units that begin to wait in a cycle."""
    end = normal_loss(level, exposure.mean, exposure.sd).short
    return end - normal_loss(level, exposure.lead_mean, exposure.lead_sd).short


def _service(exposure: _Exposure, level: Floats) -> ServiceLevels:
    certain = exposure.sd == 0.0
    z = (level - exposure.mean) / np.where(certain, 1.0, exposure.sd)
    cycle = np.where(certain, level >= exposure.mean, special.ndtr(z))
    return ServiceLevels(level, cycle, 1.0 - _waiting(exposure, level) / exposure.cycle_demand)
