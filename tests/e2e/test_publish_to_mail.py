"""From `publish` to the mail: SNS → SQS → ledger → plan → alert → mail, all over HTTP and SMTP."""

from __future__ import annotations

import json
import mailbox
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message
from typing import Any

import pytest

from cli.devaws.publishing import publish
from cli.devaws.stack import Stack
from data_lake.facts.checkpoint import stock_now
from data_lake.facts.envelope import Record
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.act_messages import told_acts
from jobs.alert_book import read_book
from jobs.approve import approved_lines
from jobs.dlq_states import list_dead
from jobs.event_text import stock_event

pytestmark = pytest.mark.xdist_group("aws")

PATIENCE_SECONDS = 60


def until(stack: Stack, ready: Callable[[], bool]) -> None:
    """Wait until something is so, or the emulator ends."""
    stack.messages.child.wait_until(ready, seconds=PATIENCE_SECONDS)


def mails(stack: Stack) -> list[Message]:
    return list(mailbox.Maildir(stack.folder / "mail", create=True))


def text_of(mail: Message) -> str:
    (plain,) = (part for part in mail.walk() if part.get_content_type() == "text/plain")
    body = plain.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


def quiet_lines(lake: Lake, count: int) -> list[dict[str, Any]]:
    """Lines of stores with stock and without an alert."""
    run = latest_run(lake)
    assert run is not None
    noisy = {(key.sku, key.location) for key, alert in read_book(lake).book.items() if alert.is_open}
    lines = read_run_table(lake, run, "plan_lines")
    found = [
        line
        for line in lines.to_dict("records")
        if line["on_hand"] > 0
        and line["location"].startswith("S")
        and (line["sku"], line["location"]) not in noisy
    ]
    assert len(found) >= count, "the demo company has too few lines without an alert"
    return found[:count]


def stock_of(lake: Lake, line: dict[str, Any]) -> float:
    stock = stock_now(lake)
    mine = (stock["sku"] == line["sku"]) & (stock["location"] == line["location"])
    return float(stock.loc[mine & (stock["status"] == "available"), "on_hand"].sum())


def empty(line: dict[str, Any]) -> Record:
    return Record("", stock_event(sku=line["sku"], location=line["location"], quantity=0, at=now()))


def now() -> datetime:
    return datetime.now(UTC)


def test_a_publish_becomes_stock_a_plan_an_alert_and_one_mail(stack: Stack, cloud_lake: Lake) -> None:
    lines = quiet_lines(cloud_lake, 2)
    before = latest_run(cloud_lake)
    poison = Record("", '{"eventType": "inventory.updated", "timestamp": "now", "data": {"location": "S1"}}')
    events = [empty(line) for line in lines]
    publish(stack.endpoint, [events[0], poison, events[0], events[1], *events])  # half of it came before
    until(stack, lambda: len(mails(stack)) > 0 and told(stack, lines))
    assert [stock_of(cloud_lake, line) for line in lines] == [0, 0]
    run = latest_run(cloud_lake)
    assert run is not None
    assert before is not None
    assert run.run_id != before.run_id
    standing = {(key.sku, key.location) for key, one in read_book(cloud_lake).book.items() if one.is_open}
    assert {(line["sku"], line["location"]) for line in lines} <= standing
    for mail in mails(stack):
        assert "ana@example.com" in mail["To"]
        assert mail["Subject"]
    until(stack, lambda: len(list_dead(cloud_lake)) == 1)
    (dead,) = list_dead(cloud_lake)
    assert dead.reason == "breaks its schema"
    assert len(dead.faults) >= 3, "every fault is told at once"
    assert dead.letter.body.endswith(poison.body) or json.loads(dead.letter.body)["Message"] == poison.body


def told(stack: Stack, lines: list[dict[str, Any]]) -> bool:
    """Whether the mails name each line, once."""
    texts = [text_of(mail) for mail in mails(stack)]
    counts = [sum(line["sku"] in text for text in texts) for line in lines]
    return min(counts) >= 1


def test_a_function_killed_at_work_is_started_again_and_its_message_comes_again(
    stack: Stack, cloud_lake: Lake
) -> None:
    (line,) = quiet_lines(cloud_lake, 1)
    function = stack.functions["inventory_processor"]
    until(stack, lambda: function.process_id is not None)
    victim = function.process_id
    assert victim is not None
    os.kill(victim, signal.SIGSTOP)  # it takes no work until it is killed
    publish(stack.endpoint, [empty(line)])
    until(stack, lambda: function.busy)
    os.kill(victim, signal.SIGKILL)
    until(stack, lambda: stock_of(cloud_lake, line) == 0)
    assert function.process_id != victim
    facts = read_facts(cloud_lake).frame
    mine = [
        fact
        for fact in facts.to_dicts()
        if (fact["sku"], fact["location"]) == (line["sku"], line["location"])
    ]
    assert len(mine) == 1


def test_an_approval_by_message_is_done_once_and_the_loser_is_told(stack: Stack, cloud_lake: Lake) -> None:
    run = latest_run(cloud_lake)
    assert run is not None
    lines = read_run_table(cloud_lake, run, "plan_lines")
    line = lines[lines["status"] == "proposed"].iloc[0]

    def approval(event_id: str, author: str) -> Record:
        data = {
            "runId": run.run_id,
            "lineId": line["line_id"],
            "orderBy": f"{line['order_by']:%Y-%m-%d}",
            "orderId": "",
            "line": "",
            "quantity": line["quantity"],
            "plan": {},
        }
        event = {"eventId": event_id, "eventType": "plan_line.approved", "timestamp": now().isoformat()}
        return Record("", json.dumps(event | {"author": author, "reason": "weekly", "data": data}))

    first = approval("approval-1", "ana")
    publish(stack.endpoint, [first, first, approval("approval-2", "ben")])
    until(stack, lambda: len(told_acts(cloud_lake)) == 2)
    approved = approved_lines(cloud_lake)
    assert approved["author"].tolist() == ["ana"]
    until(
        stack, lambda: any("already approved by ana" in " ".join(one.faults) for one in list_dead(cloud_lake))
    )
