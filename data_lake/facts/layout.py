"""Where facts lie below `ledger/facts/`. Standard library only."""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, date, datetime, timedelta

FACTS = "ledger/facts/"
LANDING = f"{FACTS}landing/"
LANDING_SUFFIX = ".ndjson.gz"
PARTS = f"{FACTS}dt="
"""Prefix of what is compacted: `dt=YYYY-MM-DD/bucket=BB/g<6 digits>-<16 of its sha256>.parquet`."""
QUARANTINE = f"{FACTS}quarantine/"
BUCKETS = 8

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(sku: str) -> int:
    """Return the bucket of a product, the same on every machine; both ends of a transfer lie together.

    Examples
    --------
    >>> bucket_of("007")
    6
    """
    return zlib.crc32(sku.encode()) % BUCKETS


def day_of(at: int) -> date:
    """Return the day of an instant [µs since 1970], UTC.

    Examples
    --------
    >>> day_of(86_400_000_000).isoformat()
    '1970-01-02'
    """
    return (_EPOCH + timedelta(microseconds=at)).date()


def folder(day: date, bucket: int) -> str:
    """Return the partition of facts of one day and bucket.

    Examples
    --------
    >>> folder(date(2026, 1, 15), 3)
    'ledger/facts/dt=2026-01-15/bucket=03/'
    """
    return f"{PARTS}{day.isoformat()}/bucket={bucket:02d}/"


def folder_of(key: str) -> str:
    """Return the partition that a compacted object lies in."""
    return key[: key.rindex("/") + 1]


def day_in(key: str) -> str:
    """Return the day of a compacted object, ISO."""
    return key[len(PARTS) : len(PARTS) + 10]


def bucket_in(key: str) -> int:
    """Return the bucket of a compacted object."""
    start = len(PARTS) + 10 + len("/bucket=")
    return int(key[start : key.index("/", start)])


def generation_in(key: str) -> int:
    """Return the generation of a compacted object: higher than that of all it was made from."""
    start = key.rindex("/") + 2
    return int(key[start : start + 6])


def part_key(folder: str, generation: int, body: bytes) -> str:
    """Return the key of a compacted object: it sorts after every object of a lower generation."""
    return f"{folder}g{generation:06d}-{hashlib.sha256(body).hexdigest()[:16]}.parquet"
