"""Folded stock: one row a product and location, one row a batch; from a snapshot, and as rows again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

LONG_AGO = int(np.iinfo(np.int64).min)
"""Instant before all others [µs]."""

OPENING_SCHEMA = pl.Schema(
    {
        "sku": pl.String(),
        "location": pl.String(),
        "batch": pl.String(),
        "expiry_date": pl.Date(),
        "on_hand": pl.Float64(),
        "counted_on": pl.Date(),
        "since": pl.Int64(),
    }
)
"""Stock by batch as the snapshot of the day `counted_on` says it; facts before the instant `since` [µs] are
in it already."""

STOCK_SCHEMA = pl.Schema(
    {
        "sku": pl.String(),
        "location": pl.String(),
        "batch": pl.String(),
        "expiry_date": pl.Date(),
        "on_hand": pl.Float64(),
        "counted_on": pl.Date(),
        "at": pl.Int64(),
        "fixed_at": pl.Int64(),
    }
)
"""Stock by batch; `at` [µs] of the last fact of the line (null: none), `fixed_at` of its last total count."""

LINES_SCHEMA = pl.Schema(
    {
        "sku": pl.String(),
        "location": pl.String(),
        "counted_on": pl.Date(),
        "since": pl.Int64(),
        "loose": pl.Float64(),
        "loose_expiry": pl.String(),
        "at": pl.Int64(),
        "sequence": pl.Int64(),
        "event_id": pl.String(),
        "fixed_at": pl.Int64(),
        "fixed_sequence": pl.Int64(),
        "fixed_id": pl.String(),
    }
)
"""One row a line: stock of no batch; the places in the order of its last fact and last total count."""

LOTS_SCHEMA = pl.Schema(
    {
        "sku": pl.String(),
        "location": pl.String(),
        "batch": pl.String(),
        "expiry": pl.String(),
        "on_hand": pl.Float64(),
    }
)
"""One row a named batch of a line."""

KEY = ["sku", "location"]


@dataclass(frozen=True)
class Stock:
    """Folded stock."""

    lines: pl.DataFrame
    """`LINES_SCHEMA`, unique by sku and location."""
    lots: pl.DataFrame
    """`LOTS_SCHEMA`."""


def opened(opening: pl.DataFrame | None = None) -> Stock:
    """Return the stock before any fact."""
    if opening is None or opening.is_empty():
        return Stock(pl.DataFrame(schema=LINES_SCHEMA), pl.DataFrame(schema=LOTS_SCHEMA))
    rows = opening.with_columns(
        pl.col("expiry_date").cast(pl.String).fill_null("").alias("expiry"), pl.col("on_hand") + 0.0
    )
    loose = rows.filter(pl.col("batch") == "").unique(KEY, keep="first", maintain_order=True)
    lines = rows.group_by(KEY, maintain_order=True).agg(pl.col("counted_on", "since").max())
    lines = lines.join(
        loose.select(*KEY, pl.col("on_hand").alias("loose"), pl.col("expiry").alias("loose_expiry")),
        on=KEY,
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("loose").fill_null(0.0), pl.col("loose_expiry").fill_null(""))
    lots = rows.filter(pl.col("batch") != "")
    return Stock(untold(lines), lots.select(LOTS_SCHEMA.names()).cast(LOTS_SCHEMA))


def untold(lines: pl.DataFrame) -> pl.DataFrame:
    """Complete lines that no fact has touched."""
    empty = {
        "counted_on": None,
        "since": LONG_AGO,
        "loose": 0.0,
        "loose_expiry": "",
        "at": LONG_AGO,
        "sequence": 0,
        "event_id": "",
        "fixed_at": LONG_AGO,
        "fixed_sequence": 0,
        "fixed_id": "",
    }
    missing = [pl.lit(value).alias(name) for name, value in empty.items() if name not in lines.columns]
    return lines.with_columns(missing).select(LINES_SCHEMA.names()).cast(LINES_SCHEMA)


def stock_rows(stock: Stock) -> pl.DataFrame:
    """Lay out folded stock as `STOCK_SCHEMA`, sorted."""
    return unsorted_rows(stock).sort("sku", "location", "batch")


def unsorted_rows(stock: Stock) -> pl.DataFrame:
    """Lay out folded stock as `STOCK_SCHEMA`, in any order."""
    told = [pl.when(pl.col(name) > LONG_AGO).then(pl.col(name)).alias(name) for name in ("at", "fixed_at")]
    named = stock.lots.filter(pl.col("on_hand") != 0)
    row = rows_of(named, stock.lines)
    held = np.zeros(stock.lines.height, dtype=bool)
    held[row] = True
    loose = stock.lines.filter((pl.col("loose") != 0) | ~pl.Series(held))
    about = stock.lines.select("counted_on", *told)
    loose = loose.select(
        *KEY,
        pl.lit("").alias("batch"),
        pl.col("loose_expiry").alias("expiry"),
        pl.col("loose").alias("on_hand"),
        "counted_on",
        *told,
    )
    expiry = pl.col("expiry").replace("", None).str.to_date("%Y-%m-%d").alias("expiry_date")
    rows = pl.concat([named.hstack(about[row]), loose])
    return rows.with_columns(expiry).select(STOCK_SCHEMA.names())


def rows_of(rows: pl.DataFrame, among: pl.DataFrame, key: Sequence[str] = KEY) -> npt.NDArray[np.int64]:
    """Return the row of `among` that each row belongs to; −1: none."""
    places = among.select(key).with_row_index("row")
    found = rows.select(key).join(places, on=key, how="left", maintain_order="left")["row"]
    return found.cast(pl.Int64).fill_null(-1).to_numpy()
