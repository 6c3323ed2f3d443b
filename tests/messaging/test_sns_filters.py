"""Filter policies and notices on SNS and SQS over HTTP: what SNS lets through is what matches in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from cli.devaws import emulators
from jobs.notices.news import News
from jobs.notices.words import Letterhead
from jobs.notify_channels import ALERTS_TOPIC, Outgoing, channels_of, topic_subscription
from jobs.notify_filter import Filter, filter_policy, matches
from jobs.subscriptions import Subscription
from messaging import clients

pytestmark = pytest.mark.xdist_group("aws")

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FIRST = News(
    "n0", "opened", "stockout", "007", "S01", "SUP1", "Dairy", "Yoghurt", "Lyon", 820.0, 0.0, "critical",
    "Why.", "Act.", "", "item", "r1", "", AT,
)  # fmt: skip
NEWS = [
    replace(FIRST, news_id=f"n{number}", **changed)
    for number, changed in enumerate(
        [
            {},
            {"news_type": "expiry", "level": "warning", "severity": 100.0},
            {"severity": 99.996},
            {"severity": 99.99, "level": "info"},
            {"location": "S02", "category": "Käse & Co"},
            {"location": "", "category": "", "news_type": "data_stale", "severity": 0.0},
            {"news_type": "order.sent", "turn": "confirmed", "author": "ana", "severity": 0.0},
            {"news_type": "event.processed", "turn": "confirmed", "author": "", "location": "007"},
        ]
    )
]
FILTERS = [
    Filter(),
    Filter(types=("stockout", "expiry")),
    Filter(least_money=100.0),
    Filter(least_level="warning"),
    Filter(least_level="critical", locations=("S01",)),
    Filter(categories=("Käse & Co", "-")),
    Filter(types=("order.sent", "event.processed")),
    Filter(types=("order.sent", "event.processed"), authors=("ana",)),
    Filter(types=("stockout",), least_money=99.99, locations=("S01", "007"), categories=("Dairy",)),
]


@dataclass(frozen=True)
class Aws:
    sns: Any
    sqs: Any

    def queue(self, name: str) -> tuple[str, str]:
        """Make a queue; return its address and its name on AWS."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, told["Attributes"]["QueueArn"]

    def bodies(self, url: str) -> list[dict[str, Any]]:
        found = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulators.Emulator]:
    """SNS and SQS by ministack."""
    emulators.check_installed()
    started = emulators.start_messages(tmp_path_factory.mktemp("messages"))
    try:
        emulators.wait_for(started)
        yield started
    finally:
        started.child.stop()


@pytest.fixture
def aws(emulator: emulators.Emulator, monkeypatch: pytest.MonkeyPatch) -> Aws:
    keys = {"aws_access_key_id": emulators.ACCESS_KEY, "aws_secret_access_key": emulators.SECRET_KEY}
    there = {"endpoint_url": emulator.url, "region_name": emulators.REGION, **keys}
    made = {name: boto3.client(name, **there) for name in ("sns", "sqs")}  # type: ignore[call-overload]
    monkeypatch.setattr(clients, "_made", made.__getitem__)
    return Aws(made["sns"], made["sqs"])


def test_what_sns_lets_through_is_what_matches_in_process(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="alerts")["TopicArn"]
    queues = []
    for number, wanted in enumerate(FILTERS):
        url, arn = aws.queue(f"wanted-{number}")
        policy = {"FilterPolicy": json.dumps(filter_policy(wanted)), "RawMessageDelivery": "true"}
        aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=policy)
        queues.append(url)
    url, arn = aws.queue("mail-of-ana")
    one = {"FilterPolicy": '{"subscription": ["ana"]}', "RawMessageDelivery": "true"}
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=one)

    by = channels_of({ALERTS_TOPIC: topic})
    head = Letterhead("EUR", "Acme", "https://plan.example.com")
    by.send(Outgoing(topic_subscription(), tuple(NEWS), head, AT, AT))
    by.send(Outgoing(Subscription("ana", "email", "ana@example.com", "Ana"), tuple(NEWS[:2]), head, AT, AT))

    for wanted, queue in zip(FILTERS, queues, strict=True):
        told = [change["changeId"] for body in aws.bodies(queue) for change in body["data"]["changes"]]
        assert sorted(told) == [one.news_id for one in NEWS if matches(wanted, one)], wanted
    (digest,) = aws.bodies(url)
    assert [change["changeId"] for change in digest["data"]["changes"]] == ["n0", "n1"]


def test_a_queue_gets_its_json(aws: Aws) -> None:
    url, _ = aws.queue("erp")
    message = Outgoing(Subscription("erp", "queue", url, "ERP"), (FIRST,), Letterhead(), AT, AT)
    channels_of({}).send(message)
    assert aws.bodies(url) == [json.loads(message.json())]
