"""Messages as a shop's systems send them, by number, so that any process can make any part of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from data_lake.facts.messages import Record

RECEIVED = datetime(2026, 11, 23, 6, tzinfo=UTC)
_SIGNATURE = (
    "EXAMPLEpH+DcEwjAPg8O9mY8dReBSwksfg2S7WKQcikcNKWLQjwu6A4VbeS0QHVCkhRS7fUQvi2egU3N858fiTDN6bkkOxYDVrY0Ad8L"
)


def event(number: int, *, skus: int = 2000, days: int = 5) -> dict[str, Any]:
    """Return event `number`: half are sales and other moves, a third sets and counts, the rest orders."""
    random = Random(number)
    at = RECEIVED - timedelta(days=random.randrange(days), seconds=random.randrange(80_000))
    data: dict[str, Any] = {
        "productId": f"sku-{random.randrange(skus):05d}",
        "location": f"S{random.randrange(40):02d}",
    }
    draw = random.random()
    if draw < 0.35:
        kind, data["quantity"] = "sale.recorded", random.randint(1, 4)
    elif draw < 0.55:
        kind, data["delta"] = "inventory.updated", random.choice((-3, -2, -1, 1, 12))
    elif draw < 0.8:
        kind, data["quantity"] = "inventory.updated", random.randint(0, 200)
    elif draw < 0.88:
        kind, data["quantity"], data["toLocation"] = "inventory.transferred", random.randint(1, 24), "S99"
    elif draw < 0.94:
        kind, data["quantity"], data["batch"] = (
            "inventory.written_off",
            random.randint(1, 5),
            f"L{number % 50}",
        )
        data |= {"reason": "expired", "expiryDate": at.date().isoformat()}
    else:
        kind, data["quantity"], data["orderId"] = "order.placed", random.randint(6, 60), f"PO-{number}"
        data |= {
            "source": "Acme",
            "expectedDate": (at + timedelta(days=4)).date().isoformat(),
            "unitCost": 1.25,
        }
    return {
        "eventId": f"{random.getrandbits(128):032x}",
        "eventType": kind,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "sequence": number % 3,
        "data": data,
    }


def message(number: int, **sizes: int) -> Record:
    """Return the message of event `number`: every second one wrapped by SNS."""
    body = json.dumps(event(number, **sizes))
    if number % 2:
        return Record(f"sqs-{number}", body)
    envelope = {
        "Type": "Notification",
        "MessageId": f"sns-{number}",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:inventory-telemetry",
        "Message": body,
        "Timestamp": "2026-11-23T06:00:00.000Z",
        "SignatureVersion": "1",
        "Signature": _SIGNATURE * 3,
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0000.pem",
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns",
        "MessageAttributes": {"eventType": {"Type": "String", "Value": "inventory.updated"}},
    }
    return Record(f"sqs-{number}", json.dumps(envelope))


def poison(number: int) -> Record:
    """Return a message that no rule can read, each of another kind."""
    kinds = (
        f'{{"number": {number}',
        json.dumps({"eventType": "weather", "number": number}),
        json.dumps(event(number) | {"timestamp": "2026-11-23 06:00:00"}),
        json.dumps(event(number) | {"timestamp": "2026-11-23T06:06:00Z"}),
        json.dumps(event(number) | {"data": {"productId": "x", "location": "y", "quantity": True}}),
        json.dumps([event(number), event(number) | {"data": {}}]),
    )
    return Record(f"poison-{number}", kinds[number % len(kinds)])


def other_content(number: int) -> dict[str, Any]:
    """Return an event that claims the id of event `number` for something else, on another day."""
    first, second = event(number), event(number + 50_000_000)
    return second | {"eventId": first["eventId"]}
