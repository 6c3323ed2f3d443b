"""The backtest as people read it: a score of every competing model on every series, and a reason a series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast import metrics
from engine.forecast.backtest import LEAST_TRAINING, Backtest
from engine.forecast.panel import Panel
from engine.forecast.paths import quantiles
from engine.forecast.pattern import Patterns
from engine.forecast.select import AVERAGE, CATEGORY_MEAN, NO_DEMAND, Selection

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

PINBALL_AT = (0.5, 0.8, 0.9, 0.95)
"""Probabilities whose pinball losses are averaged: those that service targets use."""
_UNIT = {"D": "day", "W": "week", "M": "month"}


@dataclass(frozen=True)
class Scores:
    """Errors of every model and of the average of the best two, each [models + 1, n]; NaN if not scored."""

    wape: Floats
    rmsse: Floats
    bias: Floats
    pinball: Floats


def score(
    panel: Panel, backtest: Backtest, selection: Selection, level_cv: Floats, dispersion: Floats
) -> Scores:
    """Score every model over the scored periods of all cut-offs.

    The pinball loss is of the protection-period sum, with the series' noise figures around each model's
    mean, over the mean sum.
    """
    n_models = len(backtest.models)
    _, actual, scored = backtest.flat(0)
    scale = metrics.naive_scale(panel.values, panel.observed)
    forecasts = [backtest.flat(m)[0] for m in range(n_models)]
    rows = np.arange(panel.n_series)
    stacked = np.stack(forecasts)
    forecasts.append(0.5 * (stacked[selection.best, rows] + stacked[selection.second, rows]))
    shape = (panel.n_series, len(backtest.cutoffs), backtest.actual.shape[2])
    seen = scored.reshape(shape)
    sold = np.where(seen, actual.reshape(shape), 0.0).sum(axis=2)
    return Scores(
        wape=np.stack([metrics.wape(forecast, actual, scored) for forecast in forecasts]),
        rmsse=np.stack([metrics.rmsse(forecast, actual, scored, scale) for forecast in forecasts]),
        bias=np.stack([metrics.bias(forecast, actual, scored) for forecast in forecasts]),
        pinball=np.stack(
            [
                _pinball(
                    np.where(seen, forecast.reshape(shape), 0.0).sum(axis=2),
                    sold,
                    np.asarray(seen.any(axis=2)),
                    level_cv,
                    dispersion,
                )
                for forecast in forecasts
            ]
        ),
    )


def _pinball(forecast: Floats, sold: Floats, known: Mask, level_cv: Floats, dispersion: Floats) -> Floats:
    drawn = quantiles(forecast, level_cv, dispersion, PINBALL_AT)
    loss = np.mean(
        [metrics.pinball(drawn[:, :, q], sold, chance) for q, chance in enumerate(PINBALL_AT)], axis=0
    )
    demand = np.where(known, sold, 0.0).sum(axis=1)
    total = np.where(known, loss, 0.0).sum(axis=1)
    result: Floats = np.where(demand > 0, total / np.where(demand > 0, demand, 1.0), np.nan)
    return result


def backtest_table(
    panel: Panel, backtest: Backtest, selection: Selection, eligible: Mask, scores: Scores, model: Names
) -> tuple[pd.DataFrame, Floats, Floats, Floats]:
    """Return `backtests` (without run_id), WAPE and bias of the chosen, WAPE of the naive."""
    names = [*backtest.models, AVERAGE]
    origins = backtest.origins
    competes = np.vstack([eligible, (selection.second != selection.best)[None]]) & (origins > 0)
    which, row = np.nonzero(competes)
    order = np.lexsort((which, row))
    which, row = which[order], row[order]
    label = np.array(names, dtype=object)[which]
    table = pd.DataFrame(
        {
            "sku": panel.sku[row],
            "location": panel.location[row],
            "model": label,
            "origins": origins[row],
            "wape": scores.wape[which, row],
            "rmsse": scores.rmsse[which, row],
            "bias": scores.bias[which, row],
            "pinball": scores.pinball[which, row],
            "chosen": label == model[row],
        }
    )
    rows = np.arange(panel.n_series)
    wape = scores.wape[selection.chosen, rows]
    bias = scores.bias[selection.chosen, rows]
    fallback = np.isin(model.astype(str), (CATEGORY_MEAN, NO_DEMAND))
    wape[fallback], bias[fallback] = np.nan, np.nan
    return table, wape, bias, scores.wape[0]


def reasons(
    panel: Panel,
    patterns: Patterns,
    backtest: Backtest,
    selection: Selection,
    eligible: Mask,
    scores: Scores,
    model: Names,
    asked: Mask,
) -> Names:
    """Say for every series, to a planner, why its model was chosen."""
    unit = _UNIT[panel.period]
    competitors = eligible.sum(axis=0) + (selection.second != selection.best)
    origins = backtest.origins
    result = np.empty(panel.n_series, dtype=object)
    for i in range(panel.n_series):
        count = int(panel.observations[i])
        if model[i] == NO_DEMAND:
            result[i] = (
                f"no demand in {count} observed {unit}s" if count else "no observed period: no demand known"
            )
        elif model[i] == CATEGORY_MEAN:
            result[i] = (
                f"only {count} observed {unit}{'s' if count != 1 else ''}: own mean pulled to the category's"
            )
        elif asked[i]:
            own = _comparison(scores, selection, i)
            result[i] = f"{patterns.pattern[i]}: {_name(backtest, selection, i)} as asked"
            result[i] += f", {own}" if own else ""
        elif origins[i] == 0:
            result[i] = (
                f"{patterns.pattern[i]}; no backtest (needs {LEAST_TRAINING[panel.period]} observed {unit}s "
                "before it and demand seen after): best model of its pattern"
            )
        elif selection.chosen[i] == 0:
            result[i] = f"{patterns.pattern[i]}: no model beat seasonal naive in {origins[i]} backtests"
        else:
            own = _comparison(scores, selection, i)
            by = f"by backtest, {own}" if own else f"by the backtests of {patterns.pattern[i]} series"
            name = _name(backtest, selection, i)
            result[i] = f"{patterns.pattern[i]}: {name}, best of {competitors[i]} {by}"
    return result


def _name(backtest: Backtest, selection: Selection, i: int) -> str:
    chosen = int(selection.chosen[i])
    if chosen < len(backtest.models):
        return backtest.models[chosen]
    return f"average of {backtest.models[selection.best[i]]} and {backtest.models[selection.second[i]]}"


def _comparison(scores: Scores, selection: Selection, i: int) -> str:
    """The series' own errors against seasonal naive's; '' if they do not show that the model is better."""
    for label, values in (("WAPE", scores.wape), ("RMSSE", scores.rmsse)):
        chosen, naive = values[selection.chosen[i], i], values[0, i]
        if chosen < naive:
            return f"{label} {chosen:.2f} against {naive:.2f} of seasonal naive"
    return ""
