"""From facts to moves of stock: what each one does to one product at one location."""

from __future__ import annotations

import polars as pl

MOVES_SCHEMA = pl.Schema(
    {
        "sku": pl.String(),
        "location": pl.String(),
        "at": pl.Int64(),
        "sequence": pl.Int64(),
        "event_id": pl.String(),
        "fixes": pl.Boolean(),
        "value": pl.Float64(),
        "batch": pl.String(),
        "expiry": pl.String(),
    }
)
"""A move fixes the stock at `value` [each] or, if not `fixes`, adds `value`; of a `batch`, or of all ('')."""

FIXING = ("set", "count")
ADDING = ("delta", "order_received")
TAKING = ("transfer", "write_off", "sale")
ONLY_PERPETUAL = ("sale", "order_received")
"""Kinds that move stock only where the assortment says that the location's stock is perpetual."""


def in_order(facts: pl.DataFrame) -> pl.DataFrame:
    """Return facts as a set in the order (at, sequence, event_id), `at` as µs since 1970."""
    facts = facts.with_columns(pl.col("at").cast(pl.Int64))
    at, sequence = pl.col("at"), pl.col("sequence")
    later = at.diff() > 0
    tied = (at.diff() == 0) & (
        (sequence.diff() > 0) | ((sequence.diff() == 0) & (pl.col("event_id") > pl.col("event_id").shift(1)))
    )
    rises = facts.select((later | tied).slice(1).all()).item()
    order = ["at", "sequence", "event_id"]
    if facts["event_id"].n_unique() == facts.height:
        return facts if rises else facts.sort(order)
    return facts.sort(order, maintain_order=True).unique("event_id", keep="first", maintain_order=True)


def moving(facts: pl.DataFrame) -> pl.DataFrame:
    """Return the facts that may move stock, with what `stock_moves` needs of them."""
    rows = facts.filter(pl.col("kind").is_in([*FIXING, *ADDING, *TAKING]))
    return rows.select(
        *("event_id", "at", "sequence", "kind", "sku"),
        *("location", "quantity", "batch", "expiry", "to_location"),
    )


def stock_moves(facts: pl.DataFrame, perpetual: pl.DataFrame) -> pl.DataFrame:
    """Return the moves of stock that facts make, in the facts' order; a transfer makes two.

    Parameters
    ----------
    facts
        Columns of `data_lake.facts.fact.Fact`, a set in order (`in_order`).
    perpetual
        Columns sku, location: where sales and receipts move stock.

    Returns
    -------
    DataFrame
        Columns `MOVES_SCHEMA`. Order facts but receipts move nothing.
    """
    kind = pl.col("kind")
    rows = facts.with_row_index("row").filter(kind.is_in([*FIXING, *ADDING, *TAKING]))
    if rows.select(kind.is_in(ONLY_PERPETUAL).any()).item():
        told = rows.filter(kind.is_in(ONLY_PERPETUAL)).select("row", "sku", "location")
        still = told.join(perpetual, on=["sku", "location"], how="anti")
        if still.height:
            rows = rows.join(still.select("row"), on="row", how="anti", maintain_order="left")
    leaves = pl.when(kind.is_in(TAKING)).then(-pl.col("quantity")).otherwise(pl.col("quantity"))
    moves = rows.with_columns(leaves.alias("value"), kind.is_in(FIXING).alias("fixes"))
    moved = moves.filter(kind == "transfer")
    if moved.height:
        arrives = moved.with_columns(location=pl.col("to_location"), value=pl.col("quantity"))
        # a stable sort: the goods leave before they arrive
        moves = pl.concat([moves, arrives]).sort("row", maintain_order=True)
    return moves.select(MOVES_SCHEMA.names())
