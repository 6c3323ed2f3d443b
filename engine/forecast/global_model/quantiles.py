"""Quantiles of demand straight from trees, one head a probability.

R. Koenker and G. Bassett (1978), Regression quantiles, Econometrica 46, 33–50: each head minimises the
pinball loss of demand ÷ simple forecast. Heads are learnt apart and may cross; sorted, no loss is greater
(V. Chernozhukov, I. Fernández-Val and A. Galichon, 2010, Quantile and probability curves without crossing,
Econometrica 78, 1093–1125).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.global_model.boosting import (
    THREADS,
    GlobalBoosting,
    dataset,
    forecast_tables,
    parameters,
)
from engine.forecast.global_model.library import lightgbm
from engine.forecast.global_model.sample import training_rows
from engine.forecast.global_model.settings import SETTINGS
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]

ROUNDS = 60
LEARNING_RATE = 0.1


def fit_quantiles(panel: Panel, profile: Profile, horizon: int, probabilities: Sequence[float]) -> Floats:
    """Forecast quantiles of the demand of each of the next `horizon` periods, [n, horizon, q], units.

    Never negative, never falling with the probability. Where the model may not compete
    (`GlobalBoosting.may_compete`) every quantile is the simple forecast.

    Raises
    ------
    EngineError : a probability outside 0 … 1.
    """
    wrong = [p for p in probabilities if not 0.0 < p < 1.0]
    if wrong:
        raise EngineError(f"probabilities {wrong} must lie between 0 and 1")
    boosters = []
    names: tuple[str, ...] = ()
    if GlobalBoosting().may_compete(panel).any() and horizon:
        rows = training_rows(panel, profile, horizon)
        names = rows.names
        if rows.target.any():
            data = dataset(rows, None)
            for probability in probabilities:
                options = parameters(SETTINGS[panel.period]) | {
                    "objective": "quantile",
                    "alpha": probability,
                    "learning_rate": LEARNING_RATE,
                }
                boosters.append(lightgbm().train(options, data, num_boost_round=ROUNDS))
    result = np.zeros((panel.n_series, horizon, len(probabilities)))
    for table in forecast_tables(panel, profile, horizon, names):
        simple = table.scale[:, 0]
        for q in range(len(probabilities)):
            times = (
                boosters[q].predict(table.values, num_threads=THREADS).reshape(simple.shape)
                if boosters
                else 1.0
            )
            result[table.series, :, q] = simple * np.maximum(times, 0.0)
    result.sort(axis=2)
    return result
