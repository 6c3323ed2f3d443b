"""Forecast products with little or no history of their own.

The level that products like it reach at the location, times what the product itself does elsewhere, and its
predecessor's level are averaged by how precise each proved at past launches. As periods are observed, this is
pulled to the product's own demand by gamma–Poisson credibility (A. Gelman et al. 2013, Bayesian Data
Analysis, §2.6): a prior gamma with mean m and squared coefficient of variation c², and demand with variance
over mean φ, give the weight (E ÷ φ) ÷ (1 ÷ (c²·m) + E ÷ φ) to an own mean of exposure E.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.contracts import PERIOD_WORDS
from engine.forecast.lifecycle import LifecycleFacts
from engine.forecast.new_items_evidence import evidence
from engine.forecast.new_items_experience import Experience, expectation, learn
from engine.forecast.new_items_history import by_age, first_period, gather
from engine.forecast.new_items_similar import Market
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]
Codes = npt.NDArray[np.int64]

PREDECESSOR, LAUNCH_PROFILE, CATEGORY_MEAN = "predecessor", "launch profile", "category mean"
NEW_PERIODS = {"D": 56, "W": 8, "M": 6}
"""A series with fewer observed periods is forecast as a new item."""


@dataclass(frozen=True, eq=False)
class NewItems:
    """Forecast of k new series.

    Attributes
    ----------
    mean : [k, h] units a period
    level_cv, dispersion : [k] noise of sample paths
    model, reason : [k] for people
    """

    mean: Floats
    level_cv: Floats
    dispersion: Floats
    model: Names
    reason: Names


def is_new(panel: Panel, about: LifecycleFacts) -> Mask:
    """Return which series are forecast as new items, [n]: few observed periods, and sold or about to be.

    A series that never sold is new only if its launch is known and so near that no sale proves nothing.
    """
    few = panel.observations < NEW_PERIODS[panel.period]
    sold = panel.values.sum(axis=1) > 0
    start = first_period(panel, about)
    announced = ~np.isnat(about.launch) & (start > panel.n_periods - NEW_PERIODS[panel.period])
    result: Mask = few & (sold | announced)
    return result


def forecast_new_items(
    panel: Panel,
    profile: Profile,
    new: Mask,
    about: LifecycleFacts,
    horizon: int,
    *,
    dispersion: Floats,
    level_cv: Floats,
    learnt: Experience | None = None,
) -> NewItems:
    """Forecast the new series of a panel.

    Parameters
    ----------
    panel, profile : the whole panel, seasons estimated
    new : [n] which series (`is_new`)
    about : launches, ends, predecessors, brands, prices
    horizon : periods
    dispersion, level_cv : [n] noise of the series that are not new (`engine.forecast.noise`)
    learnt : from past launches; None: learnt from this panel

    Notes
    -----
    Before the launch and after the end the mean is *not* 0 here: `engine.forecast.lifecycle` sees to that.
    """
    rows = np.flatnonzero(new).astype(np.int64)
    noise = np.where(new, np.nan, dispersion), level_cv
    if learnt is None:
        learnt = learn(panel, profile, about, (dispersion, level_cv))
    market = Market.of(panel, profile, about, panel.n_periods)
    market.level[rows] = np.nan
    start = first_period(panel, about)[rows]
    sold, exposed = _own(panel, profile, about, rows, start, learnt)
    level, exposure = market.level.copy(), market.exposure.copy()
    level[rows] = np.where(exposed > 0, sold / np.where(exposed > 0, exposed, 1.0), np.nan)
    exposure[rows] = exposed
    filled = np.where(np.isnan(noise[0]), 1.0, noise[0])
    known = evidence(
        panel,
        market,
        rows,
        np.minimum(start, panel.n_periods).astype(np.int64),
        (filled, level_cv),
        learnt.place_cv2,
        level,
        exposure,
    )
    expected, cv2, of_predecessor = expectation(known, learnt)
    nobody = expected <= 0
    # With nobody to compare with, a first sale is better than nothing.
    own_mean = panel.values[rows].sum(axis=1) / np.maximum(panel.observations[rows], 1)
    widen = np.broadcast_to(learnt.widen, (len(learnt.profile),))[profile.group[rows]]
    settled, own_weight, left = credible(
        np.where(nobody, own_mean, expected), widen * cv2, sold, exposed, known.dispersion
    )
    age = panel.n_periods + np.arange(horizon)[None, :] - start[:, None]
    # A product whose launch nobody announced and that never sold begins now.
    age = np.where(
        (start >= panel.n_periods)[:, None] & np.isnat(about.launch[rows])[:, None], np.arange(horizon), age
    )
    ramp = by_age(learnt.profile, profile.group[rows], age, panel.period)
    season = profile.rows(rows).future(horizon)
    model = np.full(len(rows), CATEGORY_MEAN, dtype=object)
    model[(ramp != 1.0).any(axis=1)] = LAUNCH_PROFILE
    model[of_predecessor > 0] = PREDECESSOR
    return NewItems(
        mean=settled[:, None] * ramp * season,
        level_cv=np.sqrt(left + known.base_cv2),
        dispersion=known.dispersion,
        model=model,
        reason=_reasons(panel, market, about, rows, expected, of_predecessor, own_weight),
    )


def credible(
    expected: Floats, cv2: Floats, sold: Floats, exposed: Floats, dispersion: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the level given own demand, the weight of own demand, and the squared relative error left, [k].

    Parameters
    ----------
    expected, cv2 : mean and squared coefficient of variation of the gamma prior
    sold, exposed : own demand and its exposure (seasonal factors × launch profile, summed)
    dispersion : variance over mean of a period's demand

    Examples
    --------
    >>> one = np.ones(1)
    >>> level, weight, left = credible(2 * one, 0.5 * one, 30 * one, 10 * one, 1 * one)
    >>> level.round(3), weight.round(3), left.round(3)  # Gamma(2, 1) prior, 30 units in 10 periods
    (array([2.909]), array([0.909]), array([0.031]))
    """
    prior = 1.0 / np.maximum(cv2 * expected, 1e-12)
    own = exposed / dispersion
    level = (prior * expected + sold / dispersion) / (prior + own)
    weight = own / (prior + own)
    # Gamma(1 ÷ c² + Y ÷ φ): its squared coefficient of variation is one over its shape.
    return level, weight, 1.0 / (1.0 / np.maximum(cv2, 1e-12) + sold / dispersion)


