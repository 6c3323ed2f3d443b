"""Our clients of SNS and SQS against a real server."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from messaging import sns, sqs
from messaging.batches import Message, NotSentError
from messaging.routing import message_of, topic_of

pytestmark = pytest.mark.xdist_group("s3")


def test_messages_are_sent_received_and_deleted(bus: Any) -> None:
    bus.drain("replan")
    client, url = bus.endpoint.client("sqs"), bus.made.queue_urls["replan"]
    sqs.send(url, [Message(str(number)) for number in range(23)], sqs=client)
    seen = []
    while got := sqs.receive(url, wait_seconds=0, sqs=client):
        assert all(message.deliveries == 1 for message in got)
        assert sqs.delete(url, got, sqs=client) == []
        seen += [message.body for message in got]
    assert sorted(seen, key=int) == [str(number) for number in range(23)]


def test_a_group_arrives_in_order_and_a_duplicate_once(bus: Any) -> None:
    client, url = bus.endpoint.client("sqs"), bus.made.queue_urls["decisions.fifo"]
    bus.drain("decisions.fifo")
    own = uuid.uuid4().hex
    sent = [Message(f"{number}", group=own, dedup=f"{own}-{number % 7}") for number in range(9)]
    sqs.send(url, sent, sqs=client)
    assert [message.body for message in bus.drain("decisions.fifo")] == [str(number) for number in range(7)]


def test_what_is_too_large_is_named_before_anything_is_asked(bus: Any) -> None:
    client, url = bus.endpoint.client("sqs"), bus.made.queue_urls["replan"]
    with pytest.raises(NotSentError, match=r"1,048,577 bytes are more than 1,048,576"):
        sqs.send(url, [Message("x" * (sqs.MOST_BYTES + 1))], sqs=client)
    arn = bus.made.topic_arns["telemetry"]
    with pytest.raises(NotSentError, match=r"bytes are more than 262,144"):
        sns.publish(arn, "x" * (sns.MOST_BYTES + 1), sns=bus.endpoint.client("sns"))
    bus.drain("replan")


@pytest.mark.parametrize(
    ("event_type", "queue"),
    [
        ("inventory.updated", "telemetry"),
        ("sale.recorded", "sales"),
        ("inventory.counted", "stock-acts.fifo"),
        ("order.placed", "orders.fifo"),
        ("plan_line.approved", "decisions.fifo"),
        ("nobody.knows", "decisions.fifo"),
    ],
)
def test_an_event_reaches_the_queue_of_its_family_wrapped(bus: Any, event_type: str, queue: str) -> None:
    bus.drain(queue)
    event = {
        "eventId": uuid.uuid4().hex,
        "eventType": event_type,
        "data": {"productId": "1", "location": "A"},
    }
    sns.publish_all(
        bus.made.topic_arns[topic_of(event_type)], [message_of(event)], sns=bus.endpoint.client("sns")
    )
    (arrived,) = bus.drain(queue)
    envelope = json.loads(arrived.body)
    assert envelope["Type"] == "Notification"
    assert envelope["MessageId"]
    assert json.loads(envelope["Message"]) == event


def test_a_message_without_attributes_arrives_too(bus: Any) -> None:
    """SNS would drop it if the subscription had any filter policy."""
    bus.drain("telemetry")
    bus.endpoint.client("sns").publish(TopicArn=bus.made.topic_arns["telemetry"], Message="not JSON")
    (arrived,) = bus.drain("telemetry")
    assert json.loads(arrived.body)["Message"] == "not JSON"
