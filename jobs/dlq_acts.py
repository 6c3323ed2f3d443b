"""Repair, replay and discard dead letters: each an act with an author, recorded beside what it did.

A replay reads the letter under the id that it came with, so that doing it twice, or a kill midway, adds
nothing twice: facts are a set by id. A letter that is refused again stays, with the new reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from data_lake.events import make_event
from data_lake.facts.messages import Poison, parse_message
from data_lake.ledger import append_act, read_events
from jobs.dlq import read_letters
from jobs.dlq_deliver import Deliver, Delivered, kind_of_queue, record_of, through_ingest
from jobs.dlq_states import ACCEPTED, DISCARDED, REFUSED, REPAIRED, REPLAYED, DeadState, histories, state_of
from jobs.errors import JobError
from jobs.incoming_messages import dropped_keys

if TYPE_CHECKING:
    from data_lake.events import Event
    from data_lake.lake import Lake
    from data_lake.ledger import Ledger


@dataclass(frozen=True)
class Replayed:
    """What came of a replay."""

    accepted: tuple[str, ...]
    """Letters that were read."""
    refused: dict[str, str]
    """Letter → why it still cannot be read; it stays."""
    already: dict[str, str]
    """Letter → who was done with it before, and when."""
    changed: frozenset[tuple[str, str]] = frozenset()
    """Product and location of every fact that was read: what has to be planned again."""


def check_body(state: DeadState, body: str, at: datetime, *, lake_uri: str = "") -> tuple[str, ...]:
    """Return every fault that a body would have as this letter's; none: it can be replayed.

    Parameters
    ----------
    state
        The letter.
    body
        What it would say.
    at
        Now: a message from the future is a fault.
    lake_uri
        The lake's address: a message of dropped files must be of its bucket.
    """
    kind = kind_of_queue(state.letter.queue)
    try:
        if kind == "incoming":
            dropped_keys(body, lake_uri)
        elif kind:
            json.loads(body)
        else:
            parse_message(record_of(replace(state, body=body)), at)
    except Poison as poison:
        return tuple(poison.faults) or (poison.reason,)
    except ValueError as error:  # JobError is one
        return (str(error),)
    return ()


def repair(
    lake: Lake, letter: str, body: str, *, author: str, reason: str, at: datetime, seen: str | None = None
) -> DeadState:
    """Give a letter another body; the old one is kept beside it for ever.

    Parameters
    ----------
    lake
        Where it is.
    letter
        Its name.
    body
        What it should have said. It must be readable.
    author, reason, at
        Who, why and when.
    seen
        The body that the author changed: refused if somebody else has repaired it since.

    Raises
    ------
    JobError
        There is no such letter, it is done with, somebody was faster, or the body still has faults: all
        are listed and nothing is recorded.
    """
    [kept] = read_letters(lake, [letter])
    faults = check_body(state_of(kept, []), body, at, lake_uri=lake.uri)
    if faults:
        raise JobError("the repaired message cannot be read either:\n" + _listed(faults))

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        state = state_of(kept, histories(ledger.events).get(letter, []))
        _refuse_done([state])
        if seen is not None and state.body not in (seen, body):
            last = state.history[-1]
            raise JobError(
                f"{last.author} repaired {letter} at {last.timestamp:%Y-%m-%d %H:%M} UTC; look again"
            )
        if state.body == body:
            return []
        data = {"dead_letter": letter, "before": state.body, "after": body}
        return [make_event(REPAIRED, at=_not_before(at, earliest), author=author, reason=reason, data=data)]

    append_act(lake, decide)
    return _states(lake, [letter])[0]


def discard(lake: Lake, letters: Sequence[str], *, author: str, reason: str, at: datetime) -> list[str]:
    """Say that nobody will repair these letters; they are kept, and no longer wait. All of them or none.

    Raises
    ------
    JobError
        A letter is not there, or was replayed: all are named and nothing is recorded.
    """
    kept = read_letters(lake, dict.fromkeys(letters))

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        acts = histories(ledger.events)
        states = [state_of(letter, acts.get(letter.letter, [])) for letter in kept]
        _refuse_done([state for state in states if state.status == "replayed"])
        when = _not_before(at, earliest)
        return [
            make_event(DISCARDED, at=when, author=author, reason=reason, data={"dead_letter": state.name})
            for state in states
            if state.status != "discarded"
        ]

    _, events = append_act(lake, decide)
    return [str(event.data["dead_letter"]) for event in events]


def replay(
    lake: Lake,
    letters: Sequence[str],
    *,
    author: str,
    at: datetime,
    reason: str = "",
    deliver: Deliver = through_ingest,
) -> Replayed:
    """Read letters again, each under the id that it came with, and record what came of it.

    Parameters
    ----------
    lake
        Where they are.
    letters
        Their names; those that were replayed are passed over, those that were discarded are read after all.
    author, at, reason
        Who, when and, if given, why.
    deliver
        What reads messages; `jobs.dlq_deliver.through_ingest` without.

    Returns
    -------
    Replayed
        What was read, what was refused again and why, and what has to be planned again.
    """
    states = _states(lake, list(dict.fromkeys(letters)))
    waiting = [state for state in states if state.status != "replayed"]
    delivered = deliver(lake, waiting, at) if waiting else Delivered(frozenset(), {})

    def outcome(state: DeadState) -> dict[str, object]:
        digest = hashlib.sha256(state.body.encode("utf-8", "surrogatepass")).hexdigest()
        data: dict[str, object] = {"dead_letter": state.name, "body_sha256": digest, "outcome": ACCEPTED}
        poison = delivered.refused.get(state.name)
        if poison is not None:
            data |= {"outcome": REFUSED, "why": poison.reason, "faults": list(poison.faults)}
        return data

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        acts = histories(ledger.events)
        when = _not_before(at, earliest)
        return [
            make_event(REPLAYED, at=when, author=author, reason=reason, data=outcome(state))
            for state in waiting
            # somebody else may have replayed it meanwhile
            if state_of(state.letter, acts.get(state.name, [])).status != "replayed"
        ]

    if waiting:
        append_act(lake, decide)
    return Replayed(
        tuple(state.name for state in waiting if state.name not in delivered.refused),
        {name: poison.reason for name, poison in delivered.refused.items()},
        {state.name: _done_by(state) for state in states if state.status == "replayed"},
        delivered.changed,
    )


def _states(lake: Lake, letters: Sequence[str]) -> list[DeadState]:
    acts = histories(read_events(lake))
    return [state_of(letter, acts.get(letter.letter, [])) for letter in read_letters(lake, letters)]


def _refuse_done(states: Sequence[DeadState]) -> None:
    done = [state for state in states if state.status in ("replayed", "discarded")]
    if done:
        raise JobError("nothing was recorded:\n" + _listed([f"{s.name} was {_done_by(s)}" for s in done]))


def _done_by(state: DeadState) -> str:
    last = state.history[-1]
    return f"{state.status} by {last.author} at {last.timestamp:%Y-%m-%d %H:%M} UTC"


def _not_before(at: datetime, earliest: datetime | None) -> datetime:
    return at if earliest is None else max(at, earliest)


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
