"""Lead times and losses learned from what was ordered and what came in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.replenishment.decide.outstanding import open_sets

Floats = npt.NDArray[np.float64]

ROUNDS = 30
"""Rounds of attributing receipts to orders and counting again; each changes less than the one before."""
SETTLED = 1e-4
"""Change of the chances at which they have settled."""
UNLIKELY = 1e-3
"""Least chance of each age while receipts are attributed: what a promise leaves out may still be seen."""


def learned_chances(
    ordered: Floats,
    received: Floats,
    promise: tuple[float, ...],
    weight: float,
    short_chance: float,
    short_share: float,
) -> tuple[float, ...]:
    """Return the chances of arriving after 0 … A periods.

    Parameters
    ----------
    ordered, received : [n, K] units
    promise : [A + 1] chances that count for `weight` orders
    weight : orders
    short_chance, short_share : of deliveries
    """
    prior = np.array(promise)
    ages = len(prior) - 1
    prior_open = np.concatenate([[1.0], 1.0 - np.cumsum(prior)[:-1]]) * weight
    chances = prior
    for _ in range(ROUNDS):
        tried = np.maximum(chances, UNLIKELY)
        tried = tried / max(tried.sum() + UNLIKELY, 1.0)
        at_risk, arrivals = np.zeros(ages + 1), np.zeros(ages + 1)
        sets = np.empty(1 << ages)
        for units, came in zip(ordered, received, strict=True):
            lost = 1.0 - float(tried.sum())
            open_sets(units, came, tried, lost, short_chance, short_share, sets, at_risk, arrivals)
        still = np.maximum(prior_open + at_risk, 1e-12)
        hazard = np.clip((weight * prior + arrivals) / still, 0.0, 1.0)
        survival = np.concatenate([[1.0], np.cumprod(1.0 - hazard)[:-1]])
        following = survival * hazard
        if np.abs(following - chances).max() < SETTLED:
            chances = following
            break
        chances = following
    return tuple(float(chance) for chance in chances / max(chances.sum(), 1.0))
