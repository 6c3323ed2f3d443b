"""Each rule of a topology holds for ours, and finds what was broken on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from data_lake.events import EVENT_FIELDS
from data_lake.facts.kinds import ALIASES, KINDS
from infra.messaging import TOPOLOGY
from infra.rules import RULES, VISIBILITY_FACTOR, faults
from infra.shapes import BucketNotification, Function, Queue, Ref, Schedule, Subscription, Topic, Topology
from lambdas.settings import variables_of
from messaging.routing import topic_of

ROOT = Path(__file__).resolve().parents[2]

Break = Callable[[Topology], Topology]


def _queue(name: str, /, **changes: Any) -> Break:
    def broken(topology: Topology) -> Topology:
        queues = [replace(queue, **changes) if queue.name == name else queue for queue in topology.queues]
        return replace(topology, queues=tuple(queues))

    return broken


def _mapping(queue: str, /, **changes: Any) -> Break:
    def broken(topology: Topology) -> Topology:
        mappings = [replace(one, **changes) if one.queue == queue else one for one in topology.mappings]
        return replace(topology, mappings=tuple(mappings))

    return broken


def _subscription(topic: str, /, **changes: Any) -> Break:
    def broken(topology: Topology) -> Topology:
        taken = [replace(one, **changes) if one.topic == topic else one for one in topology.subscriptions]
        return replace(topology, subscriptions=tuple(taken))

    return broken


def _more(part: str, *things: Any) -> Break:
    return lambda topology: replace(topology, **{part: (*getattr(topology, part), *things)})


def _without(part: str, index: int) -> Break:
    return lambda topology: replace(
        topology, **{part: tuple(one for at, one in enumerate(getattr(topology, part)) if at != index)}
    )


def test_our_topology_keeps_every_rule() -> None:
    assert faults(TOPOLOGY) == []
    assert [rule.__name__ for rule in RULES if list(rule(TOPOLOGY))] == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (_more("queues", Queue("sales", 190)), "queue sales is there twice"),
        (_more("queues", Queue("sales-dlq", 190)), "queue sales-dlq is there twice"),
        (_more("topics", Topic("sales")), "topic sales is there twice"),
        (_more("subscriptions", Subscription("nowhere", "sales")), "names topic nowhere"),
        (_more("subscriptions", Subscription("sales", "nowhere")), "names queue nowhere"),
        (_mapping("sales", function="nobody"), "names function nobody"),
        (_mapping("sales", queue="nowhere"), "names queue nowhere"),
        (_more("schedules", Schedule("night", "nobody", "rate(1 day)", {})), "schedule night names function"),
        (_more("notifications", BucketNotification("in/", "nowhere")), "prefix in/ names queue nowhere"),
        (
            _more("functions", Function("more", 128, 3, {"QUEUE": Ref("queue", "nowhere")})),
            "more: QUEUE names queue nowhere",
        ),
        (_without("mappings", 0), "queue telemetry has 0 consumers"),
        (_more("mappings", TOPOLOGY.mappings[0]), "queue telemetry has 2 consumers"),
        (_queue("sales", max_receive_count=1), "queue sales gives up after 1 deliveries"),
        (_queue("sales", retention_days=14), "a dead letter keeps its age"),
        (_queue("sales", visibility_seconds=184), "visibility is 184 s; inventory_processor needs 185 s"),
        (_queue("replan", visibility_seconds=1829), "visibility is 1829 s; optimization_engine needs 1830 s"),
        (_queue("sales", wait_seconds=0), "queue sales polls for 0 s"),
        (_subscription("sales", queue="orders.fifo"), "both must be FIFO, or none"),
        (_subscription("orders.fifo", queue="sales"), "both must be FIFO, or none"),
        (_more("notifications", BucketNotification("in/", "orders.fifo")), "cannot tell FIFO queue"),
        (_mapping("orders.fifo", batch=11), "a batch of 11 is not 1 to 10"),
        (_mapping("orders.fifo", window_seconds=1), "FIFO and knows no window"),
        (_mapping("sales", window_seconds=0), "a batch of 1000 needs a window"),
        (_mapping("sales", batch=10_001), "a batch of 10001 is not 1 to 10000"),
        (_mapping("sales", partial_failures=False), "does not report failures message by message"),
        (_mapping("sales", max_concurrency=1), "the least concurrency"),
        (_more("topics", Topic("more", ("sale.recorded",))), "sale.recorded belongs on 2 topics"),
        (_more("topics", Topic("more.fifo", people=True)), "exactly one topic"),
        (_without("subscriptions", 0), "topic telemetry feeds 0 queues"),
        (_subscription("sales", filter_policy={"eventType": ["sale"]}), "takes only a part of topic sales"),
        (_more("topics", Topic("more", ("order.split",))), "topic more carries acts and must be FIFO"),
        (_subscription("sales", raw=True), "loses the SNS MessageId"),
        (_more("functions", Function("more", 64, 3)), "memory of 64 MB"),
        (_more("functions", Function("more", 128, 901)), "a timeout of 901 s"),
    ],
)
def test_what_is_broken_is_found(broken: Break, said: str) -> None:
    found = faults(broken(TOPOLOGY))
    assert any(said in fault for fault in found), found


def test_every_event_type_has_exactly_one_topic_and_one_queue() -> None:
    facts = {*KINDS, *ALIASES}
    assert {kind for topic in TOPOLOGY.topics for kind in topic.carries} == facts
    for kind in facts | set(EVENT_FIELDS):
        name = topic_of(kind)
        assert TOPOLOGY.topic(name).people == (kind in EVENT_FIELDS)
        assert len([one for one in TOPOLOGY.subscriptions if one.topic == name]) == 1


def test_telemetry_is_gathered_and_replanning_waits_for_more() -> None:
    """The issue's own figures: a thousand messages or 5 s a batch; 30 s before re-planning."""
    by_queue = {mapping.queue: mapping for mapping in TOPOLOGY.mappings}
    assert (by_queue["telemetry"].batch, by_queue["telemetry"].window_seconds) == (1000, 5)
    assert (by_queue["replan"].window_seconds, by_queue["replan"].function) == (30, "optimization_engine")
    assert VISIBILITY_FACTOR == 6


