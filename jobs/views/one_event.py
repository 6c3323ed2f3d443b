"""One event: what it says, and what it did to stock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from data_lake.events import Event
from data_lake.facts.effect import Effect, effect_of
from data_lake.facts.fact import Fact
from data_lake.facts.tail import Asked, Tail
from data_lake.lake import Lake
from jobs.views.lines import records

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def content_of(tail: Tail, acts: Sequence[Event], event_id: str) -> dict[str, Any] | None:
    """Return an event as it is kept, empty fields left out; None: it is not of the span."""
    for act in acts:
        if act.event_id == event_id:
            return {
                "eventId": act.event_id,
                "eventType": act.event_type,
                "timestamp": act.timestamp.isoformat(),
                "author": act.author,
                "reason": act.reason,
                "data": act.data,
            }
    rows = tail.of(Asked(event_id=event_id)).rows(1)
    return None if rows.empty else _written(records(rows)[0])


def fact_text(fact: Fact) -> str:
    """Return a fact as text that a person reads, a line a field; empty fields left out."""
    told = fact._asdict() | {"at": _EPOCH + timedelta(microseconds=fact.at)}
    return json.dumps(_written(told), indent=2, ensure_ascii=False)


def _written(fact: dict[str, Any]) -> dict[str, Any]:
    told = fact | {"at": fact["at"].isoformat()}
    if told["details"]:
        told["details"] = json.loads(told["details"])
    return {name: value for name, value in told.items() if not _nothing(value)}


def _nothing(value: Any) -> bool:
    return value is None or value == "" or value != value


def effects(lake: Lake, content: Mapping[str, Any]) -> list[Effect]:
    """Return what a fact did to stock, at both ends of a transfer; an act of a person: nothing."""
    if "eventType" in content or not content.get("sku"):
        return []
    places = [str(content["location"]), str(content.get("to_location", ""))]
    places = [place for place in dict.fromkeys(places) if place]
    return effect_of(lake, str(content["event_id"]), str(content["sku"]), tuple(places))
