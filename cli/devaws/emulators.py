"""The servers that stand in for AWS: SeaweedFS for S3, ministack for SNS and SQS, aiosmtpd for mail."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cli.devaws.processes import Child, free_ports, listens
from jobs.errors import JobError

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = SECRET_KEY = "test"
"""Known to everybody: the servers listen on 127.0.0.1 alone and hold copies."""


@dataclass(frozen=True)
class Emulator:
    """A running server and where it answers."""

    child: Child
    port: int

    @property
    def url(self) -> str:
        """Address for HTTP clients."""
        return f"http://127.0.0.1:{self.port}"


def missing() -> list[str]:
    """Say what is not installed and what installs it; empty: all is there."""
    faults = []
    if _weed() is None or find_spec("aiosmtpd") is None or find_spec("awslambdaric") is None:
        faults.append("SeaweedFS, aiosmtpd or awslambdaric is missing: run `make install-dev`")
    if not _ministack().exists():
        faults.append("the emulator of SNS and SQS is missing: run `sh scripts/aws-emulator.sh`")
    return faults


def check_installed() -> None:
    """Raise JobError with every command that has to be run first."""
    if faults := missing():
        raise JobError("\n".join(faults))


def start_s3(folder: Path, bucket: str) -> Emulator:
    """Start SeaweedFS with an empty bucket below `folder`; it is ready to be written to on return."""
    config = folder / "s3.json"
    identity = {
        "name": "shelfcast",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}))
    servers = ("s3", "master", "volume", "filer", "admin")
    names = [f"{server}.port{kind}" for server in servers for kind in ("", ".grpc")]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [
        _weed() or "weed",
        "mini",
        f"-dir={folder / 's3'}",
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={config}", f"-bucket={bucket}"),
        f"-filer.localSocket={folder / 'filer.sock'}",
        f"-s3.localSocket={folder / 's3.sock'}",
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false"),
        "-master.telemetry=false",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
    return Emulator(Child("seaweedfs", command, folder=folder), ports["s3.port"])


def start_messages(folder: Path) -> Emulator:
    """Start ministack for SNS and SQS; what it holds is forgotten when it stops."""
    (port,) = free_ports(1)
    environment = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",  # the host in the queues' addresses
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",  # otherwise a port opens on all addresses
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(folder),  # its file with the process id
        "HOME": str(folder),
    }
    return Emulator(Child("ministack", [_ministack()], folder=folder, environment=environment), port)


def start_mail(folder: Path) -> Emulator:
    """Start an SMTP server that keeps every mail as a file of the Maildir `<folder>/mail`."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    command += ["-c", "aiosmtpd.handlers.Mailbox", str(folder / "mail")]
    return Emulator(Child("smtp", command, folder=folder), port)


def wait_for(*emulators: Emulator) -> None:
    """Wait until each accepts connections."""
    for emulator in emulators:
        emulator.child.wait_until(lambda port=emulator.port: listens(port))  # type: ignore[misc]


def _weed() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def _ministack() -> Path:
    return Path(sys.prefix) / "aws-emulator" / "bin" / "ministack"
