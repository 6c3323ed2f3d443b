"""SNS: publish. What was taken reaches every subscription whose filter policy lets it through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.batches import Message, send_all
from messaging.clients import client

MOST_BYTES = 262_144
"""Of a message and of a batch [byte]: 256 KiB."""


def publish(
    topic_arn: str,
    body: str,
    *,
    attributes: Mapping[str, str | float] | None = None,
    group: str = "",
    dedup: str = "",
    sns: Any = None,
) -> None:
    """Publish one message; NotSentError says why it was not taken."""
    publish_all(topic_arn, [Message(body, attributes or {}, group, dedup)], sns=sns)


def publish_all(topic_arn: str, messages: Sequence[Message], *, sns: Any = None) -> None:
    """Publish messages, ten a request; NotSentError names those that were not taken."""

    def publish_batch(entries: list[dict[str, Any]]) -> Any:
        return (sns or client("sns")).publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=entries)

    send_all(topic_arn, messages, MOST_BYTES, publish_batch, "Message")
