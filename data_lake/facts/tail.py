"""The facts of the last days, held in memory once and asked many times: counts, newest, filtered rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd
import polars as pl

from data_lake.facts.layout import day_in
from data_lake.facts.listing import list_facts
from data_lake.facts.read import FactConflict, read_facts
from data_lake.ledger import HasObjects

_SHOWN = ["at", "kind", "sku", "location", "quantity", "batch", "expiry", "to_location", "order_id", "line"]


class Ledger(NamedTuple):
    """What a listing says of the facts, without reading one."""

    digest: str
    """Names what is stored; another digest, another content."""
    days: tuple[str, ...]
    """Days (UTC) with compacted facts, ISO."""
    landing: int
    """Batches that wait for compaction."""


@dataclass(frozen=True)
class Asked:
    """What is looked for; empty: everything."""

    kinds: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    """Either end of a transfer."""
    sku: str = ""
    order_id: str = ""
    event_id: str = ""


def listed(lake: HasObjects) -> Ledger:
    """List the facts of a lake."""
    names = list_facts(lake.objects)
    digest = hashlib.sha256("\n".join([*names.landing, *names.parts]).encode()).hexdigest()[:16]
    return Ledger(digest, tuple(sorted({day_in(key) for key in names.parts})), len(names.landing))


class Tail:
    """Facts from an instant on."""

    def __init__(self, frame: pl.DataFrame, conflicts: Sequence[FactConflict]) -> None:
        self._frame = frame
        self.conflicts = tuple(conflicts)

    def __len__(self) -> int:
        return self._frame.height

    @property
    def newest(self) -> datetime | None:
        """Instant of the newest fact; None: there is none."""
        newest = self._frame["at"].max()
        return newest if isinstance(newest, datetime) else None

    def since(self, instant: datetime) -> int:
        """Return how many facts are of an instant or later."""
        return int((self._frame["at"] >= instant).sum())

    def by_hour(self) -> pd.DataFrame:
        """Return hour [UTC], kind and count of facts."""
        grouped = self._frame.group_by(pl.col("at").dt.truncate("1h").alias("hour"), "kind").agg(
            pl.len().cast(pl.Float64).alias("count")
        )
        return grouped.sort("hour", "kind").to_pandas()

    def kinds(self) -> dict[str, int]:
        """Return how many facts of each kind there are."""
        counts = self._frame["kind"].value_counts().sort("kind")
        return dict(zip(counts["kind"], counts["count"], strict=True))

    def by_location(self) -> pd.DataFrame:
        """Return location, kind, newest instant and count of facts."""
        grouped = self._frame.group_by("location", "kind").agg(
            pl.col("at").max().alias("newest"), pl.len().cast(pl.Float64).alias("count")
        )
        return grouped.sort("location", "kind").to_pandas()

    def of(self, asked: Asked) -> Tail:
        """Return the facts that match."""
        wanted = pl.lit(True)
        if asked.kinds:
            wanted &= pl.col("kind").is_in(asked.kinds)
        if asked.locations:
            wanted &= pl.col("location").is_in(asked.locations) | pl.col("to_location").is_in(asked.locations)
        for name in ("sku", "order_id", "event_id"):
            if value := getattr(asked, name):
                wanted &= pl.col(name) == value
        return self if asked == Asked() else Tail(self._frame.filter(wanted), self.conflicts)

    def rows(self, most: int) -> pd.DataFrame:
        """Return the newest facts, newest first.

        Returns
        -------
        DataFrame
            event_id, at, kind, sku, location, quantity, batch, expiry, to_location, order_id, line, sequence,
            details; at most `most` rows.
        """
        # the frame is in the order in which facts apply
        return self._frame.tail(most).reverse().select("event_id", *_SHOWN, "sequence", "details").to_pandas()


def read_tail(lake: HasObjects, since: datetime) -> Tail:
    """Read the facts of an instant and later."""
    read = read_facts(lake, since=since.astimezone(UTC))
    return Tail(read.frame, read.conflicts)
