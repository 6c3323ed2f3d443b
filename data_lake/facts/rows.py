"""Sets of facts as Polars frames: how objects of the ledger are read, united, split and written."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import polars as pl

from data_lake.facts.fact import Fact
from data_lake.facts.landing import CorruptFactsError, from_line, unpack
from data_lake.facts.layout import LANDING, bucket_of, folder

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


class Rows(Protocol[R]):
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

    def marks(self, rows: R) -> Any:
        """Reduce a set to the id of each fact and a hash of its content."""
        ...

    def clashes(self, rows: R, marks: Sequence[Any]) -> list[str]:
        """Return ids of facts in `rows` that have more than one content in `marks`."""
        ...

    def facts(self, rows: R, event_ids: Collection[str]) -> list[Fact]:
        """Return the facts that have these ids."""
        ...


@dataclass(frozen=True)
class Lines:
    """Lines of a landing object, not parsed yet: those of many objects take less time at once."""

    key: str
    lines: bytes

    def frame(self) -> pl.DataFrame:
        """Parse them."""
        try:
            return pl.read_ndjson(self.lines, schema=_LINES).cast(FACT_SCHEMA)
        except pl.exceptions.PolarsError as error:
            raise CorruptFactsError(self.key, f"is not a batch of facts ({error})") from error


def unparsed(key: str, body: bytes) -> Lines | pl.DataFrame:
    """Read an object of the ledger, but do not parse lines yet."""
    return Lines(key, unpack(key, body)) if key.startswith(LANDING) else FRAMES.compacted(key, body)


def parsed(parts: Collection[Lines | pl.DataFrame]) -> list[pl.DataFrame]:
    """Return sets of facts as frames, all lines as one."""
    frames = [part for part in parts if isinstance(part, pl.DataFrame)]
    lines = [part for part in parts if isinstance(part, Lines)]
    if not lines:
        return frames
    try:
        return [*frames, Lines("", b"\n".join(part.lines for part in lines)).frame()]
    except CorruptFactsError:  # which one it is
        return [*frames, *(part.frame() for part in lines)]


class Frames(Rows[pl.DataFrame]):
    """Sets of facts as frames in `FACT_SCHEMA`."""

    def landed(self, key: str, body: bytes) -> pl.DataFrame:
        """Read the lines of a landing object."""
        return Lines(key, unpack(key, body)).frame()

    def compacted(self, key: str, body: bytes) -> pl.DataFrame:
        """Read Parquet."""
        if not key.endswith(f"-{hashlib.sha256(body).hexdigest()[:16]}.parquet"):
            raise CorruptFactsError(key, "does not hold what its name says")
        return pl.read_parquet(io.BytesIO(body), schema=FACT_SCHEMA)

    def union(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Unite frames, in no order."""
        return pl.concat(parts).unique() if parts else FACT_SCHEMA.to_frame()

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

    def marks(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Keep two columns."""
        return rows.select("event_id", content=rows.hash_rows(seed=0))

    def clashes(self, rows: pl.DataFrame, marks: Sequence[pl.DataFrame]) -> list[str]:
        """Count contents of each id."""
        if not marks:
            return []
        seen = pl.concat(marks).join(rows.select("event_id"), on="event_id", how="semi").unique()
        return seen.filter(seen["event_id"].is_duplicated())["event_id"].unique().to_list()

    def facts(self, rows: pl.DataFrame, event_ids: Collection[str]) -> list[Fact]:
        """Filter rows."""
        return to_facts(rows.filter(pl.col("event_id").is_in(list(event_ids))))


FRAMES = Frames()


def to_frame(facts: Sequence[Fact]) -> pl.DataFrame:
    """Return facts as a frame in `FACT_SCHEMA`."""
    frame = pl.DataFrame(facts, schema=_LINES, orient="row")
    return frame.with_columns(pl.col("quantity").fill_nan(None)).cast(FACT_SCHEMA)


def to_facts(frame: pl.DataFrame) -> list[Fact]:
    """Return the facts of a frame."""
    lines = frame.cast(_LINES).select(Fact._fields).write_ndjson().encode().split(b"\n")
    return [from_line(line) for line in lines if line]
