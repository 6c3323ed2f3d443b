"""Notices end to end over real servers: mail from an SMTP sink, webhooks that verify, each change once."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pandas as pd
import pytest

from data_lake.lake import Lake
from engine.alerts.change import AlertChange
from jobs.errors import JobError
from jobs.notify import Channels, channels_of, due, notify
from jobs.notify_channels import SMTP_URL
from jobs.notify_filter import Filter
from jobs.notify_sample import send_sample
from jobs.notify_schedule import Schedule
from jobs.subscriptions import add_subscription, change_subscription, remove_subscription
from jobs.views import subscriptions as view
from messaging.webhook import DELIVERY, SIGNATURE, verify

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SECRET = "a secret of both sides"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/events/alert.notification.json").read_text())


def change(number: int, **told: Any) -> AlertChange:
    base: dict[str, Any] = {
        "change_id": f"change-{number}", "change": "opened", "alert_type": "stockout", "sku": f"{number:03d}",
        "location": "S01", "source": "SUP1", "category": "Dairy", "product_name": f"Yoghurt {number}",
        "location_name": "Lyon", "severity": 100.0 * number, "previous_severity": 0.0, "level": "critical",
        "cause": "Stock runs out on 26 Nov.", "act": "Order 48 by 24 Nov.", "covered_by": "",
        "link": f"item?sku={number:03d}&location=S01", "run_id": "r1", "at": AT,
    }  # fmt: skip
    return AlertChange(**{**base, **told})


def subscribe(lake: Lake, channel: Any = "email", endpoint: str = "ana@example.com", **told: Any) -> str:
    base: dict[str, Any] = {"recipient": "Ana", "author": "bo", "at": AT - timedelta(days=1)}
    return add_subscription(lake, channel=channel, endpoint=endpoint, **{**base, **told}).subscription


def by_mail(sink: Any) -> Channels:
    return channels_of({SMTP_URL: f"smtp://127.0.0.1:{sink.port}"})


def test_a_change_is_a_mail_and_only_one(lake: Lake, sink: Any) -> None:
    lake.replace("settings", pd.DataFrame({"name": ["dashboard_url"], "value": ["https://plan.example.com"]}))
    subscribe(lake)
    changes = [change(1), change(2)]
    told = notify(lake, changes, at=AT, channels=by_mail(sink))
    assert (told.sent, told.waiting, told.failed) == (1, 0, 0)
    for again in (changes, changes[:1], []):  # a copy, a part, nothing: after a restart, in a replay
        assert notify(Lake(lake.uri), again, at=AT + timedelta(minutes=9), channels=by_mail(sink)).sent == 0
    (mail,) = sink.mails
    assert mail["Subject"] == "€300 at risk: 2 new"
    assert mail["To"].addresses[0].addr_spec == "ana@example.com"
    assert "https://plan.example.com/item?sku=002&location=S01" in mail.get_body(("plain",)).get_content()


def test_two_processes_at_once_send_one_mail_of_each_change(lake: Lake, sink: Any) -> None:
    subscribe(lake)
    together = threading.Barrier(4)

    def process(start: int) -> int:
        changes = [change(number) for number in range(start, start + 6)]
        together.wait()
        return notify(Lake(lake.uri), changes, at=AT, channels=by_mail(sink)).sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(process, (1, 3, 1, 5))) == len(sink.mails)
    due(lake, at=AT + timedelta(minutes=6), channels=by_mail(sink))
    texts = [mail.get_body(("plain",)).get_content() for mail in sink.mails]
    for number in range(1, 11):
        assert sum(f"Yoghurt {number} at" in text for text in texts) == 1
    assert len({mail["Message-ID"] for mail in sink.mails}) == len(sink.mails)


def test_a_digest_waits_for_its_hour_and_for_the_morning(lake: Lake, sink: Any) -> None:
    subscribe(lake, schedule=Schedule("hourly", "07:00", "22:00", "06:30", "Europe/Paris"))
    evening = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)  # 21:10 in Paris
    for minute in range(3):
        told = notify(
            lake, [change(minute + 1)], at=evening + timedelta(minutes=minute), channels=by_mail(sink)
        )
        assert (told.sent, told.waiting) == (0, minute + 1)
    for quiet in (evening + timedelta(hours=1), datetime(2026, 11, 24, 5, 29, tzinfo=UTC)):
        assert due(lake, at=quiet, channels=by_mail(sink)).sent == 0
    assert due(lake, at=datetime(2026, 11, 24, 5, 30, tzinfo=UTC), channels=by_mail(sink)).sent == 1
    assert sink.mails[0]["Subject"] == "€600 at risk: 3 new"
    assert sink.mails[0]["Date"].datetime.utcoffset() == timedelta(hours=1)  # the recipient's clock


def test_a_webhook_gets_json_that_it_can_verify(lake: Lake, receiver: Any) -> None:
    subscribe(lake, "webhook", receiver.url, recipient="ERP", secret="env:ERP_SECRET")
    by = channels_of({"ERP_SECRET": SECRET})
    receiver.status = 503
    assert notify(lake, [change(1)], at=AT, channels=by).failed == 1
    receiver.status = 200
    assert due(lake, at=AT + timedelta(minutes=1), channels=by).sent == 1
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers[DELIVERY] == second.headers[DELIVERY] == json.loads(first.body)["eventId"]
    now = int(AT.timestamp()) + 60
    assert verify(SECRET, second.body, second.headers[SIGNATURE], now=now)
    jsonschema_rs.validate(SCHEMA, json.loads(second.body))
    told = json.loads(second.body)["data"]["changes"][0]
    assert (told["changeId"], told["severity"], told["productId"]) == ("change-1", 100.0, "001")


def test_a_secret_that_is_not_there_is_named(lake: Lake) -> None:
    subscribe(lake, "webhook", "https://erp.example.com/", recipient="ERP", secret="env:ERP_SECRET")
    told = notify(lake, [change(1)], at=AT, channels=channels_of({}))
    assert told.failures[0].reason == "the webhook's secret is to be in ERP_SECRET, which is not set"


def test_one_channel_that_fails_holds_up_no_other(
    lake: Lake, sink: Any, open_receiver: Callable[..., Any]
) -> None:
    for name in ("ana", "bo"):
        subscribe(lake, endpoint=f"{name}@example.com", recipient=name)
    with open_receiver() as broken, open_receiver() as fine:
        broken.status = 500
        subscribe(lake, "webhook", broken.url, recipient="broken", secret=SECRET)
        subscribe(lake, "webhook", fine.url, recipient="fine", secret=SECRET)
        subscribe(lake, "sms", "+33612345678", recipient="cy")
        sink.refused_address = "ana@example.com"
        told = notify(lake, [change(1)], at=AT, channels=by_mail(sink))
        assert (told.sent, told.failed) == (2, 3)
        assert [len(sink.mails), len(fine.requests)] == [1, 1]
        by_state = {one.subscription.recipient: one for one in view.load(lake)}
        assert {name: one.state for name, one in by_state.items()} == {
            "ana": "Failing", "bo": "Active", "broken": "Failing", "fine": "Active", "cy": "Failing",
        }  # fmt: skip
        assert by_state["bo"].last_sent == AT
        failure = by_state["cy"].failure
        assert failure is not None
        assert "SHELFCAST_ALERTS_TOPIC" in failure.reason
        sink.refused_address, broken.status = "", 200
        assert due(lake, at=AT + timedelta(minutes=1), channels=by_mail(sink)).sent == 2
        assert len(sink.mails) == 2


def test_confirmations_go_to_who_asked_for_them(lake: Lake, sink: Any) -> None:
    from data_lake.events import make_event
    from data_lake.facts.ingest import ingest_facts
    from data_lake.facts.messages import Record
    from data_lake.ledger import append_events

    subscribe(lake)  # alerts only
    asked = Filter(("event.processed", "order.approved", "order.sent", "order.received"), authors=("cy",))
    subscribe(lake, endpoint="cy@example.com", recipient="Cy", wanted=asked)
    plan = {"sku": "007", "location": "S01", "source": "SUP1", "unit_cost": 0.5}
    approvals = [
        make_event(
            "plan_line.approved", at=AT, author=author, data={
                "run_id": "r", "line_id": f"{sku}|S01|SUP1", "order_by": "2026-11-23", "order_id": order,
                "line": str(sku), "quantity": 24.0, "plan": plan,
            },
        )
        for author, order, sku in (("cy", "PO-1", 1), ("cy", "PO-1", 2), ("ana", "PO-2", 3))
    ]  # fmt: skip
    append_events(lake, approvals)
    received = {
        "eventId": "erp-17", "eventType": "order.received", "timestamp": AT.isoformat(), "author": "cy",
        "data": {"orderId": "PO-0", "line": "1", "productId": "007", "location": "S01", "quantity": 48},
    }  # fmt: skip
    sent = {
        "eventId": "erp-18", "eventType": "order.sent", "timestamp": AT.isoformat(), "author": "cy",
        "data": {"orderId": "PO-0"},
    }  # fmt: skip
    ingest_facts(lake, [Record("m1", json.dumps([received, sent]))], received_at=AT)
    by = by_mail(sink)
    assert notify(lake, [], at=AT + timedelta(minutes=1), channels=by).sent == 1
    assert notify(lake, [], at=AT + timedelta(minutes=2), channels=by).sent == 0
    (mail,) = sink.mails
    text = mail.get_body(("plain",)).get_content()
    assert mail["To"].addresses[0].addr_spec == "cy@example.com"
    assert "Order PO-1 from SUP1: 2 lines, 48 units, approved by cy." in text
    assert "48 units received on order PO-0, line 1." in text
    assert "Order PO-0 was sent." in text
    assert "Event erp-17 (order received of 007 at S01) is recorded." in text
    assert "PO-2" not in text


def test_who_is_removed_or_pauses_gets_nothing(lake: Lake, sink: Any) -> None:
    ana, bo = subscribe(lake), subscribe(lake, endpoint="bo@example.com", recipient="Bo")
    sink.refuse = "451 later"
    assert notify(lake, [change(1)], at=AT, channels=by_mail(sink)).failed == 2
    remove_subscription(lake, ana, author="bo", at=AT)
    change_subscription(lake, bo, {"active": False}, author="bo", at=AT)
    sink.refuse = ""
    hour = timedelta(hours=1)
    assert notify(lake, [change(2)], at=AT + hour, channels=by_mail(sink)).sent == 0
    change_subscription(lake, bo, {"active": True}, author="bo", at=AT + hour)
    assert due(lake, at=AT + 2 * hour, channels=by_mail(sink)).sent == 1
    (mail,) = sink.mails
    assert "Yoghurt 1 at Lyon" in mail["Subject"]


def test_a_trial_arrives_whatever_the_schedule_and_leaves_no_trace(lake: Lake, sink: Any) -> None:
    name = subscribe(lake, schedule=Schedule("daily", "07:00"))
    assert send_sample(lake, name, at=AT, channels=by_mail(sink)).subscription == name
    assert "Trial product" in sink.mails[0]["Subject"]
    assert lake.objects.list("outbox/") == []
    sink.refuse = "554 no"
    with pytest.raises(
        JobError, match=r"not delivered to Ana \(a…@example.com\): mail server .* refused: 554"
    ):
        send_sample(lake, name, at=AT, channels=by_mail(sink))


def test_a_channel_that_is_set_up_wrongly_says_so_without_its_password(lake: Lake, receiver: Any) -> None:
    subscribe(lake)
    subscribe(lake, "webhook", receiver.url, recipient="ERP", secret=SECRET)
    wrong = {SMTP_URL: "smtp://ana:s3cret@mail.example.com:port"}
    told = notify(lake, [change(1)], at=AT, channels=channels_of(wrong))
    assert (told.sent, told.failed) == (1, 1)  # the webhook got it
    assert "SHELFCAST_SMTP_URL: " in told.failures[0].reason
    assert "s3cret" not in told.failures[0].reason
    nobody = {SMTP_URL: "smtp://localhost", "SHELFCAST_MAIL_FROM": "nobody"}
    told = due(lake, at=AT + timedelta(minutes=5), channels=channels_of(nobody))
    assert "SHELFCAST_MAIL_FROM is 'nobody'" in told.failures[0].reason


def test_a_message_that_cannot_be_made_keeps_no_other_back(lake: Lake, sink: Any) -> None:
    subscribe(lake)
    subscribe(lake, "webhook", "https://erp.example.com/", recipient="ERP", secret=SECRET)

    def broken(message: Any) -> None:
        raise KeyError(message.subscription.recipient)

    told = notify(lake, [change(1)], at=AT, channels=replace(by_mail(sink), webhook=broken))
    assert (told.sent, told.failed) == (1, 1)
    assert told.failures[0].reason == "it could not be made: KeyError: 'ERP'"


def test_money_that_is_not_known_is_told_as_none(lake: Lake, sink: Any, receiver: Any) -> None:
    subscribe(lake)
    subscribe(lake, "webhook", receiver.url, recipient="ERP", secret=SECRET)
    told = notify(lake, [change(1, severity=math.nan)], at=AT, channels=by_mail(sink))
    assert told.sent == 2
    assert sink.mails[0]["Subject"] == "Stockout · Yoghurt 1 at Lyon"
    assert json.loads(receiver.requests[0].body)["data"]["changes"][0]["severity"] == 0.0


def test_mail_comes_from_who_was_named(lake: Lake, sink: Any) -> None:
    subscribe(lake)
    address = {SMTP_URL: f"smtp://127.0.0.1:{sink.port}", "SHELFCAST_MAIL_FROM": "stock@example.com"}
    notify(lake, [change(1)], at=AT, channels=channels_of(address))
    assert sink.mails[0]["From"].addresses[0].addr_spec == "stock@example.com"
    assert sink.mails[0]["Message-ID"].endswith("@example.com>")
