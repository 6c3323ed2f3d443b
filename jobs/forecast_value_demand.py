"""What came: demand of the passed periods, stockouts estimated, and what seasonal naive had said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.ledger import read_events
from data_lake.runs import read_run_table
from data_lake.series import read_panel_arrays
from engine.forecast.censored.periods import demand_estimate
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile
from jobs.demand import planning_panel
from jobs.demand_corrections import fold_corrections, with_corrections

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DemandThatCame:
    """Demand of series that sell, up to the day before a run."""

    panel: Panel
    estimate: Floats
    """[n, T] demand: sales, and where stock was out the reconstruction."""

    @classmethod
    def read(cls, lake: Lake, run: Run, lines: pd.DataFrame) -> DemandThatCame:
        """Read the sales that a run saw, as planners had corrected them, and estimate what stockouts hid.

        Parameters
        ----------
        lines : columns sku, location, source of the series, in the order of the panel's rows
        """
        until = run.as_of - dt.timedelta(days=1)
        version = run.inputs["sales"]
        sales = read_panel_arrays(lake, version=version, period=run.period, until=until)  # type: ignore[arg-type]
        known = fold_corrections(read_events(lake), until=run.created_at)
        products = read_run_table(lake, run, "products")
        # As if all came from suppliers: a location that supplies others is no customer, only sales count.
        panel = planning_panel(with_corrections(sales, known), lines.assign(source_kind="supplier"), products)
        return cls(panel, demand_estimate(panel).mean)

    @cached_property
    def _profile(self) -> Profile:
        return seasonal_profile(self.panel)

    def cells(self, row: Integers, dates: npt.NDArray[np.datetime64]) -> tuple[Mask, Integers]:
        """Return which (row, period) pairs are known, and the column of each: −1 where there is none.

        Known is what was seen or out of stock; a feed that was down or a product before its launch tells
        nothing.
        """
        column = np.searchsorted(self.panel.dates, dates)
        inside = (column < self.panel.n_periods) & (row >= 0)
        inside &= self.panel.dates[np.minimum(column, self.panel.n_periods - 1)] == dates
        column = np.where(inside, column, -1)
        seen = self.panel.observed[row, column]
        if self.panel.censored is not None:
            seen = seen | self.panel.censored[row, column]
        return inside & seen, column

    def naive(self, as_of: dt.date, row: Integers, column: Integers) -> Floats:
        """Return what seasonal naive said on the morning of `as_of` for pairs of row and column."""
        known = int(np.searchsorted(self.panel.dates, np.datetime64(as_of, "D")))
        if not known or not len(column):
            return np.zeros(len(column))
        head = self.panel.head(known)
        horizon = max(int(column.max()) - known + 1, 1)
        forecast = SeasonalNaive().fit_predict(head, self._profile, horizon)
        result: Floats = forecast[row, np.maximum(column - known, 0)]
        return result
