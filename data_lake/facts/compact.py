"""Compaction: many small objects become few. Any number may run at once and may die anywhere.

A superset is durable before exactly what it was made from is deleted; nothing is ever changed; no lock, no
manifest. `data_lake.facts.listing` says why a reader meanwhile misses nothing.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from data_lake.facts.durable import put_durably
from data_lake.facts.fetch import WORKERS, each
from data_lake.facts.layout import LANDING, PARTS, folder_of, generation_in, part_key
from data_lake.facts.listing import read_objects
from data_lake.facts.quarantine import quarantine_new
from data_lake.facts.rows import FRAMES, Rows
from data_lake.ledger import HasObjects
from data_lake.objects import Objects

R = TypeVar("R")

MOST_OBJECTS = 2000


class Compacted(NamedTuple):
    """What one compaction did."""

    landing: int
    """Objects of landing that are compacted now."""
    written: int
    """Objects written."""
    deleted: int
    """Objects deleted, those of landing included."""


def compact(lake: HasObjects, *, most_objects: int = MOST_OBJECTS) -> Compacted:
    """Move at most `most_objects` objects of landing into their partitions; unite what lies there.

    Call it again while `Compacted.landing` equals `most_objects`.
    """
    return compact_objects(lake.objects, FRAMES, most_objects)


def compact_objects(objects: Objects, rows: Rows[R], most_objects: int, workers: int = WORKERS) -> Compacted:
    """Compact sets of any kind; see `compact`."""
    landed = read_objects(objects, rows, objects.list(LANDING)[:most_objects], workers)
    arrived = rows.union(list(landed.values()))
    incoming = rows.split(arrived)
    present: dict[str, list[str]] = {}
    for key in objects.list(PARTS):
        present.setdefault(folder_of(key), []).append(key)
    touched = sorted(incoming.keys() | {folder for folder, keys in present.items() if len(keys) > 1})

    def one(folder: str) -> tuple[int, int]:
        return _merge(objects, rows, folder, incoming.get(folder), present.get(folder, ()))

    done = each(one, touched, workers)
    if landed:
        quarantine_new(objects, rows, arrived, workers)
        objects.delete(landed)  # only now, when every partition they touch holds their facts
    return Compacted(
        len(landed), sum(written for written, _ in done), len(landed) + sum(deleted for _, deleted in done)
    )


def _merge(
    objects: Objects, rows: Rows[R], folder: str, incoming: R | None, keys: list[str] | tuple[str, ...]
) -> tuple[int, int]:
    """Make one object of a partition's objects and what comes in; count what was written and deleted."""
    old = read_objects(objects, rows, keys, 1)  # what is gone was replaced by who deleted it
    sets = [*old.values(), *([] if incoming is None else [incoming])]
    if not sets:
        return 0, 0
    union = rows.union(sets)
    last = max(old, default="")
    if last and rows.size(old[last]) == rows.size(union):
        # Only the last may stay for all: a reader's list may have passed an earlier name before it was there.
        spare = [key for key in old if key != last]
        objects.delete(spare)
        return 0, len(spare)
    body = rows.encode(union)
    generation = max(map(generation_in, old), default=0) + 1
    put_durably(objects, part_key(folder, generation, body), body)
    objects.delete(old)
    return 1, len(old)
