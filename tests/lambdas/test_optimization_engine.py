"""Planning, notices and reports as functions, on a planned lake on S3 with real queues."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.devaws.lake_copy import copy_objects
from data_lake.facts.ingest import ingest_facts
from data_lake.facts.messages import Record
from data_lake.lake import Lake
from data_lake.objects import open_objects
from data_lake.runs import latest_run, list_runs
from infra.messaging import TOPOLOGY
from jobs.demo import build_demo
from jobs.dlq import letter_names, read_letters
from jobs.kernel_cache import VARIABLE
from jobs.report import list_reports
from jobs.settings import settings
from lambdas.inventory_processor.handler import handler as inventory_processor
from lambdas.messages import NO_CHANGE, changes_of, changes_to_bodies, replan_of, together
from lambdas.notification_handler.handler import handler as notification_handler
from lambdas.optimization_engine.handler import handler as optimization_engine
from lambdas.report_generator.handler import handler as report_generator

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]

NOTHING_FAILED: dict[str, Any] = {"batchItemFailures": []}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo lake with its plan, on disk."""
    folder = tmp_path_factory.mktemp("planned") / "lake"
    build_demo(str(folder), skus=6, stores=2, dcs=1, days=150)
    return folder


@dataclass(frozen=True)
class Deployed:
    """A planned lake on S3 and the functions beside it."""

    lake: Lake
    place: Any
    call: Callable[..., Any]

    def messages(self, queue: str) -> list[str]:
        return [message.body for message in self.place.bus.drain(queue)]


@pytest.fixture
def deployed(planned: Path, place: Any, as_deployed: Any, context: Any, s3_server: Any) -> Deployed:
    copy_objects(open_objects(str(planned)), place.objects)

    def call(function: Callable[..., Any], event: dict[str, Any]) -> Any:
        as_deployed(place.of(function.__module__.split(".")[1]))
        return function(event, context)

    return Deployed(Lake(place.lake, s3_server.options), place, call)


def _sold_out(lake: Lake) -> dict[str, Any]:
    """An event that empties the shelf of a line, without which it has stock."""
    run = latest_run(lake)
    assert run is not None
    lines = lake.read("plan_lines", version=run.outputs["plan_lines"])
    stores = lines[
        lines["location"].str.startswith("S") & (lines["on_hand"] > 10) & (lines["status"] != "held")
    ]
    line = stores.sort_values("on_hand").iloc[-1]
    return {
        "eventId": uuid.uuid4().hex,
        "eventType": "inventory.updated",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {"productId": line["sku"], "location": line["location"], "quantity": 0},
    }


