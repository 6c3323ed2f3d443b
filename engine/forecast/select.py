"""Which model forecasts which series.

A series' own backtest is a handful of noisy cells, so each model's error is shrunk to what it scored on all
series of the same pattern: K cells of the segment against the series' own. Simple models go first where
scores are close, and seasonal naive stays in the table: a model that does not beat it is not used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.backtest import Backtest

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

SEGMENT_CELLS = 30.0
"""How many scored periods of its own a series needs to count as much as its segment."""
SIMPLER_WINS_WITHIN = 0.01
"""A later (more elaborate) model must be better by this share per place in the list."""
DEFAULT = "exponential smoothing"
"""Taken where no series at all could be scored."""
AVERAGE = "average of two"
CATEGORY_MEAN = "category mean"
"""For new items."""
NO_DEMAND = "no demand"


@dataclass(frozen=True)
class Selection:
    """The choice for every series.

    Attributes
    ----------
    chosen : [n] index into models; len(models) means the average of `best` and `second`
    best, second : [n] indices of the two best single models
    error : [models + 1, n] root mean squared error over the mean of the eligible models', shrunk
    own_cells : [n] scored periods
    beats_naive : [n] whether the chosen model has less error than seasonal naive
    """

    chosen: npt.NDArray[np.intp]
    best: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    error: Floats
    own_cells: npt.NDArray[np.int64]
    beats_naive: Mask

    def uses(self, n_models: int) -> Mask:
        """Return [models, n] whether the model's forecast is part of the chosen one."""
        averaged = self.chosen == n_models
        index = np.arange(n_models)[:, None]
        pair: Mask = averaged & ((index == self.best) | (index == self.second))
        used: Mask = pair | (index == self.chosen)
        return used

    def combine(self, forecasts: Floats) -> Floats:
        """Return the chosen forecast [n, …] of forecasts [models, n, …]."""
        rows = np.arange(forecasts.shape[1])
        averaged = self.chosen == forecasts.shape[0]
        first = np.where(averaged, self.best, self.chosen)
        second = np.where(averaged, self.second, self.chosen)
        result: Floats = 0.5 * (forecasts[first, rows] + forecasts[second, rows])
        return result


def choose(
    backtest: Backtest, eligible: Mask, segment: Names, asked: Mask | None = None, naive: int = 0
) -> Selection:
    """Choose a model for every series.

    Parameters
    ----------
    backtest : scores of every model
    eligible : [models, n] which models may forecast which series; `naive` always may
    segment : [n] series that share scores: the demand pattern
    asked : [n] series whose models a person named: seasonal naive is their baseline and no choice
    naive : index of seasonal naive
    """
    n_models, n = eligible.shape
    cells = backtest.scored.sum(axis=(0, 2), dtype=np.int64)
    raw = np.stack([_rms(backtest.forecast[m], backtest) for m in range(n_models)])
    scale = _eligible_mean(raw, eligible)
    relative = np.where(scale > 0, raw / np.where(scale > 0, scale, 1.0), 1.0)
    shrunk = _shrink(relative, cells, segment, _unscored(relative, cells, backtest.models))
    place = 1.0 + SIMPLER_WINS_WITHIN * np.arange(n_models)[:, None]
    choice = eligible.copy()
    if asked is not None:
        choice[naive] &= ~asked
    ranked = np.where(choice, shrunk * place, np.inf)
    order = np.argsort(ranked, axis=0, kind="stable")
    best = order[0]
    second = np.where(choice.sum(axis=0) > 1, order[min(1, n_models - 1)], best)
    rows = np.arange(n)
    # [n, K, H] of the two best, averaged
    by_series = backtest.forecast.transpose(0, 2, 1, 3)
    pair = 0.5 * (by_series[best, rows] + by_series[second, rows])
    pair_raw = _rms(pair.transpose(1, 0, 2), backtest)
    pair_relative = np.where(scale > 0, pair_raw / np.where(scale > 0, scale, 1.0), 1.0)
    pair_shrunk = _shrink(pair_relative[None], cells, segment, np.ones(1))[0]
    averaged = (second != best) & (pair_shrunk * (1.0 + SIMPLER_WINS_WITHIN) < shrunk[best, rows])
    chosen = np.where(averaged, n_models, best)
    error = np.vstack([np.where(eligible, shrunk, np.nan), pair_shrunk])
    loses = choice[naive] & (error[chosen, rows] > error[naive])
    chosen = np.where(loses, naive, chosen)
    return Selection(chosen, best, second, error, cells, error[chosen, rows] < error[naive])


def _rms(forecast: Floats, backtest: Backtest) -> Floats:
    """Root mean squared error [n] of forecast [K, n, H] over scored cells; 0 where none."""
    miss = np.where(backtest.scored, forecast - backtest.actual, 0.0)
    largest = np.abs(miss).max(axis=(0, 2), initial=0.0)
    safe = np.where(largest > 0, largest, 1.0)
    squares = ((miss / safe[None, :, None]) ** 2).sum(axis=(0, 2))
    cells = backtest.scored.sum(axis=(0, 2))
    result: Floats = largest * np.sqrt(squares / np.maximum(cells, 1))
    return result


def _eligible_mean(raw: Floats, eligible: Mask) -> Floats:
    count = np.maximum(eligible.sum(axis=0), 1)
    result: Floats = np.where(eligible, raw, 0.0).sum(axis=0) / count
    return result


def _unscored(relative: Floats, cells: npt.NDArray[np.int64], models: tuple[str, ...]) -> Floats:
    """What is taken for the errors [models] of a segment that was never scored: those of all series."""
    if cells.sum() > 0:
        mean: Floats = (relative * cells).sum(axis=1) / cells.sum()
        return mean
    return np.array([0.9 if name == DEFAULT else 1.0 for name in models])


def _shrink(relative: Floats, cells: npt.NDArray[np.int64], segment: Names, unscored: Floats) -> Floats:
    """Average each series' relative errors [models, n] with its segment's, `SEGMENT_CELLS` strong."""
    result = np.empty_like(relative)
    for name in sorted(set(segment.tolist())):
        rows = segment == name
        weight = cells[rows].astype(np.float64)
        total = weight.sum()
        mean = (relative[:, rows] * weight).sum(axis=1) / total if total > 0 else unscored
        result[:, rows] = (relative[:, rows] * weight + SEGMENT_CELLS * mean[:, None]) / (
            weight + SEGMENT_CELLS
        )
    return result
