"""The latest stock of every line, read from the newest month back instead of a year at once."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from data_lake.frames import to_pandas
from data_lake.lake import Lake
from data_lake.schemas import polars_schema

KEY = ("sku", "location")

_MOST_KEPT = 3
_Days = tuple[int, dt.date, dt.date]
_kept: WeakKeyDictionary[Lake, OrderedDict[_Days, pd.DataFrame]] = WeakKeyDictionary()
"""Last answers of each lake: a version never changes, so who asks again need not read it again."""


def latest_rows(lake: Lake, *, version: int, since: dt.date, until: dt.date) -> pd.DataFrame:
    """Return the rows of each line's latest snapshot from `since` to `until`, sorted as `Lake.read` would.

    Parameters
    ----------
    lake : Lake
    version : of `inventory_snapshot`; 0: never written
    since, until : days, both included
    """
    kept, key = _kept.setdefault(lake, OrderedDict()), (version, since, until)
    found = kept.get(key)
    if found is None:
        found = kept[key] = _read(lake, version, since, until)
        while len(kept) > _MOST_KEPT:
            kept.popitem(last=False)
    return found.copy(deep=False)


def _read(lake: Lake, version: int, since: dt.date, until: dt.date) -> pd.DataFrame:
    table = "inventory_snapshot"
    none = polars_schema(table).to_frame()
    if not version:
        return to_pandas(table, none)
    chosen = lake.version(table, version)
    days = (pl.col("date") >= since) & (pl.col("date") <= until)
    found = [none]
    seen = none.select(KEY)
    first, last = f"{since:%Y-%m}", f"{until:%Y-%m}"
    for month in sorted({file.partition for file in chosen.files}, reverse=True):
        if not first <= month <= last:
            continue
        files = [file for file in chosen.files if file.partition == month]
        rows = lake.scan_files(files, polars_schema(table)).filter(days)
        rows = rows.join(seen.lazy(), on=KEY, how="anti")
        newest = lake.collect(rows.filter(pl.col("date") == pl.col("date").max().over(KEY)), chosen, files)
        found.append(newest)
        seen = pl.concat([seen, newest.select(KEY).unique()])
    ordered = pl.concat(found[:1] + found[:0:-1])
    return to_pandas(table, ordered)


@dataclass(frozen=True)
class SnapshotMonths:
    """Months with snapshots."""

    counted: dict[np.datetime64, int]
    """Days with a snapshot, of the months asked for."""
    months: tuple[np.datetime64, ...]
    """Every month with a snapshot, rising."""

    def source(self, month: np.datetime64) -> np.datetime64:
        """Return the month whose stock stands for `month`: its own, else the last before, else the first."""
        before = [name for name in self.months if name <= month]
        return before[-1] if before else self.months[0]


def snapshot_months(
    lake: Lake, *, version: int, since: dt.date, until: dt.date, months: NDArray[np.datetime64]
) -> SnapshotMonths:
    """Return on how many days of some months, from `since` to `until`, there is a snapshot."""
    table = "inventory_snapshot"
    chosen = lake.version(table, version)
    first, last = f"{since:%Y-%m}", f"{until:%Y-%m}"
    every = sorted({file.partition for file in chosen.files if first <= file.partition <= last})
    counted = {}
    for month in months:
        files = [file for file in chosen.files if file.partition == str(month)]
        rows = lake.scan_files(files, polars_schema(table)).select("date").unique()
        days = lake.collect(rows, chosen, files).get_column("date")
        counted[month] = int(((days >= since) & (days <= until)).sum())
    return SnapshotMonths(counted, tuple(np.datetime64(name, "M") for name in every))
