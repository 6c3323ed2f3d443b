"""What the lake raises: each error names the object, row or setting that somebody must look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_FAULTS = 1000
"""A `ContractError` carries at most this many faults; `total` counts them all."""

_SHOWN = 20


class LakeError(Exception):
    """Base of everything that `data_lake` raises."""


class NoSuchObject(LakeError):  # noqa: N818 - reads as what happened
    """No object has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no object {key!r}")
        self.key = key


class NoSuchVersion(LakeError):  # noqa: N818 - reads as what happened
    """The table has no such version, or none yet at that instant."""


class Conflict(LakeError):  # noqa: N818 - reads as what happened
    """Somebody else created the same thing with other content."""


class LakeUnavailable(LakeError):  # noqa: N818 - reads as what happened
    """Storage cannot be reached, or refuses: the message says what to check."""


class CorruptObject(LakeError):  # noqa: N818 - reads as what happened
    """An object is missing or is not what its version recorded."""

    def __init__(self, table: str, version: int, key: str, reason: str) -> None:
        super().__init__(
            f"table {table!r} version {version}: object {key!r} {reason}. Restore that object from a backup, "
            f"or read an earlier version"
        )
        self.table = table
        self.version = version
        self.key = key
        self.reason = reason


@dataclass(frozen=True)
class Fault:
    """One broken rule. `row` counts from 0 in the frame given; None: the whole column or table."""

    table: str
    row: int | None
    column: str | None
    value: str | None
    rule: str

    def __str__(self) -> str:
        where = [self.table]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column {self.column!r}")
        shown = "" if self.value is None else f" is {self.value}:"
        return f"{', '.join(where)}{shown} {self.rule}"


class ContractError(LakeError):
    """A frame breaks its table's contract: `faults` lists at most `MAX_FAULTS`, `total` counts all."""

    def __init__(self, table: str, faults: Sequence[Fault], total: int | None = None) -> None:
        self.table = table
        self.faults = tuple(faults[:MAX_FAULTS])
        self.total = len(faults) if total is None else total
        lines = [f"{table}: {self.total} fault{'s' if self.total != 1 else ''}, nothing was written"]
        lines += [f"  {fault}" for fault in self.faults[:_SHOWN]]
        if self.total > _SHOWN:
            lines.append(f"  … and {self.total - _SHOWN} more")
        super().__init__("\n".join(lines))
