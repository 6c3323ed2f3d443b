"""Forecast a whole portfolio: every model competes, each series takes its own, noise figures follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.errors import EngineError
from engine.forecast.backtest import Backtest, run_backtest
from engine.forecast.intermittent import Croston, TeunterSyntetosBabai
from engine.forecast.model import Model, forecast_all
from engine.forecast.moving_average import SeasonalMovingAverage
from engine.forecast.naive import SeasonalNaive
from engine.forecast.noise import Noise, estimate_noise
from engine.forecast.panel import Panel
from engine.forecast.pattern import Patterns, classify
from engine.forecast.prophet_model import LEAST_OBSERVED, Prophet, ProphetStan
from engine.forecast.scores import backtest_table, reasons, score
from engine.forecast.seasonality import Profile, seasonal_profile
from engine.forecast.select import AVERAGE, CATEGORY_MEAN, NO_DEMAND, choose
from engine.forecast.smoothing import DampedTrend, SimpleSmoothing
from engine.forecast.uniforms import series_seed

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

NAIVE = SeasonalNaive()
FOR_ALL: tuple[Model, ...] = (NAIVE, SeasonalMovingAverage(), SimpleSmoothing())
FOR_REGULAR: tuple[Model, ...] = (DampedTrend(), Prophet())
"""Compete for smooth and erratic demand only."""
FOR_SLOW: tuple[Model, ...] = (Croston(), Croston("SBA", unbiased=True), TeunterSyntetosBabai())
"""Compete for intermittent and lumpy demand only: slow movers never go to Prophet."""
ON_REQUEST: tuple[Model, ...] = (ProphetStan(),)
"""Like `FOR_REGULAR`, but only if asked for by name."""
BACKTEST_BY: dict[str, Model] = {"prophet-stan": Prophet("prophet-stan")}
"""Stan minimises the objective that the batched solver minimises: its backtest need not take hours."""
CATEGORY_OBSERVATIONS = 3.0
"""How many observed periods the category's mean weighs for a new item."""


@dataclass(frozen=True)
class PortfolioForecast:
    """Forecast, noise and provenance of n series.

    Attributes
    ----------
    mean : [n, h] expected demand, units a period
    level_cv, dispersion : [n] noise of sample paths (`engine.forecast.paths`)
    seeds : uint64[n] of sample paths
    model, reason : [n] what forecasts the series, and why, for people
    pattern, adi, cv2 : [n] demand pattern
    wape, bias, wape_naive : [n] backtest errors over the protection period; NaN if not scored
    censoring_share : [n] share of history out of stock
    backtests : one row a series and competing model: sku, location, model, origins, wape, rmsse, bias,
        pinball, chosen
    coverage : share of backtest protection-period sums inside the 80 % interval
    """

    mean: Floats
    level_cv: Floats
    dispersion: Floats
    seeds: npt.NDArray[np.uint64]
    model: Names
    reason: Names
    pattern: Names
    adi: Floats
    cv2: Floats
    wape: Floats
    bias: Floats
    wape_naive: Floats
    censoring_share: Floats
    backtests: pd.DataFrame
    coverage: float


def forecast_panel(
    panel: Panel,
    horizon: int,
    *,
    protection_periods: int | npt.NDArray[np.int64],
    seed: int,
    models: Sequence[str] | None = None,
) -> PortfolioForecast:
    """Forecast every series of the panel.

    Parameters
    ----------
    panel : history
    horizon : periods to forecast, ≥ 1
    protection_periods : periods that an order must cover (lead time plus review), one number or [n];
        models are judged over them
    seed : of the run; a series' own seed is a hash of it and the series' key
    models : names of the models to take where they may compete (Prophet never for slow movers); None: all
        compete but prophet-stan, the prophet library itself

    Raises
    ------
    EngineError : horizon or protection period below 1, or an unknown model.
    """
    protection = np.broadcast_to(np.asarray(protection_periods, dtype=np.int64), (panel.n_series,))
    if horizon < 1 or (protection < 1).any():
        raise EngineError("horizon and protection_periods must be at least 1 period")
    patterns = classify(panel)
    competitors, eligible, asked = _competitors(panel, patterns, models)
    profile = seasonal_profile(panel)
    tested = [BACKTEST_BY.get(model.name, model) for model in competitors]
    backtest = run_backtest(panel, tested, protection, eligible=eligible)
    selection = choose(backtest, eligible, patterns.pattern, asked)
    mean = selection.combine(
        forecast_all(competitors, panel, profile, horizon, eligible & selection.uses(len(competitors)))
    )
    none = patterns.pattern == "none"
    new = (patterns.pattern == "new") & ~none
    mean[new] = category_mean(panel, profile, ~(new | none), horizon)[new]
    mean[none] = 0.0
    noise = _noise(panel, profile, backtest, eligible, patterns, asked)
    # What is known of a new item's level is a few observations beside its category's.
    level_cv = np.where(
        new, np.sqrt(noise.level_cv**2 + 1.0 / (panel.observations + CATEGORY_OBSERVATIONS)), noise.level_cv
    )
    names = np.array([*backtest.models, AVERAGE], dtype=object)[selection.chosen]
    names[new], names[none] = CATEGORY_MEAN, NO_DEMAND
    scores = score(panel, backtest, selection, level_cv, noise.dispersion)
    table, wape, bias, wape_naive = backtest_table(panel, backtest, selection, eligible, scores, names)
    return PortfolioForecast(
        mean=mean,
        level_cv=np.where(none, 0.0, level_cv),
        dispersion=noise.dispersion,
        seeds=_seeds(panel, seed),
        model=names,
        reason=reasons(panel, patterns, backtest, selection, eligible, scores, names, asked),
        pattern=patterns.pattern,
        adi=patterns.adi,
        cv2=patterns.cv2,
        wape=wape,
        bias=bias,
        wape_naive=wape_naive,
        censoring_share=panel.censoring_share,
        backtests=table,
        coverage=noise.coverage,
    )


