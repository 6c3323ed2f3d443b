"""The forecast of a replay: the plan's own, made from what was known on the day and what the policy sold."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.series import SalesPanel
from engine.forecast.panel import period_dates
from engine.forecast.portfolio import forecast_panel
from engine.replay.planned import HORIZONS, Outlook
from jobs.demand import planning_panel
from jobs.drivers import plan_drivers
from jobs.inputs import PlanInputs
from jobs.lifecycle import plan_lifecycle

Floats = npt.NDArray[np.float64]

ANNOUNCED_DAYS = 56
"""A promotion is taken as known so many days before it begins; the tables do not say when it was decided."""


class LakeForecaster:
    """Forecast the lines of a replay from period t on.

    Parameters
    ----------
    inputs : as they were on the first day
    sales : all of history and of the days played; what the played lines really sold after `first` is not used
    first : period of `sales` at which the game begins
    lines : lines played
    rows : [n] row of each line in `sales`
    protection : [n] periods that an order must cover
    refit : periods between forecasts
    seed : of the demand paths
    model : one model for all instead of the tournament
    """

    def __init__(
        self,
        inputs: PlanInputs,
        sales: SalesPanel,
        first: int,
        lines: pd.DataFrame,
        rows: npt.NDArray[np.int64],
        protection: npt.NDArray[np.int64],
        *,
        refit: int,
        seed: int,
        model: str | None = None,
    ) -> None:
        self.inputs, self.sales, self.first = inputs, sales, first
        self.lines, self.rows, self.protection = lines, rows, protection
        self.horizon = refit + HORIZONS[-1]
        self.seed, self.model = seed, model

    def __call__(self, period: int, sold: Floats, in_stock: Floats) -> Outlook:
        """Return the outlook from `period`; what is not known then is not looked at."""
        inputs = self._known(period, sold, in_stock)
        panel = planning_panel(inputs.sales, self.lines, inputs.tables["products"])
        panel = dataclasses.replace(panel, drivers=plan_drivers(inputs, self.lines, self.horizon))
        forecast = forecast_panel(
            panel,
            self.horizon,
            protection_periods=self.protection,
            seed=self.seed,
            models=None if self.model is None else (self.model,),
            lifecycle=plan_lifecycle(inputs, self.lines),
        )
        return Outlook(forecast.mean, forecast.level_cv, forecast.dispersion, forecast.seeds)

    def _known(self, period: int, sold: Floats, in_stock: Floats) -> PlanInputs:
        """Return the inputs of a plan on the morning of `period`."""
        seen = self.first + period
        day = period_dates(self.sales.start, self.sales.period, seen, 1)[0]
        parts = {
            name: np.ascontiguousarray(getattr(self.sales, name)[:, :seen])
            for name in ("quantity", "in_stock", "price", "promo")
        }
        known = self.rows >= 0
        for name, values in (("quantity", sold), ("in_stock", in_stock)):
            cells = parts[name][self.rows[known], self.first :]
            open_then = ~np.isnan(self.sales.quantity[self.rows[known], self.first : seen])
            parts[name][self.rows[known], self.first :] = np.where(open_then, values[known], cells)
        horizon = pd.Timestamp(day) + pd.Timedelta(days=ANNOUNCED_DAYS)
        tables = dict(self.inputs.tables)
        tables["promotions"] = tables["promotions"][tables["promotions"]["from_date"] <= horizon]
        calendar = tables["calendar"]
        tables["calendar"] = calendar[(calendar["kind"] != "promotion") | (calendar["date"] <= horizon)]
        morning: dt.date = day.item()
        return dataclasses.replace(
            self.inputs,
            tables=tables,
            sales=SalesPanel(self.sales.keys, self.sales.start, self.sales.period, **parts),
            as_of=morning,
        )
