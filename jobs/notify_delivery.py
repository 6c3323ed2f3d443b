"""Messages on their way: who tries, what was sent, what failed and is tried again.

Of a message, below `outbox/`:

- `tries/<message>/<4 digits>-claim`: somebody tries. Created exclusively, so only one does.
- `tries/<message>/<4 digits>-failed`: that try failed, why, and when the next may come.
- `sent/<message>`: it is sent, or given up. Nobody tries again.

A claim without an end is of a process that was killed: after five minutes another may try. If it was killed
between sending and marking, the message goes out twice under the same id; nowhere else.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data_lake.errors import NoSuchObject
from jobs.notify_log import Message
from messaging.delivery import DeliveryError

if TYPE_CHECKING:
    from data_lake.objects import Objects

TRIES = "outbox/tries/"
SENT = "outbox/sent/"

STALE = timedelta(minutes=5)
"""A claim older than this is of a process that is gone: no channel waits as long."""

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
"""Each wait is twice the one before, up to this."""

GIVE_UP = timedelta(days=14)
"""A message that still cannot be delivered then is news of the week before last: it is left."""

LANES = 8
"""Servers that are talked to at the same time."""


@dataclass(frozen=True)
class Failure:
    """A message that is not delivered yet, and why."""

    message: str
    subscription: str
    reason: str
    tries: int
    retry_at: datetime


@dataclass
class Delivered:
    """What came of a call."""

    sent: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Not tried: another process does, or it is not time."""


def sent_of(objects: Objects, messages: Sequence[Message]) -> set[str]:
    """Return the names of those messages that are sent, by one listing."""
    if not messages:
        return set()
    oldest = min(message.name for message in messages)
    found = objects.list(SENT, start_after=SENT + oldest.partition("-")[0])
    return {key[len(SENT) :] for key in found} & {message.name for message in messages}


def deliver(
    objects: Objects,
    messages: Sequence[Message],
    send: Callable[[Message], None],
    *,
    lane: Callable[[Message], str],
    at: datetime,
    side_by_side: int = LANES,
) -> Delivered:
    """Try every message that nobody else tries and whose time has come.

    Parameters
    ----------
    messages
        Not known to be sent.
    send
        Sends one; raises DeliveryError if it cannot.
    lane
        Messages of a lane go one after the other; lanes do not wait for each other. A lane whose server does
        not answer is left alone until the next call.
    """
    tries = _tries(objects, messages)
    lanes: dict[str, list[Message]] = defaultdict(list)
    for message in sorted(messages, key=lambda one: one.name):
        lanes[lane(message)].append(message)

    def run(waiting: Iterable[Message]) -> Delivered:
        done = Delivered()
        silent = ""
        for message in waiting:
            if silent:
                done.failures.append(_failure(message, silent, len(tries[message.name]), at))
                continue
            silent = _try(objects, message, tries[message.name], send, at=at, done=done)
        return done

    workers = min(side_by_side, len(lanes))
    if workers <= 1:
        parts = [run(waiting) for waiting in lanes.values()]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(run, lanes.values()))
    whole = Delivered()
    for part in parts:
        whole.sent += part.sent
        whole.failures += part.failures
        whole.held += part.held
    return whole


def drop(objects: Objects, messages: Iterable[Message], *, at: datetime) -> None:
    """Mark messages whose subscription is gone: nobody sends them."""
    for message in messages:
        objects.put_new(SENT + message.name, _pack({"at": _instant(at), "dropped": True}))


def failures_of(objects: Objects, messages: Sequence[Message]) -> list[Failure]:
    """Return which of those messages failed last time, why, and when they are tried again."""
    found = []
    tries = _tries(objects, messages)
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


@dataclass
class _Step:
    number: int
    failed: str = ""
    """Key of the object that says why."""


def _tries(objects: Objects, messages: Sequence[Message]) -> dict[str, list[_Step]]:
    steps: dict[str, list[_Step]] = {message.name: [] for message in messages}
    if not messages:
        return steps
    oldest = min(steps).partition("-")[0]
    for key in objects.list(TRIES, start_after=TRIES + oldest):
        name, _, step = key[len(TRIES) :].partition("/")
        if name not in steps:
            continue
        number, _, what = step.partition("-")
        if what == "claim":  # sorts before its `failed`
            steps[name].append(_Step(int(number)))
        else:
            steps[name][-1].failed = key
    return steps


def _try(
    objects: Objects,
    message: Message,
    steps: Sequence[_Step],
    send: Callable[[Message], None],
    *,
    at: datetime,
    done: Delivered,
) -> str:
    """Try one message; return why its server does not answer, or ''."""
    if steps:
        may, silent = _may_retry(objects, message, steps[-1], at, done)
        if not may:
            return silent
    number = len(steps) + 1
    claim = _pack({"at": _instant(at), "token": secrets.token_hex(8)})
    key = f"{TRIES}{message.name}/{number:04d}"
    won = objects.put_new(f"{key}-claim", claim) or objects.get(f"{key}-claim") == claim
    if not won or _exists(objects, SENT + message.name):
        # Sent: by who held the claim before, after we looked.
        if not won:
            done.held.append(message.name)
        return ""
    try:
        send(message)
    except DeliveryError as error:
        failure = _failure(message, str(error), number, at)
        told = {
            "reason": failure.reason,
            "at": _instant(at),
            "retry_at": _instant(failure.retry_at),
            "silent": error.unreachable,
        }
        objects.put_new(f"{key}-failed", _pack(told))
        if at - message.decided_at >= GIVE_UP:
            objects.put_new(SENT + message.name, _pack({"at": _instant(at), "given_up": True}))
        done.failures.append(failure)
        return failure.reason if error.unreachable else ""
    objects.put_new(SENT + message.name, _pack({"at": _instant(at), "try": number}))
    done.sent.append(message.name)
    return ""


def _may_retry(
    objects: Objects, message: Message, last: _Step, at: datetime, done: Delivered
) -> tuple[bool, str]:
    """Whether a message may be tried again, and if not, why its server is to be left alone; '': it is not."""
    if not last.failed:
        claimed = json.loads(objects.get(f"{TRIES}{message.name}/{last.number:04d}-claim"))
        if at - datetime.fromisoformat(claimed["at"]) < STALE:
            done.held.append(message.name)
            return False, ""
        return True, ""
    told = json.loads(objects.get(last.failed))
    retry_at = datetime.fromisoformat(told["retry_at"])
    if at >= retry_at:
        return True, ""
    reason = told["reason"]
    done.failures.append(Failure(message.name, message.subscription, reason, last.number, retry_at))
    return False, reason if told["silent"] else ""


def _failure(message: Message, reason: str, tries: int, at: datetime) -> Failure:
    wait = min(FIRST_RETRY * 2 ** min(max(tries, 1) - 1, 16), LONGEST_RETRY)
    return Failure(message.name, message.subscription, reason, tries, at + wait)


def _exists(objects: Objects, key: str) -> bool:
    try:
        objects.get(key)
    except NoSuchObject:
        return False
    return True


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _pack(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
