"""Intermittent demand: Croston, its unbiased form by Syntetos and Boylan, and Teunter, Syntetos and Babai.

J. D. Croston (1972), Forecasting and stock control for intermittent demands, Operational Research
Quarterly 23, 289–303.
A. A. Syntetos and J. E. Boylan (2005), The accuracy of intermittent demand estimates, International Journal
of Forecasting 21, 303–314: times 1 − α/2.
R. H. Teunter, A. A. Syntetos and M. Z. Babai (2011), Intermittent demand: linking forecasting to inventory
obsolescence, European Journal of Operational Research 214, 606–615: the chance of a demand is updated every
period, so that a product that dies is forgotten.

Unobserved periods are skipped: they neither lengthen an interval nor lower a chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile
from engine.forecast.smoothing_weights import parameter_weights

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

CROSTON_GRID = np.array([0.02, 0.05, 0.1, 0.2])
"""Smoothing constants of size and interval tried."""
TSB_GRID = np.array([(size, chance) for size in (0.05, 0.2) for chance in (0.01, 0.03, 0.1, 0.25)])
"""(size, chance) smoothing constants tried."""


@dataclass(frozen=True)
class Croston:
    """Smoothed demand size over smoothed interval; with `unbiased`, times 1 − α/2 (SBA)."""

    name: str = "Croston"
    unbiased: bool = False

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        size, interval = starts(panel)
        rates = np.zeros((panel.n_series, len(CROSTON_GRID)))
        errors = np.zeros_like(rates)
        values, observed = np.ascontiguousarray(panel.values), np.ascontiguousarray(panel.observed)
        for a, alpha in enumerate(CROSTON_GRID):
            factor = 1.0 - alpha / 2.0 if self.unbiased else 1.0
            croston(values, observed, alpha, alpha, size, interval, factor, rates[:, a], errors[:, a])
        return _flat(rates, errors, panel, profile, horizon)


@dataclass(frozen=True)
class TeunterSyntetosBabai:
    """Smoothed demand size times smoothed chance of a demand."""

    name: str = "TSB"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        size, interval = starts(panel)
        rates = np.zeros((panel.n_series, len(TSB_GRID)))
        errors = np.zeros_like(rates)
        values, observed = np.ascontiguousarray(panel.values), np.ascontiguousarray(panel.observed)
        for a, (alpha, beta) in enumerate(TSB_GRID):
            tsb(
                values,
                observed,
                alpha,
                beta,
                size,
                1.0 / interval,
                rates[:, a],
                errors[:, a],
            )
        return _flat(rates, errors, panel, profile, horizon)


def starts(panel: Panel) -> tuple[Floats, Floats]:
    """Return mean demand size and mean interval [n], from which smoothing starts."""
    demand = panel.values
    count = (demand > 0).sum(axis=1)
    size = demand.sum(axis=1) / np.maximum(count, 1)
    interval = np.maximum(panel.observations, 1) / np.maximum(count, 1)
    return size, interval


def _flat(rates: Floats, errors: Floats, panel: Panel, profile: Profile, horizon: int) -> Floats:
    rate = (rates * parameter_weights(errors, panel.observations)).sum(axis=1)
    forecast: Floats = rate[:, None] * profile.future(horizon)
    return forecast


@njit(cache=True, nogil=True)
def croston(
    values: Floats,
    observed: Mask,
    alpha_size: float,
    alpha_interval: float,
    size: Floats,
    interval: Floats,
    factor: float,
    rate: Floats,
    error: Floats,
) -> None:
    """Smooth demand sizes and intervals; write the final rate [n] and the sum of squared one-step errors [n].

    values, observed : [n, T]
    size, interval : [n] starting values
    factor : 1 (Croston) or 1 − α/2 (Syntetos and Boylan)
    """
    for i in range(values.shape[0]):
        z = size[i]
        p = interval[i]
        since = 0.0
        total = 0.0
        for t in range(values.shape[1]):
            if not observed[i, t]:
                continue
            miss = values[i, t] - factor * z / p
            total += miss * miss
            since += 1.0
            if values[i, t] > 0.0:
                z += alpha_size * (values[i, t] - z)
                p += alpha_interval * (since - p)
                since = 0.0
        rate[i] = factor * z / p
        error[i] = total


@njit(cache=True, nogil=True)
def tsb(
    values: Floats,
    observed: Mask,
    alpha_size: float,
    alpha_chance: float,
    size: Floats,
    chance: Floats,
    rate: Floats,
    error: Floats,
) -> None:
    """Smooth demand sizes and the chance of a demand; write rate and squared one-step errors, [n]."""
    for i in range(values.shape[0]):
        z = size[i]
        p = chance[i]
        total = 0.0
        for t in range(values.shape[1]):
            if not observed[i, t]:
                continue
            miss = values[i, t] - z * p
            total += miss * miss
            if values[i, t] > 0.0:
                z += alpha_size * (values[i, t] - z)
                p += alpha_chance * (1.0 - p)
            else:
                p -= alpha_chance * p
        rate[i] = z * p
        error[i] = total
