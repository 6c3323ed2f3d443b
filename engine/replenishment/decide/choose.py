"""The order of least expected money: the level that later orders follow, then today's quantity against it.

A step of policy improvement (rollout: D. P. Bertsekas 2020, Rollout, Policy Iteration, and Distributed
Reinforcement Learning): later orders follow the best simple policy, today's may differ from it. Ordering
nothing today, so waiting for the next review, is always among the candidates.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.replenishment.decide.outstanding import chance_to_come, draw_fates, draw_leads, open_sets
from engine.replenishment.decide.project import (
    BACKORDER,
    HOLDING,
    LOT,
    MULTIPLE,
    ORDER_COST,
    TARGET,
    expectations,
    expected_money,
    feasible,
)
from engine.replenishment.decide.service import least_order

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

MONEY_DECIDES = -1
"""Kind of choice; the others are the kinds of target of `requirement`."""

QUANTITY, KAPPA, MONEY, MONEY_WAIT, EXPECTED, TO_COME, PLAIN, SURPRISES = range(8)
"""Columns of a choice: order; levels of later orders; money with it and with no order today; demand a period
over lead time and review; units of outstanding orders still expected; the order before minimum and multiple;
periods whose receipts fit no set of orders."""


@njit(cache=True, nogil=True)
def choose(
    paths: Floats,
    horizon: int,
    window: int,
    on_hand: Floats,
    expiring: Floats,
    due: Floats,
    ordered: Floats,
    received: Floats,
    chances: Floats,
    open_for_orders: Mask,
    kind: int,
    terms: Floats,
    seeds: npt.NDArray[np.uint64],
    out: Floats,
) -> None:
    """Fill `out[n, 8]` with the choice of every line.

    Parameters
    ----------
    paths : [n, P, horizon + window]
    on_hand : [n]
    expiring, due : [n, horizon]
    ordered, received : [n, K] past orders with an open fate, and all their receipts
    chances : [n, A + 1]
    open_for_orders : [horizon] whether an order may be placed in each period
    kind : MONEY_DECIDES, or requirement.FILL or CYCLE
    terms : [n, 10]
    """
    n, n_paths, _ = paths.shape
    ages = chances.shape[1] - 1
    mean, follow, sold = np.empty(horizon), np.empty(horizon), np.empty(horizon)
    order = np.empty(n_paths, np.int64)
    fates = np.empty((n_paths, ages), np.int64)
    leads = np.empty((n_paths, horizon), np.int64)
    hope = np.empty(ages + 1)
    sets = np.empty(1 << ages)
    open_units = np.zeros(ages)
    sums = np.empty(n_paths)
    gap = horizon - 1
    for u in range(horizon - 1, 0, -1):
        gap = u if open_for_orders[u] else gap
    for i in range(n):
        y, rule = paths[i], terms[i]
        lost = max(1.0 - chances[i].sum(), 0.0)
        surprises = open_sets(ordered[i], received[i], chances[i], lost, sets)
        draw_fates(sets, chances[i], lost, seeds[i], order, fates)
        draw_leads(chances[i], seeds[i], order, leads)
        for age in range(ages + 1):
            hope[age] = chance_to_come(chances[i], lost, age)
        expectations(y, window, mean, follow, sold)
        position = on_hand[i] + due[i].sum()
        to_come = 0.0
        for j in range(ages):
            open_units[j] = ordered[i, ordered.shape[1] - 1 - j] if j < ordered.shape[1] else 0.0
            for m in range(len(sets)):
                if m >> j & 1:
                    to_come += sets[m] * open_units[j] * hope[j + 1]
        position += to_come
        out[i, :] = 0.0
        out[i, EXPECTED], out[i, TO_COME], out[i, SURPRISES] = mean[0], to_come, surprises
        if kind != MONEY_DECIDES:
            if open_for_orders[0]:
                plain = least_order(
                    y,
                    on_hand[i],
                    due[i],
                    open_units,
                    fates,
                    leads,
                    gap,
                    rule[BACKORDER] > 0.0,
                    kind,
                    rule[TARGET],
                )
                out[i, PLAIN] = plain
                lot = (
                    math.sqrt(2.0 * rule[ORDER_COST] * mean[0] / rule[HOLDING])
                    if rule[HOLDING] > 0.0
                    else 0.0
                )
                out[i, QUANTITY] = feasible(max(plain, math.floor(lot)) if plain > 0.0 else 0.0, rule)
            out[i, KAPPA] = (position + out[i, PLAIN]) / mean[0] if mean[0] > 0.0 else 0.0
            continue
        rule[LOT] = 0.0
        if rule[ORDER_COST] > 0.0:
            most = 0.5 * horizon * mean[0]
            lot = math.sqrt(2.0 * rule[ORDER_COST] * mean[0] / rule[HOLDING]) if rule[HOLDING] > 0.0 else most
            rule[LOT] = min(lot, most)
        if mean[0] <= 0.0:
            continue
        levels = _levels(y, window, mean[0], sums)
        _cheapest(
            y, mean, follow, sold, on_hand[i], expiring[i], due[i], open_units, fates, leads, hope,
            open_for_orders, rule, levels, position, out[i],
        )  # fmt: skip


@njit(cache=True, nogil=True)
def _levels(paths: Floats, window: int, mean: float, sums: Floats) -> Floats:
    """Levels to try, in periods of demand, rising."""
    n_paths = len(paths)
    for k in range(n_paths):
        sums[k] = paths[k, :window].sum()
    ranked = np.sort(sums)
    levels = np.empty(len(BELOW) + len(LEVELS) + len(BEYOND))
    first, last = len(BELOW), len(BELOW) + len(LEVELS)
    for c in range(len(LEVELS)):
        levels[first + c] = ranked[min(int(LEVELS[c] * n_paths), n_paths - 1)] / mean
    levels[:first] = levels[first] * BELOW
    levels[last:] = levels[last - 1] * BEYOND
    return levels


@njit(cache=True, nogil=True)
def _cheapest(
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
    hope: Floats,
    open_for_orders: Mask,
    rule: Floats,
    levels: Floats,
    position: float,
    out: Floats,
) -> None:
    """Fill one line's choice with the quantity of least expected money."""
    state = (
        paths,
        mean,
        follow,
        sold,
        on_hand,
        expiring,
        due,
        open_units,
        fates,
        leads,
        hope,
        open_for_orders,
        rule,
    )
    kappa = _settled(paths, mean, follow, sold, leads, hope, open_for_orders, rule, levels)
    today = open_for_orders[0] and hope[0] > 0.0
    wait = expected_money(*state, kappa, 0.0)
    quantity, money = 0.0, wait
    short = kappa * mean[0] - position
    if today and short > 0.0:
        wanted = feasible(math.ceil((short + rule[LOT]) / hope[0]), rule)
        got = expected_money(*state, kappa, wanted)
        if got < money:
            quantity, money = wanted, got
    unit = rule[MULTIPLE]
    step = max(math.ceil(0.5 * max(mean[0], 0.5 * quantity) / unit), 1.0) * unit
    finest = max(FINEST * mean[0], 1.0)
    while today:
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
            break
        step = max(math.ceil(0.35 * step / unit), 1.0) * unit
    out[QUANTITY], out[KAPPA], out[MONEY], out[MONEY_WAIT] = quantity, kappa, money, wait
    out[PLAIN] = quantity


@njit(cache=True, nogil=True)
def _settled(
    paths: Floats,
    mean: Floats,
    follow: Floats,
    sold: Floats,
    leads: Ints,
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
    whole = int(math.floor(lead / count + 0.5)) if count > 0 else 0
    flowing, none = np.zeros(horizon), np.zeros(horizon)
    flowing[:whole] = mean[0]
    nothing, no_fates = np.zeros(len(hope) - 1), np.full((n_paths, len(hope) - 1), -1, np.int64)
    best, kappa = np.inf, 0.0
    for level in levels:
        on_hand = max(level - whole, 0.0) * mean[0]
        first = mean[0] if open_for_orders[0] else 0.0
        money = expected_money(
            paths, mean, follow, sold, on_hand, none, flowing, nothing, no_fates, leads, hope,
            open_for_orders, rule, level, feasible(first, rule),
        )  # fmt: skip
        if money < best:
            best, kappa = money, level
    return kappa
