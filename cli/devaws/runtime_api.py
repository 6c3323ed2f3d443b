"""Lambda's Runtime API over HTTP: what a function's process asks for work and tells its answer.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. One server serves one process: a request in
flight when the process dies dies with it, and never reaches another.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_RUNTIME = "/2018-06-01/runtime/"


@dataclass
class Invocation:
    """One request to a function: what is asked, when it was taken, and what came of it."""

    event: bytes
    timeout: float
    """[s] from when the process takes it."""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    taken_at: float | None = None
    """On the monotonic clock; None: the process is still starting."""
    answered: threading.Event = field(default_factory=threading.Event)
    answer: bytes = b""
    error: str = ""

    @property
    def overdue(self) -> bool:
        """Whether the process has had its time."""
        return self.taken_at is not None and time.monotonic() > self.taken_at + self.timeout


class RuntimeApi:
    """The server of one process; closed together with it."""

    def __init__(self, function_arn: str) -> None:
        self.function_arn = function_arn
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._running: dict[str, Invocation] = {}
        self.init_error = ""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port`, as AWS_LAMBDA_RUNTIME_API wants it."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def put(self, invocation: Invocation) -> None:
        """Give the process work."""
        self._waiting.put(invocation)

    def close(self) -> None:
        """Answer nobody any more."""
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> Invocation | None:
        """Wait for work; None: closed."""
        invocation = self._waiting.get()
        if invocation is not None:
            invocation.taken_at = time.monotonic()
            self._running[invocation.request_id] = invocation
        return invocation

    def told(self, path: str, body: bytes) -> bool:
        """Take what the process tells; False: nobody asked."""
        if path == "init/error":
            self.init_error = _words_of(body)
            return True
        request_id, _, what = path.removeprefix("invocation/").partition("/")
        invocation = self._running.pop(request_id, None)
        if invocation is None or what not in {"response", "error"}:
            return False
        if what == "response":
            invocation.answer = body
        else:
            invocation.error = _words_of(body)
        invocation.answered.set()
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a process that died while it asked; whoever started it sees that."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # head and body leave as one packet: two small ones wait 40 ms for each other's acknowledgement
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if self.path != _RUNTIME + "invocation/next":
            return self._answer(HTTPStatus.NOT_FOUND)
        invocation = self.server.api.take()
        if invocation is None:
            self.close_connection = True
            return None
        deadline_ms = int((time.time() + invocation.timeout) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.api.function_arn,
        }
        return self._answer(HTTPStatus.OK, invocation.event, headers)

    def do_POST(self) -> None:
        body = self._body()
        taken = self.server.api.told(self.path.removeprefix(_RUNTIME), body)
        self._answer(HTTPStatus.ACCEPTED if taken else HTTPStatus.BAD_REQUEST, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is http.server's
        """Say nothing: the function's own log tells what it did."""


def _words_of(body: bytes) -> str:
    """Return kind and message of an error as the runtime reports it."""
    try:
        told = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
    if not isinstance(told, dict):
        return str(told)
    return f"{told.get('errorType', 'error')}: {told.get('errorMessage', '')}"
