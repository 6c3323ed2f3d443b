"""`shelfcast serve`: the dashboard on this computer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import say
from cli.options import LakeOption, absolute
from jobs.errors import JobError

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the dashboard.")]
HostOption = Annotated[
    str,
    typer.Option("--host", help="Address to listen on. 127.0.0.1: this computer only; there is no sign-in."),
]

START_SECONDS = 60
"""A cold start on a slow disk takes a few seconds; beyond this something is wrong."""


def serve(lake: LakeOption = "./lake", port: PortOption = 8501, host: HostOption = "127.0.0.1") -> None:
    """Open the dashboard for a lake and keep it running until Ctrl-C.

    It listens on this computer only, opens no browser and sends nothing anywhere.

    Examples:

        shelfcast serve

        shelfcast serve --lake s3://planning/lake --port 8600
    """
    serve_lake(lake, port, host)


def serve_lake(lake: str, port: int, host: str) -> None:
    """Run the dashboard until it is stopped; JobError if the port is taken or it does not start."""
    check_port(host, port)
    spec = find_spec("app")
    if spec is None or not spec.submodule_search_locations:
        raise JobError("the dashboard is not installed: run make install")
    package = Path(spec.submodule_search_locations[0])
    command = [sys.executable, "-m", "streamlit", "run", str(package / "main.py")]
    options = {"server.port": port, "server.address": host, "server.headless": "true"}
    command += [f"--{name}={value}" for name, value in options.items()]
    command.append("--browser.gatherUsageStats=false")
    # Streamlit reads its theme from the folder it starts in, so the lake's address must not depend on that.
    environment = {**os.environ, "SHELFCAST_LAKE": absolute(lake)}
    server = subprocess.Popen(command, cwd=package.parent, env=environment, stdout=subprocess.DEVNULL)
    previous = signal.signal(signal.SIGTERM, _stop)
    try:
        url = f"http://{_in_url(host)}:{port}"
        _wait_until_up(server, url)
        say(f"Dashboard: {url}   (lake: {lake}; stop with Ctrl-C)")
        sys.stdout.flush()
        server.wait()
    except KeyboardInterrupt:
        say("Stopped.")
        return
    finally:
        signal.signal(signal.SIGTERM, previous)
        server.terminate()
        server.wait()
    if server.returncode:
        raise JobError(f"the dashboard ended with exit code {server.returncode}; its messages are above")


def _stop(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def check_port(host: str, port: int) -> None:
    """Raise JobError if nothing can listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise JobError(f"host {host!r} is not known: {error.strerror}; use 127.0.0.1") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            other = port + 1 if port < 65535 else 8501
            raise JobError(
                f"cannot listen on {host}:{port}: {error.strerror}. "
                f"Is a dashboard running already? Choose another port: --port {other}"
            ) from error


def _in_url(host: str) -> str:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    return everywhere.get(host, f"[{host}]" if ":" in host else host)


def _wait_until_up(server: subprocess.Popen[bytes], url: str) -> None:
    # here, not above: every command would pay for it
    import urllib.error
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(START_SECONDS * 10):
        try:
            with opener.open(f"{url}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            try:  # wait for the server, not for a clock: returns at once if it ends
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise JobError(
                f"the dashboard ended with exit code {server.returncode}; its messages are above"
            ) from None
    raise JobError(f"the dashboard did not answer on {url} within {START_SECONDS} seconds")
