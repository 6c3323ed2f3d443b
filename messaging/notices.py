"""Notices by AWS: one SNS message with a text for each kind of subscriber, short messages, queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from messaging.batches import Message, NotSentError
from messaging.clients import client
from messaging.delivery import DeliveryError
from messaging.sqs import send

MOST_SUBJECT = 100
"""Characters of a subject, ASCII."""


@dataclass(frozen=True)
class Texts:
    """One message whose text depends on who receives it."""

    subject: str
    """Of mails: what is not ASCII is left out."""
    default: str
    """Text of every protocol that `by_protocol` does not name."""
    by_protocol: Mapping[str, str]
    """email, sms, http, https, sqs → text."""
    attributes: Mapping[str, str | float]
    """What filter policies read."""


def publish_texts(topic_arn: str, messages: Sequence[Texts], *, sns: Any = None) -> None:
    """Publish up to ten messages in one request; DeliveryError if SNS did not take all of them."""
    entries = [
        {
            "Id": str(number),
            "Subject": _ascii(message.subject),
            "Message": json.dumps({"default": message.default, **message.by_protocol}, ensure_ascii=False),
            "MessageStructure": "json",
            "MessageAttributes": Message("", message.attributes).told,
        }
        for number, message in enumerate(messages)
    ]

    def publish() -> None:
        answer = (sns or client("sns")).publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=entries)
        lost = [f"{entry.get('Code')}: {entry.get('Message', '')}" for entry in answer.get("Failed", [])]
        if lost:
            raise DeliveryError(f"SNS did not take {len(lost)} of {len(entries)} messages: {lost[0]}")

    _ask("SNS", publish)


def _ascii(subject: str) -> str:
    plain = " ".join(subject.encode("ascii", "ignore").decode().split())
    return plain[:MOST_SUBJECT] or "Shelfcast"


def send_sms(number: str, text: str, *, sns: Any = None) -> None:
    """Send a short message to one telephone; DeliveryError if SNS does not take it."""
    kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
    _ask(
        "SNS",
        lambda: (sns or client("sns")).publish(PhoneNumber=number, Message=text, MessageAttributes=kind),
    )


def send_to_queue(url: str, body: str, *, name: str, group: str, sqs: Any = None) -> None:
    """Send to an SQS queue; DeliveryError if it does not take it.

    Parameters
    ----------
    name, group
        What a FIFO queue knows a repeat by, and what it keeps in order.
    """
    fifo = {"group": group, "dedup": name} if url.endswith(".fifo") else {}
    _ask("the queue", lambda: send(url, [Message(body, {"type": "alert.notification"}, **fifo)], sqs=sqs))


def _ask(service: str, request: Callable[[], object]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        request()
    except NotSentError as error:
        raise DeliveryError(str(error)) from error
    except ClientError as error:
        told = error.response.get("Error", {})
        raise DeliveryError(f"{service} refused: {told.get('Code')}: {told.get('Message')}") from error
    except BotoCoreError as error:
        raise DeliveryError(f"{service} cannot be reached: {error}", unreachable=True) from error
