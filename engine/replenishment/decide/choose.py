"""One line after the other: what may still come, what to expect, then the order by money or by service."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.replenishment.decide.outstanding import (
    chance_to_come,
    draw_fates,
    draw_leads,
    draw_parts,
    open_sets,
)
from engine.replenishment.decide.project import (
    BACKORDER,
    HOLDING,
    LOT,
    ORDER_COST,
    RETURN_LAG,
    RETURNED,
    SHORT_CHANCE,
    SHORT_SHARE,
    TARGET,
    expectations,
    feasible,
)
from engine.replenishment.decide.search import (
    EXPECTED,
    KAPPA,
    PLAIN,
    QUANTITY,
    SURPRISES,
    TO_COME,
    cheapest,
)
from engine.replenishment.decide.service import least_order

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MONEY_DECIDES = -1
"""Kind of choice; the others are the kinds of target of `requirement`."""


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
    levels: Floats,
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
    terms : [n, 14]
    levels : [n, 15] from `search.levels_to_try`, used where money decides
    """
    n, n_paths, _ = paths.shape
    ages = chances.shape[1] - 1
    mean, follow, sold = np.empty(horizon), np.empty(horizon), np.empty(horizon)
    order = np.empty(n_paths, np.int64)
    fates = np.empty((n_paths, ages), np.int64)
    leads = np.empty((n_paths, horizon), np.int64)
    parts = np.empty((n_paths, ages + horizon))
    uncounted = np.empty(0)
    hope = np.empty(ages + 1)
    sets = np.empty(1 << ages)
    open_units = np.zeros(ages)
    gap = horizon - 1
    for u in range(horizon - 1, 0, -1):
        gap = u if open_for_orders[u] else gap
    for i in range(n):
        y, rule = paths[i], terms[i]
        lost = 1.0
        for chance in chances[i]:
            lost = max(lost - chance, 0.0)
        short_chance, short_share = rule[SHORT_CHANCE], rule[SHORT_SHARE]
        surprises = open_sets(
            ordered[i], received[i], chances[i], lost, short_chance, short_share, sets, uncounted, uncounted
        )
        draw_fates(sets, chances[i], lost, seeds[i], order, fates)
        draw_leads(chances[i], seeds[i], order, leads)
        draw_parts(short_chance, short_share, seeds[i], order, parts)
        brought = 1.0 - short_chance * (1.0 - short_share)
        for age in range(ages + 1):
            hope[age] = chance_to_come(chances[i], lost, age) * brought
        expectations(y, window, mean, follow, sold)
        position = on_hand[i]
        for u in range(horizon):
            position += due[i, u]
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
                    parts,
                    gap,
                    rule[BACKORDER] > 0.0,
                    kind,
                    rule[TARGET],
                    rule[RETURNED],
                    int(rule[RETURN_LAG]),
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
        cheapest(
            y, mean, follow, sold, on_hand[i], expiring[i], due[i], open_units, fates, leads, parts, hope,
            open_for_orders, rule, levels[i], position, out[i],
        )  # fmt: skip
