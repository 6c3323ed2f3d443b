"""Dead letters: messages that no rule can read, kept in the lake beside the reason. Light: ingest uses it.

A letter is one immutable object, `dlq/<queue>/<message id>.json`. Nothing ever changes it; what people did
with it (repaired, replayed, discarded) are events of the ledger, and its state is a fold over them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from data_lake.errors import LakeError, NoSuchObject
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.ledger import HasObjects
    from data_lake.objects import Objects

PREFIX = "dlq/"
_SUFFIX = ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_READERS = 16
"""Letters are fetched side by side: on S3 each takes tens of milliseconds and little else."""


class Message(Protocol):
    """A message as it came."""

    @property
    def message_id(self) -> str:
        """The queue's id of it; '' where there is none."""
        ...

    @property
    def body(self) -> str:
        """Its text, unchanged."""
        ...


class WhyPoison(Protocol):
    """Why a message cannot be read."""

    @property
    def reason(self) -> str:
        """In a sentence."""
        ...

    @property
    def faults(self) -> Sequence[str]:
        """Every rule that it breaks."""
        ...


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be read."""

    letter: str
    """Its name: queue/message."""
    queue: str
    message_id: str
    body: str
    """As it came, unchanged."""
    reason: str
    faults: tuple[str, ...]
    first_seen: datetime

    @property
    def key(self) -> str:
        """Where it lies in the lake."""
        return f"{PREFIX}{self.letter}{_SUFFIX}"


def keep_poison(
    lake: HasObjects | Objects,
    queue: str,
    record: Message,
    poison: WhyPoison,
    *,
    at: datetime | None = None,
) -> str:
    """Keep a message that cannot be read, durably, with its reason; the same message again adds nothing.

    Parameters
    ----------
    lake
        A lake, or its objects.
    queue
        Name of the queue that it came from; '' where that is not known.
    record
        The message. Without an id it is named by the SHA-256 of its body.
    poison
        Why it cannot be read.
    at
        Instant at which it was seen first; now without.

    Returns
    -------
    str
        The letter's name. Only once this returns may the message be acknowledged.
    """
    objects = objects_of(lake)
    digest = hashlib.sha256(record.body.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    own = record.message_id if _NAME.fullmatch(record.message_id) else digest
    seen = (at or datetime.now(UTC)).astimezone(UTC)
    queue = queue or "unknown"
    # another body under an id that is taken must not be lost: it is named by both
    for name in (own, f"{own}-{digest}"):
        letter = DeadLetter(
            f"{_queue_name(queue)}/{name}",
            queue,
            record.message_id,
            record.body,
            poison.reason,
            tuple(poison.faults),
            seen,
        )
        if objects.put_new(letter.key, _to_json(letter)):
            return letter.letter
        if _from_json(letter.letter, objects.get(letter.key)).body == record.body:
            return letter.letter
    raise JobError(f"{letter.key} holds another message than its name says; restore it from a backup")


def objects_of(lake: HasObjects | Objects) -> Objects:
    """Return the objects of a lake; objects alone are enough for what a light function does."""
    found: Any = getattr(lake, "objects", None)
    return lake if found is None else found  # type: ignore[return-value]


def letter_names(lake: HasObjects | Objects, queue: str = "") -> list[str]:
    """Return the names of all letters ever kept, of one queue or of all; one listing and no read."""
    objects = objects_of(lake)
    prefix = f"{PREFIX}{_queue_name(queue)}/" if queue else PREFIX
    return [key[len(PREFIX) : -len(_SUFFIX)] for key in objects.list(prefix) if key.endswith(_SUFFIX)]


def read_letter(lake: HasObjects | Objects, letter: str) -> DeadLetter:
    """Read one letter.

    Raises
    ------
    JobError
        There is none of that name.
    """
    objects = objects_of(lake)
    try:
        return _from_json(letter, objects.get(f"{PREFIX}{letter}{_SUFFIX}"))
    except NoSuchObject:
        raise JobError(f"there is no dead letter {letter!r}; `shelfcast dlq list` names them") from None


def read_letters(lake: HasObjects | Objects, letters: Iterable[str]) -> list[DeadLetter]:
    """Read letters side by side, in the order given."""
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(lambda letter: read_letter(lake, letter), letters))


def _queue_name(queue: str) -> str:
    if not _NAME.fullmatch(queue):
        raise JobError(f"queue {queue!r} is no name of letters, digits, '.', '_' and '-'")
    return queue


def _to_json(letter: DeadLetter) -> bytes:
    body = {
        "queue": letter.queue,
        "message_id": letter.message_id,
        "body": letter.body,
        "reason": letter.reason,
        "faults": list(letter.faults),
        "first_seen": letter.first_seen.isoformat(timespec="microseconds"),
    }
    return json.dumps(body, indent=1).encode()


def _from_json(letter: str, content: bytes) -> DeadLetter:
    try:
        body = json.loads(content)
        return DeadLetter(
            letter,
            body["queue"],
            body["message_id"],
            body["body"],
            body["reason"],
            tuple(body["faults"]),
            datetime.fromisoformat(body["first_seen"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        key = f"{PREFIX}{letter}{_SUFFIX}"
        raise LakeError(f"{key!r} is no dead letter ({error}); restore it from a backup") from error
