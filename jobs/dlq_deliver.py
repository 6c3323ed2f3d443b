"""What reads a dead letter again: the same jobs that read it the first time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from data_lake.facts.ingest import Decision, PoisonRecord, ingest_facts
from jobs.dlq_states import DeadState
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.facts.messages import Record
    from data_lake.lake import Lake

OF_FUNCTIONS = ("incoming", "replan", "notifications", "reports")
"""Queues whose messages are no events; any other queue carries events."""


@dataclass(frozen=True)
class Delivered:
    """What came of a delivery."""

    changed: frozenset[tuple[str, str]]
    """Product and location of every fact that was read."""
    refused: dict[str, PoisonRecord]
    """Letter → what is wrong with it."""


Deliver = Callable[["Lake", Sequence[DeadState], datetime], Delivered]


def kind_of_queue(queue: str) -> str:
    """Return which of `OF_FUNCTIONS` a queue is, with or without a stack's name before it; '' for events."""
    return next((name for name in OF_FUNCTIONS if queue == name or queue.endswith(f"-{name}")), "")


def record_of(state: DeadState) -> Record:
    """Return the message that is read: the present body under the id that it came with."""
    from data_lake.facts.messages import Record

    return Record(state.letter.message_id or state.name, state.body)


def through_ingest(lake: Lake, states: Sequence[DeadState], at: datetime) -> Delivered:
    """Read letters in process: facts into the ledger, acts of people by their jobs, dropped files imported.

    Every letter is read under the id that it came with, so reading it twice adds nothing.
    """
    changed: frozenset[tuple[str, str]] = frozenset()
    refused: dict[str, PoisonRecord] = {}
    events = [state for state in states if not kind_of_queue(state.letter.queue)]
    if events:
        told = ingest_facts(lake, [record_of(state) for state in events], received_at=at)
        changed = told.changed
        poison = {(one.message_id, one.body): one for one in told.poison}
        acts = _refused_acts(lake, told.decisions, at)
        for state in events:
            record = record_of(state)
            bad = poison.get((record.message_id, record.body))
            if bad is None and record.message_id in acts:
                bad = PoisonRecord(*record, "the act is refused", acts[record.message_id])
            if bad is not None:
                refused[state.name] = bad
    for state in states:
        kind = kind_of_queue(state.letter.queue)
        if kind:
            why = _of_function(lake, kind, state, at)
            if why:
                refused[state.name] = PoisonRecord(*record_of(state), why, (why,))
    return Delivered(changed, refused)


def _refused_acts(lake: Lake, decisions: Sequence[Decision], at: datetime) -> dict[str, tuple[str, ...]]:
    """Do the acts of people that messages carry; return why those of a message were refused."""
    if not decisions:
        return {}
    from jobs.act_messages import apply_decisions

    found = apply_decisions(lake, [decision.event for decision in decisions], at=at)
    why = {refused.event.event_id: refused.why for refused in found}
    told: dict[str, tuple[str, ...]] = {}
    for decision in decisions:
        if decision.event.event_id in why:
            earlier = told.get(decision.message_id, ())
            told[decision.message_id] = (*earlier, why[decision.event.event_id])
    return told


def _of_function(lake: Lake, kind: str, state: DeadState, at: datetime) -> str:
    """Read a message that is no event; return why it cannot be."""
    if kind != "incoming":
        return (
            f"messages of {state.letter.queue} are read by their function alone: `shelfcast dlq replay --to`"
        )
    from jobs.incoming import take_message

    try:
        take_message(lake, state.body, at=at)
    except JobError as error:
        return str(error)
    return ""
