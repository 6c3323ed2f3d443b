"""What every forecasting model offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]


class Model(Protocol):
    """One forecasting method for a whole panel.

    A forecast depends on the panel alone: [n, horizon] units a period, never negative, never missing; 0 for a
    series without an observed period.
    """

    @property
    def name(self) -> str:
        """Name that planners see."""
        ...

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast the next `horizon` periods; `profile` is the panel's seasonality."""
        ...


def forecast_all(
    models: Sequence[Model], panel: Panel, profile: Profile, horizon: int, eligible: npt.NDArray[np.bool_]
) -> Floats:
    """Forecast with every model the series that it may forecast, [models, n, horizon]; 0 elsewhere.

    eligible : [models, n]
    """
    result = np.zeros((len(models), panel.n_series, horizon))
    for forecast, model, rows in zip(result, models, map(np.flatnonzero, eligible), strict=True):
        if len(rows) == panel.n_series:
            forecast[:] = model.fit_predict(panel, profile, horizon)
        elif len(rows):
            forecast[rows] = model.fit_predict(panel.rows(rows), profile.rows(rows), horizon)
    return result
