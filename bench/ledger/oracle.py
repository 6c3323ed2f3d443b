"""What a ledger must hold and come to, worked out as slowly and plainly as can be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from math import nan
from typing import Any

from data_lake.facts.fact import Fact
from data_lake.facts.landing import to_line

_KINDS = {
    "sale.recorded": "sale",
    "inventory.transferred": "transfer",
    "inventory.written_off": "write_off",
    "order.placed": "order_placed",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("productId", "location", "quantity", "delta", "batch", "expiryDate", "toLocation", "orderId")


def fact_of(event: dict[str, Any]) -> Fact:
    """Read an event of `bench.ledger.traffic`."""
    data = event["data"]
    kind: Any = _KINDS.get(event["eventType"], "delta" if "delta" in data else "set")
    seconds = (datetime.fromisoformat(event["timestamp"]) - _EPOCH).total_seconds()
    details = {name: value for name, value in data.items() if name not in _FIELDS}
    quantity = data.get("quantity", data.get("delta"))
    return Fact(
        event["eventId"],
        round(seconds * 1e6),
        event["sequence"],
        kind,
        data["productId"],
        data["location"],
        nan if quantity is None else float(quantity),
        data.get("batch", ""),
        data.get("expiryDate", ""),
        data.get("toLocation", ""),
        data.get("orderId", ""),
        "1" if kind == "order_placed" else "",
        _json(details),
    )


def _json(details: dict[str, Any]) -> str:
    if not details:
        return ""
    return json.dumps(details, separators=(",", ":"), sort_keys=True)


def winners(facts: Iterable[Fact]) -> list[Fact]:
    """Return what applies of a set of facts, in order: of each id the smallest by (order, line)."""
    first: dict[str, Fact] = {}
    for fact in facts:
        other = first.get(fact.event_id)
        if other is None or (fact.order, to_line(fact)) < (other.order, to_line(other)):
            first[fact.event_id] = fact
    return sorted(first.values(), key=lambda fact: fact.order)


def stock(facts: Iterable[Fact]) -> dict[tuple[str, str], float]:
    """Fold facts in order to stock by product and location where no stock is perpetual."""
    held: dict[tuple[str, str], float] = {}
    for fact in facts:
        key = (fact.sku, fact.location)
        if fact.kind == "set":
            held[key] = fact.quantity
        elif fact.kind == "delta":
            held[key] = held.get(key, 0.0) + fact.quantity
        elif fact.kind in ("write_off", "transfer"):
            held[key] = held.get(key, 0.0) - fact.quantity
        if fact.kind == "transfer":
            there = (fact.sku, fact.to_location)
            held[there] = held.get(there, 0.0) + fact.quantity
    return held
