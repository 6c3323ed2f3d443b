"""What the ledger holds: events, their identity, their checks and their union. Standard library only.

An event is an act of a person or a change of the business, kept for ever. Its id has one payload, so the
ledger is a *set*: order, duplicates and replays do not matter.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from data_lake.errors import LakeError

FieldKind = Literal["text", "number", "texts", "object"]

EVENT_FIELDS: dict[str, dict[str, FieldKind]] = {
    "plan_line.approved": {
        "run_id": "text",
        "line_id": "text",
        "order_by": "text",
        "order_id": "text",
        "line": "text",
        "quantity": "number",
        "plan": "object",
    },
    "plan_line.rejected": {"line_id": "text", "order_by": "text", "order_id": "text"},
    "plan_line.edited": {"line_id": "text", "order_by": "text", "order_id": "text", "quantity": "number"},
    "transfer.approved": {
        "run_id": "text",
        "transfer_id": "text",
        "ship_date": "text",
        "order_id": "text",
        "line": "text",
        "quantity": "number",
        "transfer": "object",
    },
    "transfer.withdrawn": {"transfer_id": "text", "order_id": "text"},
    "forecast.overridden": {
        "level": "text",
        "sku": "text",
        "location": "text",
        "from_date": "text",
        "to_date": "text",
        "factor": "number",
    },
    "forecast.override_retired": {"override": "text"},
    "demand.corrected": {
        "sku": "text",
        "location": "text",
        "from_date": "text",
        "to_date": "text",
        "demand": "number",
    },
    "demand.correction_retired": {"correction": "text"},
    "markdown.decided": {
        "run_id": "text",
        "line_id": "text",
        "sku": "text",
        "location": "text",
        "from_date": "text",
        "to_date": "text",
        "depth": "number",
        "mechanic": "text",
    },
    "markdown.ended": {"markdown": "text", "to_date": "text"},
    "alert.acknowledged": {"alert_type": "text", "sku": "text", "location": "text", "source": "text"},
    "alert.snoozed": {
        "alert_type": "text",
        "sku": "text",
        "location": "text",
        "source": "text",
        "until": "text",
    },
    "alert.closed": {"alert_type": "text", "sku": "text", "location": "text", "source": "text"},
    "parameter.changed": {"name": "text", "new_value": "text"},
    "subscription.changed": {"subscription": "text", "act": "text"},
    "scenario.made": {"scenario": "text", "run_id": "text", "name": "text", "changes": "texts"},
    "scenario.renamed": {"scenario": "text", "name": "text"},
    "scenario.promoted": {"scenario": "text", "run_id": "text", "promotion": "text"},
    "scenario.undone": {"scenario": "text", "promotion": "text"},
    "scenario.applied": {"promotion": "text"},
    "scenario.retired": {"scenario": "text"},
    "order.exported": {"order_ids": "texts", "format": "text"},
    "dead_letter.repaired": {"dead_letter": "text", "before": "text", "after": "text"},
    "dead_letter.replayed": {"dead_letter": "text", "outcome": "text"},
    "dead_letter.discarded": {"dead_letter": "text"},
}
"""Every type of event and the fields that its `data` must have; more fields are allowed."""

NEEDS_REASON = frozenset(
    {
        "plan_line.rejected",
        "plan_line.edited",
        "transfer.withdrawn",
        "forecast.overridden",
        "forecast.override_retired",
        "demand.corrected",
        "demand.correction_retired",
        "markdown.decided",
        "markdown.ended",
        "alert.closed",
        "scenario.made",
        "scenario.promoted",
        "scenario.undone",
        "scenario.retired",
        "dead_letter.repaired",
        "dead_letter.discarded",
    }
)
"""Types that change what was decided or computed: without a reason they are not accepted."""


class EventError(LakeError):
    """Events break their rules; the message lists every fault and nothing was written."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("nothing was recorded:\n" + "\n".join(f"- {fault}" for fault in self.faults))


@dataclass(frozen=True)
class Event:
    """One event: what happened, when [UTC], who did it and why."""

    event_id: str
    event_type: str
    timestamp: datetime
    author: str
    reason: str
    data: dict[str, Any]

    @property
    def order(self) -> tuple[datetime, str]:
        """Events apply in this order: by time, then by id."""
        return self.timestamp, self.event_id


@dataclass(frozen=True)
class PayloadConflict:
    """A second payload under an id that already has one: kept out of the state, reported."""

    event_id: str
    kept: Event
    refused: tuple[Event, ...]


