"""By how much a change of today's stock changes the stock held over the days of each month."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.latest import snapshot_months
from engine.replenishment.lines import LineInputs
from jobs.inputs import PlanInputs
from jobs.kpi_facts import WINDOW_DAYS
from jobs.run_state import RunState

Rows = npt.NDArray[np.int64]


def more_stock_days(
    lake: Lake, state: RunState, inputs: PlanInputs, line_inputs: LineInputs, rows: Rows
) -> pd.DataFrame:
    """Return month, category, location and stock_value_days [money·days] more than in the earlier plan.

    The stock of a day is that of its snapshot; a month without one has its neighbour's. What facts say of
    today changes the latest day of a line, so the mean of that month and of months that take it.

    Parameters
    ----------
    lake : Lake
    state : the earlier plan
    inputs : `inventory_snapshot` of the plan, latest rows
    line_inputs : all lines, as they are planned now
    rows : lines that may have changed
    """
    columns = ["month", "category", "location", "stock_value_days"]
    number = inputs.versions["inventory_snapshot"]
    if not len(rows) or not number:
        return pd.DataFrame(columns=columns)
    first, last = inputs.as_of - dt.timedelta(days=WINDOW_DAYS), inputs.as_of - dt.timedelta(days=1)
    cost = line_inputs.unit_cost
    more = (_units(line_inputs) - _units(state.line_inputs))[rows] * cost[rows]
    lines = state.lines.iloc[rows]
    stock = inputs.tables["inventory_snapshot"]
    days = stock.drop_duplicates(["sku", "location"]).set_index(["sku", "location"])["date"]
    day = days.reindex(pd.MultiIndex.from_frame(lines[["sku", "location"]])).to_numpy("datetime64[D]")
    changed = (more != 0) & ~np.isnat(day) & (day >= np.datetime64(first))
    if not changed.any():
        return pd.DataFrame(columns=columns)
    month = day[changed].astype("datetime64[M]")
    share = snapshot_months(lake, version=number, since=first, until=last, months=np.unique(month))
    whole = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1).astype("datetime64[M]")
    months, count = np.unique(whole, return_counts=True)
    frames = []
    for name, n_days in share.counted.items():
        own = month == name
        about = lines[changed][own]
        value = more[changed][own] / n_days
        takes = [m for m in months if share.source(m) == name]
        frames += [
            pd.DataFrame(
                {
                    "month": pd.Timestamp(str(m)).as_unit("us"),
                    "category": about["category"].fillna("").to_numpy(),
                    "location": about["location"].to_numpy(),
                    "stock_value_days": value * int(count[months == m][0]),
                }
            )
            for m in takes
        ]
    return pd.concat(frames, ignore_index=True)[columns]


def _units(inputs: LineInputs) -> npt.NDArray[np.float64]:
    units = np.maximum(inputs.batch_quantity, 0.0)
    return np.bincount(inputs.batch_line, weights=units, minlength=inputs.size).astype(np.float64)
