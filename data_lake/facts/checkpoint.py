"""Stock and orders as they are now: the tables of the lake, then the facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
import polars as pl

from data_lake.facts.checkpoint_known import Known, known_facts
from data_lake.facts.feed import latest_snapshot, opening_orders, pinned
from data_lake.facts.fold_days import local_days
from data_lake.facts.fold_state import KEY, LONG_AGO, rows_of, unsorted_rows
from data_lake.facts.orders_fold import fold_orders
from data_lake.frames import to_pandas
from data_lake.lake import Lake
from data_lake.schemas import polars_schema


def told_stock(known: Known) -> pd.DataFrame:
    """Return the stock of lines that facts moved since their snapshot, as contract `stock_now`."""
    return to_pandas("stock_now", _told_rows(known).sort(*KEY, "batch"))


def told_orders(
    lake: Lake,
    known: Known,
    *,
    versions: Mapping[str, int] | None = None,
    approved: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the order lines that facts changed since they were imported, as contract `orders_now`.

    Parameters
    ----------
    lake, known, versions
        As for `known_facts`.
    approved
        Lines of contract `orders` that people approved and no import knows: facts of them come on top.
    """
    ids = set(known.order_facts["order_id"])
    earliest = known.order_facts["at"].min()
    assert isinstance(earliest, int | None)
    opening = opening_orders(lake, pinned(lake, "orders", versions), ids, earliest or 0)
    if approved is not None and len(approved):
        mine = pl.from_pandas(
            approved[approved["order_id"].isin(ids)], schema_overrides=polars_schema("orders")
        )
        mine = mine.select(polars_schema("orders").names()).cast(polars_schema("orders"))
        opening = pl.concat([opening, mine.with_columns(pl.lit(LONG_AGO).alias("since"))])
    lines = fold_orders(known.order_facts, opening, known.terms.zones)
    told = lines.filter(pl.col("at").is_not_null()).select(polars_schema("orders_now").names())
    return to_pandas("orders_now", told)


def stock_now(
    lake: Lake, *, until: dt.date | None = None, versions: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Return the stock of every product and location as it is now, in the columns of `inventory_snapshot`.

    The latest snapshot of each line, and where facts moved it since, what they left: such rows carry the day
    of the last fact. Stock that is not available is as the snapshot said.

    Parameters
    ----------
    lake, until, versions
        As for `known_facts`.
    """
    known = known_facts(lake, until=until, versions=versions)
    if known is None:
        version = pinned(lake, "inventory_snapshot", versions)
        return to_pandas("inventory_snapshot", latest_snapshot(lake, version, until))
    told = _told_rows(known)
    available = pl.col("status") == "available"
    latest, lines = known.terms.latest, known.stock.lines.filter(pl.col("at") > LONG_AGO)
    days = local_days(lines, known.terms.zones).rename("told_on")
    line = pl.Series(rows_of(latest, lines))
    rest = latest.with_columns(days.gather(line.replace(-1, None)))
    rest = rest.with_columns(pl.coalesce("told_on", "date").alias("date"))
    rest = rest.filter(~available | pl.col("told_on").is_null())
    moved = told.with_columns(pl.col("told_on").alias("date"), pl.lit("available").alias("status"))
    names = polars_schema("inventory_snapshot").names()
    rows = pl.concat([rest.select(names), moved.select(names)])
    return to_pandas(
        "inventory_snapshot", rows.sort("sku", "location", "batch", "status", maintain_order=True)
    )


def orders_now(
    lake: Lake, *, until: dt.date | None = None, versions: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Return every order line as it is now, in the columns of `orders`: as imported, then what was told.

    Parameters
    ----------
    lake, until, versions
        As for `known_facts`.
    """
    number = None if versions is None else versions.get("orders")
    imported = lake.read("orders", version=number)
    known = known_facts(lake, until=until, versions=versions)
    if known is None:
        return imported
    told = told_orders(lake, known, versions=versions)
    key = ["order_id", "line"]
    changed = pd.MultiIndex.from_frame(imported[key]).isin(pd.MultiIndex.from_frame(told[key]))
    rows = pd.concat([imported[~changed], told]) if len(told) else imported
    return rows.sort_values(key, ignore_index=True)


def _told_rows(known: Known) -> pl.DataFrame:
    """Return `told_stock` as a Polars frame, in any order."""
    rows = unsorted_rows(known.stock).filter(pl.col("at").is_not_null())
    costs = known.terms.latest.filter(pl.col("unit_cost").is_not_null())
    cost = costs.group_by(KEY).agg(pl.col("unit_cost").sort_by("batch").first())
    return (
        rows.join(cost, on=KEY, how="left", maintain_order="left")
        .with_columns(
            local_days(rows, known.terms.zones).alias("told_on"),
            local_days(rows.select("location", pl.col("fixed_at").alias("at")), known.terms.zones).alias(
                "fixed_on"
            ),
        )
        .select(polars_schema("stock_now").names())
    )
