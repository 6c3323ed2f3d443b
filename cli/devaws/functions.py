"""A function as Lambda runs it: its own process under Lambda's runtime client, one request at a time."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.devaws.emulators import ACCOUNT, REGION
from cli.devaws.processes import POLL_SECONDS, START_SECONDS, Child
from cli.devaws.runtime_api import Invocation, RuntimeApi

_SOURCE = Path(__file__).resolve().parent.parent.parent


class FunctionError(Exception):
    """A request failed: the handler raised, its time was up, or its process died. Nothing is acknowledged."""


class LocalFunction:
    """One function: a process that is started again after it died, as Lambda does."""

    def __init__(
        self, name: str, handler: str, *, timeout: float, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Take the `handler` as `module.function`, a request's `timeout` [s] and the process's settings."""
        self.name = name
        self.arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.timeout = timeout
        self._command = [sys.executable, "-m", "awslambdaric", handler]
        self._folder = folder
        self._environment = {
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "LAMBDA_TASK_ROOT": str(_SOURCE),
            "PYTHONPATH": str(_SOURCE),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._one_at_a_time = threading.Lock()
        self._stopped = False
        self._waiting: Invocation | None = None
        self._api: RuntimeApi | None = None
        self._child: Child | None = None

    def start(self) -> None:
        """Start the process now instead of with the first request."""
        with self._one_at_a_time:
            self._live()

    @property
    def process_id(self) -> int | None:
        """Of the running process; None: there is none now."""
        child = self._child
        return child.process.pid if child is not None and child.running else None

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self._waiting is not None

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Give the function an event and return its answer.

        Raises
        ------
        FunctionError
            The handler raised, did not answer in time (its process is killed), or its process died.
        """
        with self._one_at_a_time:
            api, child = self._live()
            invocation = Invocation(json.dumps(event).encode(), self.timeout)
            self._waiting = invocation
            api.put(invocation)
            fault = self._wait(invocation, api, child)
            self._waiting = None
            if fault:
                self._end()
                raise FunctionError(f"{self.name} {fault}")
        if invocation.error:
            raise FunctionError(f"{self.name} raised {invocation.error}")
        return json.loads(invocation.answer or b"null")

    def stop(self) -> None:
        """End the process for good; one that is working is ended with its request."""
        self._stopped = True
        child = self._child
        if child is not None:
            child.kill()
        with self._one_at_a_time:
            self._end()

    def _live(self) -> tuple[RuntimeApi, Child]:
        if self._stopped:
            raise FunctionError(f"{self.name} was stopped")
        if self._api is None or self._child is None or not self._child.running:
            self._end()
            self._api = RuntimeApi(self.arn)
            environment = {**self._environment, "AWS_LAMBDA_RUNTIME_API": self._api.address}
            self._child = Child(self.name, self._command, folder=self._folder, environment=environment)
        return self._api, self._child

    def _wait(self, invocation: Invocation, api: RuntimeApi, child: Child) -> str:
        """Wait for the answer; say what went wrong with the process, or nothing."""
        starting = START_SECONDS
        while not invocation.answered.wait(POLL_SECONDS):
            if not child.running:
                code = child.process.returncode
                return (
                    f"ended with exit code {code} before it answered; {api.init_error or f'see {child.log}'}"
                )
            if invocation.overdue:
                return f"did not answer within its {self.timeout:g} s and was killed"
            starting -= POLL_SECONDS
            if invocation.taken_at is None and starting < 0:
                return f"did not start within {START_SECONDS:g} s: {child.last_words}"
        return ""

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
        if self._api is not None:
            self._api.close()
        self._api = self._child = None
