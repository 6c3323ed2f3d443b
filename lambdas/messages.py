"""What functions tell each other through queues. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_KEYS = 2000
"""Of one re-plan message: with the longest keys it stays far below what a queue takes."""

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
