"""The facts of a few lines, wherever in the ledger they lie: only their rows leave the objects read."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

import polars as pl

from data_lake.facts.fold_moves import in_order
from data_lake.facts.fold_state import LONG_AGO
from data_lake.facts.layout import bucket_in, bucket_of, day_in, day_of
from data_lake.facts.listing import list_facts, read_objects, whole
from data_lake.facts.rows import FRAMES, Frames
from data_lake.objects import Objects


@dataclass(frozen=True)
class FramesOf(Frames):
    """Sets of facts of some products, as frames."""

    skus: pl.Series

    def landed(self, key: str, body: bytes) -> pl.DataFrame:
        """Read the lines of a landing object."""
        return self._mine(super().landed(key, body))

    def compacted(self, key: str, body: bytes) -> pl.DataFrame:
        """Read Parquet."""
        return self._mine(super().compacted(key, body))

    def _mine(self, facts: pl.DataFrame) -> pl.DataFrame:
        return facts.filter(pl.col("sku").is_in(self.skus.implode()))


def covered_facts(objects: Objects, covered: Set[str], lines: pl.DataFrame, since: int) -> pl.DataFrame:
    """Return facts of the products of lines, in order: at least all that objects `covered` held.

    Parameters
    ----------
    objects
        Where the ledger is.
    covered
        Names of objects; what they held may lie in compacted objects since.
    lines
        Columns sku, location.
    since
        Instant [µs]: facts before it may be left out.
    """
    rows = FramesOf(lines["sku"].unique())
    buckets = {bucket_of(sku) for sku in rows.skus}
    first = "" if since == LONG_AGO else day_of(since).isoformat()

    def list_keys() -> list[str]:
        names = list_facts(objects, since=date.fromisoformat(first) if first else None)
        parts = [name for name in names.parts if bucket_in(name) in buckets and day_in(name) >= first]
        return [*(name for name in names.landing if name in covered), *parts]

    held = whole(list_keys, lambda keys: read_objects(objects, rows, keys))
    return in_order(FRAMES.union(list(held.values())))