def _own(
    panel: Panel, profile: Profile, about: LifecycleFacts, rows: Codes, start: Codes, learnt: Experience
) -> tuple[Floats, Floats]:
    """Return own demand since the launch and its exposure, [k]."""
    span = int(np.max(panel.n_periods - start, initial=0))
    if span <= 0:
        return np.zeros(len(rows)), np.zeros(len(rows))
    values, exposure = gather(panel, profile, about, rows, start, span)
    age = np.broadcast_to(np.arange(span), values.shape)
    exposure = exposure * by_age(learnt.profile, profile.group[rows], age, panel.period)
    return values.sum(axis=1), exposure.sum(axis=1)


def _reasons(
    panel: Panel,
    market: Market,
    about: LifecycleFacts,
    rows: Codes,
    expected: Floats,
    of_predecessor: Floats,
    own_weight: Floats,
) -> Names:
    unit = PERIOD_WORDS[panel.period]
    result = np.empty(len(rows), dtype=object)
    for k, row in enumerate(rows):
        count = int(panel.observations[row])
        parts = [f"only {count} observed {unit}{'s' if count != 1 else ''}" if count else "not sold yet"]
        if of_predecessor[k] > 0 and about.ancestors is not None:
            old = about.ancestors.sku[about.predecessor[row]]
            parts.append(f"replaces {old}, whose level counts {of_predecessor[k]:.0%}")
        names = market.most_similar(int(row))
        if names and of_predecessor[k] < 1:
            parts.append(f"like {', '.join(names)} here")
        elif len(parts) == 1:
            parts.append("like its category elsewhere" if expected[k] > 0 else "nothing to compare with")
        if count:
            parts.append(f"its own demand counts {own_weight[k]:.0%}")
        result[k] = "; ".join(parts)
    return result
