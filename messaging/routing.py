"""Where an event belongs on the bus: its topic, the group that keeps its order, the id of its duplicates."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from infra.messaging import TOPOLOGY
from messaging.batches import Message

_GROUP = re.compile(r"[!-~]{1,128}")
"""What SNS and SQS take as a group or deduplication id: visible ASCII."""


def topic_of(event_type: str) -> str:
    """Return the topic of an event type; what is no fact is what people decide.

    Examples
    --------
    >>> topic_of("order.received"), topic_of("plan_line.approved")
    ('orders.fifo', 'decisions.fifo')
    """
    people = next(topic.name for topic in TOPOLOGY.topics if topic.people)
    return next((topic.name for topic in TOPOLOGY.topics if event_type in topic.carries), people)


def group_of(event: Mapping[str, Any]) -> str:
    """Return what keeps its order: the order, else sku#location, else the family of the type.

    Examples
    --------
    >>> group_of({"eventType": "order.sent", "data": {"orderId": "PO-1"}})
    'PO-1'
    >>> group_of({"eventType": "plan_line.rejected", "data": {"line_id": "007|S01|Acme", "order_id": ""}})
    '007#S01'
    """
    told = event.get("data")
    data = told if isinstance(told, Mapping) else {}
    order = _first(data, "orderId", "order_id")
    line = _first(data, "line_id", "lineId", "alert_id", "alertId")
    sku, location = _first(data, "productId", "sku"), _first(data, "location")
    if order:
        group = order
    elif sku or location:
        group = f"{sku}#{location}"
    elif line.count("|") >= 2:
        group = "#".join(line.split("|")[:2])
    else:
        group = line or str(event.get("eventType", "")).partition(".")[0] or "-"
    return _plain(group)


def message_of(event: Mapping[str, Any]) -> Message:
    """Return the message that carries an event in the wire format.

    A FIFO topic drops what has the id of a message of the last five minutes. That is the `eventId`; an event
    without one is never taken for another, since two receipts of the same quantity are two receipts.
    """
    event_type = str(event.get("eventType", ""))
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    if not topic_of(event_type).endswith(".fifo"):
        return Message(body, {"eventType": event_type})
    dedup = _plain(str(event.get("eventId") or uuid.uuid4().hex))
    return Message(body, {"eventType": event_type}, group_of(event), dedup)


def _first(data: Mapping[str, Any], *names: str) -> str:
    return next((str(data[name]) for name in names if data.get(name)), "")


def _plain(name: str) -> str:
    return name if _GROUP.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()
