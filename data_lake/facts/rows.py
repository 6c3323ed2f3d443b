"""Sets of facts as Polars frames: how objects of the ledger are read, united, split and written."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import polars as pl

from data_lake.facts.fact import Fact
from data_lake.facts.landing import CorruptFactsError, from_line, unpack
from data_lake.facts.layout import bucket_of, folder

FACT_SCHEMA = pl.Schema(
    {
        "event_id": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "sequence": pl.Int64(),
        "kind": pl.String(),
        "sku": pl.String(),
        "location": pl.String(),
        "quantity": pl.Float64(),
        "batch": pl.String(),
        "expiry": pl.String(),
        "to_location": pl.String(),
        "order_id": pl.String(),
        "line": pl.String(),
        "details": pl.String(),
    }
)
"""Columns of facts, as `Fact`; a quantity that was not told is null."""

ORDER = ("at", "sequence", "event_id")
"""Facts apply in this order."""

_LINES = pl.Schema({**FACT_SCHEMA, "at": pl.Int64()})

R = TypeVar("R")


class Rows(Protocol, Generic[R]):
    """What the protocol of the ledger needs of a set of facts; its simulation has another one."""

    def landed(self, key: str, body: bytes) -> R:
        """Read an object of landing."""
        ...

    def compacted(self, key: str, body: bytes) -> R:
        """Read a compacted object."""
        ...

    def union(self, parts: Sequence[R]) -> R:
        """Unite sets: every fact once."""
        ...

    def split(self, rows: R) -> dict[str, R]:
        """Split a set by the partition of its facts."""
        ...

    def size(self, rows: R) -> int:
        """Count facts."""
        ...

    def encode(self, rows: R) -> bytes:
        """Write a compacted object: equal sets give equal bytes."""
        ...


class Frames(Rows[pl.DataFrame]):
    """Sets of facts as frames in `FACT_SCHEMA`."""

    def landed(self, key: str, body: bytes) -> pl.DataFrame:
        """Read the lines of a landing object."""
        return pl.read_ndjson(unpack(key, body), schema=_LINES).cast(FACT_SCHEMA)

    def compacted(self, key: str, body: bytes) -> pl.DataFrame:
        """Read Parquet."""
        if not key.endswith(f"-{hashlib.sha256(body).hexdigest()[:16]}.parquet"):
            raise CorruptFactsError(key, "does not hold what its name says")
        return pl.read_parquet(io.BytesIO(body), schema=FACT_SCHEMA)

    def union(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Unite frames; in no order."""
        if not parts:
            return FACT_SCHEMA.to_frame()
        return pl.concat(parts).unique()

    def split(self, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Split by the days and buckets of facts."""
        if rows.is_empty():
            return {}
        skus = rows["sku"].unique()
        buckets = pl.DataFrame({"sku": skus, "bucket": [bucket_of(sku) for sku in skus]})
        marked = rows.with_columns(day=pl.col("at").dt.date()).join(buckets, on="sku", how="left")
        parts = marked.partition_by("day", "bucket", as_dict=True, include_key=False)
        return {folder(day, bucket): part for (day, bucket), part in parts.items()}

    def size(self, rows: pl.DataFrame) -> int:
        """Count rows."""
        return rows.height

    def encode(self, rows: pl.DataFrame) -> bytes:
        """Write Parquet, sorted by all columns."""
        body = io.BytesIO()
        rows.sort("sku", "location", *ORDER, *FACT_SCHEMA.names()).write_parquet(body, compression="zstd")
        return body.getvalue()


FRAMES = Frames()


def to_frame(facts: Sequence[Fact]) -> pl.DataFrame:
    """Return facts as a frame in `FACT_SCHEMA`."""
    return (
        pl.DataFrame(facts, schema=_LINES, orient="row")
        .with_columns(pl.col("quantity").fill_nan(None))
        .cast(FACT_SCHEMA)
    )


def to_facts(frame: pl.DataFrame) -> list[Fact]:
    """Return the facts of a frame."""
    lines = frame.cast(_LINES).select(Fact._fields).write_ndjson().encode().splitlines()
    return [from_line(line) for line in lines]
