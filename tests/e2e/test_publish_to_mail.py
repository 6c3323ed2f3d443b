"""From `publish` to the mail: SNS → SQS → ledger → plan → alert → mail, all over HTTP and SMTP."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cli.devaws.inbox import Mail, read_mails
from cli.devaws.publishing import publish
from cli.devaws.shelves import Shelf, empty
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

pytestmark = pytest.mark.xdist_group("aws")

PATIENCE_SECONDS = 60


def until(stack: Stack, ready: Callable[[], bool]) -> None:
    """Wait until something is so, or the emulator ends."""
    stack.messages.child.wait_until(ready, seconds=PATIENCE_SECONDS)


def stock_of(lake: Lake, shelf: Shelf) -> float:
    stock = stock_now(lake)
    mine = (stock["sku"] == shelf.sku) & (stock["location"] == shelf.location)
    return float(stock.loc[mine & (stock["status"] == "available"), "on_hand"].sum())


def now() -> datetime:
    return datetime.now(UTC)


def mails_about(stack: Stack, shelf: Shelf) -> list[Mail]:
    return [mail for mail in read_mails(stack.inbox) if shelf.name in mail.text]


def test_a_publish_becomes_stock_a_plan_an_alert_and_one_mail(
    stack: Stack, cloud_lake: Lake, shelves: list[Shelf]
) -> None:
    told = shelves[:2]
    before = latest_run(cloud_lake)
    poison = Record("", '{"eventType": "inventory.updated", "timestamp": "now", "data": {"location": "S1"}}')
    first, second = (empty(shelf, now()) for shelf in told)
    publish(stack.endpoint, [first, poison, first, second, first, second])  # half of it came before
    until(stack, lambda: all(mails_about(stack, shelf) for shelf in told))
    assert [stock_of(cloud_lake, shelf) for shelf in told] == [0, 0]
    run = latest_run(cloud_lake)
    assert run is not None
    assert before is not None
    assert run.run_id != before.run_id
    standing = {(key.sku, key.location) for key, one in read_book(cloud_lake).book.items() if one.is_open}
    assert {(shelf.sku, shelf.location) for shelf in told} <= standing
    publish(stack.endpoint, [first, second])  # and once more when all is told
    fence = shelves[2]
    publish(stack.endpoint, [empty(fence, now())])
    until(stack, lambda: bool(mails_about(stack, fence)))
    for shelf in told:
        (mail,) = mails_about(stack, shelf)
        assert "ana@example.com" in mail.message["To"]
        assert mail.message["Subject"]
    (dead,) = list_dead(cloud_lake)
    assert dead.reason == "breaks its schema"
    assert len(dead.faults) >= 3, "every fault is told at once"
    assert json.loads(dead.letter.body)["Message"] == poison.body


def test_a_function_killed_at_work_is_started_again_and_its_message_comes_again(
    stack: Stack, cloud_lake: Lake, shelves: list[Shelf]
) -> None:
    shelf = shelves[3]
    function = stack.functions["inventory_processor"]
    victim = function.process_id
    assert victim is not None
    os.kill(victim, signal.SIGSTOP)  # it takes no work until it is killed
    publish(stack.endpoint, [empty(shelf, now())])
    until(stack, lambda: function.busy)
    os.kill(victim, signal.SIGKILL)
    until(stack, lambda: bool(mails_about(stack, shelf)))
    assert function.process_id != victim
    facts = read_facts(cloud_lake).frame.to_dicts()
    assert [(fact["sku"], fact["location"]) for fact in facts].count((shelf.sku, shelf.location)) == 1
    assert len(mails_about(stack, shelf)) == 1


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
