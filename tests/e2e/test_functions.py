"""Functions run in processes of their own under Lambda's runtime client, and come back after they died."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.devaws.functions import FunctionError, LocalFunction
from cli.devaws.processes import Child, free_ports, listens
from jobs.errors import JobError

pytestmark = pytest.mark.xdist_group("aws")

HANDLER = """
import os, signal

def handler(event, context):
    if "raise" in event:
        raise ValueError(event["raise"])
    if event.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if event.get("hang"):
        signal.pause()
    return {"said": event, "id": context.aws_request_id, "left": context.get_remaining_time_in_millis(),
            "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "profile": os.environ.get("AWS_PROFILE")}
"""


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalFunction]:
    monkeypatch.setenv("AWS_PROFILE", "production")
    (tmp_path / "own_handler.py").write_text(HANDLER)
    made = LocalFunction(
        "own",
        "own_handler.handler",
        timeout=1.0,
        folder=tmp_path,
        environment={"PYTHONPATH": str(tmp_path)},
    )
    yield made
    made.stop()


def test_an_event_is_answered_with_lambdas_context(function: LocalFunction) -> None:
    answer = function.invoke({"text": "Crème " * 50_000})
    assert answer["said"] == {"text": "Crème " * 50_000}
    assert answer["name"] == "own"
    assert 0 < answer["left"] <= 1000
    assert answer["profile"] is None, "nothing of the shell's AWS account is passed on"
    assert function.invoke({})["id"] != answer["id"]


def test_an_error_is_told_and_the_process_lives_on(function: LocalFunction) -> None:
    function.start()
    process = function.process_id
    with pytest.raises(FunctionError, match="own raised ValueError: no such shelf"):
        function.invoke({"raise": "no such shelf"})
    assert function.process_id == process


def test_a_process_that_died_is_started_again(function: LocalFunction) -> None:
    with pytest.raises(FunctionError, match="own ended with exit code -9 before it answered"):
        function.invoke({"die": True})
    assert function.process_id is None
    assert function.invoke({"a": 1})["said"] == {"a": 1}


def test_a_function_that_takes_too_long_is_killed(function: LocalFunction) -> None:
    with pytest.raises(FunctionError, match="did not answer within its 1 s"):
        function.invoke({"hang": True})
    assert function.invoke({"a": 1})["said"] == {"a": 1}


def test_a_handler_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    function = LocalFunction("own", "nowhere.handler", timeout=1, folder=tmp_path, environment={})
    with pytest.raises(FunctionError, match="No module named 'nowhere'"):
        function.invoke({})
    function.stop()
    with pytest.raises(FunctionError, match="own was stopped"):
        function.invoke({})


def test_a_child_that_does_not_come_up_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = Child("echo", ["sh", "-c", "echo no licence; exit 3"], folder=tmp_path)
    with pytest.raises(JobError, match=r"echo ended with exit code 3: no licence"):
        child.wait_until(lambda: False)
    slow = Child("slow", ["sleep", "60"], folder=tmp_path)
    with pytest.raises(JobError, match=r"slow was not ready within 0.1 s"):
        slow.wait_until(lambda: False, seconds=0.1)
    slow.stop()
    assert not slow.running


def test_what_ignores_the_question_is_killed_with_all_it_started(tmp_path: Path) -> None:
    stubborn = Child("stubborn", ["sh", "-c", "trap '' TERM; sleep 60 & echo up; wait"], folder=tmp_path)
    stubborn.wait_until(lambda: "up" in stubborn.last_words)
    stubborn.stop(seconds=0.1)
    assert not stubborn.running


def test_ports_are_free_and_different() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert not any(listens(port) for port in ports)
    with socket.create_server(("127.0.0.1", ports[0])):
        assert listens(ports[0])


def test_what_was_started_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(
        "import pathlib, signal\n"
        "from cli.devaws.processes import Child\n"
        "child = Child('child', ['sleep', '600'], folder=pathlib.Path('.'))\n"
        "print('started', child.process.pid, flush=True)\n"
        "signal.pause()\n"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    parent = Child("parent", [sys.executable, "parent.py"], folder=tmp_path, environment=environment)
    parent.wait_until(lambda: "started" in parent.log.read_text())
    child = int(parent.log.read_text().split()[1])
    os.kill(parent.process.pid, signal.SIGKILL)
    parent.process.wait()
    witness = Child("witness", ["sleep", "600"], folder=tmp_path)
    witness.wait_until(lambda: not _alive(child))
    witness.kill()


def _alive(process_id: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True)
    state = told.stdout.strip()
    return bool(state) and not state.startswith("Z")  # a zombie only waits for somebody to notice
