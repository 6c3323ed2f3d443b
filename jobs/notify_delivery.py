"""Messages on their way: claimed, sent, marked; what fails is tried again.

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
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data_lake.errors import NoSuchObject
from jobs.notify_log import Message
from jobs.notify_tries import SENT, TRIES, Failure, Step, instant, pack, tries_of
from messaging.delivery import DeliveryError

if TYPE_CHECKING:
    from data_lake.objects import Objects

STALE = timedelta(minutes=5)
"""A claim older than this is of a process that is gone: no channel waits as long."""

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
"""Each wait is twice the one before, up to this."""

GIVE_UP = timedelta(days=14)
"""A message that still cannot be delivered then is news of the week before last: it is left."""

LANES = 8
"""Servers that are talked to at the same time."""


@dataclass
class Delivered:
    """What came of a call."""

    sent: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Not tried: another process does, or it is not time."""


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
    tries = tries_of(objects, messages)
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


def _try(
    objects: Objects,
    message: Message,
    steps: Sequence[Step],
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
    claim = pack({"at": instant(at), "token": secrets.token_hex(8)})
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
            "at": instant(at),
            "retry_at": instant(failure.retry_at),
            "silent": error.unreachable,
        }
        objects.put_new(f"{key}-failed", pack(told))
        if at - message.decided_at >= GIVE_UP:
            objects.put_new(SENT + message.name, pack({"at": instant(at), "given_up": True}))
        done.failures.append(failure)
        return failure.reason if error.unreachable else ""
    objects.put_new(SENT + message.name, pack({"at": instant(at), "try": number}))
    done.sent.append(message.name)
    return ""


def _may_retry(
    objects: Objects, message: Message, last: Step, at: datetime, done: Delivered
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
