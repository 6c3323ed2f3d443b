"""Which forecast counts for a day that has passed: the one that was current when its order was placed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.runs import list_runs, read_run_table

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run

SCORED_DAYS = {"D": 91, "W": 364, "M": 731}
"""Days before a run that are looked back on, by forecast period: a quarter, a year, two years."""

MOST_LAG_DAYS = {"D": 28, "W": 91, "M": 183}
"""Longer protection is cut to this, so that a lead time of a year asks for no plan of a year ago."""

PERIOD_DAYS = {"D": 1, "W": 7, "M": 31}

COLUMNS = ["sku", "location", "date", "mean", "statistical", "q10", "q90"]


def protection_days(lines: pd.DataFrame, period: str) -> npt.NDArray[np.int64]:
    """Return how many days before a day of sale its order had to be placed, at the latest, by line.

    Review period and lead time of the line, at least one period and at most `MOST_LAG_DAYS`.

    Parameters
    ----------
    lines : contract `plan_lines`
    """
    review = (lines["next_order_date"] - lines["order_by"]).dt.days.fillna(0)
    days = np.ceil((review + lines["lead_time_mean"].fillna(0)).to_numpy(dtype=np.float64))
    limited: npt.NDArray[np.int64] = np.clip(days, PERIOD_DAYS[period], MOST_LAG_DAYS[period]).astype(
        np.int64
    )
    return limited


def scored_runs(lake: Lake, run: Run) -> list[Run]:
    """Return the runs whose forecasts can be looked back on: one of each earlier day, the last made."""
    start = run.as_of - dt.timedelta(days=SCORED_DAYS[run.period] + MOST_LAG_DAYS[run.period])
    of_day = {
        other.as_of: other
        for other in list_runs(lake)
        if other.as_of < run.as_of and other.period == run.period and "forecasts" in other.outputs
    }
    days = sorted(of_day)
    before = [day for day in days if day < start][-1:]
    return [of_day[day] for day in before + [day for day in days if day >= start]]


def served_forecasts(lake: Lake, run: Run, runs: list[Run], lag: pd.Series[int]) -> pd.DataFrame:
    """Return the forecast that counts for each series and passed period.

    It is that of the last run at least the protection period before the day: what came later could not change
    the order any more. Days for which no run is old enough have that of the first run.

    Parameters
    ----------
    lake, run
        Periods before `run.as_of` have passed.
    runs : `scored_runs`, oldest first
    lag : days, by sku and location (`protection_days`)

    Returns
    -------
    DataFrame
        `COLUMNS`, `run` (its place in `runs`) and `lag_days` (from that run's day to the period).
    """
    start = run.as_of - dt.timedelta(days=SCORED_DAYS[run.period])
    yesterday = run.as_of - dt.timedelta(days=1)
    least, most = (dt.timedelta(days=int(days)) for days in (lag.min(), lag.max()))
    parts = []
    for i, earlier in enumerate(runs):
        following = runs[i + 1].as_of if i + 1 < len(runs) else None
        first = max(start, earlier.as_of if i == 0 else earlier.as_of + least)
        last = yesterday if following is None else min(yesterday, following + most - dt.timedelta(days=1))
        if first > last:
            continue
        part = read_run_table(lake, earlier, "forecasts", columns=COLUMNS, since=first, until=last)
        row = lag.index.get_indexer(pd.MultiIndex.from_frame(part[["sku", "location"]]))
        own = pd.to_timedelta(lag.to_numpy()[row], unit="D")
        counts = row >= 0
        if i > 0:
            counts &= (part["date"] >= pd.Timestamp(earlier.as_of) + own).to_numpy()
        if following is not None:
            counts &= (part["date"] < pd.Timestamp(following) + own).to_numpy()
        ahead = (part["date"] - pd.Timestamp(earlier.as_of)).dt.days
        parts.append(part.assign(run=i, lag_days=ahead)[counts])
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "run", "lag_days"])
    return pd.concat(parts, ignore_index=True)
