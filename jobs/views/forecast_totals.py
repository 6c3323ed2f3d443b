"""Forecasts of totals: by category, region, location and over all, as the current plan has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table

TABLE = "forecast_totals"

TotalsBy = Literal["category", "region", "location", "all"]

TOTALS_BY: dict[TotalsBy, str] = {
    "category": "Category",
    "region": "Region",
    "location": "Location",
    "all": "Everything",
}
"""What forecasts are summed by, in planners' words."""

UNNAMED = "Without a name"


def read(lake: Lake, run: Run) -> pd.DataFrame | None:
    """Return the run's table of totals; None if the run is older than the table."""
    return read_run_table(lake, run, TABLE) if TABLE in run.outputs else None


def by_level(totals: pd.DataFrame, level: TotalsBy, names: Mapping[str, str]) -> pd.DataFrame:
    """Return group, date, mean, q10, q90 of one level, the largest group first, and the group's `code`.

    Parameters
    ----------
    names : location: its name for people
    """
    part = totals[totals["level"] == level]
    code = pd.Series("", index=part.index) if level == "all" else part[level]
    group = pd.Series("Everything", index=part.index) if level == "all" else code
    if level == "location":
        group = group.map(dict(names)).fillna(group)
    part = part.assign(group=group.replace("", UNNAMED), code=code)
    size = part.groupby("group")["mean"].transform("sum")
    ordered = part.assign(size=-size).sort_values(["size", "group", "date"], kind="stable")
    return ordered[["group", "date", "mean", "q10", "q90", "code"]].reset_index(drop=True)


def in_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a group: the total of the periods forecast, its share, and the usual range of one period.

    rows : `by_level`
    """
    groups = rows.groupby("group", sort=False)
    total = groups["mean"].sum()
    width = (groups["q90"].sum() - groups["q10"].sum()) / 2
    return pd.DataFrame(
        {
            "group": total.index,
            "total": total.to_numpy(),
            "share": (total / max(float(total.sum()), 1e-12)).to_numpy(),
            "range": np.where(total > 0, width / total.where(total > 0, 1.0), np.nan),
        }
    )
