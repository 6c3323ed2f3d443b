"""What the promotions of a category took from its other products at the same location.

If promotions and prices move a product's neighbours from N to N·exp(c), its own demand moves by exp(γ·c):
γ = 0 is none, γ = −1 keeps the category's total (the attraction models of Cooper and Nakanishi 1988,
Market-Share Analysis). c is made of the effects already estimated; γ comes from one more regression, pooled
as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.forecast.drivers.drivers import Floats
from engine.forecast.drivers.effects import BLOCK, DriverEffects, adjust
from engine.forecast.drivers.kernel import gather
from engine.forecast.drivers.pooling import pool
from engine.forecast.panel import Panel
from engine.forecast.prophet.blocks import on_one_blas_thread
from engine.forecast.seasonality import seasonal_profile

SIGNAL, PRIOR = 0.02, 1.0
STEPS = 2
ROUNDS = 4


@dataclass(frozen=True)
class Cannibalisation:
    """By category.

    Attributes
    ----------
    groups : names of the categories
    gamma, error : log change of a product's demand over log change of its neighbours', and its standard error
    gained : units that promotions added to the products promoted
    taken : units of them that came from the neighbours; negative: neighbours sold more, too
    """

    groups: list[str]
    gamma: Floats
    error: Floats
    gained: Floats
    taken: Floats


@on_one_blas_thread
def estimate_cannibalisation(panel: Panel, effects: DriverEffects) -> Cannibalisation | None:
    """Estimate cannibalisation within category and location; None if nothing was promoted beside others."""
    if effects.features is None:
        return None
    seen = panel.observed if effects.sells is None else panel.observed & effects.sells[:, None]
    usual = adjust(replace(panel, values=np.where(seen, panel.values, 0.0), observed=seen), effects)
    level = usual.values.sum(axis=1) / np.maximum(usual.observations, 1)
    moved = effects.component("promotion")[:, : panel.n_periods]
    moved *= effects.component("price")[:, : panel.n_periods]
    change = _neighbours(panel, effects.hierarchy.group, level[:, None] * seen, moved)
    rows = np.flatnonzero(np.any(change != 0.0, axis=1) & (level > 0))
    if not len(rows):
        return None
    gamma, error = _gamma(usual, effects, change, rows)
    lost: Floats = (
        level[:, None] * seen * moved * (1.0 - np.exp(gamma[effects.hierarchy.group][:, None] * change))
    )
    gain: Floats = level[:, None] * seen * (moved - 1.0)
    count = len(effects.hierarchy.groups)
    group = effects.hierarchy.group
    return Cannibalisation(
        groups=effects.hierarchy.groups,
        gamma=gamma,
        error=error,
        gained=np.bincount(group, gain.sum(axis=1), count).astype(np.float64),
        taken=np.bincount(group, lost.sum(axis=1), count).astype(np.float64),
    )


def _neighbours(panel: Panel, group: np.ndarray, usual: Floats, moved: Floats) -> Floats:
    """Return log(Σ usual · moved ÷ Σ usual) over the other products of a category and location, [n, T]."""
    _, location = np.unique(np.asarray(panel.location).astype(str), return_inverse=True)
    _, cell = np.unique(group * (int(location.max()) + 1) + location, return_inverse=True)
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(int(cell.max()) + 1))
    actual = usual * moved
    sums = (np.add.reduceat(part[order], starts, axis=0)[cell] - part for part in (actual, usual))
    above, below = sums
    known = (below > 1e-9 * usual.max(initial=0.0)) & (above > 0)
    change: Floats = np.log(np.where(known, above, 1.0) / np.where(known, below, 1.0))
    change[np.abs(change) < 1e-6] = 0.0
    return change


def _gamma(usual: Panel, effects: DriverEffects, change: Floats, rows: np.ndarray) -> tuple[Floats, Floats]:
    """Return γ and its standard error of each category."""
    group, count = effects.hierarchy.group, len(effects.hierarchy.groups)
    profile = seasonal_profile(usual)
    shape = change.shape
    nothing = np.empty((0, 0))
    gamma, error = np.zeros(count), np.zeros(count)
    for _ in range(STEPS):
        width = 4  # the kernel's columns of one mechanic, which never runs, its depth and dip; then the price
        information = np.zeros((len(rows), width, width))
        score, noise = np.zeros((len(rows), width)), np.zeros((len(rows), 2))
        coefficients = np.zeros((len(rows), width))
        coefficients[:, -1] = gamma[group[rows]]
        gather(
            rows,
            np.ascontiguousarray(usual.values),
            np.ascontiguousarray(usual.observed),
            np.ascontiguousarray(profile.short),
            np.ascontiguousarray(profile.yearly(0, usual.n_periods)),
            profile.group,
            np.zeros((1, usual.n_periods)),
            np.zeros(usual.n_series, dtype=np.int64),
            np.zeros(shape, dtype=np.int16),
            np.zeros(shape),
            nothing,
            np.ascontiguousarray(change),
            np.zeros((3, 1)),
            0,
            coefficients,
            BLOCK[usual.period],
            information,
            score,
            noise,
        )
        variance = np.maximum(noise[:, 0], 1e-300) / np.maximum(noise[:, 1], 1.0)
        told = information[:, -1:, -1:] / variance[:, None, None]
        evidence = told[:, :, 0] * coefficients[:, -1:] + score[:, -1:] / variance[:, None]
        by_group = np.zeros((count, 1, 1)), np.zeros((count, 1))
        np.add.at(by_group[0], group[rows], told)
        np.add.at(by_group[1], group[rows], evidence)
        start = np.array([[SIGNAL], [PRIOR]])
        pooled = pool(*by_group, [np.zeros(count, dtype=np.int64)], start, start, ROUNDS)
        gamma, error = pooled.coefficients[0][:, 0], pooled.errors[0][:, 0]
    return gamma, error
