"""Take one whole view of the ledger while others ingest and compact: the rules that keep every fact in sight.

A fact is in landing until a compacted object that holds it is durable, and a compacted object is deleted only
when one that holds all of it is durable and sorts after it. So whoever lists landing *before* the rest sees
each fact somewhere; an object gone between list and read was replaced, so the reader lists again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple, TypeVar

from data_lake.facts.fetch import WORKERS, fetch
from data_lake.facts.layout import LANDING, PARTS
from data_lake.facts.rows import Rows
from data_lake.objects import Objects

R = TypeVar("R")


class Names(NamedTuple):
    """Objects that hold every fact acknowledged before they were listed."""

    landing: tuple[str, ...]
    parts: tuple[str, ...]


def list_facts(objects: Objects, *, since: date | None = None) -> Names:
    """List landing, then what is compacted (of days from `since` on)."""
    landing = objects.list(LANDING)
    after = f"{PARTS}{since.isoformat()}" if since else ""
    return Names(tuple(landing), tuple(objects.list(PARTS, start_after=after)))


def view(
    objects: Objects,
    rows: Rows[R],
    *,
    since: date | None = None,
    wanted: Callable[[str], bool] | None = None,
    workers: int = WORKERS,
) -> dict[str, R]:
    """Return every object of one whole view, by name; only compacted objects that are `wanted` are read."""
    held: dict[str, R] = {}
    while True:
        names = list_facts(objects, since=since)
        listed = [*names.landing, *(key for key in names.parts if wanted is None or wanted(key))]
        held = {key: held[key] for key in listed if key in held}
        held |= read_objects(objects, rows, (key for key in listed if key not in held), workers)
        if len(held) == len(listed):
            return held


def read_objects(
    objects: Objects, rows: Rows[R], keys: Iterable[str], workers: int = WORKERS
) -> dict[str, R]:
    """Read objects by name, those that are gone left out."""

    def decode(key: str, body: bytes) -> R:
        return rows.landed(key, body) if key.startswith(LANDING) else rows.compacted(key, body)

    return fetch(objects, keys, decode, workers)
