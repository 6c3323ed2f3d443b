"""Demand paths for a decision: from the portfolio's models where a year is known, else by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.panel import make_panel
from engine.forecast.paths import sample_paths_many
from engine.forecast.portfolio import forecast_panel
from engine.forecast.uniforms import series_seed
from engine.replenishment.decide.checks import Checked
from engine.replenishment.decide.inputs import DemandHistory
from engine.replenishment.decide.short_filter import default_knobs
from engine.replenishment.decide.short_models import model_table
from engine.replenishment.decide.short_paths import short_paths

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]

CALENDAR_FROM = {"D": 56, "W": 52, "M": 24}
"""Periods of history from which a portfolio's calendar models know more than short-history models."""
SHORT_HISTORY = "average of level, trend, mean-reverting, seasonal, jump and count models"


@dataclass(frozen=True)
class DemandSource:
    """Where paths come from, so that blocks of lines can be drawn when needed.

    Attributes
    ----------
    method : [n] what forecasts the line, for people
    """

    checked: Checked
    seeds: npt.NDArray[np.uint64]
    method: Names
    mean: Floats | None
    level_cv: Floats
    dispersion: Floats

    def paths(self, rows: slice, n_paths: int, horizon: int) -> Floats:
        """[rows, n_paths, horizon] units a period."""
        if self.mean is not None:
            return sample_paths_many(
                self.mean[rows, :horizon],
                self.level_cv[rows],
                self.dispersion[rows],
                self.seeds[rows],
                n_paths,
            )
        quantity = np.ascontiguousarray(self.checked.quantity[rows])
        out = np.empty((len(quantity), n_paths, horizon))
        seen = np.ascontiguousarray(self.checked.seen[rows])
        short_paths(quantity, seen, model_table(), default_knobs(), self.seeds[rows], out)
        return out


def demand_source(
    history: DemandHistory, checked: Checked, horizon: int, protection: int, seed: int
) -> DemandSource:
    """Choose how demand is forecast, and forecast it.

    Parameters
    ----------
    horizon : periods that paths must reach
    protection : periods that an order must cover
    """
    n, periods = checked.quantity.shape
    seeds = np.array([series_seed(seed, name, "") for name in checked.names], dtype=np.uint64)
    if history.start is None or periods < CALENDAR_FROM.get(history.period, periods + 1):
        none = np.zeros(n)
        return DemandSource(checked, seeds, np.full(n, SHORT_HISTORY, dtype=object), None, none, none)
    keys = pd.DataFrame({"sku": checked.names, "location": ""})
    panel = make_panel(
        keys,
        history.start,
        cast(Literal["D", "W", "M"], history.period),
        np.asarray(history.quantity, dtype=np.float64),
        checked.in_stock,
        group=None if history.group is None else np.asarray(history.group, dtype=object),
    )
    forecast = forecast_panel(panel, horizon, protection_periods=protection, seed=seed)
    mean = unbiased(forecast.mean, forecast.bias)
    return DemandSource(checked, seeds, forecast.model, mean, forecast.level_cv, forecast.dispersion)


def unbiased(mean: Floats, bias: Floats) -> Floats:
    """Return the forecast without the bias that all series had in common in the backtest, [n, h].

    The bias of a single series is mostly noise, that of all together is not: their mean, weighted by
    forecast demand, is taken out as far as it exceeds its own standard error (positive-part James–Stein,
    Efron & Morris 1973). Short histories need none: their filter learns from every period's error.

    Parameters
    ----------
    mean : [n, h] units a period
    bias : [n] forecast less demand over demand, in the backtest; NaN where not scored
    """
    scored = np.isfinite(bias)
    weight = np.where(scored, mean.sum(axis=1), 0.0)
    if scored.sum() < 2 or weight.sum() <= 0.0:
        return mean
    weight /= weight.sum()
    common = float(weight @ np.where(scored, bias, 0.0))
    error = float((weight**2) @ np.where(scored, (bias - common) ** 2, 0.0))
    proven = common * max(1.0 - error / common**2, 0.0) if common else 0.0
    corrected: Floats = mean / max(1.0 + proven, 0.5)
    return corrected
