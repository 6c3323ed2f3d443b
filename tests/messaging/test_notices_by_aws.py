"""Notices by SNS and SQS: what is asked, checked against the services' own models by botocore's stubber."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY, Stubber

from jobs.notices.news import News
from jobs.notices.words import Letterhead
from jobs.notify_channels import ALERTS_TOPIC, Outgoing, channels_of, topic_subscription
from jobs.subscriptions import Subscription
from messaging import clients
from messaging.delivery import DeliveryError
from messaging.notices import Texts, publish_texts, send_sms, send_to_queue

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TOPIC_ARN = "arn:aws:sns:eu-central-1:123456789012:alerts"
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/alerts"
NEWS = News(
    "c1", "opened", "stockout", "007", "S01", "SUP1", "", "Yoghurt", "Lyon", 820.004, 0.0, "critical",
    "Stock runs out on 26 Nov.", "Order 48 by 24 Nov.", "", "item?sku=007", "r1", "", AT,
)  # fmt: skip
EMPTY = Texts("…", "{}", {}, {"type": "x"})


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    yield from stubbed("sns", monkeypatch)


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    yield from stubbed("sqs", monkeypatch)


def stubbed(service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    made = boto3.client(service, region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")  # type: ignore[call-overload]
    monkeypatch.setattr(clients, "_made", lambda asked: {service: made}[asked])
    with Stubber(made) as stub:
        yield stub
        stub.assert_no_pending_responses()


def outgoing(to: Subscription) -> Outgoing:
    return Outgoing(to, (NEWS,), Letterhead("EUR", "Acme"), AT, AT)


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def published(sns: Stubber, entries: list[dict[str, Any]]) -> None:
    taken = [{"Id": entry["Id"], "MessageId": "m"} for entry in entries]
    asked = {"TopicArn": TOPIC_ARN, "PublishBatchRequestEntries": entries}
    sns.add_response("publish_batch", {"Successful": taken, "Failed": []}, asked)


def test_a_change_goes_to_the_topic_with_what_sns_filters_by(sns: Stubber) -> None:
    asked: dict[str, Any] = {}
    told = {
        "type": text("stockout"),
        "level": text("critical"),
        "location": text("S01"),
        "category": text("-"),
        "author": text("-"),
        "change": text("opened"),
        "severity": {"DataType": "Number", "StringValue": "820.0"},
    }
    entry = {
        "Subject": "EUR 820 at risk: Stockout Yoghurt at Lyon",
        "Message": ANY,
        "MessageStructure": "json",
    }
    published(sns, [{"Id": number, **entry, "MessageAttributes": told} for number in ("0", "1")])
    sns.client.meta.events.register(
        "provide-client-params.sns.PublishBatch", lambda params, **_: asked.update(params)
    )
    two = replace(outgoing(topic_subscription()), news=(NEWS, replace(NEWS, news_id="c2")))
    channels_of({ALERTS_TOPIC: TOPIC_ARN}).send(two)
    first, second = (json.loads(entry["Message"]) for entry in asked["PublishBatchRequestEntries"])
    assert json.loads(first["default"])["eventId"] != json.loads(second["default"])["eventId"]
    texts = first
    assert set(texts) == {"default", "email", "sms"}
    assert json.loads(texts["default"])["eventType"] == "alert.notification"
    assert texts["sms"] == "€820 at risk: Stockout - Yoghurt at Lyon. Order 48 by 24 Nov"
    assert "→ Order 48 by 24 Nov." in texts["email"]


def test_mail_without_a_mail_server_goes_to_the_topic_for_one_subscriber(sns: Stubber) -> None:
    entry = {"Id": "0", "Subject": ANY, "Message": ANY, "MessageStructure": "json"}
    published(sns, [{**entry, "MessageAttributes": {"subscription": text("ana")}}])
    ana = Subscription("ana", "email", "ana@example.com", "Ana")
    channels_of({ALERTS_TOPIC: TOPIC_ARN}).send(outgoing(ana))


def test_a_short_message_goes_to_one_telephone(sns: Stubber) -> None:
    sns.add_response(
        "publish",
        {"MessageId": "m1"},
        {
            "PhoneNumber": "+33612345678",
            "Message": "€820 at risk: Stockout - Yoghurt at Lyon. Order 48 by 24 Nov",
            "MessageAttributes": {"AWS.SNS.SMS.SMSType": text("Transactional")},
        },
    )
    bo = Subscription("bo", "sms", "+33612345678", "Bo")
    channels_of({ALERTS_TOPIC: TOPIC_ARN}).send(outgoing(bo))


@pytest.mark.parametrize("fifo", [False, True])
def test_a_queue_gets_json_and_a_fifo_queue_its_order(sqs: Stubber, fifo: bool) -> None:
    erp = Subscription("erp", "queue", QUEUE + (".fifo" if fifo else ""), "ERP")
    message = outgoing(erp)
    entry: dict[str, Any] = {
        "Id": "0",
        "MessageBody": message.json(),
        "MessageAttributes": {"type": text("alert.notification")},
    }
    if fifo:
        entry |= {"MessageGroupId": "erp", "MessageDeduplicationId": message.name}
    asked = {"QueueUrl": erp.endpoint, "Entries": [entry]}
    taken = {"Id": "0", "MessageId": "m1", "MD5OfMessageBody": "x"}
    sqs.add_response("send_message_batch", {"Successful": [taken], "Failed": []}, asked)
    channels_of({}).send(message)


def test_refusals_of_aws_are_told(sns: Stubber, sqs: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    sns.add_client_error("publish", "AuthorizationError", "no permission")
    with pytest.raises(DeliveryError, match="SNS refused: AuthorizationError: no permission") as refused:
        send_sms("+33612345678", "x", sns=sns.client)
    assert not refused.value.unreachable
    lost = {"Id": "0", "SenderFault": False, "Code": "InternalError", "Message": "later"}
    sns.add_response("publish_batch", {"Successful": [], "Failed": [lost]})
    with pytest.raises(DeliveryError, match="SNS did not take 1 of 1 messages: InternalError: later"):
        publish_texts(TOPIC_ARN, [EMPTY], sns=sns.client)
    failed = {"Id": "0", "SenderFault": True, "Code": "InvalidMessageContents", "Message": "no"}
    sqs.add_response("send_message_batch", {"Successful": [], "Failed": [failed]})
    with pytest.raises(DeliveryError, match="InvalidMessageContents"):
        send_to_queue(QUEUE, "{}", name="m1", group="erp", sqs=sqs.client)


def test_nobody_there_is_told_apart() -> None:
    here = {"endpoint_url": "http://127.0.0.1:1", "region_name": "eu-central-1"}
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    nobody = boto3.client("sns", **here, **keys, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]
    with pytest.raises(DeliveryError, match="SNS cannot be reached") as refused:
        publish_texts(TOPIC_ARN, [EMPTY], sns=nobody)
    assert refused.value.unreachable
    assert isinstance(refused.value.__cause__, EndpointConnectionError)
