"""The dashboard is started, answers, and is stopped with the command."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from cli.serve import check_port
from jobs.errors import JobError

Shelfcast = Callable[..., Result]


@pytest.fixture
def taken_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_a_port_in_use_is_said_before_anything_starts(shelfcast: Shelfcast, taken_port: int) -> None:
    for command in ("serve", "demo"):
        result = shelfcast(command, "--port", taken_port)
        assert result.exit_code == 1
        assert f"cannot listen on 127.0.0.1:{taken_port}: Address already in use" in result.stderr
        assert f"--port {taken_port + 1}" in result.stderr


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(JobError, match="is not known"):
        check_port("no such host", 8501)


def test_it_serves_from_any_folder_and_stops_when_told(tmp_path: Path) -> None:
    """A true process in an empty folder, with a relative lake address; SIGTERM ends it and its child."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "cli.main", "serve", "--lake", "lake", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert f"Dashboard: http://127.0.0.1:{port} " in line
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{port}/_stcore/health") as answer:
                assert answer.read() == b"ok"
        finally:
            process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert "Stopped." in rest
    assert process.returncode == 0
    check_port("127.0.0.1", port)  # free again: the dashboard is gone too
