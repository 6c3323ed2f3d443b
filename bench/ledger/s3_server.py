"""SeaweedFS on 127.0.0.1 for as long as a bench needs it, its data thrown away afterwards."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data_lake.errors import LakeUnavailable
from data_lake.s3 import S3Objects

_PORTS = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
_PORTS += ("filer.port", "filer.port.grpc", "admin.port", "admin.port.grpc")
_BUCKET = "lake"


@dataclass(frozen=True)
class S3Server:
    """A running server: where a fresh lake may be, and the options to open it."""

    endpoint: str
    options: dict[str, str]

    @property
    def uri(self) -> str:
        """An address that nothing was written to yet."""
        return f"s3://{_BUCKET}/{uuid.uuid4().hex}"


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start the server of the test tools (`make install-dev`), wait until it takes writes, and end it."""
    weed = Path(sys.executable).with_name("weed")
    command = str(weed) if weed.exists() else shutil.which("weed")
    if not command:
        raise SystemExit("SeaweedFS is missing: make install-dev")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder, secret, ports = Path(place), secrets.token_hex(16), _free_ports()
        identity = {
            "name": "bench",
            "credentials": [{"accessKey": "bench", "secretKey": secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        words = ["mini", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        words += [f"-s3.config={folder / 's3.json'}", f"-bucket={_BUCKET}", "-master.telemetry=false"]
        words += [f"-filer.localSocket={folder / 'filer.sock'}", f"-s3.localSocket={folder / 's3.sock'}"]
        words += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false"]
        words += [f"-{name}={port}" for name, port in ports.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([command, *words], stdout=log, stderr=log, cwd=folder)
            try:
                endpoint = f"http://127.0.0.1:{ports['s3.port']}"
                options = {
                    "endpoint_url": endpoint,
                    "aws_access_key_id": "bench",
                    "aws_secret_access_key": secret,
                    "region_name": "us-east-1",
                }
                server = S3Server(endpoint, options)
                _wait(server, process)
                yield server
            finally:
                process.kill()
                process.wait()


def _free_ports() -> dict[str, int]:
    sockets = [socket.socket() for _ in _PORTS]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = {name: int(sock.getsockname()[1]) for name, sock in zip(_PORTS, sockets, strict=True)}
    for sock in sockets:
        sock.close()
    return ports


def _wait(server: S3Server, process: subprocess.Popen[bytes]) -> None:
    objects = S3Objects(_BUCKET, "ready", server.options)
    for _ in range(60):
        try:
            objects.put_new(uuid.uuid4().hex, b"")
        except LakeUnavailable:
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise SystemExit("SeaweedFS ended while it started") from None
        else:
            return
    raise SystemExit("SeaweedFS did not come up")
