"""What became of dead letters: a fold over what people did with them. Light: no table is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from data_lake.ledger import read_events
from jobs.dlq import DeadLetter, letter_names, read_letter, read_letters

if TYPE_CHECKING:
    from data_lake.events import Event
    from data_lake.ledger import HasObjects

Status = Literal["open", "repaired", "replayed", "discarded"]
"""`open` and `repaired` wait for somebody; the others are done with."""

WAITING: tuple[Status, ...] = ("open", "repaired")

REPAIRED, REPLAYED, DISCARDED = "dead_letter.repaired", "dead_letter.replayed", "dead_letter.discarded"
ACCEPTED, REFUSED = "accepted", "refused"
"""Outcomes of a replay."""


@dataclass(frozen=True)
class DeadState:
    """A dead letter as it stands."""

    letter: DeadLetter
    status: Status
    body: str
    """What a replay would read: the last repair, or the message as it came."""
    reason: str
    """Why it cannot be read: as the last attempt said."""
    faults: tuple[str, ...]
    history: tuple[Event, ...] = ()
    """What people did with it, in order."""

    @property
    def name(self) -> str:
        """The letter's name: queue/message."""
        return self.letter.letter

    @property
    def last_seen(self) -> datetime:
        """When somebody, or a replay, looked at it last."""
        return self.history[-1].timestamp if self.history else self.letter.first_seen


def state_of(letter: DeadLetter, history: Iterable[Event]) -> DeadState:
    """Fold what was done with one letter, in order."""
    state = DeadState(letter, "open", letter.body, letter.reason, letter.faults)
    for event in history:
        state = replace(_after(state, event), history=(*state.history, event))
    return state


def _after(state: DeadState, event: Event) -> DeadState:
    if event.event_type == REPAIRED:
        return replace(state, status="repaired", body=str(event.data["after"]), reason="", faults=())
    if event.event_type == DISCARDED:
        return replace(state, status="discarded")
    if event.data["outcome"] == ACCEPTED:
        return replace(state, status="replayed")
    faults = tuple(str(fault) for fault in event.data.get("faults", ()))
    return replace(state, status="open", reason=str(event.data.get("why", "")), faults=faults)


def histories(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return what was done with each letter, in order."""
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.event_type in (REPAIRED, REPLAYED, DISCARDED):
            found.setdefault(str(event.data["dead_letter"]), []).append(event)
    return found


def done_with(history: Sequence[Event]) -> bool:
    """Return whether a letter with this history waits for nobody: its body need not be read to know it."""
    if not history:
        return False
    last = history[-1]
    return last.event_type == DISCARDED or (last.event_type == REPLAYED and last.data["outcome"] == ACCEPTED)


def names_of(
    lake: HasObjects, queue: str = "", *, closed: bool = False, events: Sequence[Event] | None = None
) -> list[str]:
    """Return the names of the letters that wait for somebody, or of those that are done with; none is read.

    Parameters
    ----------
    lake, queue, closed, events
        As for `list_dead`.
    """
    acts = histories(read_events(lake) if events is None else events)
    return [name for name in letter_names(lake, queue) if done_with(acts.get(name, [])) == closed]


def list_dead(
    lake: HasObjects,
    queue: str = "",
    *,
    closed: bool = False,
    events: Sequence[Event] | None = None,
    most: int | None = None,
) -> list[DeadState]:
    """Return the letters that wait for somebody, oldest first.

    Parameters
    ----------
    lake
        Where they are.
    queue
        Of one queue; of all without.
    closed
        Those that are done with (replayed, discarded) instead.
    events
        The ledger, where it is read already.
    most
        Letters to read, by name; None: all.
    """
    known = read_events(lake) if events is None else events
    acts = histories(known)
    names = names_of(lake, queue, closed=closed, events=known)[:most]
    states = [state_of(letter, acts.get(letter.letter, [])) for letter in read_letters(lake, names)]
    return sorted(states, key=lambda state: (state.letter.first_seen, state.name))


def inspect(lake: HasObjects, letter: str) -> DeadState:
    """Return one letter with all that was done with it.

    Raises
    ------
    JobError
        There is none of that name.
    """
    return state_of(read_letter(lake, letter), histories(read_events(lake)).get(letter, []))
