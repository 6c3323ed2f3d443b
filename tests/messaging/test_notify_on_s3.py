"""The outbox on S3, over HTTP: four processes told the same at once decide once and send once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_lake.objects import open_objects
from jobs.notices.news import News
from jobs.notify import tell
from jobs.notify_channels import Outgoing
from jobs.subscriptions import Subscription

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PEOPLE = [Subscription(name, "email", f"{name}@example.com", name) for name in ("ana", "bo")]


def piece(number: int) -> News:
    return News(
        f"c{number}", "opened", "stockout", "007", "S1", "SUP1", "Dairy", "Milk", "Lyon", 10.0, 0.0,
        "warning", "Why.", "Act.", "", "item", "r1", "", AT,
    )  # fmt: skip


def test_one_winner(s3_server: Any) -> None:
    address = s3_server.fresh_uri()
    together = threading.Barrier(4)
    told: list[tuple[str, str]] = []

    def send(message: Outgoing) -> None:
        told.extend((message.subscription.subscription, one.news_id) for one in message.news)

    def process(first: int) -> None:
        objects = open_objects(address, s3_server.options)
        together.wait()
        tell(objects, map(piece, range(first, first + 4)), PEOPLE, at=AT, send=send)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(process, (0, 0, 2, 4)))
    objects = open_objects(address, s3_server.options)
    assert tell(objects, map(piece, range(8)), PEOPLE, at=AT + timedelta(minutes=6), send=send).failed == 0
    assert Counter(told) == Counter((one.subscription, f"c{number}") for one in PEOPLE for number in range(8))
