"""Real emulators over HTTP, started once a run: what a function and its queues do on AWS, here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.devaws import emulators
from cli.devaws.emulators import ACCESS_KEY, REGION, SECRET_KEY
from cli.devaws.shelves import Shelf, missed_if_empty
from cli.devaws.stack import Pace, Stack
from data_lake.lake import Lake
from jobs.demo import build_demo
from jobs.react import follow
from jobs.subscriptions import add_subscription
from messaging.topology import Endpoint


@pytest.fixture(scope="session")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """SNS and SQS by ministack."""
    emulators.check_installed()
    emulator = emulators.start_messages(tmp_path_factory.mktemp("ministack"))
    try:
        emulators.wait_for(emulator)
        yield Endpoint(emulator.url, ACCESS_KEY, SECRET_KEY, REGION)
    finally:
        emulator.child.stop()


@pytest.fixture(scope="session")
def told_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company, planned; its standing alerts were told to nobody, then somebody subscribed."""
    folder = tmp_path_factory.mktemp("company") / "lake"
    build_demo(str(folder), skus=8, stores=2, dcs=1, days=150)
    lake = Lake(folder)
    now = datetime.now(UTC)
    follow(lake, at=now)
    add_subscription(
        lake, channel="email", endpoint="ana@example.com", recipient="Ana", author="test", at=now
    )
    return folder


@pytest.fixture(scope="session")
def stack(told_lake: Path, shelves: list[Shelf]) -> Iterator[Stack]:
    """The AWS path on a copy of that lake; a failed message comes again after two seconds."""
    with Stack(str(told_lake), pace=Pace(window_seconds=0.3, retry_seconds=2)) as running:
        yield running


@pytest.fixture(scope="session")
def shelves(told_lake: Path) -> list[Shelf]:
    """Shelves for which an alert opens when they are told empty, as laptop mode finds."""
    found = missed_if_empty(told_lake, at=datetime.now(UTC))
    assert len(found) >= 4, "the small company misses too few of its shelves"
    return found


@pytest.fixture(scope="session")
def cloud_lake(stack: Stack) -> Lake:
    """The lake in the emulated bucket."""
    return Lake(stack.lake_address, stack.lake_options)
