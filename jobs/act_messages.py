"""People's acts that arrive as messages: done by the same jobs as in the dashboard, once an event id.

A message may come twice, or again after a crash between the act and its acknowledgement. What became of an
event id is therefore kept, in one object created exclusively after the act; and where that is missing, the
act is looked for in the ledger before it is done again. A refused act is kept with its reason (who was first)
and never tried again: somebody must decide anew, under a new id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from data_lake.errors import NoSuchObject
from data_lake.events import Event, to_json
from data_lake.ledger import read_events
from jobs.act_dispatch import complete, do, is_trace
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake

OUTCOMES = "ledger/messages/"
"""What became of acts that arrived as messages, one object an event id."""

Outcome = Literal["done", "refused"]


class Refused(NamedTuple):
    """An act that was not done, and why, with the name of who was first."""

    event: Event
    why: str


@dataclass(frozen=True)
class Told:
    """What became of one act that arrived as a message."""

    event: Event
    outcome: Outcome
    why: str
    at: datetime


def apply_decisions(lake: Lake, events: Iterable[Event], *, at: datetime | None = None) -> list[Refused]:
    """Do acts in the order given, each once whatever comes twice, and return those that were refused.

    Parameters
    ----------
    lake
        Where runs and ledger are.
    events
        Acts as `data_lake.facts.messages.parse_message` reads them.
    at
        Instant that outcomes are stamped with; now without.

    Returns
    -------
    list of Refused
        Also those that were refused before, so that a redelivered message gets the same answer. Every message
        may be acknowledged once this returns.

    Raises
    ------
    LakeError
        Storage failed: acts before it stand, and doing all again does none twice.
    """
    refused = []
    for event in events:
        told = _outcome(lake, event) or _do_once(lake, event, at or datetime.now(UTC))
        if told.event != event:
            refused.append(Refused(event, _other_content(told.event)))
        elif told.outcome == "refused":
            refused.append(Refused(event, told.why))
    return refused


def told_acts(lake: Lake) -> list[Told]:
    """Return what became of every act that arrived as a message, oldest first."""
    found = [_read(lake.objects.get(key)) for key in lake.objects.list(OUTCOMES)]
    return sorted(found, key=lambda told: (told.at, told.event.event_id))


def _do_once(lake: Lake, event: Event, at: datetime) -> Told:
    """Do an act unless its trace is in the ledger, and keep what became of it."""
    why = ""
    if _traced(lake, event):
        complete(lake, event)
    else:
        why = do(lake, event)
        if why and _traced(lake, event):
            why = ""  # another worker has done this very message meanwhile, and is who it lost against
    told = Told(event, "refused" if why else "done", why, at)
    key = _key(event)
    if lake.objects.put_new(key, _write(told)):
        return told
    return _read(lake.objects.get(key))


def _traced(lake: Lake, act: Event) -> bool:
    return any(is_trace(event, act) for event in read_events(lake))


def _outcome(lake: Lake, event: Event) -> Told | None:
    try:
        return _read(lake.objects.get(_key(event)))
    except NoSuchObject:
        return None


def _other_content(first: Event) -> str:
    return (
        f"eventId {first.event_id!r} was used before, by {first.author} at {first.timestamp:%Y-%m-%d %H:%M} "
        f"UTC for another {first.event_type}; send it under an id of its own"
    )


def _key(event: Event) -> str:
    return f"{OUTCOMES}{hashlib.sha256(event.event_id.encode()).hexdigest()}.json"


def _write(told: Told) -> bytes:
    body: dict[str, Any] = {
        "event": json.loads(to_json(told.event)),
        "outcome": told.outcome,
        "why": told.why,
        "at": told.at.astimezone(UTC).isoformat(),
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode()


def _read(content: bytes) -> Told:
    try:
        body = json.loads(content)
        event = body["event"]
        made = Event(
            event["event_id"],
            event["event_type"],
            datetime.fromisoformat(event["timestamp"]).astimezone(UTC),
            event["author"],
            event["reason"],
            event["data"],
        )
        return Told(made, body["outcome"], body["why"], datetime.fromisoformat(body["at"]))
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"an object below {OUTCOMES} is not what became of an act ({error}); restore it from a backup"
        ) from error
