"""Functions called as Python and under Lambda's runtime client, with a real lake on S3 and real queues."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.devaws import emulators
from cli.devaws.emulators import ACCESS_KEY, REGION, SECRET_KEY
from cli.devaws.processes import free_ports, listens
from data_lake.objects import Objects, open_objects
from infra.messaging import TOPOLOGY
from lambdas.settings import settings_of
from messaging.clients import forget_clients
from messaging.sqs import Received, delete, receive
from messaging.topology import Endpoint, Made, make_topology

ROOT = Path(__file__).resolve().parents[2]
RIE = Path(sys.prefix) / "aws-lambda-rie" / "aws-lambda-rie"


@dataclass
class Context:
    """What Lambda gives a handler beside the event."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(frozen=True)
class Bus:
    """Queues and topics of the topology at a real HTTP server."""

    endpoint: Endpoint
    made: Made

    @property
    def environment(self) -> dict[str, str]:
        """What every function's process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL_SNS": self.endpoint.url,
            "AWS_ENDPOINT_URL_SQS": self.endpoint.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def variables(self, function: str, lake: str) -> dict[str, str]:
        """The settings that a deployment gives a function."""
        known: dict[str, Mapping[str, str]] = {
            "lake": {"": lake},
            "queue": self.made.queue_urls,
            "topic": self.made.topic_arns,
        }
        refs = TOPOLOGY.function(function).variables
        return {name: known[ref.kind][ref.name] for name, ref in refs.items()}

    def drain(self, queue: str) -> list[Received]:
        """Take all messages that a queue shows."""
        sqs, url = self.endpoint.client("sqs"), self.made.queue_urls[queue]
        found: list[Received] = []
        while got := receive(url, wait_seconds=0, sqs=sqs):
            delete(url, got, sqs=sqs)
            found += got
        return found


@pytest.fixture(scope="session")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    """SNS and SQS by ministack, with the whole topology."""
    emulators.check_installed()
    emulator = emulators.start_messages(tmp_path_factory.mktemp("bus"))
    try:
        emulators.wait_for(emulator)
        endpoint = Endpoint(emulator.url, ACCESS_KEY, SECRET_KEY, REGION)
        yield Bus(endpoint, make_topology(endpoint, TOPOLOGY))
    finally:
        emulator.child.stop()


@dataclass(frozen=True)
class Place:
    """A new lake on S3, the queues, and how a function is told of them."""

    lake: str
    objects: Objects
    bus: Bus
    environment: Mapping[str, str]

    def of(self, function: str) -> dict[str, str]:
        """All environment variables of a function."""
        return {**self.environment, **self.bus.variables(function, self.lake)}


@pytest.fixture
def place(s3_server: Any, bus: Bus) -> Place:
    """An empty lake on SeaweedFS beside the queues, which hold nothing."""
    for queue in bus.made.queue_urls:
        bus.drain(queue)
    lake = s3_server.fresh_uri()
    return Place(lake, open_objects(lake, s3_server.options), bus, s3_server.environment | bus.environment)


@pytest.fixture
def as_deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Mapping[str, str]], None]]:
    """Set a function's environment in this process, which reads it anew."""

    def forget() -> None:
        settings_of.cache_clear()
        forget_clients()

    def deploy(environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers credentials
        forget()

    yield deploy
    forget()


class Rie:
    """A function under Lambda's own runtime client, one request at a time."""

    def __init__(self, function: str, environment: Mapping[str, str], folder: Path, timeout: int) -> None:
        invoke, api = free_ports(2)
        self._url = f"http://127.0.0.1:{invoke}/2015-03-31/functions/function/invocations"
        self.log = folder / f"{function}-{invoke}.log"
        command = [RIE, "--runtime-interface-emulator-address", f"127.0.0.1:{invoke}"]
        command += ["--runtime-api-address", f"127.0.0.1:{api}"]
        command += [sys.executable, "-m", "awslambdaric", f"lambdas.{function}.handler.handler"]
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SHELFCAST_"))
        }
        lambda_own = {
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "LAMBDA_TASK_ROOT": str(ROOT),
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=own | lambda_own | dict(environment),
                start_new_session=True,
            )
        self._port = invoke

    def wait(self) -> None:
        """Wait until it takes requests."""
        for _ in range(600):
            if listens(self._port):
                return
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the RIE ended: {self.log.read_text()}")
        raise AssertionError(f"the RIE did not come up: {self.log.read_text()}")

    def invoke(self, event: Any, **headers: str) -> Any:
        """Send a request and return what Lambda returns: the answer, or the error as an object."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self._url, json.dumps(event).encode(), told, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                body = answer.read().decode()
        except urllib.error.HTTPError as error:  # the function's process died
            body = error.read().decode()
        try:
            return json.loads(body)
        except ValueError:
            return body

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What the function wrote that is JSON: log lines and metrics."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def kill_function(self) -> None:
        """Kill the function's process, not the emulator."""
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError):
                if int(status.read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    os.kill(int(status.parent.name), signal.SIGKILL)

    def stop(self) -> None:
        """End the emulator and the function."""
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def lambda_runtime(tmp_path: Path) -> Iterator[Callable[..., Rie]]:
    """Start functions under the RIE; stopped at the end."""
    assert RIE.exists(), "Lambda's runtime interface emulator is missing: sh scripts/lambda-rie.sh"
    with ExitStack() as running:

        def start(function: str, environment: Mapping[str, str], *, timeout: int = 30) -> Rie:
            rie = Rie(function, environment, tmp_path, timeout)
            running.callback(rie.stop)
            rie.wait()
            return rie

        yield start


@pytest.fixture
def sqs_event() -> Callable[..., dict[str, Any]]:
    """Make a batch as Lambda's event-source mapping hands it over."""

    def made(queue: str, *bodies: str, sent: int = 1_700_000_000_000, first: int = 0) -> dict[str, Any]:
        records = [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(sent)}
                | ({"MessageGroupId": "g"} if queue.endswith(".fifo") else {}),
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies, first)
        ]
        return {"Records": records}

    return made


@pytest.fixture
def sample() -> Callable[[str, str], dict[str, Any]]:
    """Read an event sample of a function's folder."""

    def read(function: str, name: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((ROOT / "lambdas" / function / "events" / name).read_text())
        return told

    return read


@pytest.fixture
def context() -> Context:
    """What Lambda gives a handler beside the event."""
    return Context()


class Proxy:
    """Passes bytes to the S3 server; once armed it loses the answer to the next write of facts.

    By then the write is durable. `arm` says what happens instead of the answer.
    """

    def __init__(self, upstream: str) -> None:
        host, port = upstream.removeprefix("http://").split(":")
        self._upstream = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._instead: Callable[[], None] | None = None
        self.lost = 0
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def arm(self, instead: Callable[[], None]) -> None:
        self._instead = instead

    def close(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        self._threads.append(threading.Thread(target=work, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._upstream)
                self._open += [client, server]
                asked = threading.Event()
                self._start(self._ask, client, server, asked)
                self._start(self._answer, server, client, asked)

    def _ask(self, client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if data.startswith(b"PUT ") and b"/facts/landing/" in data:
                    asked.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket, asked: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if self._instead and asked.is_set() and b" 200 OK" in data:
                    instead, self._instead = self._instead, None
                    self.lost += 1
                    instead()
                    continue
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(s3_server: Any) -> Iterator[Proxy]:
    """Stand between a function and S3."""
    between = Proxy(s3_server.endpoint)
    yield between
    between.close()
