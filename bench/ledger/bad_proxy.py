"""A real HTTP hop in front of S3 that loses answers and makes some up, drawn from a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Lock, Thread
from typing import NamedTuple
from urllib.parse import urlparse

ANSWERS = {
    409: "ConditionalRequestConflict",
    412: "PreconditionFailed",
    500: "InternalError",
    503: "SlowDown",
}
_OWN = ("transfer-encoding", "connection", "date", "server", "content-length")
"""Headers that are between one hop and the next."""
SHARES = {"lost answer": 0.15, "409": 0.02, "412": 0.02, "500": 0.01, "503": 0.03, "time-out": 0.01}
"""How often each thing happens, per request; 409 and 412 only to conditional writes."""


class Answer(NamedTuple):
    """What S3 said."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


class BadProxy:
    """What was done to requests so far."""

    def __init__(self, endpoint: str, seed: int, hang_seconds: float) -> None:
        self.target = urlparse(endpoint).netloc
        self.random = Random(seed)
        self.lock = Lock()
        self.happened: Counter[str] = Counter()
        self.hang_seconds = hang_seconds
        self.endpoint = ""

    def fate(self, conditional: bool) -> str:
        """Draw what happens to a request."""
        with self.lock:
            draw = self.random.random()
            for fate, share in SHARES.items():
                if draw < share:
                    if fate in ("409", "412") and not conditional:
                        break
                    self.happened[fate] += 1
                    return fate
                draw -= share
            self.happened["passed"] += 1
            return "passed"

    def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a request on and return the answer."""
        with closing(HTTPConnection(self.target)) as onward:
            onward.request(method, path, body, headers)
            answer = onward.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())


@contextmanager
def bad_proxy(endpoint: str, *, seed: int, hang_seconds: float) -> Iterator[BadProxy]:
    """Run a hop on 127.0.0.1; its clients must give up waiting sooner than `hang_seconds`."""
    proxy = BadProxy(endpoint, seed, hang_seconds)

    class Hop(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _hop(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fate = proxy.fate("If-None-Match" in self.headers)
            if fate.isdigit():
                code = int(fate)
                xml = f"<Error><Code>{ANSWERS[code]}</Code><Message>so be it</Message></Error>".encode()
                self._answer(code, [("Content-Type", "application/xml")], xml)
                return
            if fate == "time-out" and len(body) % 2:  # half of them before the request arrives
                self._hang()
                return
            status, headers, content = proxy.forward(self.command, self.path, body, dict(self.headers))
            if fate == "time-out":
                self._hang()
            elif fate == "lost answer":
                self.close_connection = True
            else:
                self._answer(status, headers, content)

        def _hang(self) -> None:
            self.connection.settimeout(proxy.hang_seconds)
            with suppress(OSError):
                self.connection.recv(1)  # until the client has hung up
            self.close_connection = True

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in (
                    "transfer-encoding",
                    "connection",
                    "date",
                    "server",
                    "content-length",
                ):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _hop  # noqa: N815 - names of the base class

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hung up is what this is for."""

    http = Server(("127.0.0.1", 0), Hop)
    thread = Thread(target=http.serve_forever)
    thread.start()
    proxy.endpoint = f"http://127.0.0.1:{http.server_port}"
    try:
        yield proxy
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
