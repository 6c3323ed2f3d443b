"""People's acts over the bus: the same events as `data_lake.events`, names in camelCase or snake_case."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from data_lake.events import Event, faults_of
from data_lake.facts.envelope import Poison, canonical_id

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_WIRE_NAMES = {"product_id": "sku"}
"""What the wire calls otherwise than the lake."""


def snake(name: str) -> str:
    """Return a name of the wire as the lake writes it.

    Examples
    --------
    >>> snake("lineId"), snake("line_id"), snake("productId")
    ('line_id', 'line_id', 'sku')
    """
    name = _HUMP.sub(lambda hump: f"_{hump[1].lower()}", name)
    return _WIRE_NAMES.get(name, name)


def act_of(event: dict[str, Any]) -> Event:
    """Return the act that an event of the wire tells; without an id it takes the hash of its content.

    Raises
    ------
    Poison
        Lists every fault.
    """
    faults = []
    texts = {}
    for name, spare in (("eventId", None), ("timestamp", None), ("author", ""), ("reason", "")):
        texts[name] = value = event.get(name, spare)
        if value is not None and not isinstance(value, str):
            faults.append(f"{name}: {value!r} is not text")
    data = event.get("data")
    if not isinstance(data, dict):
        faults.append("data: an object is required")
    at = None
    try:
        at = datetime.fromisoformat(texts["timestamp"] or "")
    except (ValueError, TypeError):
        faults.append(f"timestamp: {texts['timestamp']!r} is not an instant (2026-01-15T10:30:00Z)")
    if at is not None and at.tzinfo is None:
        faults.append(f"timestamp: {texts['timestamp']!r} has no time zone: write Z or an offset")
    if faults or at is None or not isinstance(data, dict):
        raise Poison("breaks its schema", faults)
    event_id = texts["eventId"] or canonical_id(event)
    named = {snake(name): value for name, value in data.items()}
    act = Event(
        event_id, event["eventType"], at.astimezone(UTC), texts["author"] or "", texts["reason"] or "", named
    )
    found = faults_of([act])
    if found:
        raise Poison("breaks its schema", [fault.partition(": ")[2] for fault in found])
    return act
