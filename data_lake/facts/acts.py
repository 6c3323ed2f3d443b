"""People's acts over the bus: the same events as `data_lake.events`, names in camelCase or snake_case."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from data_lake.events import EVENT_FIELDS, Event, faults_of
from data_lake.facts.envelope import Poison, canonical_id

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_WIRE_NAMES = {"product_id": "sku"}
"""What the wire calls otherwise than the lake."""

MAY_LACK: dict[str, frozenset[str]] = {
    "plan_line.approved": frozenset({"run_id", "order_by", "order_id", "line", "plan"}),
    "plan_line.edited": frozenset({"order_by"}),
    "plan_line.rejected": frozenset({"order_by", "order_id"}),
    "transfer.approved": frozenset({"run_id", "ship_date", "order_id", "line", "transfer"}),
    "forecast.overridden": frozenset({"level", "sku", "location"}),
    "markdown.decided": frozenset({"run_id", "sku", "location", "mechanic"}),
    "alert.acknowledged": frozenset({"sku", "location", "source"}),
    "alert.snoozed": frozenset({"sku", "location", "source"}),
    "alert.closed": frozenset({"sku", "location", "source"}),
}
"""Fields that a message may leave out: empty, or for the job that does the act to find out."""


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
        at = at if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        faults.append(f"timestamp: {texts['timestamp']!r} is not an instant (2026-01-15T10:30:00Z)")
    if at is not None and at.tzinfo is None:
        faults.append(f"timestamp: {texts['timestamp']!r} has no time zone: write Z or an offset")
    if faults or at is None or not isinstance(data, dict):
        raise Poison("breaks its schema", faults)
    event_id = texts["eventId"] or canonical_id(event)
    named = {snake(name): value for name, value in data.items()}
    if len(named) < len(data):
        raise Poison("ambiguous", ["data: a name is there in camelCase and in snake_case: which counts?"])
    for name in MAY_LACK.get(event["eventType"], ()):
        named.setdefault(name, {} if EVENT_FIELDS[event["eventType"]][name] == "object" else "")
    act = Event(event_id, event["eventType"], at, texts["author"] or "", texts["reason"] or "", named)
    found = faults_of([act])
    if found:
        raise Poison("breaks its schema", [fault.partition(": ")[2] for fault in found])
    return act
