"""The least order that reaches a service target, with uncertain and lost deliveries."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.replenishment.requirement import FILL, requirement, window_needs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def missed(
    paths: Floats,
    net: Floats,
    on_hand: float,
    arrival: Ints,
    following: Ints,
    parts: Floats,
    quantity: float,
    backorder: bool,
    kind: int,
) -> float:
    """Units short in the window (FILL), or windows with a shortage, summed over the paths.

    Parameters
    ----------
    net : [P, H] demand less what else arrives
    parts : [P] share of the order that its delivery brings
    """
    total = 0.0
    for k in range(len(paths)):
        stock, any_short = on_hand, False
        for u in range(following[k]):
            if u == arrival[k]:
                stock += quantity * parts[k]
            stock -= net[k, u]
            short = min(max(-stock, 0.0), paths[k, u])
            if not backorder:
                stock = max(stock, 0.0)
            if u >= arrival[k] and short > 0.0:
                any_short = True
                total += short if kind == FILL else 0.0
        total += any_short if kind != FILL else 0.0
    return total


@njit(cache=True, nogil=True)
def least_order(
    paths: Floats,
    on_hand: float,
    due: Floats,
    open_units: Floats,
    fates: Ints,
    leads: Ints,
    parts: Floats,
    review: int,
    backorder: bool,
    kind: int,
    target: float,
    returned: float,
    return_lag: int,
) -> float:
    """Smallest whole order ≥ 0 that reaches the target from its arrival to that of the next order.

    Parameters
    ----------
    paths : [P, H]
    due : [H]
    open_units, fates, leads, parts : as in `project.expected_money`
    kind : requirement.FILL or CYCLE
    target : share
    returned, return_lag : share of demand that comes back, and after how many periods
    """
    n_paths, horizon, ages = paths.shape[0], len(due), len(open_units)
    net = np.empty((n_paths, horizon))
    arrival = np.full(n_paths, horizon, np.int64)
    following = np.full(n_paths, horizon, np.int64)
    wanted, windows, least_part = 0.0, 0.0, 1.0
    for k in range(n_paths):
        for u in range(horizon):
            net[k, u] = paths[k, u] - due[u]
            if returned > 0.0 and u >= return_lag:
                net[k, u] -= returned * paths[k, u - return_lag]
        for j in range(ages):
            if 0 <= fates[k, j] < horizon:
                net[k, fates[k, j]] -= open_units[j] * parts[k, ages - 1 - j]
        arrival[k] = min(leads[k, 0], horizon)
        following[k] = min(max(arrival[k], review + leads[k, review]), horizon)
        windows += following[k] > arrival[k]
        least_part = min(least_part, parts[k, ages])
        for u in range(arrival[k], following[k]):
            wanted += paths[k, u]
    needs, demand, peaks = window_needs(net, on_hand, np.zeros(horizon), arrival, following, backorder)
    cell = 0
    for k in range(n_paths):
        for u in range(arrival[k], following[k]):
            demand[cell] = paths[k, u]
            cell += 1
    allowed = (1.0 - target) * (wanted if kind == FILL else windows)
    whole = max(requirement(needs, demand, peaks, backorder, kind, allowed, 0.0, 0.0, 0.0), 0.0)
    if least_part >= 1.0 or whole <= 0.0:
        return whole
    # deliveries may be short: more is ordered than would do if all of it came
    part = parts[:, ages].copy()
    low, high = whole - 1.0, whole
    while (
        missed(paths, net, on_hand, arrival, following, part, high, backorder, kind) > allowed + 1e-9 * wanted
    ):
        if least_part <= 0.0 and high > 4.0 * whole + 16.0:
            return whole  # what never comes cannot be made up for
        low, high = high, 2.0 * high + 1.0
    while high - low > 1.0:
        middle = math.floor((low + high) / 2.0)
        if (
            missed(paths, net, on_hand, arrival, following, part, middle, backorder, kind)
            > allowed + 1e-9 * wanted
        ):
            low = middle
        else:
            high = middle
    return high
