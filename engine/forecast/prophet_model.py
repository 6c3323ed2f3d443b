"""Prophet among the competitors: the batched solver, and the prophet library itself on request.

S. J. Taylor and B. Letham (2018), Forecasting at scale, The American Statistician 72, 37–45.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.spec import ProphetSpec
from engine.forecast.prophet.stan import fit_with_stan
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]

LEAST_OBSERVED = {"D": 90, "W": 52, "M": 24}
"""Observed periods from which Prophet may compete."""
MONTHLY_ORDER = 3
"""Fourier order of the year in monthly data: twelve points a year cannot carry Prophet's default of ten."""


def prophet_spec(period: str) -> ProphetSpec:
    """Return Prophet's defaults, with a yearly order that monthly data can carry."""
    return ProphetSpec(yearly_seasonality=MONTHLY_ORDER) if period == "M" else ProphetSpec()


@dataclass(frozen=True)
class Prophet:
    """Prophet's additive model, fitted for the whole panel at once, never below 0."""

    name: str = "prophet"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:  # noqa: ARG002 - own seasons
        """Forecast; see `engine.forecast.model.Model`."""
        fitted = fit_predict(
            panel.values,
            panel.dates,
            panel.future_dates(horizon),
            observed=panel.observed,
            spec=prophet_spec(panel.period),
        )
        forecast: Floats = np.maximum(fitted.yhat, 0.0)
        return forecast


@dataclass(frozen=True)
class ProphetStan:
    """The prophet library, one series at a time: about 0.2 s a daily series of three years."""

    name: str = "prophet-stan"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:  # noqa: ARG002 - own seasons
        """Forecast; see `engine.forecast.model.Model`."""
        fitted = fit_with_stan(
            panel.values,
            panel.dates,
            panel.future_dates(horizon),
            prophet_spec(panel.period),
            observed=panel.observed,
        )
        forecast: Floats = np.maximum(fitted.yhat, 0.0)
        return forecast
