"""Which orders are still to come: the exact posterior over the fates of outstanding orders.

An order arrives after 0, 1, … A periods or never, independently of the others. Every period only the total
received is seen. The filter keeps the probability of every set of orders still open that agrees with all
receipts so far (a hidden Markov model with 2^A states), so an order that must be the one that arrived is
known to be in, and one that has not come loses hope at the rate that the lead times say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.uniforms import random_order

Floats = npt.NDArray[np.float64]

MOST_AGES = 10
"""Longest lead time told apart [periods]: 2^10 sets of open orders."""
NEVER, ARRIVED = 1 << 40, -1
"""Fates that are no number of periods."""
FATE_STREAM, LEAD_STREAM, PART_STREAM = 1 << 28, (1 << 28) + 64, (1 << 28) + 4096
"""Streams of randomness, far from those of demand."""


@njit(cache=True, nogil=True)
def chance_open(chances: Floats, lost: float, age: int) -> float:
    """Probability that an order has not arrived before it is `age` periods old."""
    total = lost
    for lead in range(age, len(chances)):
        total += chances[lead]
    return total


@njit(cache=True, nogil=True)
def chance_to_come(chances: Floats, lost: float, age: int) -> float:
    """Probability that an order that has not arrived before `age` still arrives."""
    total = chance_open(chances, lost, age)
    return (total - lost) / total if total > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _chance_of(
    arriving: int, ordered: Floats, t: int, ages: int, wanted: float, short_chance: float, short_share: float
) -> float:
    """Chance that deliveries of the orders in set `arriving` add up to `wanted` in period t."""
    found = 0.0
    short = arriving if short_chance > 0.0 else 0
    while True:
        chance, units = 1.0, 0.0
        for age in range(ages + 1):
            if arriving >> age & 1:
                part = short >> age & 1
                chance *= short_chance if part else 1.0 - short_chance
                units += ordered[t - age] * (short_share if part else 1.0)
        if abs(units - wanted) <= 1e-6 * (1.0 + wanted):
            found += chance
        if short == 0:
            return found
        short = (short - 1) & arriving


@njit(cache=True, nogil=True)
def open_sets(
    ordered: Floats,
    received: Floats,
    chances: Floats,
    lost: float,
    short_chance: float,
    short_share: float,
    out: Floats,
    at_risk: Floats,
    arrivals: Floats,
) -> int:
    """Filter one line's orders; return how many periods' receipts fit no set of orders.

    Parameters
    ----------
    ordered, received : [K] units ordered in, and received during, each past period, latest last
    chances : [A + 1] probability that an order arrives after 0 … A periods
    lost : probability that it never does
    short_chance, short_share : chance that a delivery is short, and the share that then comes; the rest of
        the order is cancelled
    out : [2**A] filled with the probability that exactly the orders of set m are open now; bit j − 1
        of m stands for the order placed j periods ago
    at_risk, arrivals : [A + 1] or empty; the expected number of orders that were still open at each age, and
        of those that arrived at it, are added
    """
    ages = len(chances) - 1
    sets = 1 << ages
    out[:] = 0.0
    out[0] = 1.0
    following = np.empty(sets)
    open_then, came_then = np.empty(ages + 1), np.empty(ages + 1)
    surprises = 0
    for t in range(len(ordered)):
        wanted = received[t]
        total = 0.0
        for attempt in range(2):  # a second time, believing no receipt, if the first fits nothing
            following[:], open_then[:], came_then[:] = 0.0, 0.0, 0.0
            total = 0.0
            for old in range(sets):
                if out[old] <= 0.0:
                    continue
                # bit a: the order of age a, this period's own being bit 0
                candidates = (old << 1) | (1 if ordered[t] > 0.0 else 0)
                arriving = candidates
                while True:
                    chance = out[old]
                    for age in range(ages + 1):
                        if not candidates >> age & 1:
                            continue
                        still = chance_open(chances, lost, age)
                        due = chances[age] / still if still > 0.0 else 0.0
                        chance *= due if arriving >> age & 1 else 1.0 - due
                    if chance > 0.0 and attempt == 0:
                        chance *= _chance_of(arriving, ordered, t, ages, wanted, short_chance, short_share)
                    if chance > 0.0:
                        # what is A periods old and not in by now never comes
                        following[(candidates & ~arriving) & (sets - 1)] += chance
                        total += chance
                        for age in range(ages + 1):
                            open_then[age] += chance * (candidates >> age & 1)
                            came_then[age] += chance * (arriving >> age & 1)
                    if arriving == 0:
                        break
                    arriving = (arriving - 1) & candidates
            if total > 0.0:
                break
            surprises += 1
        for m in range(sets):
            out[m] = following[m] / total if total > 0.0 else 0.0
        if total <= 0.0:
            out[0] = 1.0
        elif len(at_risk) > 0:
            at_risk[:] += open_then / total
            arrivals[:] += came_then / total
    return surprises


@njit(cache=True, nogil=True)
def fate_table(sets: Floats, chances: Floats, lost: float, out: Floats) -> None:
    """Fill `out[A, A + 2]`: for the order placed j + 1 periods ago, the chances of each fate; rows sum to 1.

    Columns: arrives in 0 … A − 1 periods; lost; has arrived.
    """
    ages = len(chances) - 1
    out[:] = 0.0
    for j in range(ages):
        age = j + 1
        still = chance_open(chances, lost, age)
        is_open = 0.0
        for m in range(len(sets)):
            if m >> j & 1:
                is_open += sets[m]
        for lead in range(age, ages + 1):
            out[j, lead - age] = is_open * chances[lead] / still if still > 0.0 else 0.0
        out[j, ages] = is_open * lost / still if still > 0.0 else is_open
        out[j, ages + 1] = 1.0 - is_open


@njit(cache=True, nogil=True)
def draw_fates(
    sets: Floats,
    chances: Floats,
    lost: float,
    seed: np.uint64,
    order: npt.NDArray[np.int64],
    out: npt.NDArray[np.int64],
) -> None:
    """Fill `out[P, A]` with fates drawn from the posterior, a joint draw a path.

    In how many periods the order placed j + 1 periods ago arrives (0: at the start of this one); NEVER;
    ARRIVED.
    """
    n_paths, ages = out.shape
    if ages == 0:
        return
    shift = random_order(seed, FATE_STREAM, order)
    m, passed = 0, sets[0]
    for i in range(n_paths):
        while m + 1 < len(sets) and (i + shift) / n_paths >= passed:
            m += 1
            passed += sets[m]
        for j in range(ages):
            out[order[i], j] = NEVER if m >> j & 1 else ARRIVED
    for j in range(ages):
        age = j + 1
        n_open = 0
        for k in range(n_paths):
            n_open += out[k, j] == NEVER
        shift = random_order(seed, FATE_STREAM + age, order)
        still = chance_open(chances, lost, age)
        seen = 0
        for i in range(n_paths):
            path = order[i]
            if out[path, j] != NEVER:
                continue
            point = (seen + shift) / n_open * still
            seen += 1
            passed = 0.0
            for lead in range(age, ages + 1):
                passed += chances[lead]
                if point < passed:
                    out[path, j] = lead - age
                    break


@njit(cache=True, nogil=True)
def draw_leads(
    chances: Floats, seed: np.uint64, order: npt.NDArray[np.int64], out: npt.NDArray[np.int64]
) -> None:
    """Fill `out[P, H]` with the lead times of the orders of every period to come; NEVER: lost."""
    n_paths, horizon = out.shape
    for u in range(horizon):
        shift = random_order(seed, LEAD_STREAM + u, order)
        lead, passed = 0, chances[0]
        for i in range(n_paths):
            while lead < len(chances) and (i + shift) / n_paths >= passed:
                lead += 1
                if lead < len(chances):
                    passed += chances[lead]
            out[order[i], u] = lead if lead < len(chances) else NEVER


@njit(cache=True, nogil=True)
def draw_parts(
    short_chance: float, short_share: float, seed: np.uint64, order: npt.NDArray[np.int64], out: Floats
) -> None:
    """Fill `out[P, A + H]` with the share of each order that its delivery brings: 1, or `short_share`."""
    out[:] = 1.0
    if short_chance <= 0.0 or short_share >= 1.0:
        return
    n_paths, orders = out.shape
    for column in range(orders):
        shift = random_order(seed, PART_STREAM + column, order)
        for i in range(n_paths):
            if (i + shift) / n_paths < short_chance:
                out[order[i], column] = short_share
