"""Storage tests run on a disk and against a real S3 server over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from data_lake.lake import Lake
from data_lake.objects import Objects


@dataclass(frozen=True)
class Address:
    """Where a lake is: `Lake(address.uri, address.options)`."""

    uri: str
    options: Mapping[str, str] | None

    def lake(self, objects: Objects | None = None) -> Lake:
        return Lake(self.uri, self.options, objects=objects)

    def objects(self) -> Objects:
        return self.lake().objects


S3 = pytest.param("s3", marks=[pytest.mark.s3, pytest.mark.xdist_group("s3")])


@pytest.fixture(params=["disk", S3])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """A fresh address, once on disk and once on S3."""
    if request.param == "disk":
        return Address(f"file://{tmp_path}/lake", None)
    server = request.getfixturevalue("s3_server")
    return Address(server.fresh_uri(), server.options)


@pytest.fixture
def any_lake(address: Address) -> Lake:
    """An empty lake, once on disk and once on S3."""
    return address.lake()


class BadLine:
    """A real HTTP hop to S3 that misbehaves as scripted, one word a request, then passes all on.

    `pass`; `409`: answer a conflict; `404`: answer that the upload is gone; `lose answer`: the request
    arrives, its answer does not; `cut answer`: half of it does.
    """

    def __init__(self, server: Any) -> None:
        self.script: list[str] = []
        self.uri = server.fresh_uri()
        target = server.endpoint.removeprefix("http://")
        line = self
        codes = {"409": "ConditionalRequestConflict", "404": "NoSuchUpload"}

        class Hop(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _hop(self) -> None:
                act = line.script.pop(0) if line.script else "pass"
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if act in codes:
                    xml = f"<Error><Code>{codes[act]}</Code><Message>so be it</Message></Error>".encode()
                    self.send_response(int(act))
                    self.send_header("Content-Length", str(len(xml)))
                    self.end_headers()
                    self.wfile.write(xml)
                    return
                onward = HTTPConnection(target)
                onward.request(self.command, self.path, body, dict(self.headers))
                answer = onward.getresponse()
                content = answer.read()
                onward.close()
                self.close_connection = act != "pass"
                if act == "lose answer":
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content[: len(content) // 2] if act == "cut answer" else content)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _hop  # noqa: N815 - names of the base class

            def log_message(self, *arguments: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Hop)
        self.options = server.options | {"endpoint_url": f"http://127.0.0.1:{self.http.server_port}"}

    def objects(self) -> Objects:
        return self.lake().objects

    def lake(self) -> Lake:
        return Lake(self.uri, self.options)


@pytest.fixture
def bad_line(s3_server: Any) -> Iterator[BadLine]:
    """An S3 server behind a line that loses answers."""
    line = BadLine(s3_server)
    thread = Thread(target=line.http.serve_forever)
    thread.start()
    yield line
    line.http.shutdown()
    line.http.server_close()
    thread.join()


@pytest.fixture
def free_port() -> int:
    """A port where nothing answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port
