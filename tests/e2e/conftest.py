"""Real emulators over HTTP, started once a run: what a function and its queues do on AWS, here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.devaws import emulators
from cli.devaws.emulators import ACCESS_KEY, REGION, SECRET_KEY
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


@pytest.fixture
def handler_folder(tmp_path: Path) -> Callable[[str], Path]:
    """Write a handler of the test's own."""

    def write(source: str) -> Path:
        (tmp_path / "own_handler.py").write_text(source)
        return tmp_path

    return write
