"""The forecast of a whole level as it stands: what a new total is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data_lake.runs import read_run_table
from jobs.override_factors import override_factors
from jobs.override_fold import active_overrides
from jobs.override_scope import Scope, with_groups

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run


@dataclass(frozen=True)
class LevelForecast:
    """Forecast of all that an override applies to, over its days."""

    lines: int
    """Series: products at the places where they are sold."""
    total: float
    """Sum over series and days [each]."""
    periods: int
    """Periods of the days that the run forecast."""
    whole: bool
    """The run forecast all the days."""

    @property
    def mean(self) -> float:
        """Mean of a period [each/period]."""
        return self.total / self.periods


def level_forecast(lake: Lake, run: Run, scope: Scope, first: date, last: date) -> LevelForecast | None:
    """Return the forecast of a scope: the run's statistical one times the overrides that are active now.

    A location that supplies others (a distribution centre) is not counted beside what it supplies, unless it
    is the location asked for. None: the run forecast none of it.
    """
    where = {name: [value] for name, value in scope.given.items() if name in ("sku", "location")}
    columns = ["sku", "location", "date", "mean", "statistical"]
    rows = read_run_table(lake, run, "forecasts", columns=columns, where=where)
    if rows.empty:
        return None
    horizon = rows["date"].max()
    rows = rows[rows["date"].between(pd.Timestamp(first), pd.Timestamp(last))]
    groups = with_groups(rows, lake.read("products"), lake.read("locations"))
    here = scope.covers(groups)
    if not scope.location:
        here &= ~groups["location"].isin(supplying_locations(lake, run)).to_numpy()
    rows = rows[here]
    if rows.empty:
        return None
    forecast = rows.assign(value=rows["statistical"].fillna(rows["mean"])).pivot_table(
        index=["sku", "location"], columns="date", values="value", aggfunc="sum"
    )
    lines = with_groups(forecast.index.to_frame(), lake.read("products"), lake.read("locations"))
    dates = forecast.columns.to_numpy(dtype="datetime64[D]")
    factors = override_factors(active_overrides(lake, run.as_of), lines, dates)
    total = float(np.nansum(forecast.to_numpy() * factors))
    whole = first >= run.as_of and pd.Timestamp(last) <= horizon
    return LevelForecast(len(forecast), total, len(dates), whole)


def supplying_locations(lake: Lake, run: Run) -> set[str]:
    """Return locations that supply others in a run's plan: their demand is that of what they supply."""
    where = {"source_kind": ["location"]}
    return set(read_run_table(lake, run, "plan_lines", columns=["source"], where=where)["source"])