def test_an_event_becomes_a_plan_alerts_and_a_notice_each_once(
    deployed: Deployed, sqs_event: Any, capsys: Any
) -> None:
    lake, call = deployed.lake, deployed.call
    assert call(optimization_engine, {"job": "alerts"}) == NOTHING_FAILED
    first = [change for body in deployed.messages("notifications") for change in changes_of(body)]
    assert first
    assert {change.change for change in first} == {"opened"}
    before = latest_run(lake)

    event = _sold_out(lake)
    batch = sqs_event("telemetry", json.dumps(event), "not JSON", json.dumps(event))
    assert call(inventory_processor, batch) == NOTHING_FAILED
    asked = deployed.messages("replan")
    key = (event["data"]["productId"], event["data"]["location"])
    assert together(map(replan_of, asked)).keys == {key}

    again = sqs_event("replan", *asked, "[]", *asked)
    capsys.readouterr()
    assert call(optimization_engine, again) == NOTHING_FAILED
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "PlanLines" in line]
    after = latest_run(lake)
    assert after is not None
    assert before is not None
    assert after.run_id != before.run_id
    assert metrics["PlanLines"] == [after.summary["lines"]]
    assert metrics["MoneyAtRisk"] == [after.summary["money_at_risk"]]
    assert metrics["LinesPlannedAgain"][0] >= 1
    told = deployed.messages("notifications")
    changes = [change for body in told for change in changes_of(body)]
    assert any((change.sku, change.location) == key for change in changes)
    assert {change.change_id for change in changes}.isdisjoint(change.change_id for change in first)

    # the same messages again, as a queue may do: no other run, no change told twice
    assert call(optimization_engine, again) == NOTHING_FAILED
    assert latest_run(lake) == after
    assert deployed.messages("notifications") == [NO_CHANGE]  # somebody may want a confirmation
    letters = read_letters(lake, letter_names(lake))
    assert sorted((letter.queue, letter.body) for letter in letters) == [
        ("replan", "[]"),
        ("telemetry", "not JSON"),
    ]

    topic = deployed.place.bus.endpoint.client("sns")
    queue = deployed.place.bus.made.queue_arns["reports"]  # any queue will do to listen to the topic
    arn = deployed.place.bus.made.topic_arns["alerts"]
    listening = topic.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    notices = sqs_event("notifications", *told, "{}")
    assert call(notification_handler, notices) == NOTHING_FAILED
    heard = deployed.messages("reports")
    assert len(heard) == len(changes)
    assert call(notification_handler, notices) == NOTHING_FAILED
    assert call(notification_handler, {"job": "digests"}) == NOTHING_FAILED
    assert deployed.messages("reports") == []
    topic.unsubscribe(SubscriptionArn=listening)
    assert len(letter_names(lake, "notifications")) == 1


def test_acts_are_done_once_and_refusals_kept(deployed: Deployed, sample: Any, sqs_event: Any) -> None:
    lake, call = deployed.lake, deployed.call
    event = sample("optimization_engine", "decision.json")
    assert call(optimization_engine, event) == NOTHING_FAILED
    assert call(optimization_engine, event) == NOTHING_FAILED
    assert settings(lake)["order_budget"] == "25000"
    assert together(map(replan_of, deployed.messages("replan"))).anything
    unknown = json.loads(event["Records"][0]["body"])
    unknown |= {"eventId": "act-3", "data": {"name": "colour", "newValue": "blue"}}
    refused = sqs_event("decisions.fifo", json.dumps(unknown))
    assert call(optimization_engine, refused) == NOTHING_FAILED
    assert call(optimization_engine, refused) == NOTHING_FAILED
    (letter,) = read_letters(lake, letter_names(lake))
    assert (letter.reason, letter.queue) == ("the act is refused", "decisions.fifo")
    assert "colour" in letter.faults[0]


def test_a_dropped_file_is_imported_and_a_plan_asked_for(
    deployed: Deployed, sample: Any, caplog: Any
) -> None:
    lake, call = deployed.lake, deployed.call
    event = sample("optimization_engine", "incoming.json")
    products = lake.read("products")
    csv = f"sku,name\n{products['sku'].iloc[0]},Renamed\n"
    _, _, path = deployed.place.lake.partition("s3://")
    bucket, _, prefix = path.partition("/")
    key = "incoming/products/new-name.csv"
    assert lake.objects.put_new(key, csv.encode())
    told = json.loads(event["Records"][0]["body"])
    told["Records"][0]["s3"] |= {"bucket": {"name": bucket}, "object": {"key": f"{prefix}/{key}"}}
    event["Records"][0]["body"] = json.dumps(told)
    assert call(optimization_engine, event) == NOTHING_FAILED
    (taken,) = [line for line in caplog.records if line.message == "file taken"]
    assert taken.outcome == "imported", lake.objects.list("incoming/")
    assert "Renamed" in set(lake.read("products")["name"])
    assert together(map(replan_of, deployed.messages("replan"))).anything


