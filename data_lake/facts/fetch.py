"""Many objects at once: on S3 each takes tens of milliseconds and little else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from data_lake.errors import NoSuchObject
from data_lake.objects import Objects

WORKERS = 16

T = TypeVar("T")
U = TypeVar("U")


def each(act: Callable[[T], U], items: Iterable[T], workers: int = WORKERS) -> list[U]:
    """Do something for each item, side by side; the first error is raised after all have ended."""
    items = list(items)
    if workers == 1 or len(items) < 2:
        return [act(item) for item in items]
    with ThreadPoolExecutor(min(workers, len(items))) as pool:
        return list(pool.map(act, items))


def fetch(
    objects: Objects, keys: Iterable[str], decode: Callable[[str, bytes], T], workers: int = WORKERS
) -> dict[str, T]:
    """Return what objects hold; those that are gone are left out.

    Objects that bear fewer requests at once than `workers` say so by an attribute `at_once`.
    """

    def one(key: str) -> tuple[str, T] | None:
        try:
            return key, decode(key, objects.get(key))
        except NoSuchObject:
            return None

    at_once = min(workers, getattr(objects, "at_once", workers))
    return dict(found for found in each(one, keys, at_once) if found is not None)
