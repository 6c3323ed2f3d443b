"""Read the facts of a lake: one set, in the order in which they apply."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

import polars as pl

from data_lake.facts.layout import bucket_in, bucket_of
from data_lake.facts.listing import view
from data_lake.facts.quarantine import quarantined_facts
from data_lake.facts.rows import FACT_SCHEMA, FRAMES, ORDER, to_frame
from data_lake.facts.settle import FactConflict, settle
from data_lake.ledger import HasObjects

__all__ = ["FACT_SCHEMA", "FactConflict", "FactsRead", "read_facts"]


class FactsRead(NamedTuple):
    """Facts of a lake, each id once, in the order in which they apply."""

    frame: pl.DataFrame
    """`FACT_SCHEMA`."""
    conflicts: list[FactConflict]
    """Ids with more than one content: what applies, and what was refused."""
    names: tuple[str, ...]
    """Objects that were read."""


def read_facts(
    lake: HasObjects,
    *,
    keys: Iterable[tuple[str, str]] | None = None,
    since: date | datetime | None = None,
) -> FactsRead:
    """Read every fact acknowledged before the call; facts that land meanwhile may be among them.

    Parameters
    ----------
    lake
        Where the ledger is.
    keys
        (sku, location): only facts of these; transfers to them and facts of orders that name no product
        are among them.
    since
        Only facts of this day (UTC) or instant and later.

    Raises
    ------
    CorruptFactsError
        An object is not what its name says.
    """
    chosen = None if keys is None else sorted(set(keys))
    buckets = None if chosen is None else {bucket_of(sku) for sku, _ in chosen} | {bucket_of("")}
    start = datetime(since.year, since.month, since.day, tzinfo=UTC) if type(since) is date else since
    held = view(
        lake.objects,
        FRAMES,
        since=start.astimezone(UTC).date() if isinstance(start, datetime) else None,
        wanted=None if buckets is None else lambda key: bucket_in(key) in buckets,
    )
    parts = list(held.values())
    if chosen is not None or start is not None:  # the other content of an id may lie where this does not look
        parts.append(to_frame(quarantined_facts(lake.objects)))
    frame, conflicts = settle(FRAMES.union(parts))
    if start is not None:
        frame = frame.filter(pl.col("at") >= start)
    if chosen is not None:
        frame = _of_keys(frame, chosen)
    return FactsRead(frame.sort(ORDER), conflicts, tuple(sorted(held)))


def _of_keys(frame: pl.DataFrame, keys: list[tuple[str, str]]) -> pl.DataFrame:
    wanted = pl.DataFrame(keys, schema={"sku": pl.String(), "place": pl.String()}, orient="row")
    numbered = frame.with_row_index("row")
    here = numbered.join(wanted, left_on=["sku", "location"], right_on=["sku", "place"], how="semi")
    there = numbered.join(wanted, left_on=["sku", "to_location"], right_on=["sku", "place"], how="semi")
    nameless = numbered.filter(pl.col("sku") == "")
    return pl.concat([here, there, nameless]).unique("row").drop("row")
