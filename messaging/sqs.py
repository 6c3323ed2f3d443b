"""SQS: send, receive, delete. Whoever receives deletes only after what a message says is durable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from messaging.batches import MOST_ENTRIES, Message, send_all
from messaging.clients import client

MOST_BYTES = 1_048_576
"""Of a message and of a batch [byte]: 1 MiB."""
_LONG_POLL_SECONDS = 20


@dataclass(frozen=True)
class Received:
    """One message as it came."""

    message_id: str
    body: str
    receipt: str
    """What `delete` wants; of this delivery only."""
    deliveries: int
    """How often it was delivered, this time included."""
    group: str = ""


def send(queue_url: str, messages: Sequence[Message], *, sqs: Any = None) -> None:
    """Send messages, ten a request; NotSentError names those that were not taken."""

    def send_batch(entries: list[dict[str, Any]]) -> Any:
        return (sqs or client("sqs")).send_message_batch(QueueUrl=queue_url, Entries=entries)

    send_all(queue_url, messages, MOST_BYTES, send_batch, "MessageBody")


def receive(
    queue_url: str, *, most: int = MOST_ENTRIES, wait_seconds: int = _LONG_POLL_SECONDS, sqs: Any = None
) -> list[Received]:
    """Return up to `most` (≤ 10) messages, after at most `wait_seconds` of waiting for the first."""
    answer = (sqs or client("sqs")).receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=most,
        WaitTimeSeconds=wait_seconds,
        MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
    )
    return [
        Received(
            message["MessageId"],
            message["Body"],
            message["ReceiptHandle"],
            int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            message.get("Attributes", {}).get("MessageGroupId", ""),
        )
        for message in answer.get("Messages", [])
    ]


def delete(queue_url: str, messages: Sequence[Received], *, sqs: Any = None) -> list[Received]:
    """Delete messages, ten a request, and return those that could not be: they will be delivered again."""
    service = sqs or client("sqs")
    left: list[Received] = []
    for start in range(0, len(messages), MOST_ENTRIES):
        part = messages[start : start + MOST_ENTRIES]
        entries = [
            {"Id": str(number), "ReceiptHandle": message.receipt} for number, message in enumerate(part)
        ]
        answer = service.delete_message_batch(QueueUrl=queue_url, Entries=entries)
        left += [part[int(failed["Id"])] for failed in answer.get("Failed", [])]
    return left


def release(queue_url: str, messages: Sequence[Received], *, sqs: Any = None) -> None:
    """Let others see messages again at once, ten a request; one that could not be is seen a little later."""
    service = sqs or client("sqs")
    for start in range(0, len(messages), MOST_ENTRIES):
        entries = [
            {"Id": str(number), "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
            for number, message in enumerate(messages[start : start + MOST_ENTRIES])
        ]
        service.change_message_visibility_batch(QueueUrl=queue_url, Entries=entries)
