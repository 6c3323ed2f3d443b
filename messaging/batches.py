"""Many messages, few requests: what a batch may hold, and what is sent again. Standard library only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_ENTRIES = 10
"""Of a batch, for SNS and for SQS."""
ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Message:
    """One message that leaves."""

    body: str
    attributes: Mapping[str, str | float] = field(default_factory=dict)
    """What filter policies read: texts and numbers."""
    group: str = ""
    """FIFO: messages of one group arrive in the order in which they were sent."""
    dedup: str = ""
    """FIFO: the same id within five minutes is the same message."""

    @property
    def size(self) -> int:
        """What counts towards the limits: body, and names, types and values of the attributes [byte]."""
        told = sum(
            len(name.encode()) + len(_text(value).encode()) + 6 for name, value in self.attributes.items()
        )
        return len(self.body.encode()) + told

    @property
    def told(self) -> dict[str, dict[str, str]]:
        """The attributes as SNS and SQS take them; empty texts are left out, which neither takes."""
        return {
            name: {"DataType": "String" if isinstance(value, str) else "Number", "StringValue": _text(value)}
            for name, value in self.attributes.items()
            if value != ""
        }

    @property
    def order(self) -> dict[str, str]:
        """Group and deduplication id, if any."""
        parts = {"MessageGroupId": self.group, "MessageDeduplicationId": self.dedup}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True)
class NotSent:
    """A message that was not taken, by its place in what was given, and why."""

    index: int
    reason: str


class NotSentError(Exception):
    """Some messages were not taken: `lost` says which and why; all others were, and durably."""

    def __init__(self, where: str, lost: Sequence[NotSent], total: int) -> None:
        self.where = where
        self.lost = tuple(lost)
        reasons = "; ".join(sorted({item.reason for item in lost}))
        super().__init__(f"{len(lost)} of {total} messages were not taken by {where}: {reasons}")


def batches(messages: Sequence[Message], most_bytes: int) -> Iterator[list[int]]:
    """Cut messages into batches, as indices, in order.

    A batch has at most `MOST_ENTRIES` messages and `most_bytes` bytes, and at most one of each FIFO group: of
    a batch any entry may fail alone, and a later message of its group must not overtake it.
    """
    batch: list[int] = []
    size = 0
    groups: set[str] = set()
    for index, message in enumerate(messages):
        full = len(batch) == MOST_ENTRIES or size + message.size > most_bytes or message.group in groups
        if batch and full:
            yield batch
            batch, size, groups = [], 0, set()
        batch.append(index)
        size += message.size
        groups |= {message.group} - {""}
    if batch:
        yield batch


def send_all(
    where: str,
    messages: Sequence[Message],
    most_bytes: int,
    send: Callable[[list[dict[str, Any]]], Mapping[str, Any]],
    body: str,
) -> None:
    """Send every message, entry by entry again where the service asks for it.

    Parameters
    ----------
    where
        The topic or queue, for errors.
    messages
        What is sent.
    most_bytes
        Of one message and of one batch [byte].
    send
        Sends one batch of entries and returns the service's answer, with `Failed`.
    body
        What the service calls the body of an entry.

    Raises
    ------
    NotSentError
        A message is too large, or was refused. Of the messages before it in the same FIFO group all were
        taken, of those after it none.
    """
    lost: list[NotSent] = []
    blocked: dict[str, str] = {}
    for batch in batches(messages, most_bytes):
        entries: dict[str, dict[str, Any]] = {}
        refused: dict[int, str] = {}
        for index in batch:
            message = messages[index]
            if message.size > most_bytes:
                refused[index] = f"{message.size:,} bytes are more than {most_bytes:,}"
            elif message.group in blocked:
                refused[index] = blocked[message.group]
            else:
                told = {"MessageAttributes": message.told} if message.told else {}
                entries[str(index)] = {"Id": str(index), body: message.body, **told, **message.order}
        refused |= {int(name): reason for name, reason in _refused(entries, send).items()}
        for index, reason in sorted(refused.items()):
            lost.append(NotSent(index, reason))
            if group := messages[index].group:
                blocked.setdefault(group, f"an earlier message of its group {group} was not taken")
    if lost:
        raise NotSentError(where, lost, len(messages))


def _refused(
    entries: dict[str, dict[str, Any]], send: Callable[[list[dict[str, Any]]], Mapping[str, Any]]
) -> dict[str, str]:
    """Send a batch, what fails through no fault of ours again; return what is refused, and why."""
    refused: dict[str, str] = {}
    for attempt in range(ATTEMPTS):
        if not entries:
            break
        if attempt:
            time.sleep(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        failed = send(list(entries.values())).get("Failed", [])
        final = attempt + 1 == ATTEMPTS
        refused |= {
            entry["Id"]: f"{entry.get('Code')}: {entry.get('Message', '')}".rstrip(": ")
            for entry in failed
            if entry.get("SenderFault") or final
        }
        entries = {entry["Id"]: entries[entry["Id"]] for entry in failed if not entry.get("SenderFault")}
    return refused


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else repr(value)
