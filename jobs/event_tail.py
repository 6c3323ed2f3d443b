"""The end of both ledgers, facts of systems and acts of people, in one list by time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data_lake.events import Event
from data_lake.facts.fact import Fact
from data_lake.facts.kinds import ALIASES, KINDS
from data_lake.facts.read import read_facts
from data_lake.facts.rows import to_facts
from data_lake.ledger import read_events

if TYPE_CHECKING:
    from data_lake.lake import Lake

_SPANS = (timedelta(days=1), timedelta(days=14))
"""How far back a look at the facts goes before all of them are read."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = {kind: name for name, kind in KINDS.items()} | {"delta": "inventory.updated"}


@dataclass(frozen=True)
class TailRow:
    """One event of either ledger."""

    at: datetime
    sequence: int
    event_id: str
    event_type: str
    about: str
    """What it says, in a few words."""
    sku: str
    location: str
    order_id: str
    author: str
    """Who did it; '' for facts of systems that do not say."""
    reason: str

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Rows are listed in this order."""
        return self.at, self.sequence, self.event_id


@dataclass(frozen=True)
class Wanted:
    """Which events; an empty part wants all. A type ending in a dot, such as `order.`, wants its family."""

    types: tuple[str, ...] = ()
    sku: str = ""
    location: str = ""
    order: str = ""
    since: datetime | None = None

    def wants(self, row: TailRow) -> bool:
        """Whether a row is wanted."""
        return (
            (not self.types or any(_is_of(row.event_type, name) for name in self.types))
            and self.sku in ("", row.sku)
            and (not self.location or self.location in row.location.split(" → "))
            and self.order in ("", row.order_id)
            and (self.since is None or row.at >= self.since)
        )


EVERYTHING = Wanted()


def tail(lake: Lake, *, most: int = 20, wanted: Wanted = EVERYTHING, now: datetime) -> list[TailRow]:
    """Return the last events that are wanted, newest last.

    Parameters
    ----------
    lake
        Where the ledgers are.
    most
        So many at most.
    wanted
        Which.
    now
        The present instant: recent days are looked at first.
    """
    acts = [row for row in map(act_row, read_events(lake)) if wanted.wants(row)]
    facts: list[TailRow] = []
    for span in (*_SPANS, None):
        since = None if span is None else now - span
        if wanted.since is not None and (since is None or since <= wanted.since):
            since = wanted.since
        found = to_facts(read_facts(lake, since=since).frame)
        facts = [row for row in map(fact_row, found) if wanted.wants(row)]
        if len(facts) >= most or since is None or since == wanted.since:
            break
    return sorted([*acts, *facts], key=lambda row: row.order)[-most:]


def not_seen(rows: Iterable[TailRow], seen: set[tuple[str, str]]) -> list[TailRow]:
    """Return the rows not seen yet, and remember them: an event that comes late is listed when it comes."""
    new = [row for row in rows if (row.event_type, row.event_id) not in seen]
    seen.update((row.event_type, row.event_id) for row in new)
    return new


def fact_row(fact: Fact) -> TailRow:
    """Return a fact as a row."""
    told: dict[str, Any] = json.loads(fact.details) if fact.details else {}
    place = f"{fact.location} → {fact.to_location}" if fact.to_location else fact.location
    return TailRow(
        _EPOCH + timedelta(microseconds=fact.at),
        fact.sequence,
        fact.event_id,
        _TYPES[fact.kind],
        _about_fact(fact, place),
        fact.sku,
        place,
        fact.order_id,
        str(told.get("author") or told.get("source") or ""),
        str(told.get("reason") or ""),
    )


def act_row(event: Event) -> TailRow:
    """Return a person's act as a row."""
    data = event.data
    line = str(data.get("line_id", "")).split("|")
    sku = str(data.get("sku") or (line[0] if len(line) > 2 else ""))
    location = str(data.get("location") or (line[1] if len(line) > 2 else ""))
    about = ", ".join(
        f"{name} {_plain(value)}"
        for name, value in data.items()
        if isinstance(value, str | int | float) and value not in ("", False) and name != "run_id"
    )
    return TailRow(
        event.timestamp,
        0,
        event.event_id,
        event.event_type,
        about,
        sku,
        location,
        str(data.get("order_id") or ""),
        event.author,
        event.reason,
    )


def _about_fact(fact: Fact, place: str) -> str:
    quantity = "" if math.isnan(fact.quantity) else _plain(fact.quantity)
    what = f"{fact.sku} at {place}" if fact.sku else ""
    if fact.batch:
        what += f", batch {fact.batch}"
    if fact.order_id:
        order = f"{fact.order_id}/{fact.line}" if fact.line else fact.order_id
        parts = [order, quantity and f"{quantity} each", what]
        return ", ".join(part for part in parts if part)
    sign = {"set": "= ", "count": "= ", "delta": "" if fact.quantity < 0 else "+"}.get(fact.kind, "")
    return f"{what}: {sign}{quantity}"


def _plain(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


def _is_of(event_type: str, name: str) -> bool:
    name = ALIASES.get(name, name)
    return event_type == name or (name.endswith(".") and event_type.startswith(name))
