"""Effects of promotions, price and events: estimated from a panel, taken out of it, put on its forecast.

log factor = promotion (mechanic, depth) + dip after it + elasticity · log price + events. Any model forecasts
the demand without them: history ÷ factor → model → forecast × factor of what is planned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.forecast.drivers.drivers import Drivers, Floats, Mask
from engine.forecast.drivers.events import EventEffects, estimate_events
from engine.forecast.drivers.features import Features, build_features
from engine.forecast.drivers.hierarchy import Hierarchy, build_hierarchy
from engine.forecast.drivers.kernel import gather, log_effects
from engine.forecast.drivers.pooling import Pooled, pool
from engine.forecast.drivers.supplied import passed_on, sellers_only
from engine.forecast.panel import Panel
from engine.forecast.prophet.blocks import on_one_blas_thread
from engine.forecast.seasonality import Profile, seasonal_profile

BLOCK = {"D": 182, "W": 52, "M": 24}
"""Periods in which a series keeps its level but for the season."""
STEPS = (3, 1)
"""Newton steps of the first fit, and of the second, which knows the events and the season without effects."""
ROUNDS = 3
"""Of expectation maximisation a step."""
NOISE_FREEDOM = 20.0
"""Observations that the noise of all series weighs beside a series' own."""
SIGNAL_UPLIFT, SIGNAL_SLOPE, SIGNAL_DIP, SIGNAL_PRICE = 0.05, 1.0, 0.01, 0.25
"""Variances around the parent that a few nodes count for."""
PRIOR_UPLIFT, PRIOR_SLOPE, PRIOR_DIP, PRIOR_PRICE = 1.0, 9.0, 0.04, 4.0
"""Variances of the effects of all series around none."""
CLOSED = 0.1
"""Periods whose factor is below this tell nothing of the usual demand."""


@dataclass(frozen=True)
class DriverEffects:
    """What moved the demand of n series, in T periods of history and those planned after.

    Attributes
    ----------
    factor : [n, P] on usual demand, ≥ 0; 1 where nothing happens
    n_periods : T
    features : promotions and prices; None: there were none
    events : None: there were none
    sells : [n] false for series that only pass on what others sell: their factor is the mean of the others';
        None: all sell for themselves
    pooled : coefficients of promotions and price, by level of `hierarchy`
    coefficients, errors : [n, K] of each series, and their standard errors
    """

    factor: Floats
    n_periods: int
    hierarchy: Hierarchy
    features: Features | None
    pooled: Pooled | None
    coefficients: Floats
    errors: Floats
    events: EventEffects | None
    sells: Mask | None = None

    def future(self, horizon: int) -> Floats:
        """Return the factors of the next `horizon` periods, [n, horizon]; 1 where nothing is planned."""
        known = self.factor[:, self.n_periods : self.n_periods + horizon]
        missing = horizon - known.shape[1]
        return known if not missing else np.pad(known, ((0, 0), (0, missing)), constant_values=1.0)

    def component(self, kind: str) -> Floats:
        """Return the factor of "promotion", "dip", "price" or "event" alone, [n, P]; they multiply.

        Not of series that pass on what others sell: theirs are those of nothing promoted.
        """
        if kind == "event":
            log = None if self.events is None else self.events.log_factor[self.events.cell]
        elif self.features is None:
            log = None
        else:
            alone = np.zeros_like(self.coefficients)
            columns = self.features.columns(kind)
            alone[:, columns] = self.coefficients[:, columns]
            log = _log_effects(self.features, alone, self.features.n_periods)
        return np.ones_like(self.factor) if log is None else np.exp(log)


def adjust(panel: Panel, effects: DriverEffects | None) -> Panel:
    """Return the panel as it would have been without promotions, price changes and events.

    Periods that an event (nearly) closed are unobserved.
    """
    if effects is None:
        return panel
    factor = effects.factor[:, : panel.n_periods]
    observed = panel.observed & (factor >= CLOSED)
    values = np.where(observed, panel.values / np.maximum(factor, CLOSED), 0.0)
    return replace(panel, values=values, observed=observed)


def estimate_effects(panel: Panel) -> DriverEffects | None:
    """Estimate what promotions, prices and events do to the demand of a panel with `drivers`.

    Returns None if there is nothing to estimate: no drivers known, none in the history, or nothing sold.
    """
    if panel.drivers is None:
        return None
    sellers, drivers = sellers_only(panel, panel.drivers)
    if not (sellers.values > 0).any():
        return None
    effects, supplies = _estimate(sellers, drivers), drivers.supplies
    if effects is None or supplies is None:
        return effects
    factor = passed_on(effects.factor, panel, supplies, BLOCK[panel.period])
    return replace(effects, factor=factor, sells=~np.isin(np.arange(panel.n_series), supplies[0]))


