"""What a lead time that varies costs: the safety stock it adds."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from engine.supply.history import FloatArray


def lead_time_buffer(
    demand_mean: FloatArray, demand_sd: FloatArray, lead_time_sd: FloatArray, service: FloatArray
) -> FloatArray:
    """Return the safety stock that a varying lead time adds to that of varying demand [each], [n].

    Parameters
    ----------
    demand_mean : float array, [n]
        Of one day [each/day].
    demand_sd : float array, [n]
        Standard deviation of demand over the days that an order protects [each].
    lead_time_sd : float array, [n]
        [days]
    service : float array, [n]
        Probability of no shortage in a cycle, 0 < service < 1.

    Notes
    -----
    ``z · (√(σ² + d²s²) − σ)``, from the variance of demand over a random time, ``E(T)·var + d²·var(T)``:
    Silver, Pyke & Peterson (1998), *Inventory Management and Production Planning and Scheduling*, 3rd ed.,
    section 7.10.

    Examples
    --------
    Without any noise of demand it is z·d·s: 1.645 · 10 · 2.

    >>> one = np.ones(1)
    >>> lead_time_buffer(10 * one, 0 * one, 2 * one, 0.95 * one).round(1)
    array([32.9])
    """
    z = np.maximum(ndtri(service), 0.0)
    return np.asarray(z * (np.sqrt(demand_sd**2 + (demand_mean * lead_time_sd) ** 2) - demand_sd))
