"""What one fact did to stock: the fold just before it, and just after."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_lake.facts.feed import latest_snapshot, micros, opening_stock, perpetual_lines, pinned, time_zones
from data_lake.facts.fold import fold_stock
from data_lake.facts.read import read_facts
from data_lake.lake import Lake

_MOVES_WHERE_PERPETUAL = ("sale", "order_received")
_ORDERS_ALONE = ("order_placed", "order_changed", "order_sent", "order_cancelled")


@dataclass(frozen=True)
class Effect:
    """Stock of a product at a location around one fact."""

    location: str
    before: float | None
    """Stock available [each]; None: nothing was known."""
    after: float | None
    why: str
    """Why it moved nothing; '' if it did, or could have."""


def effect_of(lake: Lake, event_id: str, sku: str, places: tuple[str, ...]) -> list[Effect]:
    """Return what a fact did to the stock of a product at each place that it names.

    Parameters
    ----------
    lake
        Where tables and facts are.
    event_id
        Its id.
    sku, places
        What it names: both ends of a transfer.
    """
    zones = time_zones(lake, pinned(lake, "locations", None))
    snapshot = latest_snapshot(lake, pinned(lake, "inventory_snapshot", None))
    snapshot = snapshot.filter((pl.col("sku") == sku) & pl.col("location").is_in(places))
    opening = opening_stock(snapshot, zones)
    perpetual = perpetual_lines(lake, pinned(lake, "assortment", None)).filter(pl.col("sku") == sku)
    read = read_facts(lake, keys=[(sku, place) for place in places])
    row = read.frame.with_row_index("row").filter(pl.col("event_id") == event_id)
    if row.is_empty():
        return []
    index, fact = int(row["row"][0]), row.row(0, named=True)
    before = fold_stock(read.frame.head(index), opening, perpetual)
    after = fold_stock(read.frame.head(index + 1), opening, perpetual)
    found = []
    for place in places:
        since = opening.filter(pl.col("location") == place)["since"].max()
        counted = opening.filter(pl.col("location") == place)["counted_on"].max()
        why = ""
        if fact["kind"] in _ORDERS_ALONE:
            why = "an order that is not received moves no stock"
        elif isinstance(since, int) and micros(fact["at"]) < since:
            why = f"the snapshot of {counted!s} holds it already"
        elif (
            fact["kind"] in _MOVES_WHERE_PERPETUAL
            and perpetual.filter(pl.col("location") == place).is_empty()
        ):
            why = "the assortment does not say that stock is perpetual here: the next count or snapshot tells"
        found.append(Effect(place, _stock(before, place), _stock(after, place), why))
    return found


def _stock(folded: pl.DataFrame, place: str) -> float | None:
    rows = folded.filter(pl.col("location") == place)
    return None if rows.is_empty() else float(rows["on_hand"].sum())