@on_one_blas_thread
def _estimate(panel: Panel, drivers: Drivers) -> DriverEffects | None:
    features = build_features(drivers, panel.n_periods, panel.period)
    eventful = drivers.events[:, : panel.n_periods].any()
    if features is None and not eventful and (drivers.closed is None or not drivers.closed.any()):
        return None
    hierarchy = build_hierarchy(panel)
    pooled, coefficients, log_effect = None, np.zeros((panel.n_series, 0)), None
    if features is not None:
        profile = seasonal_profile(panel)
        pooled = _fit(panel, features, hierarchy, profile, None, None, STEPS[0])
        log_effect = _log_effects(features, pooled.coefficients[0], panel.n_periods)
    events = estimate_events(
        drivers, panel.n_periods, panel.period, panel.values, panel.observed, log_effect, hierarchy.group
    )
    if features is not None and pooled is not None:
        usual = _without(panel, log_effect, events)
        pooled = _fit(panel, features, hierarchy, seasonal_profile(usual), events, pooled, STEPS[1])
        coefficients = pooled.coefficients[0]
    return DriverEffects(
        factor=_factor(drivers, features, coefficients, events),
        n_periods=panel.n_periods,
        hierarchy=hierarchy,
        features=features,
        pooled=pooled,
        coefficients=coefficients,
        errors=coefficients if pooled is None else pooled.errors[0],
        events=events,
    )


def _fit(
    panel: Panel,
    features: Features,
    hierarchy: Hierarchy,
    profile: Profile,
    events: EventEffects | None,
    before: Pooled | None,
    steps: int,
) -> Pooled:
    """Newton's method on the quasi-likelihood of the leaves, pooled at every step."""
    start = _start_signals(features, len(hierarchy.parents))
    moved = (features.mechanic[:, : panel.n_periods] > 0).any(axis=1)
    if features.price.size:
        moved |= features.price[:, : panel.n_periods].any(axis=1)
    rows = np.flatnonzero(moved)
    width = features.width
    coefficients = np.zeros((panel.n_series, width)) if before is None else before.coefficients[0]
    pooled = before
    # One memory layout: the kernel is compiled for it once.
    values, observed = np.ascontiguousarray(panel.values), np.ascontiguousarray(panel.observed)
    short, yearly = (
        np.ascontiguousarray(part) for part in (profile.short, profile.yearly(0, panel.n_periods))
    )
    event, cell = np.zeros((1, panel.n_periods)), np.zeros(panel.n_series, dtype=np.int64)
    if events is not None:
        event, cell = events.log_factor, events.cell
    for _ in range(steps):
        information = np.zeros((len(rows), width, width))
        score, noise = np.zeros((len(rows), width)), np.zeros((len(rows), 2))
        gather(
            rows,
            values,
            observed,
            short,
            yearly,
            profile.group,
            event,
            cell,
            features.mechanic,
            features.depth,
            features.share,
            features.price,
            features.depths,
            features.dip_periods,
            coefficients[rows],
            BLOCK[panel.period],
            information,
            score,
            noise,
        )
        variance = _noise(noise, panel.values[rows].sum(axis=1) / np.maximum(panel.observations[rows], 1))
        information /= variance[:, None, None]
        evidence = np.einsum("nkl,nl->nk", information, coefficients[rows]) + score / variance[:, None]
        told = np.zeros((panel.n_series, width))
        seen = np.zeros((panel.n_series, width, width))
        told[rows], seen[rows] = evidence, information
        signal = start if pooled is None else pooled.signal
        pooled = pool(seen, told, hierarchy.parents, start, signal, ROUNDS)
        coefficients = pooled.coefficients[0]
    assert pooled is not None
    return pooled


def _start_signals(features: Features, levels: int) -> Floats:
    """Return [levels + 1, K]: squared difference from the parent's to begin with; the root's prior last."""
    count = len(features.mechanics)
    own = [SIGNAL_UPLIFT] * count + [SIGNAL_SLOPE] * count + [SIGNAL_DIP, SIGNAL_PRICE]
    prior = [PRIOR_UPLIFT] * count + [PRIOR_SLOPE] * count + [PRIOR_DIP, PRIOR_PRICE]
    return np.array([own] * levels + [prior])


def _noise(noise: Floats, level: Floats) -> Floats:
    """Return the noise [rows] in units to the power ½: variance = noise · mean^1.5.

    Each series' own, with that of all series (relative to the root of the level) for `NOISE_FREEDOM` periods.
    """
    root = np.sqrt(np.maximum(level, 1e-300))
    shared = (noise[:, 0] / root).sum() / max(noise[:, 1].sum(), 1.0)
    mixed = (noise[:, 0] / root + NOISE_FREEDOM * shared) / (noise[:, 1] + NOISE_FREEDOM)
    result: Floats = np.maximum(mixed, 1e-6) * root
    return result


def _log_effects(features: Features, coefficients: Floats, periods: int) -> Floats:
    result = np.empty((len(coefficients), periods))
    log_effects(
        features.mechanic,
        features.depth,
        features.share,
        features.price,
        features.depths,
        features.dip_periods,
        coefficients,
        result,
    )
    return result


def _without(panel: Panel, log_effect: Floats | None, events: EventEffects | None) -> Panel:
    """Return the panel less the effects known so far."""
    if log_effect is None:
        return panel
    log = log_effect if events is None else log_effect + events.log_factor[events.cell, : panel.n_periods]
    values = panel.values * np.exp(-np.maximum(log, np.log(CLOSED)))
    return replace(panel, values=values)


def _factor(
    drivers: Drivers, features: Features | None, coefficients: Floats, events: EventEffects | None
) -> Floats:
    log = np.zeros(drivers.depth.shape)
    if features is not None:
        log = _log_effects(features, coefficients, features.n_periods)
    if events is not None:
        log += events.log_factor[events.cell]
    factor: Floats = np.exp(log)
    if drivers.closed is not None:
        factor[drivers.closed[drivers.region]] = 0.0
    return factor