def make_event(
    event_type: str, *, at: datetime, author: str, reason: str = "", data: Mapping[str, Any]
) -> Event:
    """Make an event whose id is the SHA-256 of its content, so that a retry of the same act adds nothing.

    Parameters
    ----------
    event_type
        One of `EVENT_FIELDS`.
    at
        Instant of the act, with a time zone.
    author, reason
        Who did it, and why.
    data
        JSON-like content.

    Returns
    -------
    Event
        Not yet checked: `faults_of` says what is wrong, `append_events` refuses it.

    Examples
    --------
    >>> at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    >>> one, again = (
    ...     make_event("parameter.changed", at=at, author="ana", data={"name": "period", "new_value": "W"})
    ...     for _ in range(2)
    ... )
    >>> one == again
    True
    """
    data = dict(data)
    body = [event_type, at.isoformat(), author, reason, data]
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, default=repr)
    return Event(hashlib.sha256(text.encode()).hexdigest()[:32], event_type, at, author, reason, data)


def _wrong_kind(value: object, kind: FieldKind) -> bool:
    if kind == "number":
        return isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    if kind == "object":
        return not isinstance(value, dict)
    if kind == "texts":
        return not isinstance(value, list) or not all(isinstance(item, str) for item in value)
    return not isinstance(value, str)


def faults_of(events: Iterable[Event]) -> list[str]:
    """List every fault of a batch in words: which event, which field, what was seen, which rule."""
    faults = []
    seen: dict[str, Event] = {}
    for number, event in enumerate(events, 1):
        where = f"event {number} ({event.event_type})"
        if not event.event_id.strip():
            faults.append(f"{where}: event_id is empty")
        if event.timestamp.tzinfo is None:
            faults.append(f"{where}: timestamp {event.timestamp.isoformat()} has no time zone")
        if not event.author.strip():
            faults.append(f"{where}: author is empty; say who does it")
        if event.event_type in NEEDS_REASON and not event.reason.strip():
            faults.append(f"{where}: reason is empty; say why")
        if event.event_type not in EVENT_FIELDS:
            faults.append(f"{where}: unknown type; known are {', '.join(EVENT_FIELDS)}")
        for name, kind in EVENT_FIELDS.get(event.event_type, {}).items():
            if name not in event.data:
                faults.append(f"{where}: data.{name} is missing")
            elif _wrong_kind(event.data[name], kind):
                faults.append(f"{where}: data.{name} is {event.data[name]!r}, expected {kind}")
        try:
            json.dumps(event.data, allow_nan=False)
        except (TypeError, ValueError) as error:
            faults.append(f"{where}: data cannot be written as JSON ({error})")
        if seen.setdefault(event.event_id, event) != event:
            faults.append(f"{where}: event_id {event.event_id!r} is used twice with different content")
    return faults


def to_json(event: Event) -> str:
    """Write one event canonically: equal events give equal text."""
    body = {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "timestamp": event.timestamp.astimezone(UTC).isoformat(timespec="microseconds"),
        "author": event.author,
        "reason": event.reason,
        "data": event.data,
    }
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> Event:
    """Read one event as `to_json` wrote it; ValueError, KeyError or TypeError otherwise."""
    body = json.loads(text)
    return Event(
        body["event_id"],
        body["event_type"],
        datetime.fromisoformat(body["timestamp"]).astimezone(UTC),
        body["author"],
        body["reason"],
        body["data"],
    )


def union(events: Iterable[Event]) -> tuple[list[Event], list[PayloadConflict]]:
    """Unite events by id, in the order in which they apply.

    Of several payloads under one id the earliest is kept (by time, then by canonical text); the others are
    conflicts. The result depends on the set of events alone, not on their order, copies or batches.
    """
    payloads: dict[str, list[Event]] = {}
    for event in events:
        copies = payloads.setdefault(event.event_id, [])
        if event not in copies:
            copies.append(event)
    kept, conflicts = [], []
    for event_id, copies in payloads.items():
        if len(copies) > 1:
            copies.sort(key=lambda event: (event.timestamp, to_json(event)))
            conflicts.append(PayloadConflict(event_id, copies[0], tuple(copies[1:])))
        kept.append(copies[0])
    kept.sort(key=lambda event: event.order)
    conflicts.sort(key=lambda conflict: conflict.event_id)
    return kept, conflicts
