"""What a person types or keeps in a file, as messages: one event, a batch, or one message a line (NDJSON)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from data_lake.facts.envelope import Record


def records_of(text: str) -> list[Record]:
    """Split a text into messages.

    A JSON document is one message, be it an event, an array or `{"events": […]}`; it is taken whole or not at
    all. Otherwise, where the first line is JSON by itself, each line is a message (NDJSON). The rest is one
    message, whose faults `parse_message` names.

    A message's id is made of the whole text and its line: the same file sent again is the same messages, and
    two equal movements on two lines of it are two movements.

    Examples
    --------
    >>> [record.body for record in records_of('{"a": 1}\\n\\n{"a": 2}\\n')]
    ['{"a": 1}', '{"a": 2}']
    >>> len(records_of('[{"a": 1}, {"a": 2}]'))
    1
    """
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if _is_json(text) or not lines or not _is_json(lines[0][1]):
        return [Record(name, text)]
    return [Record(f"{name}-{number}", line) for number, line in lines]


def stock_event(
    *,
    sku: str,
    location: str,
    quantity: float | None = None,
    delta: float | None = None,
    batch: str = "",
    expiry: str = "",
    event_type: str = "inventory.updated",
    at: datetime,
) -> str:
    """Return one event of stock as JSON: `quantity` sets (or is counted, sold, written off), `delta` moves.

    What is wrong with it is said when it is read, all at once.
    """
    data: dict[str, object] = {"productId": sku, "location": location}
    if quantity is not None:
        data["quantity"] = quantity
    if delta is not None:
        data["delta"] = delta
    if batch:
        data["batch"] = batch
    if expiry:
        data["expiryDate"] = expiry
    event = {"eventType": event_type, "timestamp": at.isoformat(timespec="microseconds"), "data": data}
    return json.dumps(event, ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
