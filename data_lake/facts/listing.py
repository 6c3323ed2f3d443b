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
T = TypeVar("T")


class Names(NamedTuple):
    """Objects that hold every fact acknowledged before they were listed."""

    landing: list[str]
    parts: list[str]


def list_facts(objects: Objects, *, since: date | None = None) -> Names:
    """List landing, then what is compacted (of days from `since` on)."""
    landing = objects.list(LANDING)
    # with the slash: SeaweedFS passes over all that lies in a folder which a list starts after
    parts = objects.list(PARTS, start_after=f"{PARTS}{since.isoformat()}/" if since else "")
    return Names(landing, parts)


def whole(list_keys: Callable[[], list[str]], read: Callable[[Iterable[str]], dict[str, T]]) -> dict[str, T]:
    """List and read until everything listed is in hand; what was read before counts, for nothing changes."""
    held: dict[str, T] = {}
    while True:
        listed = list_keys()
        held = {key: held[key] for key in listed if key in held}
        held |= read([key for key in listed if key not in held])
        if len(held) == len(listed):
            return held


def view(
    objects: Objects,
    rows: Rows[R],
    *,
    since: date | None = None,
    wanted: Callable[[str], bool] | None = None,
    workers: int = WORKERS,
) -> dict[str, R]:
    """Return every object of one whole view, by name; only compacted objects that are `wanted` are read."""

    def list_keys() -> list[str]:
        names = list_facts(objects, since=since)
        return [*names.landing, *(key for key in names.parts if wanted is None or wanted(key))]

    return whole(list_keys, lambda keys: read_objects(objects, rows, keys, workers))


def read_objects(
    objects: Objects, rows: Rows[R], keys: Iterable[str], workers: int = WORKERS
) -> dict[str, R]:
    """Read objects by name, those that are gone left out."""

    def decode(key: str, body: bytes) -> R:
        return rows.landed(key, body) if key.startswith(LANDING) else rows.compacted(key, body)

    return fetch(objects, keys, decode, workers)
