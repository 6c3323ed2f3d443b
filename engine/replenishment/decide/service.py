"""The least order that reaches a service target, with uncertain and lost deliveries."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.replenishment.requirement import FILL, requirement, window_needs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def least_order(
    paths: Floats,
    on_hand: float,
    due: Floats,
    open_units: Floats,
    fates: Ints,
    leads: Ints,
    review: int,
    backorder: bool,
    kind: int,
    target: float,
) -> float:
    """Smallest whole order ≥ 0 that reaches the target from its arrival to that of the next order.

    Parameters
    ----------
    paths : [P, H]
    due : [H]
    open_units, fates, leads : as in `project.expected_money`
    kind : requirement.FILL or CYCLE
    target : share
    """
    n_paths, horizon = paths.shape[0], len(due)
    net = np.empty((n_paths, horizon))
    arrival = np.full(n_paths, horizon, np.int64)
    following = np.full(n_paths, horizon, np.int64)
    wanted, windows = 0.0, 0.0
    for k in range(n_paths):
        for u in range(horizon):
            net[k, u] = paths[k, u] - due[u]
        for j in range(len(open_units)):
            if 0 <= fates[k, j] < horizon:
                net[k, fates[k, j]] -= open_units[j]
        arrival[k] = min(leads[k, 0], horizon)
        following[k] = min(max(arrival[k], review + leads[k, review]), horizon)
        windows += following[k] > arrival[k]
        for u in range(arrival[k], following[k]):
            wanted += paths[k, u]
    needs, demand, peaks = window_needs(net, on_hand, np.zeros(horizon), arrival, following, backorder)
    cell = 0
    for k in range(n_paths):
        for u in range(arrival[k], following[k]):
            demand[cell] = paths[k, u]
            cell += 1
    allowed = (1.0 - target) * (wanted if kind == FILL else windows)
    return max(requirement(needs, demand, peaks, backorder, kind, allowed, 0.0, 0.0, 0.0), 0.0)
