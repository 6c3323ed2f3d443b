"""The ledger: immutable batches of events; the state is a fold over their union. Standard library only.

Two kinds of batch, both deterministic gzip of newline-delimited JSON:

- `ledger/landing/<sha256 of the content>.ndjson.gz`: events that need no winner. The name is the content,
  so a retry writes nothing and writers never meet.
- `ledger/acts/<20 digits>.ndjson.gz`: acts of which one must win (an approval). The numbers are created
  exclusively and without gaps, so every act has seen all acts before it: who loses the race for a number
  reads the winner and decides again. Act n+1 is stamped later than act n, so order by time is order of acts.

No lock and no manifest: a crash leaves a whole batch or none.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from data_lake.errors import LakeError
from data_lake.events import Event, EventError, PayloadConflict, faults_of, from_json, to_json, union

if TYPE_CHECKING:
    from data_lake.objects import Objects

LANDING = "ledger/landing/"
ACTS = "ledger/acts/"
_SUFFIX = ".ndjson.gz"
_READERS = 16
"""Batches are fetched side by side: on S3 each takes tens of milliseconds and little else."""


class HasObjects(Protocol):
    """What the ledger needs of a lake."""

    @property
    def objects(self) -> Objects:
        """The four verbs."""
        ...


class CorruptBatchError(LakeError):
    """A batch of events cannot be read, or is not what its name says."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(
            f"{key!r} {reason}. Restore that object from a backup, or delete it and lose its events"
        )
        self.key = key


@dataclass(frozen=True)
class Ledger:
    """What the ledger holds now: events in order, conflicts, and a digest that names this very content."""

    events: list[Event]
    conflicts: list[PayloadConflict]
    digest: str


def _pack(events: Iterable[Event]) -> bytes:
    unique = {to_json(event): event for event in events}
    lines = sorted(unique, key=lambda line: (unique[line].order, line))
    return "\n".join(lines).encode()


def _checked(events: Sequence[Event]) -> None:
    faults = faults_of(events) if events else ["the batch is empty"]
    if faults:
        raise EventError(faults)


def append_events(lake: HasObjects, events: Sequence[Event]) -> str:
    """Append one batch and return its key; the same events again write nothing and return the same key.

    Raises
    ------
    EventError
        Some event breaks a rule: every fault is listed, nothing is written.
    """
    _checked(events)
    content = _pack(events)
    key = f"{LANDING}{hashlib.sha256(content).hexdigest()}{_SUFFIX}"
    lake.objects.put_new(key, gzip.compress(content, 6, mtime=0))
    return key


def append_act(
    lake: HasObjects,
    decide: Callable[[Ledger, datetime | None], Sequence[Event]],
    *,
    attempts: int = 100,
) -> tuple[str | None, list[Event]]:
    """Decide on what the ledger holds and append, so that of two acts at once the second sees the first.

    Parameters
    ----------
    lake
        Where the ledger is.
    decide
        Called with the ledger as it is and with the earliest instant that the new events may carry (None:
        any). Returns the events to append; none: there is nothing to do. Called again when another act won
        the race, so it must have no effect of its own.
    attempts
        Races that the act may lose before it gives up; each loss means that another act was recorded.

    Returns
    -------
    tuple
        Key of the batch (None if nothing was decided) and its events.

    Raises
    ------
    EventError
        An event breaks a rule or is stamped before an earlier act; nothing is written.
    LakeError
        Other acts won the race `attempts` times, one after the other.
    """
    for _ in range(attempts):
        numbers = [int(key[len(ACTS) : -len(_SUFFIX)]) for key in lake.objects.list(ACTS)]
        number = max(numbers, default=0)
        ledger = read_ledger(lake)
        earliest = _after_last_act(lake, number)
        events = list(decide(ledger, earliest))
        if not events:
            return None, []
        _checked(events)
        if earliest is not None and any(event.timestamp < earliest for event in events):
            raise EventError([f"an act must be stamped {earliest.isoformat()} or later, after the last one"])
        key = f"{ACTS}{number + 1:020d}{_SUFFIX}"
        body = gzip.compress(_pack(events), 6, mtime=0)
        # An answer lost on the way is retried by the store; then the object is there and it is ours.
        if lake.objects.put_new(key, body) or lake.objects.get(key) == body:
            return key, events
    raise LakeError(f"{attempts} other acts were recorded meanwhile; try again")


def _after_last_act(lake: HasObjects, number: int) -> datetime | None:
    if number == 0:
        return None
    last = _read_batch(lake, f"{ACTS}{number:020d}{_SUFFIX}")
    return max(event.timestamp for event in last) + timedelta(microseconds=1)


def _read_batch(lake: HasObjects, key: str) -> list[Event]:
    body = lake.objects.get(key)
    try:
        content = gzip.decompress(body)
        events = [from_json(line) for line in content.decode().split("\n")]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise CorruptBatchError(key, f"is not a batch of events ({error})") from error
    if key.startswith(LANDING) and hashlib.sha256(content).hexdigest() != key[len(LANDING) : -len(_SUFFIX)]:
        raise CorruptBatchError(key, "does not hold what its name says")
    return events


def read_ledger(lake: HasObjects) -> Ledger:
    """Read every batch: the union of events in order, the conflicts, and a digest of the whole.

    Raises
    ------
    CorruptBatchError
        A batch cannot be read, or is not what its name says.
    """
    keys = _keys(lake)
    with ThreadPoolExecutor(_READERS) as readers:
        batches = list(readers.map(lambda key: _read_batch(lake, key), keys))
    events, conflicts = union(event for batch in batches for event in batch)
    return Ledger(events, conflicts, _digest(keys))


def read_events(lake: HasObjects) -> list[Event]:
    """Read the set union of all events, sorted by (timestamp, event_id)."""
    return read_ledger(lake).events


def ledger_digest(lake: HasObjects) -> str:
    """Name the ledger's present content by one listing and no read: equal digests, equal state."""
    return _digest(_keys(lake))


def _keys(lake: HasObjects) -> list[str]:
    return sorted([*lake.objects.list(ACTS), *lake.objects.list(LANDING)])


def _digest(keys: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
