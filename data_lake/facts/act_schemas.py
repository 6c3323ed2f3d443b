"""JSON Schemas of people's acts as messages, made from `data_lake.events`: one truth for form and faults."""

from __future__ import annotations

import re
from typing import Any

from data_lake.events import EVENT_FIELDS, NEEDS_REASON, FieldKind
from data_lake.facts.acts import MAY_LACK

_TYPES: dict[FieldKind, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
}
_EXAMPLES: dict[str, Any] = {
    "alert_type": "stockout",
    "depth": 0.2,
    "factor": 1.2,
    "level": "item_location",
    "line_id": "inv-001|Store-7|Acme",
    "location": "Store-7",
    "sku": "inv-001",
    "source": "Acme",
}
_BY_KIND: dict[FieldKind, Any] = {"number": 24, "texts": ["PO-77"], "object": {}}


def wire_name(field: str) -> str:
    """Return what a field of the lake is called on the wire.

    Examples
    --------
    >>> wire_name("line_id"), wire_name("sku")
    ('lineId', 'productId')
    """
    if field == "sku":
        return "productId"
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), field)


def act_schema(event_type: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an act as a message."""
    fields = EVENT_FIELDS[event_type]
    needed = [name for name in fields if name not in MAY_LACK.get(event_type, ())]
    example = {
        "eventId": f"{event_type}-0001",
        "eventType": event_type,
        "timestamp": "2026-01-15T10:30:00Z",
        "author": "ana",
        "reason": "holiday week",
        "data": {wire_name(name): _example(name, fields[name]) for name in needed},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:shelfcast:events:{event_type}:1",
        "title": event_type,
        "description": "An act of a person. Names in `data` may be written in snake_case too.",
        "type": "object",
        "properties": {
            "schemaVersion": {"const": 1, "description": "Version of this schema; left out: 1"},
            "eventId": {"type": "string", "description": "Identity; left out: SHA-256 of the canonical body"},
            "eventType": {"const": event_type},
            "timestamp": {"type": "string", "format": "date-time"},
            "author": {"type": "string", "pattern": "\\S", "description": "Who does it"},
            "reason": {"type": "string", "description": "Why"}
            | ({"pattern": "\\S"} if event_type in NEEDS_REASON else {}),
            "data": {
                "type": "object",
                "properties": {wire_name(name): _TYPES[kind] for name, kind in fields.items()},
                "required": [wire_name(name) for name in needed],
            },
        },
        "required": [
            "eventType",
            "timestamp",
            "author",
            *(["reason"] if event_type in NEEDS_REASON else []),
            "data",
        ],
        "examples": [example],
    }


def _example(name: str, kind: FieldKind) -> Any:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if kind != "text":
        return _BY_KIND[kind]
    return "2026-01-15" if name.endswith(("_date", "_by", "until")) else f"{name.replace('_', '-')}-1"
