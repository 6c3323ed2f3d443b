"""Names of objects, the same on every storage."""

from __future__ import annotations

from data_lake.errors import LakeError


def check_key(key: str) -> str:
    """Return `key` if it is a relative path of plain names; `LakeError` otherwise.

    Examples
    --------
    >>> check_key("sales/month=2026-01/ab.parquet")
    'sales/month=2026-01/ab.parquet'
    """
    parts = key.split("/")
    if not key or "\\" in key or any(not part or part.startswith(".") or "\0" in part for part in parts):
        raise LakeError(
            f"object key {key!r} must be names joined by '/': not empty, not absolute, no name that is "
            f"empty or begins with '.'"
        )
    return key
