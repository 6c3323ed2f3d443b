"""The derived layout `series/bucket=BB/…`: dense daily sales, one series lying together.

`sales/month=…` answers questions about a day of everything; this answers questions about all days of one
thing. Every series has a row for every day of the lake, sorted by sku, location and date, so a file is a
matrix without a pivot. A small index names the series of each bucket in row order; it lies in
`series/_index/`, which readers that take folders of Parquet as tables pass over. The bucket is a hash of the
key, so one series is looked for in one file.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from data_lake.errors import LakeError, NoSuchVersion
from data_lake.files import FileEntry, store
from data_lake.lake import Lake, Version
from data_lake.series import MEASURES, SalesPanel, read_panel_arrays

TABLE = "series"
BUCKETS = 16

_ROWS = pa.schema(
    [
        pa.field("sku", pa.string(), nullable=False),
        pa.field("location", pa.string(), nullable=False),
        pa.field("date", pa.date32(), nullable=False),
        *(pa.field(name, pa.float64()) for name in MEASURES),
    ]
)
_ROWS_POLARS = pl.Schema(
    {"sku": pl.String(), "location": pl.String(), "date": pl.Date()} | dict.fromkeys(MEASURES, pl.Float64())
)
_INDEX = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("bucket", "sku", "location")])
_INDEX_POLARS = pl.Schema(dict.fromkeys(("bucket", "sku", "location"), pl.String()))


@dataclass(frozen=True)
class SeriesMatrix:
    """One measure of all series: `values[n_series, n_days]` float64 from day `start`; rows as in `keys`."""

    keys: pd.DataFrame
    start: np.datetime64
    values: NDArray[np.float64]


def bucket_of(sku: str, location: str, buckets: int = BUCKETS) -> str:
    """Return the bucket of a series, the same on every machine.

    Examples
    --------
    >>> bucket_of("007", "North")
    '06'
    """
    return f"{zlib.crc32(chr(0).join((sku, location)).encode()) % buckets:02d}"


def write_series(lake: Lake, *, version: int | None = None, buckets: int = BUCKETS) -> Version:
    """Derive the layout from a version of `sales` (the newest without) and commit it.

    Written already from the same sales: that version is returned. Needs 32 bytes a series and day.

    Raises
    ------
    NoSuchVersion
        If there are no sales.
    """
    sales = lake.version("sales", version)
    panel = read_panel_arrays(lake, version=sales.number)
    if not panel.quantity.size:
        raise NoSuchVersion("table 'sales' has no rows to derive series from")
    names = [bucket_of(sku, location, buckets) for sku, location in panel.keys.itertuples(index=False)]
    of_bucket = np.array(names)
    files = [
        store(
            lake.objects,
            TABLE,
            f"{TABLE}/bucket={name}",
            _rows(panel, np.flatnonzero(of_bucket == name)),
            _ROWS,
            name,
        )
        for name in sorted(set(names))
    ]
    index = pl.from_pandas(panel.keys).with_columns(bucket=pl.Series(names)).sort("bucket", "sku", "location")
    files.append(store(lake.objects, TABLE, f"{TABLE}/_index", index, _INDEX, "index"))
    made_from = {
        "sales": sales.number,
        "buckets": buckets,
        "start": str(panel.start),
        "days": panel.quantity.shape[1],
    }

    def build(base: Version | None) -> tuple[FileEntry, ...] | None:
        return None if base is not None and base.files == tuple(files) else tuple(files)

    return lake.commit(TABLE, build, inputs=made_from)


def read_one_series(
    lake: Lake,
    sku: str,
    location: str,
    *,
    since: date | None = None,
    until: date | None = None,
    version: int | None = None,
) -> pd.DataFrame:
    """Return one series: `date` and the measures, one row a day, NaN where the lake had no row.

    A series that is not there is an empty frame.
    """
    chosen = lake.version(TABLE, version)
    bucket = bucket_of(sku, location, chosen.inputs["buckets"])
    files = [file for file in chosen.files if file.partition == bucket]
    rows = lake.scan_files(files, _ROWS_POLARS).filter(
        (pl.col("sku") == sku) & (pl.col("location") == location)
    )
    frame = lake.collect(rows.select("date", *MEASURES), chosen, files)
    first = date.fromisoformat(chosen.inputs["start"])
    begin = max(0, (since - first).days) if since is not None else 0
    end = max(0, (until - first).days + 1) if until is not None else frame.height
    frame = frame[begin:end]  # dense from the first day: no need to compare dates
    columns: dict[str, Any] = {
        "date": pd.Series(frame.get_column("date").cast(pl.Datetime("us")).to_numpy(), dtype="datetime64[us]")
    }
    return pd.DataFrame(columns | {name: frame.get_column(name).to_numpy(writable=True) for name in MEASURES})


def read_series_matrix(lake: Lake, measure: str = "quantity", *, version: int | None = None) -> SeriesMatrix:
    """Return one measure of all series as a matrix; rows come by bucket, then sku and location."""
    if measure not in MEASURES:
        raise LakeError(f"measure is {measure!r}: must be one of {', '.join(MEASURES)}")
    chosen = lake.version(TABLE, version)
    days = int(chosen.inputs["days"])
    index_files = [file for file in chosen.files if file.partition == "index"]
    row_files = [file for file in chosen.files if file.partition != "index"]
    keys = lake.collect(lake.scan_files(index_files, _INDEX_POLARS), chosen, index_files)
    rows = lake.scan_files(row_files, _ROWS_POLARS).select(measure)
    values = lake.collect(rows, chosen, row_files).get_column(measure).fill_null(np.nan)
    return SeriesMatrix(
        keys=keys.select("sku", "location").to_pandas(),
        start=np.datetime64(chosen.inputs["start"], "D"),
        values=values.to_numpy().reshape(keys.height, days),
    )


def _rows(panel: SalesPanel, rows: NDArray[np.int64]) -> pl.DataFrame:
    days = panel.quantity.shape[1]
    keys = pl.from_pandas(panel.keys)[rows]
    return pl.DataFrame(
        {
            "sku": keys.get_column("sku").gather(np.repeat(np.arange(len(rows)), days)),
            "location": keys.get_column("location").gather(np.repeat(np.arange(len(rows)), days)),
            "date": np.tile(panel.dates, len(rows)),
            **{name: pl.Series(getattr(panel, name)[rows].ravel(), nan_to_null=True) for name in MEASURES},
        }
    )
