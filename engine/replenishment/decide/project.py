"""Stock played forward along one line's paths of demand and of deliveries, in money.

Each period: an order is placed, what is due arrives (an order with lead time 0 at once), demand is served,
what is unmet is lost or waits, what expires is written off, and a share of what was sold comes back. Today's
order is the quantity asked about; every later order raises the position to a level that follows the path: κ ×
the demand a period that is to be expected after what the path has sold so far.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

HOLDING, SHORTAGE, ORDER_COST, WRITE_OFF, MOQ, MULTIPLE, LOT, BACKORDER, LIFE, TARGET = range(10)
SHORT_CHANCE, SHORT_SHARE, RETURNED, RETURN_LAG = range(10, 14)
N_TERMS = 14
"""Columns of a line's terms. LOT: units beyond the level that a later order with a fixed cost buys. TARGET:
of service, where that is asked for. SHORT_…: chance that a delivery is short, and the share of it that then
comes. RETURNED: share of what is sold that comes back after RETURN_LAG periods."""
ROUNDING = 1e-6
"""Units that are no reason to order."""


@njit(cache=True, nogil=True)
def feasible(quantity: float, terms: Floats) -> float:
    """Quantity rounded to the next that may be ordered; 0 stays 0."""
    if quantity <= 0.0:
        return 0.0
    wanted = max(quantity, terms[MOQ])
    return float(math.ceil(wanted / terms[MULTIPLE] - ROUNDING) * terms[MULTIPLE])


@njit(cache=True, nogil=True)
def expectations(paths: Floats, window: int, mean: Floats, follow: Floats, sold: Floats) -> None:
    """What a later order may expect, and by how much it follows what has been sold until then.

    Fills, for each period u: `mean[u]`, demand a period over the `window` periods from u; `sold[u]`, demand
    before u; `follow[u]`, the slope of the former on the latter over the paths (the best linear forecast).
    """
    n_paths = len(paths)
    past = np.zeros(n_paths)
    ahead = np.empty(n_paths)
    for u in range(len(mean)):
        for k in range(n_paths):
            total = 0.0
            for w in range(window):
                total += paths[k, u + w]
            ahead[k] = total / window
        mean[u], sold[u], follow[u] = 0.0, 0.0, 0.0
        for k in range(n_paths):
            mean[u] += ahead[k] / n_paths
            sold[u] += past[k] / n_paths
        spread, joint = 0.0, 0.0
        for k in range(n_paths):
            spread += (past[k] - sold[u]) ** 2
            joint += (past[k] - sold[u]) * (ahead[k] - mean[u])
        if u > 0 and spread > 0.0:
            follow[u] = min(max(joint / spread, 0.0), 1.0 / u)
        for k in range(n_paths):
            past[k] += paths[k, u]


@njit(cache=True, nogil=True)
def expected_money(
    paths: Floats,
    mean: Floats,
    follow: Floats,
    sold: Floats,
    on_hand: float,
    expiring: Floats,
    due: Floats,
    open_units: Floats,
    fates: Ints,
    leads: Ints,
    parts: Floats,
    hope: Floats,
    open_for_orders: Mask,
    terms: Floats,
    kappa: float,
    quantity: float,
) -> float:
    """Expected cost over the horizon of ordering `quantity` now, and later by the level κ [money].

    Parameters
    ----------
    paths : [P, ≥ H]
    mean, follow, sold : [H] from `expectations`
    on_hand : stock now
    expiring : [H] units on hand whose last period of sale is u
    due : [H] sure receipts at the start of each period
    open_units : [A] units of the order placed j + 1 periods ago; `fates` [P, A] says what becomes of it
    leads : [P, H] lead times of orders placed from now on
    parts : [P, A + H] share of each order that its delivery brings, the oldest open order first
    hope : [A + 1] share of an order not in before age a that is still expected
    open_for_orders : [H] whether an order may be placed in period u
    terms : [14]
    """
    horizon, ages, n_paths = len(mean), len(open_units), len(paths)
    backorder = terms[BACKORDER] > 0.0
    life = int(min(terms[LIFE], horizon))
    placed = np.zeros(horizon + ages)
    comes = np.zeros(horizon + ages, np.int64)
    expires = np.empty(horizon)
    later = np.zeros(horizon)
    for u in range(horizon - 2, -1, -1):
        later[u] = later[u + 1] + due[u + 1]
    lag = int(terms[RETURN_LAG]) if terms[RETURNED] > 0.0 else horizon
    sold_then = np.zeros(horizon)
    perishes = life < horizon
    for u in range(horizon):
        perishes = perishes or expiring[u] > 0.0
    total = 0.0
    for k in range(n_paths):
        for j in range(ages):
            placed[ages - 1 - j] = open_units[j]
            comes[ages - 1 - j] = fates[k, j]
        stock, gone, doomed = on_hand, 0.0, 0.0
        passed = 0.0
        if perishes:
            expires[:] = expiring
        for u in range(horizon):
            ordered = quantity
            if u > 0:
                ordered = 0.0
                if open_for_orders[u]:
                    position = stock + due[u] + later[u]
                    for age in range(1, ages + 1):
                        at = ages + u - age
                        if comes[at] >= u:
                            position += placed[at] * hope[age]
                    level = kappa * max(mean[u] + follow[u] * (passed - sold[u]), 0.0)
                    if level - position > ROUNDING:
                        ordered = feasible((level + terms[LOT] - position) / hope[0], terms)
            if ordered > 0.0:
                total += terms[ORDER_COST]
            placed[ages + u] = ordered
            comes[ages + u] = u + leads[k, u]
            arriving = due[u]
            for age in range(ages + 1):
                if comes[ages + u - age] == u:
                    arriving += placed[ages + u - age] * parts[k, ages + u - age]
            if u >= lag:
                arriving += terms[RETURNED] * sold_then[u - lag]
            stock += arriving
            wanted = paths[k, u]
            served = min(max(stock, 0.0), wanted) if not backorder else wanted
            passed += wanted
            sold_then[u] = served
            stock -= served
            if backorder:
                total += terms[SHORTAGE] * max(-stock, 0.0)
            else:
                total += terms[SHORTAGE] * (wanted - served)
            if perishes:
                # first expired, first out: what must be gone by now less what has gone is written off
                if u + life - 1 < horizon:
                    expires[u + life - 1] += arriving
                gone += served
                doomed += expires[u]
                waste = min(max(doomed - gone, 0.0), max(stock, 0.0))
                gone += waste
                stock -= waste
                total += terms[WRITE_OFF] * waste
            total += terms[HOLDING] * max(stock, 0.0)
    return total / n_paths
