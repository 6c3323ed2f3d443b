"""The search of Zheng & Federgruen (1991) for the best (s, S), one item after another.

With G(y) the expected holding and stockout cost of a period that starts at inventory position y, an
(s, S) policy costs ``c(s, S) = (K + Σ m(j)·G(S − j)) / M(S − s)`` a period, j = 0 … S − s − 1. m is the
renewal density of demand, M its sum: how often the position is j below S before the next order. m does not
depend on S, so each policy costs a sum, and only a few dozen are ever looked at.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.replenishment.textbook.checks import Floats

_NEGLIGIBLE = 1e-22
"""Probabilities this far below the greatest are left out of the renewal sums."""


@njit(cache=True, nogil=True)
def poisson_table(mean: float) -> Floats:
    """Return the Poisson probabilities of 0, 1, … to beyond twelve standard deviations.

    They climb and fall from the mode by ratios, so none has the rounding of a large logarithm.
    """
    table = np.zeros(int(mean + 12.0 * math.sqrt(mean)) + 41)
    mode = int(mean)
    table[mode] = 1.0
    total = 1.0
    for k in range(mode + 1, len(table)):
        table[k] = table[k - 1] * mean / k
        total += table[k]
    for k in range(mode, 0, -1):
        table[k - 1] = table[k] * k / mean
        total += table[k - 1]
    return table / total


@njit(cache=True, nogil=True)
def _cumulated(period: Floats, lead_time: int) -> Floats:
    """Return the probabilities of the demand of `lead_time` + 1 periods."""
    table = period
    for _ in range(lead_time):
        longer = np.zeros(len(table) + len(period) - 1)
        for i in range(len(table)):
            for j in range(len(period)):
                longer[i + j] += table[i] * period[j]
        table = longer
    return table


@njit(cache=True, nogil=True)
def _level_costs(table: Floats, holding: float, penalty: float) -> tuple[Floats, float]:
    """Return G(0), G(1), … over the table's demand, and its mean."""
    n = len(table)
    costs = np.zeros(n)
    above = 0.0
    short = 0.0
    for y in range(n - 2, -1, -1):
        above += table[y + 1]
        short += above
        costs[y] = penalty * short
    mean = short
    below = 0.0
    over = 0.0
    for y in range(1, n):
        below += table[y - 1]
        over += below
        costs[y] += holding * over
    return costs, mean


@njit(cache=True, nogil=True, inline="always")
def _level_cost(y: int, costs: Floats, mean: float, holding: float, penalty: float) -> float:
    """G(y) for any y: beyond the table demand is always more, or always less."""
    if y < 0:
        return penalty * (mean - y)
    if y >= len(costs):
        return holding * (y - mean)
    return float(costs[y])


@njit(cache=True, nogil=True)
def _renewals(period: Floats, known: Floats, wanted: int) -> Floats:
    """Return m(0), …, m(wanted − 1), continuing from what is known."""
    floor = _NEGLIGIBLE * period.max()
    low = 1
    while low < len(period) - 1 and period[low] <= floor:
        low += 1
    high = len(period) - 1
    while high > low and period[high] <= floor:
        high -= 1
    density = np.zeros(wanted)
    density[: len(known)] = known
    first = 1.0 / (1.0 - period[0])
    for j in range(len(known), wanted):
        if j == 0:
            density[0] = first
            continue
        total = 0.0
        for k in range(low, min(j, high) + 1):
            total += period[k] * density[j - k]
        density[j] = first * total
    return density


@njit(cache=True, nogil=True)
def _policy_cost(
    s: int,
    up_to: int,
    setup: float,
    density: Floats,
    costs: Floats,
    mean: float,
    holding: float,
    penalty: float,
) -> float:
    """Return c(s, S)."""
    total = setup
    visits = 0.0
    for j in range(up_to - s):
        total += density[j] * _level_cost(up_to - j, costs, mean, holding, penalty)
        visits += density[j]
    return total / visits


@njit(cache=True, nogil=True)
def _search(
    period: Floats, exposure: Floats, setup: float, holding: float, penalty: float
) -> tuple[int, int, float]:
    """Return the best s, S and cost a period."""
    costs, mean = _level_costs(exposure, holding, penalty)
    cheapest = 0
    while _level_cost(cheapest + 1, costs, mean, holding, penalty) < _level_cost(
        cheapest, costs, mean, holding, penalty
    ):
        cheapest += 1
    density = _renewals(period, np.zeros(0), 64)

    # the best s for S = the cheapest level: the first at which not ordering is no cheaper than the average
    up_to = cheapest
    s = cheapest
    total = setup
    visits = 0.0
    while True:
        j = up_to - s
        if j >= len(density):
            density = _renewals(period, density, 2 * len(density))
        total += density[j] * _level_cost(s, costs, mean, holding, penalty)
        visits += density[j]
        s -= 1
        if total <= visits * _level_cost(s, costs, mean, holding, penalty):
            break
    best = total / visits

    # greater S, as long as S itself costs less than the average; s can only rise with it
    candidate = up_to + 1
    while _level_cost(candidate, costs, mean, holding, penalty) <= best:
        if candidate - s > len(density):
            density = _renewals(period, density, 2 * len(density))
        cost = _policy_cost(s, candidate, setup, density, costs, mean, holding, penalty)
        if cost < best:
            up_to = candidate
            best = cost
            while best <= _level_cost(s + 1, costs, mean, holding, penalty):
                s += 1
                best = _policy_cost(s, up_to, setup, density, costs, mean, holding, penalty)
        candidate += 1
    return s, up_to, best


@njit(cache=True, nogil=True)
def _tables(mean: float, table: Floats, lead_time: int) -> tuple[Floats, Floats]:
    """Return the probabilities of a period's demand and of that of the lead time and a period."""
    if len(table) == 0:
        return poisson_table(mean), poisson_table(mean * (lead_time + 1))
    return table, _cumulated(table, lead_time)


@njit(cache=True, nogil=True)
def best_policies(
    means: Floats,
    tables: Floats,
    lead_times: Floats,
    setup: Floats,
    holding: Floats,
    penalty: Floats,
    out: Floats,
) -> None:
    """Fill `out` (n, 3) with s, S and cost of each item; tables (n, 0): Poisson demand of the means."""
    for i in range(len(means)):
        period, exposure = _tables(means[i], tables[i], int(lead_times[i]))
        s, up_to, cost = _search(period, exposure, setup[i], holding[i], penalty[i])
        out[i, 0] = s
        out[i, 1] = up_to
        out[i, 2] = cost


@njit(cache=True, nogil=True)
def policy_costs(
    points: Floats,
    levels: Floats,
    means: Floats,
    tables: Floats,
    lead_times: Floats,
    setup: Floats,
    holding: Floats,
    penalty: Floats,
    out: Floats,
) -> None:
    """Fill `out` (n,) with the cost a period of given s and S."""
    for i in range(len(points)):
        period, exposure = _tables(means[i], tables[i], int(lead_times[i]))
        costs, mean = _level_costs(exposure, holding[i], penalty[i])
        s = int(points[i])
        up_to = int(levels[i])
        density = _renewals(period, np.zeros(0), up_to - s)
        out[i] = _policy_cost(s, up_to, setup[i], density, costs, mean, holding[i], penalty[i])
