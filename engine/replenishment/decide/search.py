"""Today's order against the best simple policy: the level that later orders follow, then the quantity.

A step of policy improvement (rollout: D. P. Bertsekas 2020, Rollout, Policy Iteration, and Distributed
Reinforcement Learning): later orders follow the best simple policy, today's may differ from it. Ordering
nothing today, so waiting for the next review, is always among the candidates.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.replenishment.decide.project import (
    LOT,
    MOQ,
    MULTIPLE,
    ORDER_COST,
    expected_money,
    feasible,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEVELS = np.array([0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99])
"""Quantiles of demand over lead time and review that are tried as levels of later orders."""
BELOW = np.array([0.25, 0.45, 0.6, 0.75, 0.9])
"""Shares of the lowest of them, tried as well: with lost sales and long lead times less may pay."""
BEYOND = np.array([1.25, 1.6, 2.2])
"""Multiples of the highest, tried as well: where orders are lost more is needed."""
FINEST = 0.02
"""Quantities are searched to within this share of the demand of a period, and at least to the unit."""

State = tuple[
    Floats, Floats, Floats, Floats, float, Floats, Floats, Floats, Ints, Ints, Floats, Floats, Mask, Floats
]  # fmt: skip
"""First fourteen arguments of `expected_money`."""

QUANTITY, KAPPA, MONEY, MONEY_WAIT, EXPECTED, TO_COME, PLAIN, SURPRISES = range(8)
"""Columns of a choice: order; levels of later orders; money with it and with no order today; demand a period
over lead time and review; units of outstanding orders still expected; the order before minimum and multiple;
periods whose receipts fit no set of orders."""


def levels_to_try(paths: Floats, window: int) -> Floats:
    """Levels to try for later orders, in units, rising, [n, 15]; paths [n, P, ≥ window]."""
    n_paths = paths.shape[1]
    ranked = np.sort(paths[:, :, :window].sum(axis=2), axis=1)
    within = ranked[:, np.minimum((LEVELS * n_paths).astype(np.int64), n_paths - 1)]
    return np.concatenate([within[:, :1] * BELOW, within, within[:, -1:] * BEYOND], axis=1)


@njit(cache=True, nogil=True)
def cheapest(
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
    rule: Floats,
    levels: Floats,
    position: float,
    out: Floats,
) -> None:
    """Fill one line's choice with the quantity of least expected money."""
    world = (
        paths, mean, follow, sold, on_hand, expiring, due, open_units, fates, leads, parts, hope,
        open_for_orders,
    )  # fmt: skip
    state = world + (rule,)  # noqa: RUF005 (numba knows no unpacking)
    kappa = _settled(paths, mean, follow, sold, leads, parts, hope, open_for_orders, rule, levels)
    wait = expected_money(*state, kappa, 0.0)
    out[KAPPA], out[MONEY], out[MONEY_WAIT] = kappa, wait, wait
    if not open_for_orders[0] or hope[0] <= 0.0:
        return
    out[QUANTITY], out[MONEY] = _search(state, kappa, kappa * mean[0] - position, wait)
    out[PLAIN] = out[QUANTITY]
    if rule[MOQ] > 1.0 or rule[MULTIPLE] > 1.0 or rule[ORDER_COST] > 0.0:
        # for the explanation: what would be ordered if any order were free
        free = rule.copy()
        free[MOQ], free[MULTIPLE], free[ORDER_COST], free[LOT] = 0.0, 1.0, 0.0, 0.0
        state = world + (free,)  # noqa: RUF005
        kappa = _settled(paths, mean, follow, sold, leads, parts, hope, open_for_orders, free, levels)
        wait = expected_money(*state, kappa, 0.0)
        out[PLAIN] = _search(state, kappa, kappa * mean[0] - position, wait)[0]


@njit(cache=True, nogil=True)
def _search(state: State, kappa: float, short: float, wait: float) -> tuple[float, float]:
    """Quantity of least expected money, and that money, near `short` units or 0; `wait` is the money of 0."""
    quantity, money = 0.0, wait
    mean, hope, rule = state[1][0], state[11][0], state[13]
    if short > 0.0:
        wanted = feasible(math.ceil((short + rule[LOT]) / hope), rule)
        got = expected_money(*state, kappa, wanted)
        if got < money:
            quantity, money = wanted, got
    unit = rule[MULTIPLE]
    step = max(math.ceil(0.5 * max(mean, 0.5 * quantity) / unit), 1.0) * unit
    finest = max(FINEST * mean, 1.0)
    while True:
        moved = True
        while moved:
            moved = False
            for way in (1.0, -1.0):
                other = feasible(quantity + way * step, rule)
                if other == quantity:
                    continue
                got = expected_money(*state, kappa, other)
                if got < money:
                    quantity, money, moved = other, got, True
                    break
        if step <= unit or step <= finest:
            return quantity, money
        step = max(math.ceil(0.35 * step / unit), 1.0) * unit


@njit(cache=True, nogil=True)
def _settled(
    paths: Floats,
    mean: Floats,
    follow: Floats,
    sold: Floats,
    leads: Ints,
    parts: Floats,
    hope: Floats,
    open_for_orders: Mask,
    rule: Floats,
    levels: Floats,
) -> float:
    """Level of least expected money from a settled start: the position at the level, the pipeline flowing.

    It does not depend on today's stock, so more stock never orders more.
    """
    horizon, n_paths = len(mean), len(paths)
    lead, count = 0.0, 0
    for k in range(n_paths):
        if leads[k, 0] < horizon:
            lead += leads[k, 0]
            count += 1
    whole = math.floor(lead / count + 0.5) if count > 0 else 0
    flowing, none = np.zeros(horizon), np.zeros(horizon)
    flowing[:whole] = mean[0]
    nothing, no_fates = np.zeros(len(hope) - 1), np.zeros((n_paths, len(hope) - 1), np.int64)
    best, kappa = np.inf, 0.0
    for units in levels:
        level = units / mean[0]
        on_hand = max(level - whole, 0.0) * mean[0]
        first = mean[0] if open_for_orders[0] else 0.0
        money = expected_money(
            paths, mean, follow, sold, on_hand, none, flowing, nothing, no_fates, leads, parts, hope,
            open_for_orders, rule, level, feasible(first, rule),
        )  # fmt: skip
        if money < best:
            best, kappa = money, level
    return kappa
