"""Queues feed functions as Lambda does: batches, windows, partial failures, retries, groups, dead letters."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from infra.shapes import Queue, SourceMapping, Subscription, Topic, Topology
from messaging.event_source import EventSource, Source, failed_of
from messaging.topology import Endpoint, Made, make_topology

pytestmark = pytest.mark.xdist_group("aws")


def _topology(name: str, *, fifo: bool = False, deliveries: int = 2) -> Topology:
    suffix = ".fifo" if fifo else ""
    return Topology(
        topics=(Topic(f"{name}{suffix}"),),
        queues=(Queue(f"{name}{suffix}", 180, max_receive_count=deliveries, wait_seconds=0),),
        subscriptions=(
            Subscription(f"{name}{suffix}", f"{name}{suffix}", {"eventType": [{"anything-but": ["sale"]}]}),
        ),
        mappings=(SourceMapping(f"{name}{suffix}", "none", 10),),
        functions=(),
        schedules=(),
        notifications=(),
    )


class Work:
    """A function in process: keeps every batch and answers what the test says."""

    def __init__(self, *bad: str, response: object = None) -> None:
        self.bad = set(bad)
        self.response = response
        self.batches: list[list[str]] = []

    def __call__(self, event: Mapping[str, Any]) -> object:
        records = event["Records"]
        self.batches.append([_said(record) for record in records])
        if self.response is not None:
            return self.response
        failed = [record["messageId"] for record in records if _said(record) in self.bad]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def _said(record: Mapping[str, Any]) -> str:
    return str(json.loads(record["body"])["Message"])


class Bench:
    """One topic, one queue, one mapping over real HTTP."""

    def __init__(self, endpoint: Endpoint, name: str, *, fifo: bool = False, seen_again: int = 30) -> None:
        self.name = f"{name}.fifo" if fifo else name
        self.fifo = fifo
        self.made: Made = make_topology(
            endpoint, _topology(name, fifo=fifo), visibility_seconds={self.name: seen_again}
        )
        self.sns, self.sqs = endpoint.client("sns"), endpoint.client("sqs")
        self.told: list[str] = []

    def publish(self, *texts: str, group: str = "g", event_type: str = "inventory.counted") -> None:
        for text in texts:
            more: dict[str, Any] = {}
            if self.fifo:
                more |= {"MessageGroupId": group, "MessageDeduplicationId": f"{group}{text}"}
            attribute = {"DataType": "String", "StringValue": event_type}
            more["MessageAttributes"] = {"eventType": attribute}
            self.sns.publish(TopicArn=self.made.topic_arns[self.name], Message=text, **more)

    def source(self, work: Work, *, batch: int = 10, window: float = 0, partial: bool = True) -> EventSource:
        url, arn = self.made.queue_urls[self.name], self.made.queue_arns[self.name]
        source = Source(url, arn, "us-east-1", batch, window, partial)
        return EventSource(self.sqs, source, work, self.told.append)

    def run(self, source: EventSource, times: int) -> None:
        for _ in range(times):
            if records := source.gather(threading.Event()):
                source.deliver(records)

    def left(self, name: str) -> int:
        told = self.sqs.get_queue_attributes(QueueUrl=self.made.queue_urls[name], AttributeNames=["All"])
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


def test_a_batch_is_gathered_within_the_window_and_what_succeeded_is_deleted(messages: Endpoint) -> None:
    bench, work = Bench(messages, "window"), Work()
    bench.publish(*(str(number) for number in range(25)))
    bench.run(bench.source(work, batch=1000, window=0.5), 1)
    assert len(work.batches) == 1
    assert sorted(work.batches[0], key=int) == [str(number) for number in range(25)]
    assert bench.left("window") == 0
    assert bench.told == []


def test_a_batch_closes_at_its_size(messages: Endpoint) -> None:
    bench, work = Bench(messages, "size"), Work()
    bench.publish(*"abcde")
    bench.run(bench.source(work, batch=2, window=0.5), 3)
    assert [len(batch) for batch in work.batches] == [2, 2, 1]


def test_a_filter_keeps_out_what_another_queue_takes(messages: Endpoint) -> None:
    bench, work = Bench(messages, "filter"), Work()
    bench.publish("sold", event_type="sale")
    bench.publish("counted")
    bench.run(bench.source(work, window=0.5), 1)
    assert work.batches == [["counted"]]


def test_only_failed_messages_return_and_then_become_dead_letters(messages: Endpoint) -> None:
    bench, work = Bench(messages, "partial", seen_again=1), Work("bad")  # given up after two deliveries
    bench.publish("good", "bad", "fine")
    bench.run(bench.source(work), 3)
    assert sorted(work.batches[0]) == ["bad", "fine", "good"]
    assert work.batches[1:] == [["bad"]]
    assert bench.left("partial-dlq") == 1
    assert bench.told[0] == "1 of 3 messages return to partial"


def test_an_answer_that_is_not_understood_brings_everything_back(messages: Endpoint) -> None:
    response = {"batchItemFailures": [{"itemIdentifier": "never sent"}]}
    bench, work = Bench(messages, "strange", seen_again=1), Work(response=response)
    bench.publish("a", "b")
    bench.run(bench.source(work), 2)
    assert [sorted(batch) for batch in work.batches] == [["a", "b"], ["a", "b"]]


def test_a_mapping_without_partial_failures_takes_any_answer_for_success(messages: Endpoint) -> None:
    bench, work = Bench(messages, "whole"), Work("a")
    bench.publish("a")
    bench.run(bench.source(work, partial=False), 1)
    assert bench.left("whole") == 0


def test_groups_keep_their_order_and_wait_for_their_first(messages: Endpoint) -> None:
    bench, work = Bench(messages, "groups", fifo=True), Work("a1")
    bench.publish("a1", group="a")
    source = bench.source(work)
    bench.run(source, 1)
    bench.publish("a2", group="a")
    bench.publish("b1", "b2", group="b")
    bench.run(source, 1)
    assert work.batches == [["a1"], ["b1", "b2"]], "a2 must not overtake a1, which is to come again"


def test_a_duplicate_of_a_fifo_message_is_delivered_once(messages: Endpoint) -> None:
    bench, work = Bench(messages, "once", fifo=True), Work()
    bench.publish("a", "a", "b")
    bench.run(bench.source(work), 2)
    assert work.batches == [["a", "b"]]


@pytest.mark.parametrize(
    "response",
    [
        "not an object",
        {"batchItemFailures": "no list"},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"identifier": "a"}]},
        {"batchItemFailures": ["a"]},
    ],
)
def test_misunderstood_answers_fail_the_batch(response: object) -> None:
    assert failed_of(response, ["a", "b"]) == {"a", "b"}


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_empty_answers_are_success(response: object) -> None:
    assert failed_of(response, ["a"]) == set()
