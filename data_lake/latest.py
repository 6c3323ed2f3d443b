"""The latest stock of every line, read from the newest month back instead of a year at once."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl

from data_lake.frames import to_pandas
from data_lake.lake import Lake
from data_lake.schemas import polars_schema

KEY = ("sku", "location")


def latest_rows(lake: Lake, *, version: int, since: dt.date, until: dt.date) -> pd.DataFrame:
    """Return the rows of each line's latest snapshot from `since` to `until`, sorted as `Lake.read` would.

    Parameters
    ----------
    lake : Lake
    version : of `inventory_snapshot`; 0: never written
    since, until : days, both included
    """
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
