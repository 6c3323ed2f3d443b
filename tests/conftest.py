"""What every folder of tests may use: a lake on disk, a real S3 server, Hypothesis without deadlines."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

import jobs  # noqa: F401  # first, so that kernels are kept by the state of their sources
from data_lake.lake import Lake

# Tests start many processes that import the same packages: what Python compiles of them is kept, even where
# the environment (a container's, say) asks for the opposite. A dashboard starts in half the time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same commit always meets the same examples; `make explore` looks for others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that share a fixture of their module in one worker: it is made once, and is often a plan."""
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("xdist_group"):
            continue
        made = (definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values())
        if any(each.scope == "module" for each in made):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@dataclass(frozen=True)
class S3Server:
    """A running S3 server and who may use it."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str

    @property
    def options(self) -> dict[str, str]:
        """Storage options of a `Lake` on this server."""
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": "us-east-1",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same for a child process."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def fresh_uri(self) -> str:
        """An address that nothing was written to yet."""
        return f"s3://{self.bucket}/{uuid.uuid4().hex}"


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS over HTTP on 127.0.0.1, started when the first test asks for it.

    Mark such tests `s3` and put them in `xdist_group("s3")`, so that one server serves the whole run.
    """
    weed = Path(sys.executable).with_name("weed")
    command = str(weed) if weed.exists() else shutil.which("weed")
    assert command, "SeaweedFS is missing: make install-dev"
    folder = tmp_path_factory.mktemp("s3")
    access_key, secret_key = "shelfcast", secrets.token_hex(16)
    config = folder / "s3.json"
    identity = {
        "name": "shelfcast",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}))
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    names += ("filer.port", "filer.port.grpc", "admin.port", "admin.port.grpc")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            command,
            "mini",
            f"-dir={folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={config}",
            f"-filer.localSocket={folder / 'filer.sock'}",
            f"-s3.localSocket={folder / 's3.sock'}",
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false"),
            "-master.telemetry=false",
            "-bucket=lake",
            *(f"-{name}={port}" for name, port in ports.items()),
        ],
        stdout=log,
        stderr=log,
        cwd=folder,
    )
    server = S3Server(f"http://127.0.0.1:{ports['s3.port']}", access_key, secret_key, "lake")
    try:
        _wait_until_writable(server, process, folder / "log")
        yield server
    finally:
        process.kill()  # its data is thrown away with the folder
        process.wait()
        log.close()


def _wait_until_writable(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    options = {**server.options, "config": Config(retries={"total_max_attempts": 1}, connect_timeout=1)}
    client = boto3.client("s3", **options)  # type: ignore[call-overload]
    for _ in range(300):
        assert process.poll() is None, f"SeaweedFS ended: {log.read_text()[-2000:]}"
        try:
            client.put_object(Bucket=server.bucket, Key="ready", Body=b"")
        except (BotoCoreError, ClientError):
            try:  # wait for the process, not for a clock: returns at once if it ends
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise AssertionError(f"SeaweedFS did not come up: {log.read_text()[-2000:]}")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake on disk."""
    return Lake(tmp_path / "lake")
