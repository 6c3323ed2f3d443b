"""Types of event that systems send: their kinds of fact and their JSON Schemas. Needs jsonschema-rs only."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from data_lake.facts.fact import FactKind

SCHEMAS = Path(__file__).with_name("schemas")
"""One JSON Schema a type, `<type>.json`: the single source of what an event may hold."""

ALIASES = {"sale": "sale.recorded"}
"""Other names of types."""

KINDS: dict[str, FactKind] = {
    "inventory.updated": "set",
    "inventory.counted": "count",
    "inventory.transferred": "transfer",
    "inventory.written_off": "write_off",
    "sale.recorded": "sale",
    "order.placed": "order_placed",
    "order.changed": "order_changed",
    "order.sent": "order_sent",
    "order.received": "order_received",
    "order.cancelled": "order_cancelled",
}
"""Kind of fact of each type; an `inventory.updated` that has a `delta` is a `delta`."""

MOVES: frozenset[FactKind] = frozenset({"delta", "transfer", "write_off", "sale", "order_received"})
"""Kinds that add up: two equal ones are two facts, so one without an id takes that of its message."""


def type_of(event_type: str) -> str | None:
    """Return the type that a name means, None if there is none.

    Examples
    --------
    >>> type_of("sale"), type_of("inventory.counted"), type_of("weather")
    ('sale.recorded', 'inventory.counted', None)
    """
    event_type = ALIASES.get(event_type, event_type)
    return event_type if event_type in KINDS else None


def schema_of(event_type: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a type."""
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{event_type}.json").read_text(encoding="utf-8"))
    return schema


@cache
def validator_of(event_type: str) -> Draft202012Validator:
    """Return the compiled schema of a type, formats checked."""
    return Draft202012Validator(schema_of(event_type), validate_formats=True)
