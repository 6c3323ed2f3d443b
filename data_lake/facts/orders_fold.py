"""The fold of order facts: what is on its way, as the columns of contract `orders`. Pure.

An order depends on nothing but its own facts and its own imported rows, so that one can be folded alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import orjson
import polars as pl

from data_lake.facts.fold_days import local_days
from data_lake.facts.fold_moves import in_order
from data_lake.facts.fold_state import LONG_AGO
from data_lake.schemas import polars_schema

ORDER_KINDS = ("order_placed", "order_changed", "order_sent", "order_received", "order_cancelled")

CLOSED = ("received", "closed_short")

ENOUGH = 1e-9
"""Receipts that are short by this much [each] are whole: they were added up."""

ORDERS_SCHEMA = pl.Schema({**polars_schema("orders"), "at": pl.Int64()})
"""Contract `orders`, and the instant [µs] of the last fact of the line; null: none."""


@dataclass(slots=True)
class OrderLine:
    """One line of an order, the names of contract `orders`."""

    order_id: str
    line: str
    kind: str | None = None
    sku: str | None = None
    from_source: str | None = None
    to_location: str | None = None
    quantity: float | None = None
    received: float | None = None
    status: str | None = None
    ordered_at: dt.date | None = None
    promised_date: dt.date | None = None
    expected_date: dt.date | None = None
    received_at: dt.date | None = None
    unit_cost: float | None = None
    at: int | None = None
    since: int = LONG_AGO
    """Facts before this instant [µs] are in the imported row already."""

    def is_of(self, sku: str, location: str) -> bool:
        """Return whether a fact that names this product and location (or does not) may mean this line."""
        return sku in ("", self.sku or sku) and location in ("", self.to_location or location)


class Told(NamedTuple):
    """What the fold needs of a fact."""

    order_id: str
    at: int
    kind: str
    sku: str
    location: str
    quantity: float | None
    line: str
    details: str
    day: dt.date


_row = attrgetter(*ORDERS_SCHEMA.names())


def fold_orders(
    facts: pl.DataFrame, opening: pl.DataFrame | None = None, zones: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Fold order facts to order lines.

    Parameters
    ----------
    facts
        Columns of `data_lake.facts.fact.Fact`, in any order, with any copies; other kinds are passed over.
    opening
        Rows of contract `orders`, and `since` [µs]: earlier facts of the line are in the row already.
    zones
        Time zone of each location (IANA); UTC where it has none. Days of orders and receipts are local.

    Returns
    -------
    DataFrame
        `ORDERS_SCHEMA`, of every order that has a fact or an opening, sorted by order and line. A line is
        there as soon as its product, location and quantity are known.
    """
    told = in_order(facts.filter(pl.col("kind").is_in(ORDER_KINDS)))
    told = told.with_columns(local_days(told, zones or {})).select(Told._fields)
    lines: dict[str, dict[str, OrderLine]] = {}
    for row in (
        () if opening is None else opening.select(*OrderLine.__slots__[:-2], "since").iter_rows(named=True)
    ):
        lines.setdefault(row["order_id"], {})[row["line"]] = OrderLine(**row)
    rows = map(Told._make, told.sort("order_id", maintain_order=True).iter_rows())
    for order_id, of_order in groupby(rows, key=itemgetter(0)):
        _fold_order(lines.setdefault(order_id, {}), list(of_order))
    known = [line for order in lines.values() for line in order.values() if _is_known(line)]
    for line in known:
        line.status = _status(line)
        if line.status not in CLOSED:
            line.received_at = None
    frame = pl.DataFrame([_row(line) for line in known], schema=ORDERS_SCHEMA, orient="row")
    return frame.sort("order_id", "line")


def _fold_order(lines: dict[str, OrderLine], facts: list[Told]) -> None:
    waiting: list[Told] = []
    for fact in facts:
        meant = _meant(lines, fact)
        if not meant:
            waiting.append(fact)  # the order itself is told later, or at the same instant
            continue
        if len(meant) > 1:
            fact = fact._replace(quantity=None)  # of which line it is was not told
        for line in meant:
            if fact.at >= line.since:
                _apply(line, fact)
        if fact.kind == "order_placed":
            for earlier in waiting:
                for line in meant:
                    if any(other is line for other in _meant(lines, earlier)):
                        _apply(line, earlier)
            waiting = [earlier for earlier in waiting if not _meant(lines, earlier)]


def _meant(lines: dict[str, OrderLine], fact: Told) -> list[OrderLine]:
    """Return the lines that a fact is about."""
    named = lines.get(fact.line)
    if named is not None and named.is_of(fact.sku, fact.location):
        return [named]
    mine = [line for line in lines.values() if line.is_of(fact.sku, fact.location)]
    if fact.kind == "order_placed":
        if mine:
            return mine[:1]
        # a sender that counts no lines says "1" of every product of the order
        name = fact.line if named is None else f"{fact.line}|{fact.sku}|{fact.location}"
        return [lines.setdefault(name, OrderLine(fact.order_id, name))]
    if fact.kind == "order_received":
        return mine[:1]
    return mine if not fact.line else []


def _apply(line: OrderLine, fact: Told) -> None:
    line.at = fact.at if line.at is None else max(line.at, fact.at)
    if fact.kind == "order_received":
        line.received = (line.received or 0.0) + (fact.quantity or 0.0)
        line.received_at = fact.day
    elif fact.kind == "order_cancelled":
        line.status = "cancelled"
    elif fact.kind == "order_sent":
        line.status = line.status if line.status in CLOSED else "sent"
    else:
        _describe(line, fact)


def _describe(line: OrderLine, fact: Told) -> None:
    """An order is placed or changed: what is told counts, the rest stays."""
    details: dict[str, Any] = orjson.loads(fact.details) if fact.details else {}
    line.sku = fact.sku or line.sku
    line.to_location = fact.location or line.to_location
    line.quantity = line.quantity if fact.quantity is None else fact.quantity
    line.kind = details.get("kind", line.kind or "purchase")
    line.from_source = details.get("source", line.from_source)
    line.unit_cost = float(details["unitCost"]) if "unitCost" in details else line.unit_cost
    for name, column in (("expectedDate", "expected_date"), ("promisedDate", "promised_date")):
        if name in details:
            setattr(line, column, dt.date.fromisoformat(details[name]))
    if fact.kind == "order_placed":
        line.ordered_at = line.ordered_at or fact.day
        line.received = line.received or 0.0
        line.status = "approved" if line.status in (None, "cancelled") else line.status


def _is_known(line: OrderLine) -> bool:
    return line.quantity is not None and line.sku is not None and line.to_location is not None


def _status(line: OrderLine) -> str:
    received, quantity = line.received or 0.0, line.quantity or 0.0
    if line.status == "cancelled" or line.at is None:
        return str(line.status)
    if received > 0 and received >= quantity - ENOUGH:
        return "received"
    if line.status in CLOSED:
        return str(line.status)
    return "part_received" if received > 0 else str(line.status)
