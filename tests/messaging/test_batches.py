"""What leaves by SNS and SQS: batches, limits, and what is sent again (a real server: tests/lambdas)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.batches import ATTEMPTS, MOST_ENTRIES, Message, NotSentError, batches, send_all
from messaging.routing import group_of, message_of, topic_of

bodies = st.text(max_size=40)
messages = st.lists(
    st.builds(Message, bodies, group=st.sampled_from(["", "", "a", "b"]), dedup=st.just("")), max_size=60
)


@given(messages, st.integers(40, 400))
def test_batches_keep_order_and_limits(sent: list[Message], most: int) -> None:
    cut = list(batches(sent, most))
    assert [index for batch in cut for index in batch] == list(range(len(sent)))
    for batch in cut:
        groups = [sent[index].group for index in batch if sent[index].group]
        assert len(batch) <= MOST_ENTRIES
        assert len(groups) == len(set(groups))
        assert len(batch) == 1 or sum(sent[index].size for index in batch) <= most


class Service:
    """Takes batches as SNS and SQS do; `refuse` says what happens to an entry's n-th try."""

    def __init__(self, refuse: Mapping[str, Sequence[str]]) -> None:
        self._refuse = {body: list(answers) for body, answers in refuse.items()}
        self.taken: list[str] = []

    def __call__(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert 1 <= len(entries) <= MOST_ENTRIES
        failed = []
        for entry in entries:
            answers = self._refuse.get(entry["Body"], [])
            if answers:
                ours = answers.pop(0) == "ours"
                code = "InvalidMessageContents" if ours else "InternalError"
                failed.append({"Id": entry["Id"], "SenderFault": ours, "Code": code, "Message": "no"})
            else:
                self.taken.append(entry["Body"])
        return {"Failed": failed}


def test_what_fails_through_no_fault_of_ours_is_sent_again_alone() -> None:
    service = Service({"b": ["theirs"]})
    send_all("queue", [Message(body) for body in "abc"], 1000, service, "Body")
    assert service.taken == ["a", "c", "b"]


def test_what_is_refused_is_named_and_the_rest_is_taken() -> None:
    service = Service({"b": ["ours"]})
    large = "x" * 1001
    with pytest.raises(NotSentError) as caught:
        send_all("queue", [Message(body) for body in ("a", "b", large, "c")], 1000, service, "Body")
    assert service.taken == ["a", "c"]
    assert [(lost.index, lost.reason) for lost in caught.value.lost] == [
        (1, "InvalidMessageContents: no"),
        (2, "1,001 bytes are more than 1,000"),
    ]
    assert str(caught.value).startswith("2 of 4 messages were not taken by queue: ")


def test_nothing_overtakes_a_lost_message_of_its_group() -> None:
    service = Service({"b": ["theirs"] * ATTEMPTS})
    sent = [
        Message("a", group="x"),
        Message("b", group="x"),
        Message("c", group="x"),
        Message("d", group="y"),
    ]
    with pytest.raises(NotSentError) as caught:
        send_all("queue.fifo", sent, 1000, service, "Body")
    assert service.taken == ["a", "d"]
    assert [lost.index for lost in caught.value.lost] == [1, 2]
    assert caught.value.lost[1].reason == "an earlier message of its group x was not taken"


def test_a_message_says_its_attributes_as_the_service_takes_them() -> None:
    message = Message("é", {"type": "stockout", "severity": 12.5, "location": ""}, "g", "d")
    assert message.told == {
        "type": {"DataType": "String", "StringValue": "stockout"},
        "severity": {"DataType": "Number", "StringValue": "12.5"},
    }
    assert message.order == {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    assert message.size > len("é".encode())


def test_an_event_finds_its_topic_group_and_duplicates() -> None:
    received = {"eventType": "order.received", "data": {"orderId": "PO-1", "productId": "1", "location": "W"}}
    assert topic_of("order.received") == "orders.fifo"
    first, second = message_of(received), message_of(received)
    assert first.group == "PO-1"
    assert first.dedup != second.dedup  # two receipts of the same quantity are two receipts
    assert message_of(received | {"eventId": "dock-1"}).dedup == "dock-1"
    counted = {"eventType": "inventory.counted", "data": {"productId": "Käse", "location": "S 1"}}
    assert len(group_of(counted)) == 64  # what SQS does not take as a group is named by its hash
    assert group_of({"eventType": "parameter.changed", "data": {"name": "order_budget"}}) == "parameter"
    telemetry = message_of({"eventType": "inventory.updated", "data": {}})
    assert (telemetry.group, telemetry.dedup) == ("", "")
    assert telemetry.attributes == {"eventType": "inventory.updated"}
