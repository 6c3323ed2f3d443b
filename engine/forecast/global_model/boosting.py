"""Gradient-boosted trees over all series: how wrong a simple forecast is, and when.

G. Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 30. One model of
many series: P. Montero-Manso and R. J. Hyndman (2021), Principles and algorithms for forecasting groups of
time series: locality and globality, International Journal of Forecasting 37, 1632–1653. Every period ahead is
forecast directly, so no forecast feeds on another.

The simple forecast is level × season; the trees multiply it by exp(f), f fitted with the Tweedie likelihood
of demand ÷ simple forecast, in which the zeros and peaks of slow items are as natural as smooth demand. The
model is global: a series' forecast depends on the other series of the panel and on their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.global_model.features import CATEGORICAL, Table, tables
from engine.forecast.global_model.library import available, lightgbm
from engine.forecast.global_model.sample import Rows, training_rows
from engine.forecast.global_model.settings import LEAST_TRAINING_ROWS, SETTINGS, Settings
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

THREADS = 1
"""Fixed: the same bytes anywhere. Two OpenMP threads wait for each other in a busy loop, so on a shared
machine they are slower than one, at twice the CPU."""
TWEEDIE_POWER = 1.1
"""Variance of demand grows with its mean to this power (Poisson 1, gamma 2)."""
MOST_CORRECTION = 3.0
"""Trees change the simple forecast by at most a factor e³."""


@dataclass(frozen=True)
class Fitted:
    """Trees that forecast any panel of the same kind, at the cut-off where its history ends.

    Attributes
    ----------
    booster : LightGBM's; None: nothing was learnt, the forecast is the simple one
    names : features learnt from; none without a booster
    """

    booster: Any
    names: tuple[str, ...]

    def predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast the next `horizon` periods of a panel, [n, horizon] units a period.

        Raises
        ------
        EngineError : the panel's drivers are not those learnt from.
        """
        forecast = np.zeros((panel.n_series, horizon))
        for table in forecast_tables(panel, profile, horizon, self.names):
            simple = table.scale[:, 0]
            if self.booster is not None:
                simple = simple * self._correction(table.values).reshape(simple.shape)
            forecast[table.series] = simple
        return forecast

    def _correction(self, values: npt.NDArray[np.float32]) -> Floats:
        raw = self.booster.predict(values, raw_score=True, num_threads=THREADS)
        factor: Floats = np.exp(np.clip(raw, -MOST_CORRECTION, MOST_CORRECTION))
        return factor


def forecast_tables(panel: Panel, profile: Profile, horizon: int, names: tuple[str, ...]) -> Iterator[Table]:
    """Build the rows of the next `horizon` periods of every series; none without a history.

    Raises
    ------
    EngineError : the features are not `names` (none: any will do).
    """
    if not panel.n_periods or not horizon:
        return
    steps = np.broadcast_to(np.arange(1, horizon + 1), (panel.n_series, 1, horizon))
    for table in tables(panel, profile, np.array([panel.n_periods]), steps):
        if names and table.names != names:
            other = sorted(set(names) ^ set(table.names))
            raise EngineError(f"the panel's drivers are not those that the model learnt from: {other}")
        yield table


@dataclass(frozen=True)
class GlobalBoosting:
    """One LightGBM model for all series, per-series scaled; see the module."""

    name: str = "global boosting"

    def fit(self, panel: Panel, profile: Profile, horizon: int) -> Fitted:
        """Learn from everything that the panel knows.

        `Fitted.predict` may then be asked at this cut-off or at later ones.
        """
        booster: Any = None
        names: tuple[str, ...] = ()
        if self.may_compete(panel).any() and horizon:
            rows = training_rows(panel, profile, horizon)
            if rows.target.any():
                booster, names = _boost(rows, SETTINGS[panel.period]), rows.names
        return Fitted(booster, names)

    def may_compete(self, panel: Panel) -> Mask:
        """Return the series that it may forecast, [n]: none without LightGBM or with little to learn from.

        `library.available` has the reason why LightGBM cannot be used.
        """
        least = SETTINGS[panel.period].least_known
        to_learn = np.maximum(panel.observations - least, 0).sum()
        if available() is not None or to_learn < LEAST_TRAINING_ROWS:
            return np.zeros(panel.n_series, dtype=bool)
        may: Mask = (panel.observations >= least) & (panel.values > 0).any(axis=1)
        return may

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`. The simple forecast where it may not compete."""
        return self.fit(panel, profile, horizon).predict(panel, profile, horizon)


def parameters(settings: Settings) -> dict[str, Any]:
    """Return LightGBM's parameters: the same bytes from run to run."""
    return {
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.least_rows,
        "min_data_per_group": settings.least_rows,
        "cat_smooth": 50.0,
        "lambda_l2": 1.0,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.6,
        "bagging_freq": 1,
        "max_bin": 63,
        "seed": 1,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS,
        "verbosity": -1,
    }


def _boost(rows: Rows, settings: Settings) -> Any:
    options = parameters(settings) | {"objective": "tweedie", "tweedie_variance_power": TWEEDIE_POWER}
    data = dataset(rows, np.zeros(len(rows.target)))
    return lightgbm().train(options, data, num_boost_round=settings.rounds)


def dataset(rows: Rows, start: Floats | None) -> Any:
    """Return LightGBM's table of demand ÷ simple forecast; `start` is where boosting begins, [rows]."""
    return lightgbm().Dataset(
        rows.values,
        label=rows.target / rows.scale,
        weight=rows.weight,
        init_score=start,
        feature_name=[f"f{place}" for place in range(len(rows.names))],
        categorical_feature=[place for place, name in enumerate(rows.names) if name in CATEGORICAL],
        free_raw_data=True,
    )
