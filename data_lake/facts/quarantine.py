"""Quarantine: contents that claim one id, kept beside each other.

`ledger/facts/quarantine/<sha256 of the id>/<16 of the sha256 of the line>.json` holds each of them, the one
that applies too. Facts of one id may lie in different partitions; whoever reads only some of them learns here
which content applies. Compaction writes it before the facts leave landing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from data_lake.facts.durable import put_durably
from data_lake.facts.fact import Fact
from data_lake.facts.fetch import WORKERS, fetch
from data_lake.facts.landing import from_line, to_line
from data_lake.facts.layout import PARTS, QUARANTINE
from data_lake.facts.listing import whole
from data_lake.facts.rows import Rows
from data_lake.facts.settle import FactConflict, conflicts_of
from data_lake.ledger import HasObjects
from data_lake.objects import Objects

R = TypeVar("R")
T = TypeVar("T")


def quarantined(lake: HasObjects) -> list[FactConflict]:
    """Return ids that several contents claim, as of the last compaction: what applies, what is refused."""
    return conflicts_of(quarantined_facts(lake.objects))


def quarantined_facts(objects: Objects, workers: int = WORKERS) -> list[Fact]:
    """Return all contents in quarantine."""
    keys = objects.list(QUARANTINE)
    return list(fetch(objects, keys, lambda _, body: from_line(body), workers).values())


def quarantine_new(objects: Objects, rows: Rows[R], incoming: R, workers: int = WORKERS) -> None:
    """Keep the contents of ids in `incoming` that have more than one; call it when all of them are compacted.

    Of two compactions that bring in the two contents of an id, the one that ends last sees both.
    """

    def marks(key: str, body: bytes) -> object:
        return rows.marks(rows.compacted(key, body))  # at once: the whole ledger is more than fits

    def claims(key: str, body: bytes) -> list[Fact]:
        return rows.facts(rows.compacted(key, body), clashes)

    def each_part(decode: Callable[[str, bytes], T]) -> list[T]:
        held = whole(lambda: objects.list(PARTS), lambda keys: fetch(objects, keys, decode, workers))
        return list(held.values())

    clashes = rows.clashes(incoming, each_part(marks))
    if clashes:
        _keep(objects, [fact for facts in each_part(claims) for fact in facts])


def _keep(objects: Objects, facts: Sequence[Fact]) -> None:
    for conflict in conflicts_of(facts):
        folder = f"{QUARANTINE}{hashlib.sha256(conflict.event_id.encode()).hexdigest()}/"
        for fact in (conflict.kept, *conflict.refused):
            line = to_line(fact)
            put_durably(objects, f"{folder}{hashlib.sha256(line).hexdigest()[:16]}.json", line)