def test_schedules(deployed: Deployed, sample: Any) -> None:
    lake, call = deployed.lake, deployed.call
    runs = list_runs(lake)
    for name in ("schedule-compact.json", "schedule-alerts.json", "schedule-plan.json"):
        assert call(optimization_engine, sample("optimization_engine", name)) == NOTHING_FAILED
    assert list_runs(lake) == runs  # nothing changed since the plan, so it is the plan
    with pytest.raises(LookupError, match="schedule 'dance' is none of plan, compact, alerts"):
        call(optimization_engine, {"job": "dance"})
    with pytest.raises(LookupError, match="queue 'sales' is none of replan"):
        call(optimization_engine, {"Records": [{"eventSourceARN": "arn:aws:sqs:eu-central-1:1:sales"}]})
    for schedule in TOPOLOGY.schedules:
        file = (
            f"schedule-{schedule.event['job']}" if schedule.function == "optimization_engine" else "schedule"
        )
        assert sample(schedule.function, f"{file}.json") == schedule.event


def test_reports_are_made_once_and_what_cannot_be_made_is_a_dead_letter(
    deployed: Deployed, sample: Any
) -> None:
    lake, call = deployed.lake, deployed.call
    for _ in range(2):
        assert call(report_generator, sample("report_generator", "request.json")) == NOTHING_FAILED
        assert call(report_generator, sample("report_generator", "schedule.json")) == NOTHING_FAILED
    made = {report.kind: {file.format for file in report.files} for report in list_reports(lake)}
    assert made == {"reorder": {"xlsx", "csv"}, "performance": {"xlsx"}}
    assert call(report_generator, sample("report_generator", "wrong.json")) == NOTHING_FAILED
    reasons = [letter.reason for letter in read_letters(lake, letter_names(lake, "reports"))]
    assert any("kind is 'horoscope'" in reason and "formats is ['pdf']" in reason for reason in reasons)
    assert any("there is no run 'no-such-run'" in reason for reason in reasons)


def test_without_a_plan_nothing_is_planned(place: Any, as_deployed: Any, context: Any, sample: Any) -> None:
    as_deployed(place.of("optimization_engine"))
    assert optimization_engine(sample("optimization_engine", "replan.json"), context) == NOTHING_FAILED
    assert place.objects.list("runs/") == []


def test_under_lambda_it_plans_from_kernels_of_the_image(
    deployed: Deployed, lambda_runtime: Any, sample: Any, tmp_path: Path
) -> None:
    """A function's disk is read-only but for /tmp: what the image brings must do, nothing is compiled."""
    kernels = Path(os.environ[VARIABLE])
    baked = tmp_path / "numba" / kernels.name
    shutil.copytree(kernels, baked)
    there = sorted(path.relative_to(baked) for path in baked.rglob("*"))
    lake, own = deployed.lake, deployed.place.of("optimization_engine") | {VARIABLE: str(baked.parent)}
    rie = lambda_runtime("optimization_engine", own, timeout=120)
    wrong = sample("optimization_engine", "wrong.json")
    assert rie.invoke(wrong) == NOTHING_FAILED
    letters = read_letters(lake, letter_names(lake, "replan"))
    assert {letter.body for letter in letters} == {record["body"] for record in wrong["Records"]}
    before = latest_run(lake)
    ingest_facts(lake, [Record("1", json.dumps(_sold_out(lake)))], received_at=datetime.now(UTC))
    assert rie.invoke({"job": "plan"}) == NOTHING_FAILED
    after = latest_run(lake)
    assert after is not None
    assert after != before
    assert sorted(path.relative_to(baked) for path in baked.rglob("*")) == there
    (metrics,) = [line for line in rie.lines if "PlanLines" in line and line["queue"] == "schedule"]
    assert metrics["PlanLines"] == [after.summary["lines"]]


def test_changes_of_alerts_travel_unchanged(sample: Any) -> None:
    changes = changes_of(sample("notification_handler", "changes.json")["Records"][0]["body"])
    assert [changes_of(body) for body in changes_to_bodies(changes)] == [changes]
    many = changes * 450
    assert [len(changes_of(body)) for body in changes_to_bodies(many)] == [200, 200, 50]