@pytest.mark.parametrize("function", TOPOLOGY.functions, ids=lambda function: function.name)
def test_a_deployment_fills_the_settings_that_a_function_requires(function: Function) -> None:
    settings = import_module(f"lambdas.{function.name}.settings").Settings
    assert is_dataclass(settings)
    assert fields(settings)
    known = variables_of(settings)
    required = {name for name, needed in known.items() if needed}
    assert required <= set(function.variables) <= set(known)


@pytest.mark.parametrize("function", TOPOLOGY.functions, ids=lambda function: function.name)
def test_a_function_is_a_folder_with_a_handler_a_guide_and_samples(function: Function) -> None:
    handler = import_module(function.handler.removesuffix(".handler"))
    assert callable(handler.handler)
    folder = ROOT / "lambdas" / function.name
    guide = (folder / "README.md").read_text()
    samples = sorted(path.stem for path in (folder / "events").glob("*.json"))
    assert samples
    for name in samples:
        assert f"events/{name}.json" in guide or f"events/{name.partition('-')[0]}-*.json" in guide


def test_the_guide_names_every_queue_topic_and_setting() -> None:
    guide = (ROOT / "docs/lambdas.md").read_text()
    for part in (*TOPOLOGY.queues, *TOPOLOGY.topics, *TOPOLOGY.functions):
        assert part.name in guide, part.name
    for function in TOPOLOGY.functions:
        for name in variables_of(import_module(f"lambdas.{function.name}.settings").Settings):
            assert f"`{name}`" in guide, name


def test_a_queue_says_its_attributes_as_sqs_takes_them() -> None:
    orders = TOPOLOGY.queue("orders.fifo")
    attributes = orders.attributes("arn:aws:sqs:eu-central-1:123456789012:orders-dlq.fifo")
    assert attributes == {
        "VisibilityTimeout": "180",
        "ReceiveMessageWaitTimeSeconds": "20",
        "MessageRetentionPeriod": "604800",
        "RedrivePolicy": '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:orders-dlq.fifo",'
        '"maxReceiveCount":5}',
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
    }
    assert orders.dead_letter_attributes()["MessageRetentionPeriod"] == "1209600"
    assert "FifoQueue" not in TOPOLOGY.queue("sales").attributes("arn")


def test_the_guide_names_every_metric() -> None:
    guide = (ROOT / "docs/lambdas.md").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "lambdas").rglob("*.py"))
    names = set(re.findall(r'add_metric\(\s*"(\w+)"', sources))
    assert {"EventsStored", "LagSeconds", "MoneyAtRisk"} <= names
    assert [name for name in sorted(names) if name not in guide] == []
