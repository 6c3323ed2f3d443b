"""Many rows of one product, location and period into one: quantities, money, price."""

from __future__ import annotations

import polars as pl

from data_lake.importers.table_file import ROW
from data_lake.schemas import POLARS_TYPES
from engine.contracts import TABLES

KEY = ["date", "sku", "location"]
LINES, PAID, PAID_UNITS = "__lines", "__paid", "__paid_units"
"""Sums beside those of the table: rows, money and units of what was sold at a price."""


def with_money(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill revenue from price and price from revenue, where the file gives one of them."""
    if "price" in rows.columns:
        taken = pl.col("quantity") * pl.col("price")
        has = "revenue" in rows.columns
        rows = rows.with_columns((pl.coalesce("revenue", taken) if has else taken).alias("revenue"))
    elif "revenue" in rows.columns:
        paid = pl.when(pl.col("quantity") > 0).then(pl.col("revenue") / pl.col("quantity"))
        rows = rows.with_columns(pl.when(paid >= 0).then(paid).alias("price"))
    return rows


def _paid() -> tuple[pl.Expr, pl.Expr]:
    """Money and units of the lines that were sold at a price (returns and give-aways apart)."""
    priced = (pl.col("quantity") > 0) & (pl.col("price") > 0)
    return (
        pl.when(priced).then(pl.col("quantity") * pl.col("price")).otherwise(0.0),
        pl.when(priced).then(pl.col("quantity")).otherwise(0.0),
    )


def offer(rows: pl.DataFrame) -> pl.DataFrame:
    """Return sku, name, lines, paid and units: sums that add up over chunks."""
    if "price" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, pl.Float64).alias("price"))
    paid, units = _paid()
    return rows.group_by("sku", "name").agg(
        pl.len().alias("lines"), paid.sum().alias("paid"), units.sum().alias("units")
    )


def summed(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a key of one chunk; sums that can be added to those of other chunks."""
    if "price" in rows.columns:
        paid, units = _paid()
        rows = rows.with_columns(paid.alias(PAID), units.alias(PAID_UNITS))
    return merged(rows.with_columns(pl.lit(1, pl.UInt32).alias(LINES)))


def merged(rows: pl.DataFrame) -> pl.DataFrame:
    """Sum rows that may be sums themselves: one row a key."""

    def some_sum(name: str) -> pl.Expr:
        return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)

    ways = {
        "quantity": pl.col("quantity").sum(),
        "revenue": some_sum("revenue"),
        PAID: pl.col(PAID).sum(),
        PAID_UNITS: pl.col(PAID_UNITS).sum(),
        LINES: pl.col(LINES).sum(),
        "promo": pl.col("promo").any(ignore_nulls=False),
        "in_stock": pl.col("in_stock").mean(),
        "lost_sales": pl.col("lost_sales").any(ignore_nulls=False),
        ROW: pl.col(ROW).min(),
    }
    return rows.group_by(KEY).agg(way for name, way in ways.items() if name in rows.columns)


def price_of_sum(rows: pl.DataFrame) -> pl.DataFrame:
    """Set the price of summed rows: money over units of what was sold at a price."""
    if PAID not in rows.columns:
        return rows
    price = pl.when(pl.col(PAID_UNITS) > 0).then(pl.col(PAID) / pl.col(PAID_UNITS))
    return rows.with_columns(price.alias("price"))


def contract_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Return all columns of the sales table; those that the rows lack are null."""
    return rows.select(
        pl.col(column.name)
        if column.name in rows.columns
        else pl.lit(None, POLARS_TYPES[column.kind]).alias(column.name)
        for column in TABLES["sales"].columns
    )
