"""What functions tell each other through queues. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from engine.alerts.change import AlertChange

MOST_KEYS = 2000
"""Of one re-plan message: with the longest keys it stays far below what a queue takes."""

MOST_CHANGES = 200
"""Of one message of changes of alerts; each is about 1 kB."""

NO_CHANGE = json.dumps({"changes": []})
"""Asks to tell what was due and to confirm what arrived, although no alert changed."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Replan:
    """What changed: keys (sku, location), and whether something changed that names none."""

    keys: frozenset[Key]
    anything: bool = False
    """The plan itself must find out what changed since it was made."""

    def bodies(self) -> Iterator[str]:
        """Write it as few messages; nothing changed: none."""
        keys = sorted(self.keys)
        for start in range(0, len(keys), MOST_KEYS):
            yield json.dumps({"keys": keys[start : start + MOST_KEYS]}, ensure_ascii=False)
        if self.anything:
            yield json.dumps({"anything": True})


def replan_of(body: str) -> Replan:
    """Read a re-plan message; ValueError if it is none."""
    told = json.loads(body)
    try:
        keys = frozenset((str(sku), str(location)) for sku, location in told.get("keys", []))
        return Replan(keys, bool(told.get("anything", False)))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"no re-plan message: {body[:200]!r}") from error


def together(messages: Iterable[Replan]) -> Replan:
    """Return what several messages ask for, each key once."""
    asked = list(messages)
    return Replan(frozenset(key for one in asked for key in one.keys), any(one.anything for one in asked))


def changes_to_bodies(changes: Sequence[AlertChange]) -> Iterator[str]:
    """Write changes of alerts as few messages, in order; none: none."""
    for start in range(0, len(changes), MOST_CHANGES):
        told = [
            asdict(change) | {"at": change.at.isoformat()} for change in changes[start : start + MOST_CHANGES]
        ]
        yield json.dumps({"changes": told}, ensure_ascii=False)


def changes_of(body: str) -> list[AlertChange]:
    """Read a message of changes of alerts; ValueError names what it lacks."""
    told = json.loads(body)
    names = {part.name for part in fields(AlertChange)}
    if not isinstance(told, dict) or not isinstance(told.get("changes"), list):
        raise ValueError("no message of changes of alerts: it has no list `changes`")
    found = []
    for number, change in enumerate(told["changes"], 1):
        if not isinstance(change, dict) or set(change) != names:
            missing = sorted(names - set(change)) if isinstance(change, dict) else sorted(names)
            raise ValueError(
                f"change {number} is no change of an alert: it lacks {', '.join(missing) or 'none'}"
            )
        found.append(AlertChange(**change | {"at": datetime.fromisoformat(change["at"])}))
    return found
