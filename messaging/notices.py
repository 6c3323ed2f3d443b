"""Notices by AWS: one SNS message with a text for each kind of subscriber, short messages, queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from messaging.batches import Message, NotSentError
from messaging.clients import client
from messaging.delivery import DeliveryError
from messaging.sqs import send

MOST_SUBJECT = 100
"""Characters of a subject, ASCII."""


def publish_texts(
    topic_arn: str,
    *,
    subject: str,
    default: str,
    texts: Mapping[str, str],
    attributes: Mapping[str, str | float],
    sns: Any = None,
) -> None:
    """Publish one message whose text depends on who receives it.

    Parameters
    ----------
    subject
        Of mails: what is not ASCII is left out.
    default
        Text of every protocol that `texts` does not name.
    texts
        By protocol: email, sms, http, https, sqs.
    attributes
        What filter policies read.

    Raises
    ------
    DeliveryError
        SNS did not take it.
    """
    plain = subject.encode("ascii", "ignore").decode()
    _ask(
        "SNS",
        lambda: (sns or client("sns")).publish(
            TopicArn=topic_arn,
            Subject=" ".join(plain.split())[:MOST_SUBJECT] or "Shelfcast",
            Message=json.dumps({"default": default, **texts}, ensure_ascii=False),
            MessageStructure="json",
            MessageAttributes=Message("", attributes).told,
        ),
    )


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
