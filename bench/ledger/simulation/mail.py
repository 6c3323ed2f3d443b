"""What senders send in a simulated world, and what a ledger that loses nothing must hold of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import nan
from random import Random
from typing import Any

from data_lake.facts.fact import Fact

RECEIVED = datetime(2026, 1, 3, tzinfo=UTC)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POISON = (
    "{",
    '{"eventType": "weather"}',
    '{"eventType": "inventory.counted", "timestamp": "2026-01-01T00:00:00Z", "data": {"quantity": true}}',
    '{"eventType": "sale", "timestamp": "2026-01-03T00:06:00Z",'
    ' "data": {"productId": "p0", "location": "L", "quantity": 1}}',
)


@dataclass(frozen=True)
class Message:
    """A message and the facts that it tells; none: poison."""

    message_id: str
    body: str
    facts: tuple[Fact, ...]


def write(random: Random, products: int, days: int) -> list[Message]:
    """Return messages in random order: facts of all sorts, ids with two contents, copies, poison."""
    told = [_event(random, f"e{number}", products, days) for number in range(random.randint(6, 12))]
    again = random.sample(told, random.randint(0, 2))  # the same id, another content
    told += [_event(random, event["eventId"], products, days) for event in again]
    messages = []
    while told:
        events = [told.pop() for _ in range(min(len(told), random.choice((1, 1, 1, 2))))]
        messages.append(_message(random, f"m{len(messages)}", events))
    messages += [Message(f"x{n}", random.choice(_POISON), ()) for n in range(random.randint(0, 2))]
    copies = random.sample(messages, len(messages) // 3)
    # SNS delivers twice: the queue's id differs, SNS's own does not
    messages += [replace(copy, message_id=copy.message_id.replace("sqs-", "sqs-again-")) for copy in copies]
    random.shuffle(messages)
    return messages


def _event(random: Random, event_id: str, products: int, days: int) -> dict[str, Any]:
    at = _FIRST + timedelta(days=random.randrange(days), seconds=random.randint(0, 2))
    data: dict[str, Any] = {"productId": f"p{random.randrange(products)}", "location": "L"}
    kind = random.choice(("set", "delta", "transfer", "sent"))
    if kind == "sent":
        data = {"orderId": f"PO-{random.randint(0, 2)}"}
    elif kind == "delta":
        data["delta"] = random.randint(-5, 5)
    else:
        data["quantity"] = random.randint(1, 9)
    if kind == "transfer":
        data["toLocation"] = "M"
    names = {"transfer": "inventory.transferred", "sent": "order.sent"}
    return {
        "eventId": event_id,
        "eventType": names.get(kind, "inventory.updated"),
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "sequence": random.randint(0, 1),
        "data": data,
    }


def _message(random: Random, message_id: str, events: list[dict[str, Any]]) -> Message:
    if random.random() < 0.2 and "delta" in events[0]["data"]:
        del events[0]["eventId"]
    facts = tuple(_expected(event, message_id) for event in events)
    body = json.dumps(events if len(events) > 1 else events[0])
    if random.random() < 0.3:
        envelope = {"Type": "Notification", "MessageId": message_id, "TopicArn": "arn:t", "Message": body}
        return Message(f"sqs-{message_id}", json.dumps(envelope), facts)
    return Message(message_id, body, facts)


def _expected(event: dict[str, Any], message_id: str) -> Fact:
    """Read an event as plainly as can be: what the shipped parser must come to."""
    data = event["data"]
    kinds = {"inventory.transferred": "transfer", "order.sent": "order_sent"}
    kind: Any = kinds.get(event["eventType"], "delta" if "delta" in data else "set")
    quantity = data.get("delta", data.get("quantity", nan))
    return Fact(
        event.get("eventId", message_id),
        round((datetime.fromisoformat(event["timestamp"]) - _EPOCH).total_seconds() * 1e6),
        event["sequence"],
        kind,
        data.get("productId", ""),
        data.get("location", ""),
        quantity if quantity is nan else float(quantity),
        to_location=data.get("toLocation", ""),
        order_id=data.get("orderId", ""),
    )
