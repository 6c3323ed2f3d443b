"""A message as text that a person reads and repairs: a line a field, out of the envelope that it came in."""

from __future__ import annotations

import json
from typing import Any


def told(body: str) -> str:
    """Return what a message says, a line a field: of SNS's envelope the message in it.

    What is no JSON, or says a name twice, is returned as it is: nothing of it may get lost.

    Examples
    --------
    >>> print(told('{"Type": "Notification", "TopicArn": "a", "Message": "{\\"eventType\\": 1}"}'))
    {
      "eventType": 1
    }
    """
    envelope = _envelope(body)
    return pretty(body if envelope is None else envelope["Message"])


def with_told(body: str, text: str) -> str:
    """Return a message that says `text`, in the envelope of `body` if that has one.

    So the id of the message that its sender published stays, which is the identity of a movement.
    """
    envelope = _envelope(body)
    return text if envelope is None else json.dumps(envelope | {"Message": text}, ensure_ascii=False)


def pretty(text: str) -> str:
    """Return JSON with a line a field; anything else, and JSON that would lose something, as it is."""
    try:
        return json.dumps(json.loads(text, object_pairs_hook=_once), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name is there twice")
    return names


def _envelope(body: str) -> dict[str, Any] | None:
    try:
        found = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    is_sns = isinstance(found, dict) and "TopicArn" in found and isinstance(found.get("Message"), str)
    return found if is_sns else None
