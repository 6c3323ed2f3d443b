"""What the outbox knows of messages on their way.

Of a message, below `outbox/`:

- `tries/<message>/<4 digits>-claim`: somebody tries. Created exclusively, so only one does.
- `tries/<message>/<4 digits>-failed`: that try failed, why, and when the next may come.
- `sent/<message>`: it is sent, given up, or its subscription is gone. Nobody tries again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.notify_log import Message

if TYPE_CHECKING:
    from data_lake.objects import Objects

TRIES = "outbox/tries/"
SENT = "outbox/sent/"


@dataclass(frozen=True)
class Failure:
    """A message that is not delivered yet, and why."""

    message: str
    subscription: str
    reason: str
    tries: int
    retry_at: datetime


@dataclass
class Step:
    """One try of a message."""

    number: int
    failed: str = ""
    """Key of the object that says why."""


def sent_of(objects: Objects, messages: Sequence[Message]) -> set[str]:
    """Return the names of those messages that are sent, by one listing."""
    if not messages:
        return set()
    oldest = min(message.name for message in messages)
    found = objects.list(SENT, start_after=SENT + oldest.partition("-")[0])
    return {key[len(SENT) :] for key in found} & {message.name for message in messages}


def tries_of(objects: Objects, messages: Sequence[Message]) -> dict[str, list[Step]]:
    """Return the tries of each of those messages, by one listing."""
    steps: dict[str, list[Step]] = {message.name: [] for message in messages}
    if not messages:
        return steps
    oldest = min(steps).partition("-")[0]
    for key in objects.list(TRIES, start_after=TRIES + oldest):
        name, _, step = key[len(TRIES) :].partition("/")
        if name not in steps:
            continue
        number, _, what = step.partition("-")
        if what == "claim":  # sorts before its `failed`
            steps[name].append(Step(int(number)))
        else:
            steps[name][-1].failed = key
    return steps


def failures_of(objects: Objects, messages: Sequence[Message]) -> list[Failure]:
    """Return which of those messages failed last time, why, and when they are tried again."""
    found = []
    tries = tries_of(objects, messages)
    for message in messages:
        steps = tries[message.name]
        last = steps[-1] if steps else None
        if last and last.failed:
            told = json.loads(objects.get(last.failed))
            found.append(
                Failure(
                    message.name,
                    message.subscription,
                    told["reason"],
                    last.number,
                    datetime.fromisoformat(told["retry_at"]),
                )
            )
    return found


def drop(objects: Objects, messages: Iterable[Message], *, at: datetime) -> None:
    """Mark messages whose subscription is gone: nobody sends them."""
    for message in messages:
        objects.put_new(SENT + message.name, pack({"at": instant(at), "dropped": True}))


def instant(at: datetime) -> str:
    """Write an instant."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def pack(body: dict[str, Any]) -> bytes:
    """Write what an object says."""
    return json.dumps(body, ensure_ascii=False).encode()
