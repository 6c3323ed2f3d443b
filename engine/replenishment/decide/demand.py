"""Demand paths for a decision: from the portfolio's models where a year is known, else by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.hierarchy import HeldOut
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
LEAST_CUTOFFS = 2
"""Cut-offs of the backtest needed to tell bias from chance."""
PASSES_ON = 0.25
"""Share of a proven bias that is corrected: seasons turn, and most of a bias does not pass on. In twelve
windows of weekly retail a quarter or half of it changed no cost, all of it cost 1 %."""
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
    mean = unbiased(forecast.mean, forecast.held_out)
    return DemandSource(checked, seeds, forecast.model, mean, forecast.level_cv, forecast.dispersion)


def unbiased(mean: Floats, held_out: HeldOut | None) -> Floats:
    """Return the forecast without what is trusted of the bias that all series had in the backtest, [n, h].

    The bias of a single series is mostly noise. That of all together is judged by how far the cut-offs of
    the backtest agree: their mean is taken as far as it exceeds its standard error (positive-part
    James–Stein, Efron & Morris 1973), and of that `PASSES_ON` is corrected. Short histories need none: their
    filter learns from every period's error.

    Parameters
    ----------
    mean : [n, h] units a period
    held_out : what the backtest forecast, and the demand that came; None: nothing is corrected
    """
    if held_out is None or len(held_out.forecast) < LEAST_CUTOFFS:
        return mean
    actual = np.where(held_out.scored, held_out.actual, 0.0).sum(axis=(1, 2))
    forecast = np.where(held_out.scored, held_out.forecast, 0.0).sum(axis=(1, 2))
    if not (actual > 0.0).all():
        return mean
    bias = forecast / actual - 1.0
    common, error = float(bias.mean()), float(bias.var(ddof=1)) / len(bias)
    proven = common * max(1.0 - error / common**2, 0.0) if common else 0.0
    corrected: Floats = mean / (1.0 + PASSES_ON * max(proven, -0.5))
    return corrected