def category_mean(panel: Panel, profile: Profile, established: Mask, horizon: int) -> Floats:
    """Forecast new items: their own mean, pulled to that of the established items around them, [n, horizon].

    The mean of established series of the same group and location, else of the group, else of all, weighs
    `CATEGORY_OBSERVATIONS` periods.
    """
    recent = SeasonalMovingAverage().fit_predict(panel, profile, 1)[:, 0] / profile.future(1)[:, 0]
    around = np.full(panel.n_series, np.nan)
    for key in (
        np.array(
            [f"{g}\x1f{where}" for g, where in zip(profile.group, panel.location, strict=True)], dtype=object
        ),
        profile.group,
        np.zeros(panel.n_series),
    ):
        means = pd.Series(np.where(established, recent, np.nan)).groupby(key).transform("mean").to_numpy()
        around = np.where(np.isnan(around), means, around)
    count = panel.observations
    exposure = (profile.factors(0, panel.n_periods) * panel.observed).sum(axis=1)
    own = np.where(count > 0, panel.values.sum(axis=1) / np.maximum(exposure, 1e-9), 0.0)
    # Nobody to learn from: the item's own mean alone.
    around = np.where(np.isnan(around), own, around)
    level = (count * own + CATEGORY_OBSERVATIONS * around) / (count + CATEGORY_OBSERVATIONS)
    forecast: Floats = level[:, None] * profile.future(horizon)
    return forecast


def _competitors(
    panel: Panel, patterns: Patterns, names: Sequence[str] | None
) -> tuple[list[Model], Mask, Mask]:
    """Return the models that compete, [models, n] for which series, and [n] whose models were asked for.

    Where a named model may compete only named ones do, beside the baseline; other series compete as usual.
    """
    known = {_plain(model.name): model for model in (*FOR_ALL, *FOR_REGULAR, *FOR_SLOW, *ON_REQUEST)}
    unknown = [name for name in names or () if _plain(name) not in known]
    if unknown:
        offered = sorted(model.name for model in known.values())
        raise EngineError(f"models {unknown} are not known; choose from {offered}")
    named = {known[_plain(name)] for name in names or ()}
    settled = np.isin(patterns.pattern.astype(str), ("none", "new"))
    slow = np.isin(patterns.pattern.astype(str), ("intermittent", "lumpy"))
    enough = panel.observations >= LEAST_OBSERVED[panel.period]
    may: dict[Model, Mask] = dict.fromkeys(FOR_ALL, ~settled)
    may |= dict.fromkeys((*FOR_REGULAR, *ON_REQUEST), ~settled & ~slow)
    may |= dict.fromkeys(FOR_SLOW, slow)
    for model in may:
        if isinstance(model, Prophet | ProphetStan):
            may[model] = may[model] & enough
    asked = np.zeros(panel.n_series, dtype=bool)
    for model in named:
        asked |= may[model]
    for model in may:
        if model not in named:
            may[model] = may[model] & ~asked & (model not in ON_REQUEST)
    may[NAIVE] = np.ones(panel.n_series, dtype=bool)
    competing = [model for model, rows in may.items() if model is NAIVE or rows.any()]
    return competing, np.stack([may[model] for model in competing]), asked & (NAIVE not in named)


def _plain(name: str) -> str:
    return name.lower().replace("-", " ")


def _noise(
    panel: Panel, profile: Profile, backtest: Backtest, eligible: Mask, patterns: Patterns, asked: Mask
) -> Noise:
    """Noise from protection-period sums, each forecast by what the other cut-offs would have chosen.

    Errors of a model at the cut-offs that chose it are too small: intervals would be too narrow.
    """
    cutoffs = range(len(backtest.cutoffs))
    forecast, actual = np.zeros((2, panel.n_series, len(cutoffs)))
    for k in cutoffs:
        others = backtest.without(k) if len(cutoffs) > 1 else backtest
        selection = choose(others, eligible, patterns.pattern, asked)
        scored = backtest.scored[k]
        forecast[:, k] = np.where(scored, selection.combine(backtest.forecast[:, k]), 0.0).sum(axis=1)
        actual[:, k] = np.where(scored, backtest.actual[k], 0.0).sum(axis=1)
    _, squares = SimpleSmoothing().fit(panel, profile)
    return estimate_noise(
        forecast,
        actual,
        np.asarray(backtest.scored.any(axis=2).T),
        squares,
        panel.values.sum(axis=1),
        panel.observations,
        patterns.pattern,
    )


def _seeds(panel: Panel, seed: int) -> npt.NDArray[np.uint64]:
    keys = zip(panel.sku, panel.location, strict=True)
    return np.array([series_seed(seed, str(sku), str(location)) for sku, location in keys], dtype=np.uint64)
