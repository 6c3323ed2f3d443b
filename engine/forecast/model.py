"""What every forecasting model offers."""

from __future__ import annotations

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
