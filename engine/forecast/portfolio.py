"""Forecast a whole portfolio: every model competes, each series takes its own, noise figures follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.errors import EngineError
from engine.forecast.accuracy import accuracy_by_segment
from engine.forecast.backtest import Backtest, backtest_horizon, by_series, run_backtest
from engine.forecast.competitors import Competitors, competitors_for
from engine.forecast.drivers.effects import DriverEffects
from engine.forecast.hierarchy import HeldOut
from engine.forecast.lifecycle import LifecycleFacts, lifecycle_factors, say_limits, unknown_lifecycle
from engine.forecast.model import Field
from engine.forecast.new_items import forecast_new_items, is_new
from engine.forecast.noise import Noise, estimate_noise, without_outliers
from engine.forecast.panel import Panel
from engine.forecast.pattern import Patterns, classify
from engine.forecast.reasons import reasons
from engine.forecast.scores import backtest_table, chosen_rows, score
from engine.forecast.select import CATEGORY_MEAN, NO_DEMAND, Selection, Trial, choose, core_weights, trial_of
from engine.forecast.smoothing import SimpleSmoothing
from engine.forecast.uniforms import series_seed
from engine.forecast.usual import Usual

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

HORIZON_BUCKETS = {"D": (7, 14, 28), "W": (2, 4, 8), "M": (1, 3)}
"""Last periods ahead of each bucket of horizons that share noise and are reported together."""

FRESH = {"D": 56, "W": 8, "M": 2}
"""Periods for which what a global model learnt at the backtest's earliest cut-off serves the forecast too."""


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
    accuracy_by_segment : scores of every model by demand pattern and horizon (`engine.forecast.accuracy`)
    effects : of promotions, prices and events; None: nothing is known to have moved demand
    held_out : what the backtest forecast of the demand that came, for the errors of totals
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
    accuracy_by_segment: pd.DataFrame
    effects: DriverEffects | None = None
    held_out: HeldOut | None = None


