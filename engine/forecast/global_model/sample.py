"""Which rows the model learns from: a fixed pattern over series, cut-offs and periods ahead.

The number of rows is bounded, so the cost of learning does not grow with the portfolio. Nothing is drawn at
random: the same panel gives the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.global_model.features import tables
from engine.forecast.global_model.settings import (
    MORE_ROWS,
    MOST_ROWS,
    ROWS,
    ROWS_A_SERIES,
    SETTINGS,
    SMALL_PANEL,
)
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]

STEPS_A_CUTOFF = 2
"""Periods ahead taken of one series at one cut-off, spread evenly over the horizon, at most."""
LEAST_CUTOFFS = 10
"""Cut-offs wanted before a second period ahead is."""

PLASTIC = 0.7548776662466927
"""The root of x³ + x² = 1: multiples of it and of its square fill the unit square evenly."""


@dataclass(frozen=True)
class Rows:
    """Training rows.

    Attributes
    ----------
    names : [F] features
    values : float32[rows, F]
    target : [rows] demand, units
    scale : [rows] the simple forecast, units, above 0
    weight : [rows]
    """

    names: tuple[str, ...]
    values: Singles
    target: Floats
    scale: Floats
    weight: Floats


def training_rows(panel: Panel, profile: Profile, horizon: int) -> Rows:
    """Return the rows to learn a forecast of 1 … `horizon` periods from; none if the history is too short."""
    settings = SETTINGS[panel.period]
    cutoffs, steps = pattern(panel.n_series, panel.n_periods, horizon, settings.least_known)
    parts = []
    names: tuple[str, ...] = ()
    known = np.cumsum(panel.observed, axis=1, dtype=np.int32)[:, cutoffs - 1]
    unit = _unit(panel, profile)
    for table in tables(panel, profile, cutoffs, steps) if len(cutoffs) else ():
        names = table.names
        rows = np.arange(panel.n_series)[table.series]
        due = cutoffs[None, :, None] + steps[rows] - 1
        at = rows[:, None, None], np.minimum(due, panel.n_periods - 1)
        used = (due < panel.n_periods) & panel.observed[at] & (table.scale > 0)
        used &= (known[rows] >= settings.least_known)[:, :, None]
        age = 0.5 ** ((panel.n_periods - due) / settings.half_life)
        weight = age * table.scale / unit[rows][:, None, None]
        parts.append((table.values[used.ravel()], panel.values[at][used], table.scale[used], weight[used]))
    if not parts:
        return Rows((), np.zeros((0, 0), dtype=np.float32), *np.zeros((3, 0)))
    values, target, scale, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Rows(names, values, target, scale, weight)


def pattern(n_series: int, n_periods: int, horizon: int, least_known: int) -> tuple[Whole, Whole]:
    """Return cut-offs [K], latest first, and the periods ahead [n, K, m] of each series at each of them.

    Cut-offs lie evenly between the shortest history worth learning from and the last that has a whole horizon
    after it (all of it that there is, in a short history).
    """
    last = max(n_periods - horizon, min(n_periods - 1, least_known))
    if last < least_known or not n_series:
        return np.zeros(0, dtype=np.int64), np.zeros((n_series, 0, 1), dtype=np.int64)
    more = MORE_ROWS * min(1.0, SMALL_PANEL / n_series) ** 2
    rows = min(ROWS + ROWS_A_SERIES * n_series + more, MOST_ROWS) / n_series
    # Many series: rather more cut-offs than more periods ahead of each.
    m = int(np.clip(rows // LEAST_CUTOFFS, 1, min(STEPS_A_CUTOFF, horizon)))
    wanted = int(np.clip(rows // m, 1, last - least_known + 1))
    cutoffs = np.unique(np.linspace(last, least_known, wanted).round().astype(np.int64))[::-1]
    # Evenly over the horizon for neighbouring series as for neighbouring cut-offs, whatever its length.
    place = np.arange(n_series)[:, None] * PLASTIC + np.arange(len(cutoffs))[None, :] * PLASTIC**2
    start = np.floor(place % 1.0 * horizon).astype(np.int64)
    spread = (np.arange(m) * horizon) // m
    steps: Whole = (start[:, :, None] + spread[None, None, :]) % horizon + 1
    return cutoffs.copy(), steps


def _unit(panel: Panel, profile: Profile) -> Floats:
    """Return the mean demand of each series times (1 + its squared noise over its squared mean), [n].

    A row of demand ÷ simple forecast weighs simple forecast ÷ unit. Over a series' rows the weights follow
    the simple forecast, so that errors in units cancel (the mean of the ratios alone would forecast too much
    wherever the simple forecast was low by chance); between series they follow the inverse variance.
    """
    exposure = profile.factors(0, panel.n_periods) * panel.observed
    total = exposure.sum(axis=1)
    rate = panel.values.sum(axis=1) / np.where(total > 0, total, 1.0)
    squares = ((panel.values - rate[:, None] * exposure) ** 2).sum(axis=1)
    due = ((rate[:, None] * exposure) ** 2).sum(axis=1)
    result: Floats = np.where(rate > 0, rate * (1.0 + squares / np.where(due > 0, due, 1.0)), 1.0)
    return result
