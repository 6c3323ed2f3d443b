"""What a lead time that varies costs: the safety stock it adds."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from engine.supply.history import FloatArray


def lead_time_buffer(
    demand_mean: FloatArray,
    demand_sd: FloatArray,
    lead_time_mean: FloatArray,
    lead_time_sd: FloatArray,
    review_days: FloatArray,
    service: FloatArray,
) -> FloatArray:
    """Return the safety stock that a varying lead time adds to that of varying demand [each], [n].

    Parameters
    ----------
    demand_mean, demand_sd : float array, [n]
        Of one day [each/day], days independent.
    lead_time_mean, lead_time_sd : float array, [n]
        [days]
    review_days : float array, [n]
        Days between orders.
    service : float array, [n]
        Probability of no shortage in a cycle, 0 < service < 1.

    Notes
    -----
    ``z · (√(σ²(R + L) + d²s²) − √(σ²(R + L)))``: Silver, Pyke & Thomas (2017), *Inventory and Production
    Management in Supply Chains*, 4th ed., section 6.10 (variance of demand over a random lead time).

    Examples
    --------
    Without any noise of demand it is z·d·s: 1.645 · 10 · 2.

    >>> one = np.ones(1)
    >>> lead_time_buffer(10 * one, 0 * one, 5 * one, 2 * one, 7 * one, 0.95 * one).round(1)
    array([32.9])
    """
    z = np.maximum(ndtri(service), 0.0)
    noise = demand_sd**2 * (review_days + lead_time_mean)
    return np.asarray(z * (np.sqrt(noise + (demand_mean * lead_time_sd) ** 2) - np.sqrt(noise)))