def forecast_panel(
    panel: Panel,
    horizon: int,
    *,
    protection_periods: int | npt.NDArray[np.int64],
    seed: int,
    models: Sequence[str] | None = None,
    lifecycle: LifecycleFacts | None = None,
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
    lifecycle : launches, ends and predecessors of the series; None: not known

    Raises
    ------
    EngineError : horizon or protection period below 1, or an unknown model.
    """
    protection = np.broadcast_to(np.asarray(protection_periods, dtype=np.int64), (panel.n_series,))
    if horizon < 1 or (protection < 1).any():
        raise EngineError("horizon and protection_periods must be at least 1 period")
    patterns = classify(panel)
    field = competitors_for(panel, patterns, models)
    longest = max(horizon, backtest_horizon(protection, panel.n_periods, panel.period))
    tested = Field(field.in_backtests, field.eligible, longest)
    backtest = run_backtest(panel, tested.models, protection, field=tested)
    usual = Usual.of(panel)
    judged = _judge(usual, backtest, field, patterns, protection)
    # Another field: the backtest's global models learnt without the last cut-offs; these are learnt from now.
    final = Field(field.models, field.eligible, longest)
    if panel.n_periods - min(backtest.cutoffs, default=0) <= FRESH[panel.period]:
        final.learnt = tested.learnt
    mean = judged.selection.combine(final.forecast(usual, horizon, judged.selection.uses))
    about = lifecycle or unknown_lifecycle(panel.n_series)
    # A model that a planner asked for is taken wherever it may compete.
    few = np.isin(patterns.pattern, ("new", "none"))
    new = is_new(panel, about) & (few | ~field.asked)
    none = (patterns.pattern == "none") & ~new
    planned = usual.planned(horizon)
    noise = judged.noise
    fresh = forecast_new_items(
        usual.panel,
        usual.profile,
        new,
        about,
        horizon,
        dispersion=noise.dispersion,
        level_cv=noise.level_cv,
    )
    mean[new] = fresh.mean if planned is None else fresh.mean * planned[new]
    mean[none] = 0.0
    mean *= lifecycle_factors(panel, about, horizon)
    level_cv, dispersion = noise.level_cv.copy(), noise.dispersion.copy()
    level_cv[new], dispersion[new] = fresh.level_cv, fresh.dispersion
    names = judged.selection.labels(backtest.models)
    names[new], names[none] = CATEGORY_MEAN, NO_DEMAND
    scores = score(panel, backtest, judged.trial, judged.held_out)
    wape, bias, _ = scores.of(chosen_rows(judged.selection))
    why = reasons(panel, patterns, backtest, judged.selection, field.eligible, scores, names, field.asked)
    table = backtest_table(panel, backtest, judged.selection, field.eligible, scores, names)
    names[new], why[new] = fresh.model, fresh.reason
    say_limits(names, why, about, panel.future_dates(horizon + 1))
    return PortfolioForecast(
        mean=mean,
        level_cv=np.where(none, 0.0, level_cv),
        dispersion=dispersion,
        seeds=_seeds(panel, seed),
        model=names,
        reason=why,
        pattern=patterns.pattern,
        adi=patterns.adi,
        cv2=patterns.cv2,
        wape=np.where(new | none, np.nan, wape),
        bias=np.where(new | none, np.nan, bias),
        wape_naive=scores.wape[0],
        censoring_share=panel.censoring_share,
        backtests=table,
        coverage=noise.coverage,
        accuracy_by_segment=accuracy_by_segment(
            panel,
            backtest,
            judged.trial,
            judged.held_out,
            field.eligible,
            patterns.pattern,
            noise.level_cv,
            noise.dispersion,
            HORIZON_BUCKETS[panel.period],
        ),
        effects=usual.effects,
        held_out=HeldOut(judged.held_out, backtest.actual, backtest.scored),
    )


@dataclass(frozen=True)
class _Judged:
    """What the backtest decided: the choice, forecasts made without each cut-off [K, n, H], the noise."""

    trial: Trial
    selection: Selection
    held_out: Floats
    noise: Noise


def _judge(
    usual: Usual,
    backtest: Backtest,
    field: Competitors,
    patterns: Patterns,
    protection: npt.NDArray[np.int64],
) -> _Judged:
    """Choose the weights, then take the noise from sums whose weights *the other* cut-offs chose.

    Errors of an average at the cut-offs that chose its weights are too small: intervals would be too narrow.
    """
    panel = usual.panel
    calm = replace(panel, values=without_outliers(panel.values))
    _, squares = SimpleSmoothing().fit(calm, usual.profile)
    segment = _segments(patterns, protection, panel.period)

    def noise_of(forecast: Floats) -> Noise:
        sums = np.where(backtest.scored, forecast, 0.0).sum(axis=2).T
        actual = np.where(backtest.scored, backtest.actual, 0.0).sum(axis=2).T
        known = np.asarray(backtest.scored.any(axis=2).T)
        demand = calm.values.sum(axis=1)
        single = by_series(forecast), by_series(backtest.actual), by_series(backtest.scored)
        return estimate_noise(sums, actual, known, squares, demand, panel.observations, segment, single)

    prior = core_weights(np.array(backtest.models), field.eligible)
    before = Selection(prior, backtest.origins)
    spread = noise_of(_at_cutoffs(backtest, [before] * len(backtest.cutoffs)))
    trial = trial_of(backtest, spread.level_cv, spread.dispersion)
    order = np.argsort(_seeds(panel, 0), kind="stable")
    chosen = partial(
        choose, eligible=field.eligible, segment=patterns.pattern, asked=field.asked, order=order
    )
    selection = chosen(trial)
    count = len(backtest.cutoffs)
    others = [chosen(trial.without(k)) for k in range(count)] if count > 1 else [selection] * count
    held_out = _at_cutoffs(backtest, others)
    return _Judged(trial, selection, held_out, noise_of(held_out))


def _segments(patterns: Patterns, protection: npt.NDArray[np.int64], period: str) -> Names:
    """Return what series share noise with: their demand pattern and how long they must be covered, [n]."""
    bucket = np.searchsorted(HORIZON_BUCKETS[period], protection)
    return (patterns.pattern.astype(str) + np.char.add(" ", bucket.astype(str))).astype(object)


def _at_cutoffs(backtest: Backtest, selections: Sequence[Selection]) -> Floats:
    """Return what one choice a cut-off would have forecast there, [K, n, H]."""
    result = np.zeros_like(backtest.actual)
    for k, selection in enumerate(selections):
        result[k] = selection.combine(backtest.forecast[:, k])
    return result


def _seeds(panel: Panel, seed: int) -> npt.NDArray[np.uint64]:
    keys = zip(panel.sku, panel.location, strict=True)
    return np.array([series_seed(seed, str(sku), str(location)) for sku, location in keys], dtype=np.uint64)
