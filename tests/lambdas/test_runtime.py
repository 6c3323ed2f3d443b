"""The functions under Lambda's own runtime client: cold start, lines, crashes, time-outs, wrong settings."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_lake.facts.landing import LANDING, unpack
from jobs.dlq import letter_names, read_letters
from lambdas.messages import replan_of, together

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]

ROOT = Path(__file__).resolve().parents[2]


def _facts(place: Any) -> list[str]:
    keys = place.objects.list(LANDING)
    return [
        json.loads(line)["event_id"]
        for key in keys
        for line in unpack(key, place.objects.get(key)).splitlines()
    ]


def _metrics(lines: list[dict[str, Any]]) -> dict[str, tuple[float, str]]:
    """Read metrics as CloudWatch does: what `_aws` declares, from the members beside it."""
    found = {}
    for line in lines:
        for told in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert told["Namespace"] == "Shelfcast"
            assert all(name in line for names in told["Dimensions"] for name in names)
            found |= {one["Name"]: (line[one["Name"]][0], one["Unit"]) for one in told["Metrics"]}
    return found


def test_lines_metrics_and_the_answer_of_a_batch(place: Any, lambda_runtime: Any, sample: Any) -> None:
    rie = lambda_runtime("inventory_processor", place.of("inventory_processor"))
    good, bad = sample("inventory_processor", "telemetry.json"), sample("inventory_processor", "poison.json")
    event = {"Records": [*good["Records"], *bad["Records"]]}
    assert rie.invoke(event) == {"batchItemFailures": []}
    assert len(_facts(place)) == 5
    metrics = _metrics(rie.lines)
    lag, unit = metrics.pop("LagSeconds")
    assert (lag > 0, unit) == (True, "Seconds")
    assert metrics == {
        "ColdStart": (1.0, "Count"),
        "MessagesReceived": (7.0, "Count"),
        "EventsStored": (5.0, "Count"),
        "Decisions": (0.0, "Count"),
        "PoisonMessages": (3.0, "Count"),
        "FailedMessages": (0.0, "Count"),
    }
    logs = [line for line in rie.lines if "level" in line]
    assert {line["service"] for line in logs} == {"inventory_processor"}
    assert {line["queue"] for line in logs} == {"telemetry"}
    assert all(line["function_request_id"] and line["timestamp"] for line in logs)
    dead = [line for line in logs if line["message"] == "message kept as dead letter"]
    # followed by the id that SNS gave where there is one, else the queue's
    assert [line["correlation_id"] for line in dead] == [
        "00000028-1111-4000-8000-000000000002",
        "00000029-0000-4000-8000-000000000001",
        "0000002a-0000-4000-8000-000000000001",
    ]
    assert all(line["level"] == "WARNING" and line["faults"] for line in dead)
    (stored,) = [line for line in logs if line["message"] == "stored"]
    assert (stored["correlation_id"], stored["facts"], stored["changed"]) == ("till-7-000001", 5, 4)


@pytest.mark.parametrize("how", ["crash", "time-out"])
def test_a_function_that_dies_after_its_write_loses_nothing_and_doubles_nothing(
    place: Any, lambda_runtime: Any, sample: Any, proxy: Any, how: str
) -> None:
    environment = place.of("inventory_processor") | {"AWS_ENDPOINT_URL_S3": proxy.url}
    # the second try must end in time on a busy computer too
    rie = lambda_runtime("inventory_processor", environment, timeout=60 if how == "crash" else 10)
    event = sample("inventory_processor", "telemetry.json")
    instead: Callable[[], None] = rie.kill_function if how == "crash" else lambda: None
    proxy.arm(instead)
    died = rie.invoke(event)
    if how == "crash":
        assert died["errorType"] == "Runtime.ExitError"
    else:
        assert "Task timed out after 10.00 seconds" in str(died)
    assert proxy.lost == 1
    before = place.objects.list("")
    assert len(_facts(place)) == 5  # durable, but nobody was told and nothing acknowledged
    assert place.bus.drain("replan") == []
    assert rie.invoke(event) == {"batchItemFailures": []}
    assert place.objects.list("") == before
    asked = together(replan_of(message.body) for message in place.bus.drain("replan"))
    assert len(asked.keys) == 4


def test_a_cold_start_needs_no_network_and_no_settings(lambda_runtime: Any, sample: Any) -> None:
    """What is missing is said by the answer to the first request, not by a start that fails."""
    rie = lambda_runtime("inventory_processor", {})
    told = rie.invoke(sample("inventory_processor", "telemetry.json"))
    assert told["errorType"] == "SettingsError"
    first, *faults = told["errorMessage"].splitlines()
    assert first == "inventory_processor cannot work: 3 settings are missing or wrong"
    assert [fault.split()[1] for fault in faults] == [
        "SHELFCAST_LAKE",
        "SHELFCAST_REPLAN_QUEUE",
        "SHELFCAST_DECISIONS_QUEUE",
    ]
    again = rie.invoke(sample("inventory_processor", "telemetry.json"))
    assert again["errorMessage"] == told["errorMessage"]


def test_traces_go_to_the_daemon_where_there_is_one(place: Any) -> None:
    """By a plain call, since the emulator passes no trace on to the function."""
    program = (
        "import json, sys\n"
        "from types import SimpleNamespace\n"
        "from lambdas.inventory_processor.handler import handler\n"
        "context = SimpleNamespace(function_name='f', memory_limit_in_mb=1, invoked_function_arn='a',\n"
        "                          aws_request_id='r')\n"
        "handler(json.load(open('lambdas/inventory_processor/events/sales.json')), context)\n"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(20)
        traced = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "LAMBDA_TASK_ROOT": str(ROOT),
            "AWS_LAMBDA_FUNCTION_NAME": "inventory_processor",
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        }
        environment = {**os.environ, **place.of("inventory_processor"), **traced}
        subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=ROOT, check=True, capture_output=True
        )
        told = [daemon.recv(65536).decode()]
        while '"## handler"' not in told[-1]:  # what was called first arrives first
            told.append(daemon.recv(65536).decode())
    assert all("1-5759e988-bd862e3fe1be46a994272793" in one for one in told)
    assert not any("inv-001" in one for one in told)


def test_the_api_says_which_version_answers(place: Any, lambda_runtime: Any, sample: Any) -> None:
    rie = lambda_runtime("api", place.of("api"))
    answer = rie.invoke(sample("api", "health.json"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"status": "ok", "version": "0.1.0", "run_id": None, "as_of": None}


@pytest.mark.parametrize(
    ("function", "queue"),
    [("notification_handler", "notifications"), ("report_generator", "reports")],
)
def test_every_function_keeps_what_it_cannot_read(
    place: Any, lambda_runtime: Any, sample: Any, function: str, queue: str
) -> None:
    rie = lambda_runtime(function, place.of(function))
    event = sample(function, "wrong.json")
    assert rie.invoke(event) == {"batchItemFailures": []}
    letters = read_letters(place.objects, letter_names(place.objects, queue))
    assert {letter.body for letter in letters} == {record["body"] for record in event["Records"]}
    metrics = _metrics(rie.lines)
    assert metrics["PoisonMessages"] == (2.0, "Count")
    assert metrics["FailedMessages"] == (0.0, "Count")
    dead = [line for line in rie.lines if line.get("message") == "message kept as dead letter"]
    assert [line["correlation_id"] for line in dead] == [record["messageId"] for record in event["Records"]]
