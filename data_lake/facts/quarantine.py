"""Quarantine: contents that claim one id, kept beside each other.

`ledger/facts/quarantine/<sha256 of the id>/<16 of the sha256 of the line>.json` holds each of them, the one
that applies too. Facts of one id may lie in different partitions; whoever reads only some of them learns here
which content applies. Compaction writes it before the facts leave landing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

from data_lake.facts.durable import put_durably
from data_lake.facts.fact import Fact
from data_lake.facts.fetch import WORKERS, fetch
from data_lake.facts.landing import from_line, to_line
from data_lake.facts.layout import PARTS, QUARANTINE
from data_lake.facts.listing import read_objects, view, whole
from data_lake.facts.rows import Rows
from data_lake.facts.settle import FactConflict, conflicts_of
from data_lake.ledger import HasObjects
from data_lake.objects import Objects

R = TypeVar("R")


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

    def marks(keys: Iterable[str]) -> dict[str, object]:
        return {key: rows.marks(part) for key, part in read_objects(objects, rows, keys, workers).items()}

    held = whole(lambda: objects.list(PARTS), marks)
    clashes = rows.clashes(incoming, list(held.values()))
    if clashes:
        parts = view(objects, rows, workers=workers).values()
        _keep(objects, [fact for part in parts for fact in rows.facts(part, clashes)])


def _keep(objects: Objects, facts: Sequence[Fact]) -> None:
    for conflict in conflicts_of(facts):
        folder = f"{QUARANTINE}{hashlib.sha256(conflict.event_id.encode()).hexdigest()}/"
        for fact in (conflict.kept, *conflict.refused):
            line = to_line(fact)
            put_durably(objects, f"{folder}{hashlib.sha256(line).hexdigest()[:16]}.json", line)
