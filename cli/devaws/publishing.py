"""Publish events to the topics of `shelfcast dev-aws`, as a system of the house would to those of AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cli.devaws.emulators import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY
from data_lake.facts.envelope import Record
from infra.messaging import TOPOLOGY
from messaging.batches import Message
from messaging.routing import message_of, topic_of
from messaging.sns import publish_all
from messaging.topology import Endpoint


def endpoint_of(url: str) -> Endpoint:
    """Return SNS and SQS of a running `shelfcast dev-aws`."""
    return Endpoint(url, ACCESS_KEY, SECRET_KEY, REGION)


def publish(endpoint: Endpoint, records: Sequence[Record]) -> dict[str, int]:
    """Publish messages, each to the topic of its type, and return how many went to each topic.

    An array of events is one message, on the topic of the first; what is not understood goes where telemetry
    goes, and becomes a dead letter there.
    """
    by_topic: dict[str, list[Message]] = {}
    for record in records:
        topic, message = _routed(record.body)
        by_topic.setdefault(topic, []).append(message)
    sns = endpoint.client("sns")
    for topic, messages in by_topic.items():
        publish_all(f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}", messages, sns=sns)
    return {topic: len(messages) for topic, messages in by_topic.items()}


def _routed(body: str) -> tuple[str, Message]:
    first = _first_event(body)
    if first is None or not isinstance(first.get("eventType"), str):
        return TOPOLOGY.topics[0].name, Message(body)
    routed = message_of(first)
    return topic_of(first["eventType"]), Message(body, routed.attributes, routed.group, routed.dedup)


def _first_event(body: str) -> Mapping[str, Any] | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    if isinstance(told, dict) and isinstance(told.get("events"), list):
        told = told["events"]
    if isinstance(told, list) and told:
        told = told[0]
    return told if isinstance(told, dict) else None
