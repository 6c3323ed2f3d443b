"""What the folds start from, read from the tables of a lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from zoneinfo import available_timezones

import polars as pl

from data_lake.facts.fold_days import day_ends
from data_lake.facts.fold_state import KEY, LONG_AGO, OPENING_SCHEMA
from data_lake.lake import Lake
from data_lake.latest import latest_rows
from data_lake.schemas import polars_schema
from data_lake.versions import Version

TERMS = ("inventory_snapshot", "locations", "assortment")
"""Tables that facts of stock come on top of."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_known_zones = cache(available_timezones)


@dataclass(frozen=True)
class Terms:
    """What facts of stock come on top of."""

    zones: Mapping[str, str]
    """Time zone of locations."""
    perpetual: pl.DataFrame
    """sku, location of lines whose sales and receipts move stock."""
    read_latest: Callable[[], pl.DataFrame]

    @cached_property
    def latest(self) -> pl.DataFrame:
        """Latest snapshot of every line, all statuses: contract `inventory_snapshot`."""
        return self.read_latest()

    @property
    def opening(self) -> pl.DataFrame:
        """Available stock before any fact: `OPENING_SCHEMA`."""
        return opening_stock(self.latest, self.zones)


def read_terms(lake: Lake, versions: Mapping[str, int] | None, until: dt.date | None) -> Terms:
    """Read what facts come on top of, snapshots not after the day `until`."""
    snapshot = pinned(lake, "inventory_snapshot", versions)
    return Terms(
        time_zones(lake, pinned(lake, "locations", versions)),
        perpetual_lines(lake, pinned(lake, "assortment", versions)),
        lambda: latest_snapshot(lake, snapshot, until),
    )


def micros(instant: dt.datetime) -> int:
    """Return an instant as µs since 1970, UTC."""
    return (instant - _EPOCH) // dt.timedelta(microseconds=1)


def instant(at: int) -> dt.datetime:
    """Return µs since 1970 as an instant, UTC."""
    return _EPOCH + dt.timedelta(microseconds=at)


def pinned(lake: Lake, table: str, versions: Mapping[str, int] | None) -> Version | None:
    """Return the version of a table to read: the one that `versions` names, else the newest; None: none."""
    number = None if versions is None else versions.get(table)
    if number == 0:
        return None
    return lake.current(table) if number is None else lake.version(table, number)


def time_zones(lake: Lake, version: Version | None) -> dict[str, str]:
    """Return the time zone of each location whose master names one that is known."""
    if version is None:
        return {}
    rows = lake.read("locations", version=version.number, columns=["location", "time_zone"]).dropna()
    zones = dict(zip(rows["location"], rows["time_zone"], strict=True))
    known = _known_zones() if zones else set()
    return {location: zone for location, zone in zones.items() if zone in known}


def perpetual_lines(lake: Lake, version: Version | None) -> pl.DataFrame:
    """Return sku and location of the lines whose sales and receipts move stock."""
    if version is None:
        return pl.DataFrame(schema={"sku": pl.String, "location": pl.String})
    rows = lake.scan("assortment", version=version.number).filter(pl.col("perpetual_stock"))
    return lake.collect(rows.select(KEY), version)


def latest_snapshot(lake: Lake, version: Version | None, until: dt.date | None = None) -> pl.DataFrame:
    """Return the rows of the latest snapshot of every line, not after the day `until`: all statuses."""
    number = 0 if version is None else version.number
    rows = latest_rows(lake, version=number, since=dt.date(1000, 1, 1), until=until or dt.date(9999, 12, 31))
    schema = polars_schema("inventory_snapshot")
    return pl.from_pandas(rows, schema_overrides=schema, nan_to_null=True).cast(schema)


def opening_stock(latest: pl.DataFrame, zones: Mapping[str, str]) -> pl.DataFrame:
    """Return the available stock of the latest snapshot as `OPENING_SCHEMA`; a line without any has 0.

    Stock of a day is that at its end where it lies, so facts from the next midnight on are not in it.
    """
    there = latest.filter(pl.col("status") == "available")
    none = latest.select(*KEY, "date").unique().join(there, on=KEY, how="anti")
    none = none.with_columns(pl.lit("").alias("batch"), pl.lit(0.0).alias("on_hand"))
    rows = pl.concat([there, none], how="diagonal")
    return rows.with_columns(day_ends(rows, zones), pl.col("date").alias("counted_on")).select(
        OPENING_SCHEMA.names()
    )


def opening_orders(
    lake: Lake, version: Version | None, order_ids: Collection[str], earliest: int
) -> pl.DataFrame:
    """Return imported rows of orders, and the instant `since` [µs] from which facts are news to each.

    That is when the row was imported as it is: an import that leaves a row as it was, or out, does not undo
    what was told since.

    Parameters
    ----------
    lake, version
        Version of `orders` to read.
    order_ids
        Orders asked for.
    earliest
        Instant [µs] of the first fact of these orders: what was imported before it need not be looked for.
    """
    schema = pl.Schema({**polars_schema("orders"), "since": pl.Int64()})
    if version is None or not order_ids:
        return schema.to_frame()
    rows = _orders_of(lake, version, order_ids)
    known: list[pl.DataFrame] = []
    while version.number > 1 and micros(version.created_at) > earliest and rows.height:
        before = lake.version("orders", version.number - 1)
        stored = _orders_of(lake, before, order_ids)
        new = rows.join(stored, on=rows.columns, how="anti", nulls_equal=True)
        known.append(new.with_columns(pl.lit(micros(version.created_at)).alias("since")))
        rows = rows.join(stored, on=rows.columns, how="semi", nulls_equal=True)
        version = before
    old = micros(version.created_at) if version.number == 1 else LONG_AGO
    known.append(rows.with_columns(pl.lit(old).alias("since")))
    return pl.concat(known).select(schema.names()).cast(schema)


def _orders_of(lake: Lake, version: Version, order_ids: Collection[str]) -> pl.DataFrame:
    wanted = pl.Series(sorted(order_ids)).implode()
    rows = lake.scan("orders", version=version.number).filter(pl.col("order_id").is_in(wanted))
    return lake.collect(rows, version)
