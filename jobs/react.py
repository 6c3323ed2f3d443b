"""Laptop mode: what the functions do on AWS, in one process: ingest → acts → re-plan → alert → notify.

Each step is durable before the next begins, and each may be done again: whatever was stored, decided, planned
or told before is not stored, decided, planned or told twice. So a kill anywhere loses nothing; the next call,
of the same messages or of any others, goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from data_lake.events import Event
from data_lake.facts.fact import Fact
from data_lake.facts.ingest import Ingested, PoisonRecord
from data_lake.facts.messages import Poison, Record, parse_message
from data_lake.facts.read import read_facts
from data_lake.runs import latest_run
from engine.alerts.change import AlertChange
from jobs.act_messages import Refused, apply_decisions
from jobs.alert import alert, mark_told, pending_changes
from jobs.dlq import keep_poison
from jobs.ingest import ingest
from jobs.notify import Channels, Notified, notify
from jobs.replan import Replanned, replan

if TYPE_CHECKING:
    from data_lake.lake import Lake

QUEUE = "laptop"
"""Where dead letters of laptop mode say that they came from."""


@dataclass(frozen=True)
class Followed:
    """What came of what changed."""

    replanned: Replanned | None
    """None: nothing that a plan depends on changed, or the lake holds no plan yet."""
    changes: tuple[AlertChange, ...]
    """Alerts that opened, got worse or were resolved."""
    notified: Notified


@dataclass(frozen=True)
class Reacted:
    """What messages came to."""

    stored: int
    """Facts that are new."""
    duplicates: int
    """Facts that were told before, or twice in these messages: they add nothing."""
    poison: tuple[PoisonRecord, ...]
    """Messages that cannot be read; each is a dead letter."""
    done: tuple[Event, ...]
    """Acts of people that stand now."""
    refused: tuple[Refused, ...]
    """Acts of people that were not done, and who was first; their messages are dead letters."""
    followed: Followed | None
    """None: asked not to plan."""


def react(
    lake: Lake,
    records: Sequence[Record],
    *,
    at: datetime,
    queue: str = QUEUE,
    channels: Channels | None = None,
    plan: bool = True,
) -> Reacted:
    """Take messages and do all that follows from them, before it returns.

    Parameters
    ----------
    lake
        The lake.
    records
        Messages in the wire format of docs/events.
    at
        Now, with a time zone: instant of receipt, of the plan and of the alerts.
    queue
        Name that dead letters of these messages carry.
    channels
        How subscribers are told; without: what the environment sets up.
    plan
        Without it nothing is re-planned and nobody is told: the next call, or `shelfcast plan`, does.

    Raises
    ------
    LakeError
        Storage failed. What was stored stays; send the same messages again.
    """
    told = _told(records, at)
    known = _known(lake, told)
    taken = ingest(lake, queue, records, received_at=at)
    refused = apply_decisions(lake, [decision.event for decision in taken.decisions], at=at)
    _keep_refused(lake, queue, records, taken, refused, at)
    stored = len({fact.event_id for fact in told} - known)
    not_done = [one.event for one in refused]
    done = tuple(one.event for one in taken.decisions if one.event not in not_done)
    followed = None
    if plan:
        # orders and acts may name no product: then the plan itself finds out what changed
        changed = None if taken.orders or done else taken.changed
        followed = follow(lake, changed, at=at, channels=channels)
    return Reacted(stored, len(told) - stored, tuple(taken.poison), done, tuple(refused), followed)


def follow(
    lake: Lake,
    changed: Iterable[tuple[str, str]] | None = None,
    *,
    at: datetime,
    channels: Channels | None = None,
) -> Followed:
    """Plan again what changed, judge it, tell whom it concerns; also what an earlier call did not get to.

    Parameters
    ----------
    lake
        The lake. Without a plan nothing is planned; `shelfcast plan` makes the first.
    changed
        Products and locations; none: nothing to plan; without: the plan itself finds out what changed.
    at
        Now.
    channels
        How subscribers are told.
    """
    named = None if changed is None else frozenset(changed)
    replanned = None
    if latest_run(lake) is not None and (named is None or named):
        replanned = replan(lake, named, at=at)
    changes = alert(lake, at=at)
    waiting = pending_changes(lake)
    notified = notify(lake, waiting, at=at, channels=channels)
    mark_told(lake, waiting)
    return Followed(replanned, tuple(changes), notified)


def _told(records: Sequence[Record], at: datetime) -> list[Fact]:
    facts: list[Fact] = []
    for record in records:
        with suppress(Poison):  # ingest keeps it with its reasons
            facts += parse_message(record, at)[0]
    return facts


def _known(lake: Lake, facts: Sequence[Fact]) -> set[str]:
    """Return the ids among these facts that the ledger has already."""
    if not facts:
        return set()
    places = {(fact.sku, fact.location) for fact in facts}
    stored = read_facts(lake, keys=places).frame["event_id"].to_list()
    return {fact.event_id for fact in facts} & set(stored)


def _keep_refused(
    lake: Lake,
    queue: str,
    records: Sequence[Record],
    taken: Ingested,
    refused: Sequence[Refused],
    at: datetime,
) -> None:
    """Keep the messages of refused acts where their senders can see why; nothing tries them again."""
    bodies = {record.message_id: record.body for record in records}
    for one in refused:
        message_id = next(told.message_id for told in taken.decisions if told.event == one.event)
        letter = PoisonRecord(message_id, bodies[message_id], "refused", (one.why,))
        keep_poison(lake, queue, letter, letter, at=at)
