"""Messages become facts and acts, or are named poison with all their faults. No frames, no boto3.

The format is in docs/events/README.md. A message is taken whole or not at all: one bad event in an array
makes the message poison, so that its repaired copy can be replayed without counting anything twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import nan
from typing import Any

import orjson

from data_lake.events import EVENT_FIELDS, Event
from data_lake.facts.acts import act_of
from data_lake.facts.envelope import Poison, Record, canonical_id, unwrap
from data_lake.facts.fact import Fact, FactKind
from data_lake.facts.faults import schema_faults
from data_lake.facts.kinds import ALIASES, KINDS, MOVES, validator_of

__all__ = ["MOST_AHEAD", "Poison", "Record", "parse_message"]

MOST_AHEAD = timedelta(minutes=5)
"""A clock may be this far ahead of the receipt of its event; beyond it the event is quarantined."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENVELOPE = frozenset({"schemaVersion", "eventId", "eventType", "timestamp", "sequence", "data"})
_COLUMNS = frozenset(
    {
        "productId",
        "location",
        "quantity",
        "delta",
        "batch",
        "expiryDate",
        "toLocation",
        "orderId",
        "line",
    }
)


def parse_message(record: Record, received_at: datetime) -> tuple[list[Fact], list[Event]]:
    """Return the facts that a message tells and the acts of people that it carries.

    Parameters
    ----------
    record
        The message; its body raw or wrapped by SNS.
    received_at
        When it was received, with a time zone.

    Raises
    ------
    Poison
        Nothing of the message is taken; `faults` lists what is wrong with each of its events.
    """
    events, message_id = unwrap(record)
    latest = received_at + MOST_AHEAD
    facts: list[Fact] = []
    acts: list[Event] = []
    faults: list[str] = []
    reason = ""
    for index, event in enumerate(events):
        try:
            known = type(event) is dict and event.get("eventType")
            spare_id = message_id if index == 0 else f"{message_id}#{index}"
            if type(known) is str and known in EVENT_FIELDS:
                act = act_of(event)
                _refuse_ahead(act.timestamp, latest)
                acts.append(act)
            else:
                facts.append(_fact(event, known, spare_id, latest))
        except Poison as poison:
            reason = reason or poison.reason
            where = f"event {index + 1}: " if len(events) > 1 else ""
            faults += [where + fault for fault in poison.faults]
    if faults:
        raise Poison(reason, faults)
    return facts, acts


def _refuse_ahead(at: datetime, latest: datetime) -> None:
    if at > latest:
        ahead = (at - latest + MOST_AHEAD).total_seconds()
        raise Poison(
            "quarantined",
            [
                f"timestamp {at.isoformat()} is {ahead:.0f} s ahead of its receipt (at most "
                f"{MOST_AHEAD.total_seconds():.0f}): check the sender's clock, then repair or replay it"
            ],
        )


def _fact(event: Any, event_type: Any, spare_id: str, latest: datetime) -> Fact:
    if type(event) is not dict:
        raise Poison("not an event", [f"expected an object, seen {type(event).__name__}"])
    name = ALIASES.get(event_type, event_type) if type(event_type) is str else None
    kind: FactKind | None = KINDS.get(name or "")
    if name is None or kind is None:
        known = ", ".join(sorted([*KINDS, *EVENT_FIELDS]))
        raise Poison("unknown type", [f"eventType is {event.get('eventType')!r}; known are {known}"])
    validator = validator_of(name)
    if not validator.is_valid(event):
        raise Poison("breaks its schema", schema_faults(validator, event))
    try:
        at = datetime.fromisoformat(event["timestamp"])
        instant = (at - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError) as error:
        raise Poison("breaks its schema", [f"timestamp is {event['timestamp']!r}: {error}"]) from None
    if at > latest:
        _refuse_ahead(at, latest)
    if instant < 0:
        raise Poison("breaks its schema", [f"timestamp is {event['timestamp']!r}: before 1970"])
    data = event["data"]
    if kind == "set" and "delta" in data:
        kind = "delta"
    event_id = event.get("eventId") or (spare_id if kind in MOVES else canonical_id(event))
    quantity = data.get("delta" if kind == "delta" else "quantity")
    return Fact(
        event_id,
        instant,
        int(event.get("sequence", 0)),
        kind,
        data.get("productId", ""),
        data.get("location", ""),
        nan if quantity is None else quantity + 0.0,
        data.get("batch", ""),
        data.get("expiryDate", ""),
        data.get("toLocation", ""),
        data.get("orderId", ""),
        data.get("line", "1" if kind in ("order_placed", "order_received") else ""),
        _details(event, data),
    )


def _details(event: dict[str, Any], data: dict[str, Any]) -> str:
    """All else that was told, under its names on the wire."""
    if data.keys() <= _COLUMNS and event.keys() <= _ENVELOPE:
        return ""
    told = {name: event[name] for name in event.keys() - _ENVELOPE}
    told |= {name: data[name] for name in data.keys() - _COLUMNS}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()
