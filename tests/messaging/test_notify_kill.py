"""Real processes on a real disk, killed with SIGKILL while they tell: nothing is lost."""

from __future__ import annotations

import os
import random
import re
import signal
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data_lake.local import LocalObjects
from jobs.notices.news import News
from jobs.notify import tell
from jobs.notify_channels import SMTP_URL, Channels, channels_of
from jobs.subscriptions import Subscription

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CHANGES, KILLS = 45, 10
PEOPLE = [Subscription(name, "email", f"{name}@example.com", name) for name in ("ana", "bo", "cy")]


def piece(number: int) -> News:
    return News(
        f"change-{number}", "opened", "stockout", f"{number:03d}", "S1", "SUP1", "Dairy",
        f"Product {number}", "Lyon",
        10.0, 0.0, "warning", "Why.", "Act.", "", "item", "r1", "", START,
    )  # fmt: skip


class Told(LocalObjects):
    """The disk, which also tells through a pipe that a step was taken: the parent kills after some."""

    def __init__(self, root: Path, pipe: int) -> None:
        super().__init__(root)
        self._pipe = pipe

    def put_new(self, key: str, body: bytes) -> bool:
        os.write(self._pipe, b".")
        done = super().put_new(key, body)
        os.write(self._pipe, b".")
        return done


def start(root: Path, news: Iterable[News], at: datetime, by: Channels) -> tuple[int, int]:
    """Start a process that tells; return its id and the end of the pipe that says how far it is."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            tell(Told(root, writing), news, PEOPLE, at=at, send=by.send, side_by_side=1)
        finally:
            os._exit(0)
    os.close(writing)
    return child, reading


def kill_after(child: int, pipe: int, steps: int) -> None:
    for _ in range(steps):
        if not os.read(pipe, 1):
            break
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(pipe)


def test_kills_lose_nothing(tmp_path: Path, sink: Any) -> None:
    by = channels_of({SMTP_URL: f"smtp://127.0.0.1:{sink.port}"})
    dice = random.Random(5)
    at = START
    for _ in range(KILLS):
        # Two at once, told the same and more; each dies somewhere.
        asked = [[piece(dice.randrange(CHANGES)) for _ in range(6)] for _ in range(2)]
        pair = [start(tmp_path, news, at, by) for news in asked]
        for child, pipe in pair:
            kill_after(child, pipe, dice.randrange(1, 24))
        at += timedelta(minutes=6)  # claims of the dead are taken over
    objects = LocalObjects(tmp_path)
    for first in (*range(0, CHANGES, 15), CHANGES):  # a mail lists twenty
        tell(objects, map(piece, range(first, min(first + 15, CHANGES))), PEOPLE, at=at, send=by.send)
        at += timedelta(minutes=6)

    messages: dict[tuple[str, str], str] = {}
    for mail in sink.mails:
        to = mail["To"].addresses[0].addr_spec
        messages[to, mail["Message-ID"]] = mail.get_body(("html",)).get_content()
    for person in PEOPLE:
        told = Counter(
            name
            for (to, _), text in messages.items()
            if to == person.endpoint
            for name in re.findall(r">(Product \d+) at", text)
        )
        assert told == Counter(f"Product {number}" for number in range(CHANGES))
    assert len(sink.mails) - len(messages) <= 2 * KILLS
