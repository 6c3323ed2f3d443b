"""Was the forecast right, and who improved it: forecasts of earlier runs against the demand that came since.

Final forecast, statistical forecast (before overrides) and seasonal naive are compared on the same days, each
as known when the order for the day had to be placed. Method and choices: docs/methods/forecast-value.md.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data_lake.runs import read_run_table
from engine.contracts import TABLES
from engine.forecast.value_added import value_added
from jobs.forecast_value_demand import DemandThatCame
from jobs.forecast_value_served import protection_days, scored_runs, served_forecasts
from jobs.override_factors import days_of
from jobs.override_scope import SELECTORS, Scope, with_groups

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run

CELLS = (
    *SELECTORS,
    "pattern",
    "date",
    "run",
    "lag_days",
    "demand",
    "seen",
    "final",
    "statistical",
    "naive",
    "q10",
    "q90",
    "unit_cost",
)
EFFECTS = (
    "override",
    "author",
    "level",
    "category",
    "location",
    "pattern",
    "date",
    "demand",
    "before",
    "after",
    "gain",
    "money",
)

_LINE_COLUMNS = ["sku", "location", "source", "source_kind", "order_by", "next_order_date", "lead_time_mean"]
_LINE_COLUMNS += ["unit_cost"]


@dataclass(frozen=True)
class ForecastValue:
    """Forecasts that can be judged, and what overrides did to them."""

    cells: pd.DataFrame
    """`CELLS`, one row a series and passed period: units of demand and of each forecast; `seen`: not
    reconstructed; `run`: place in `runs`."""
    effects: pd.DataFrame
    """`EFFECTS`, one row an override and a cell that it changed: the forecast before and after it, the error
    that it took away [each], and that error at cost [money]."""
    runs: tuple[str, ...]
    """Runs looked back on, oldest first."""


def forecast_value(lake: Lake, run: Run) -> ForecastValue:
    """Judge the forecasts of the runs before `run` by the demand that `run` knows.

    Parameters
    ----------
    lake
    run
        Its masters, sales and terms are used; days before `run.as_of` have passed.

    Returns
    -------
    ForecastValue
        Empty tables where no earlier run forecast a day that has passed.
    """
    runs = scored_runs(lake, run)
    lines = _selling_lines(lake, run)
    none = not runs or lines.empty
    cells = pd.DataFrame(columns=list(CELLS)) if none else _cells(lake, run, runs, lines)
    return ForecastValue(
        cells=cells,
        effects=_effects(lake, runs, cells),
        runs=tuple(earlier.run_id for earlier in runs),
    )


def _selling_lines(lake: Lake, run: Run) -> pd.DataFrame:
    """Return the run's lines without locations that supply others: what they ship counts where it sells."""
    lines = read_run_table(lake, run, "plan_lines", columns=_LINE_COLUMNS)
    supplying = set(lines.loc[lines["source_kind"] == "location", "source"])
    sold = lines[~lines["location"].isin(supplying)].drop_duplicates(["sku", "location"])
    return sold.sort_values(["sku", "location"], ignore_index=True)


def _cells(lake: Lake, run: Run, runs: list[Run], lines: pd.DataFrame) -> pd.DataFrame:
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    lag = pd.Series(protection_days(lines, run.period), index=index)
    cells = served_forecasts(lake, run, runs, lag)
    came = DemandThatCame.read(lake, run, lines)
    row = index.get_indexer(pd.MultiIndex.from_frame(cells[["sku", "location"]])).astype(np.int64)
    known, column = came.cells(row, cells["date"].to_numpy(dtype="datetime64[D]"))
    cells, row, column = cells[known].reset_index(drop=True), row[known], column[known]
    naive = np.zeros(len(cells))
    for i, earlier in enumerate(runs):
        here = (cells["run"] == i).to_numpy()
        naive[here] = came.naive(earlier.as_of, row[here], column[here])
    groups = with_groups(lines, *(read_run_table(lake, run, name) for name in ("products", "locations")))
    models = read_run_table(lake, run, "series_models", columns=["sku", "location", "pattern"])
    pattern = models.set_index(["sku", "location"])["pattern"].reindex(index).fillna("none")
    return cells.assign(
        **{name: groups[name].to_numpy()[row] for name in ("category", "region")},
        pattern=pattern.to_numpy()[row],
        demand=came.estimate[row, column],
        seen=came.panel.observed[row, column],
        final=cells["mean"],
        statistical=cells["statistical"].fillna(cells["mean"]),
        naive=naive,
        unit_cost=lines["unit_cost"].fillna(0.0).to_numpy()[row],
    )[list(CELLS)]


def _effects(lake: Lake, runs: list[Run], cells: pd.DataFrame) -> pd.DataFrame:
    """Step through the overrides of each run in the order in which they were made."""
    parts = [pd.DataFrame(columns=list(EFFECTS))]
    for i, earlier in enumerate(runs):
        applied = _applied(lake, earlier)
        here = cells[cells["run"] == i]
        if applied.empty or here.empty:
            continue
        dates = here["date"].to_numpy(dtype="datetime64[D]")
        forecast = here["statistical"].to_numpy(dtype=np.float64, copy=True)
        for override in applied.to_dict("records"):
            changed = Scope.of(override).covers(here) & days_of(
                override["from_date"], override["to_date"], dates
            )
            before = forecast[changed]
            forecast[changed] = after = before * override["factor"]
            part = here.loc[changed, ["category", "location", "pattern", "date", "demand", "unit_cost"]]
            gain = value_added(before, after, part["demand"].to_numpy(dtype=np.float64))
            parts.append(
                part.assign(
                    override=override["override"],
                    author=override["author"],
                    level=override["level"],
                    before=before,
                    after=after,
                    gain=gain,
                    money=gain * part["unit_cost"],
                )[list(EFFECTS)]
            )
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else parts[0]


def _applied(lake: Lake, run: Run) -> pd.DataFrame:
    """Return the overrides that a run applied, earliest first; none of a run that kept no record of them."""
    if "overrides" not in run.outputs:
        return pd.DataFrame(columns=list(TABLES["overrides"].names))
    return read_run_table(lake, run, "overrides").sort_values(["created_at", "override"])


def scored_days(value: ForecastValue) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day that is judged; None without any."""
    if value.cells.empty:
        return None
    return value.cells["date"].min().date(), value.cells["date"].max().date()
