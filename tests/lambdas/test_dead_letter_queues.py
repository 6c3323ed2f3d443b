"""Dead-letter queues over real HTTP: joined with the reasons in the lake, emptied of what is done with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data_lake.facts.ingest import PoisonRecord
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from jobs.dlq import keep_poison
from jobs.dlq_acts import discard, repair, replay
from jobs.dlq_queue import Looked, SqsDeadQueue, look_into, with_queues
from jobs.dlq_states import list_dead
from messaging.batches import Message
from messaging.sqs import send

pytestmark = pytest.mark.xdist_group("s3")

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def event(**content: object) -> str:
    told = {"eventType": "inventory.updated", "timestamp": "2026-11-23T08:00:00Z"}
    return json.dumps(told | {"data": {"productId": "007", "location": "S1", **content}})


def fail_until_dead(bus: Any, queue: str, body: str) -> str:
    """Send a message and deliver it so often that the queue gives it up; return its id."""
    sqs, url = bus.endpoint.client("sqs"), bus.made.queue_urls[queue]
    fifo = {"group": "g", "dedup": body[-40:]} if queue.endswith(".fifo") else {}
    send(url, [Message(body, **fifo)], sqs=sqs)
    message_id = ""
    while got := sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, WaitTimeSeconds=0).get(
        "Messages", []
    ):
        message_id = got[0]["MessageId"]
    return message_id


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def dead_queue(bus: Any, queue: str, dead: str) -> SqsDeadQueue:
    for name in (queue, dead):
        bus.drain(name)
    return SqsDeadQueue(queue, bus.made.queue_urls[dead], 0, bus.endpoint.client("sqs"))


@pytest.mark.parametrize(
    ("queue", "dead"), [("telemetry", "telemetry-dlq"), ("stock-acts.fifo", "stock-acts-dlq.fifo")]
)
def test_messages_are_joined_with_their_reasons_and_deleted_once_done_with(
    bus: Any, lake: Lake, queue: str, dead: str
) -> None:
    dead_letters = dead_queue(bus, queue, dead)
    refused = fail_until_dead(bus, queue, event(quantity="many"))
    keep_poison(
        lake, queue, *[PoisonRecord(refused, event(quantity="many"), "breaks its schema", ("x",))] * 2
    )
    died = fail_until_dead(bus, queue, event(delta=-2))

    found = look_into(lake, dead_letters, at=AT)
    assert (found.waiting, found.kept, found.deleted) == (2, 1, 0)
    assert look_into(lake, dead_letters, at=AT) == Looked(2, 0, 0)  # nobody was shut out by the first look
    states = {state.letter.message_id: state for state in list_dead(lake)}
    assert states[refused].reason == "breaks its schema"
    assert "never finished" in states[died].reason

    done = replay(lake, [states[died].name, states[refused].name], author="ana", at=AT)
    assert done.accepted == (f"{queue}/{died}",)
    assert read_facts(lake).frame["event_id"].to_list() == [died]
    assert look_into(lake, dead_letters, at=AT) == Looked(1, 0, 1)
    discard(lake, [states[refused].name], author="ana", reason="a test", at=AT)
    assert look_into(lake, dead_letters, at=AT) == Looked(0, 0, 1)
    assert bus.drain(dead) == []


def test_more_than_a_request_holds(bus: Any, lake: Lake) -> None:
    dead_letters = dead_queue(bus, "sales", "sales-dlq")
    sqs, url = bus.endpoint.client("sqs"), bus.made.queue_urls["sales-dlq"]
    send(url, [Message(event(delta=-number)) for number in range(1, 26)], sqs=sqs)
    assert look_into(lake, dead_letters, at=AT).kept == 25
    done = replay(lake, [state.name for state in list_dead(lake, "sales")], author="ana", at=AT)
    assert len(done.accepted) == 25
    assert look_into(lake, dead_letters, at=AT).deleted == 25
    assert read_facts(lake).frame["quantity"].sum() == -sum(range(1, 26))


def test_messages_of_functions_go_back_to_their_queue(bus: Any, lake: Lake) -> None:
    bus.drain("reports")
    urls, sqs = {"reports": bus.made.queue_urls["reports"]}, bus.endpoint.client("sqs")
    poison = PoisonRecord("m-1", '{"kind": "stok"}', "kind is 'stok'", ("kind is 'stok'",))
    letter = keep_poison(lake, "reports", poison, poison, at=AT)
    event_letter = keep_poison(lake, "sales", PoisonRecord("m-2", event(delta=1), "", ()), poison, at=AT)
    repair(lake, letter, '{"kind": "stock"}', author="ana", reason="a typing error", at=AT)
    back = with_queues(urls, client=sqs)
    done = replay(lake, [letter, event_letter], author="ana", at=AT, deliver=back)
    assert done.accepted == (letter, event_letter)
    assert [message.body for message in bus.drain("reports")] == ['{"kind": "stock"}']

    large = keep_poison(lake, "reports", PoisonRecord("m-3", "1" * 1_100_000, "", ()), poison, at=AT)
    assert "more than" in replay(lake, [large], author="ana", at=AT, deliver=back).refused[large]
