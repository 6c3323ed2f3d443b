"""The backtest as people read it: a score of every competing model on every series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast import metrics
from engine.forecast.backtest import Backtest, by_series
from engine.forecast.panel import Panel
from engine.forecast.select import AVERAGE, Selection, Trial
from engine.forecast.sum_loss import sum_pinball

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Scores:
    """Errors of every model and, last, of the weighted average: [models + 1, n]; NaN where not scored.

    wape, rmsse, bias : over the single periods (`engine.forecast.metrics`)
    pinball : of the protection-period sum, over the mean sum: what the choice was made by
    """

    wape: Floats
    rmsse: Floats
    bias: Floats
    pinball: Floats

    def of(self, chosen: npt.NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        """Return WAPE, bias and pinball loss of one model a series."""
        rows = np.arange(len(chosen))
        return self.wape[chosen, rows], self.bias[chosen, rows], self.pinball[chosen, rows]


def chosen_rows(selection: Selection) -> npt.NDArray[np.intp]:
    """Return the row of `Scores` that belongs to the series' forecast, [n]."""
    best = np.argmax(selection.weights, axis=0)
    result: npt.NDArray[np.intp] = np.where(selection.single, best, len(selection.weights))
    return result


def score(panel: Panel, backtest: Backtest, trial: Trial, held_out: Floats) -> Scores:
    """Score every model over the scored periods of all cut-offs.

    held_out : [K, n, H] forecasts by weights that were learnt without the cut-off
    """
    actual, scored = by_series(backtest.actual), by_series(backtest.scored)
    scale = metrics.naive_scale(panel.values, panel.observed)
    sold = np.where(trial.known, trial.actual, 0.0).sum(axis=1)
    averaged = np.where(backtest.scored, held_out, 0.0).sum(axis=2).T
    average_loss = np.where(
        trial.known, sum_pinball(averaged, trial.actual, trial.level_cv, trial.dispersion), 0.0
    )
    rows = []
    for forecast, loss in zip([*backtest.forecast, held_out], [*trial.loss, average_loss], strict=True):
        flat = by_series(forecast)
        rows.append(
            (
                metrics.wape(flat, actual, scored),
                metrics.rmsse(flat, actual, scored, scale),
                metrics.bias(flat, actual, scored),
                np.where(sold > 0, loss.sum(axis=1) / np.where(sold > 0, sold, 1.0), np.nan),
            )
        )
    wape, rmsse, bias, pinball = (np.stack(part) for part in zip(*rows, strict=True))
    return Scores(wape, rmsse, bias, pinball)


def backtest_table(
    panel: Panel, backtest: Backtest, selection: Selection, eligible: Mask, scores: Scores, model: Names
) -> pd.DataFrame:
    """Return `backtests` (without run_id): one row a series and model that could be scored on it.

    model : [n] what forecasts the series
    """
    origins = backtest.origins
    competes = np.vstack([eligible, ~selection.single[None]]) & (origins > 0)
    row, which = np.nonzero(competes.T)
    label = np.array([*backtest.models, AVERAGE], dtype=object)[which]
    return pd.DataFrame(
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
