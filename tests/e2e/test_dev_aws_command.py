"""`shelfcast dev-aws` as a person runs it: endpoints, a publish by command, the mail, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.devaws import emulators
from cli.devaws.processes import Child, listens
from cli.devaws.shelves import Shelf
from jobs.errors import JobError

pytestmark = pytest.mark.xdist_group("aws")

ROOT = Path(__file__).parent.parent.parent
SHELFCAST = [sys.executable, "-m", "cli.main"]
HERE = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "300"}


def test_what_it_prints_works_and_ctrl_c_leaves_nothing(
    told_lake: Path, shelves: list[Shelf], tmp_path: Path
) -> None:
    command = [*SHELFCAST, "dev-aws", "--lake", str(told_lake)]
    running = Child("dev-aws", command, folder=tmp_path, environment=HERE)
    try:
        running.wait_until(lambda: "Stop with Ctrl-C" in running.log.read_text())
        said = running.log.read_text()
        ports = [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", said)]
        (endpoint,) = set(re.findall(r"--endpoint (http://\S+)", said))
        empty_shelf = ("--sku", shelves[0].sku, "--location", shelves[0].location, "--quantity", "0")
        sent = subprocess.run(
            [*SHELFCAST, "events", "send", "--endpoint", endpoint, *empty_shelf],
            env=os.environ | HERE,
            capture_output=True,
            text=True,
            check=True,
        )
        assert sent.stdout == "1 message published to telemetry\n"
        running.wait_until(lambda: "Mail to " in running.log.read_text())
        assert "ana@example.com" in running.log.read_text()
        folder = Path(re.findall(r"^Logs +(\S+)/<function>.log", said, re.MULTILINE)[0])
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == 0
    finally:
        running.stop(seconds=60)
    assert running.log.read_text().endswith("Stopped; nothing is left running.\n")
    assert not any(listens(port) for port in ports)
    assert not folder.exists()
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(folder) not in left


def test_a_folder_without_a_lake_is_said(tmp_path: Path) -> None:
    asked = subprocess.run(
        [*SHELFCAST, "dev-aws", "--lake", str(tmp_path / "none")],
        env=os.environ | HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 1
    assert "holds no lake; `shelfcast demo --no-serve` makes one" in asked.stderr


def test_what_is_not_installed_is_named_with_the_command_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(JobError, match=r"SNS and SQS is missing: run `sh scripts/aws-emulator.sh`"):
        emulators.check_installed()
