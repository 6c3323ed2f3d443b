"""What a message of a queue holds: one event or many, raw or wrapped by SNS. Needs orjson only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from json import loads as slow_loads
from typing import Any, NamedTuple

import orjson

_DEEPEST = 64
"""An event has three levels; parsers and printers of JSON give up at some hundreds."""


class Record(NamedTuple):
    """One message as a queue delivered it."""

    message_id: str
    body: str


class Poison(ValueError):  # noqa: N818 - reads as what it is
    """A message that cannot be taken: `reason` in two words, `faults` name all that is wrong with it."""

    def __init__(self, reason: str, faults: Iterable[str]) -> None:
        self.reason = reason
        self.faults = tuple(faults)
        super().__init__(f"{reason}: " + "; ".join(self.faults))


class Unwrapped(NamedTuple):
    """Events of a message and the id of the message that its sender published."""

    events: list[Any]
    message_id: str


def unwrap(record: Record) -> Unwrapped:
    """Take a message apart: SNS's envelope or none; one event, an array of them, or `{"events": […]}`.

    Raises
    ------
    Poison
        Not JSON, a name twice in one object, an envelope that carries no event, or no event at all.
    """
    text, message_id = record.body, record.message_id
    held = _loads(text, "body")
    if type(held) is dict and "eventType" not in held and "Type" in held:
        if held["Type"] != "Notification" or type(held.get("Message")) is not str:
            raise Poison("not an event", [f"SNS sent a {held['Type']!r} without a message"])
        text, message_id = held["Message"], str(held.get("MessageId") or message_id)
        held = _loads(text, "Message")
    _refuse_names_twice(text, held)
    if type(held) is dict and "eventType" not in held and type(held.get("events")) is list:
        held = held["events"]
    events = held if type(held) is list else [held]
    if not events:
        raise Poison("not an event", ["the message holds no event: its array is empty"])
    return Unwrapped(events, message_id)


def canonical_id(event: dict[str, Any]) -> str:
    """Return the SHA-256 of an event's canonical body: names sorted, no spaces, 150.0 written as 150.

    Examples
    --------
    >>> canonical_id({"b": 1.0, "a": "x"}) == canonical_id({"a": "x", "b": 1})
    True
    """
    return hashlib.sha256(orjson.dumps(_plain(event), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(value: Any) -> Any:
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if type(value) is dict:
        return {name: _plain(item) for name, item in value.items()}
    if type(value) is list:
        return [_plain(item) for item in value]
    return value


def _loads(text: str, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Poison("not JSON", [f"{what} is not JSON: {error}"]) from None


def _refuse_names_twice(text: str, held: Any) -> None:
    """JSON parsers keep the last of two equal names: which was meant is the sender's to say.

    Without an escape in the text every pair of quotes is a name or a text, so counting them finds a name
    that got lost; otherwise the slow parser looks.
    """
    texts = _texts(held)
    if "\\" not in text and text.count('"') == 2 * texts:
        return
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in items]
        twice.extend(sorted({name for name in names if names.count(name) > 1}))

    slow_loads(text, object_pairs_hook=pairs, parse_int=len, parse_float=len)
    if twice:
        raise Poison("ambiguous", [f"{name!r} is there twice in one object: which counts?" for name in twice])


def _texts(value: Any) -> int:
    """Count names and texts.

    Raises
    ------
    Poison
        Nested deeper than what is read after this can bear.
    """
    count = 0
    left: list[tuple[int, Iterable[Any]]] = [(0, [value])]
    for depth, items in left:  # grows while it is walked: no recursion, so any depth will do
        if depth > _DEEPEST:
            raise Poison("not an event", [f"nested more than {_DEEPEST} levels deep"])
        for item in items:
            kind = type(item)
            if kind is str:
                count += 1
            elif kind is dict:
                count += len(item)
                left.append((depth + 1, item.values()))
            elif kind is list:
                left.append((depth + 1, item))
    return count
