"""Child processes of `shelfcast dev-aws`: started on 127.0.0.1, waited for, stopped by what started them."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from jobs.errors import JobError

POLL_SECONDS = 0.05
START_SECONDS = 60.0
"""Emulators answer within two seconds; on a busy computer within ten."""
STOP_SECONDS = 5.0
"""What a child gets to end by itself before it is killed."""
LAST_WORDS = 2000
"""Characters of a child's log that an error shows."""


def free_ports(count: int) -> list[int]:
    """Return ports on 127.0.0.1 that were free a moment ago, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]
    finally:
        for held in sockets:
            held.close()


class Child:
    """One process with its own log; it never outlives `stop`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command; what it prints goes to `<folder>/<name>.log`."""
        self.name = name
        self._guard = _guard()
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=_own_environment() | dict(environment or {}),
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in order
            )
        self._guard.tell(f"+{self.process.pid}")

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    @property
    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-LAST_WORDS:].strip()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
        """Wait until `ready` says so; JobError if the process ends first, or takes longer than `seconds`."""
        for _ in range(int(seconds / POLL_SECONDS)):
            if ready():
                return
            with contextlib.suppress(subprocess.TimeoutExpired):  # waits for the process, not for a clock
                self.process.wait(POLL_SECONDS)
            if not self.running:
                raise JobError(
                    f"{self.name} ended with exit code {self.process.returncode}: {self.last_words}"
                )
        raise JobError(f"{self.name} was not ready within {seconds:g} s: {self.last_words}")

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """End the process and whatever it started: asked first, then killed."""
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._guard.tell(f"-{self.process.pid}")

    def kill(self) -> None:
        """Kill the process and whatever it started, now."""
        self._signal(signal.SIGKILL)
        self.process.wait()
        self._guard.tell(f"-{self.process.pid}")

    def _signal(self, number: signal.Signals) -> None:
        # its session is its own: the group's number is the child's
        with contextlib.suppress(ProcessLookupError):
            if self.running:
                os.killpg(self.process.pid, number)


class _Guard:
    """The process that ends our children if we are killed (`cli.devaws.guard`)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._one_at_a_time = threading.Lock()
        atexit.register(self.close)

    def tell(self, line: str) -> None:
        with self._one_at_a_time:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@cache
def _guard() -> _Guard:
    return _Guard()


def _own_environment() -> dict[str, str]:
    """Return the environment without what leads to an AWS account or, through a proxy, away from here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def listens(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
