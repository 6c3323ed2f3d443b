"""Versions of a table: `<table>/_versions/<20 digits>.json`, each created exclusively.

A version lists its files and carries a commit id. Whoever finds its number taken, or gets no answer, reads
the version: the same id is its own success, another is a winner to rebase on.

There is no `_current.json` hint: one listing returns up to a thousand versions sorted, and each process asks
only for those after the newest that it has seen, so a hint would save nothing and could be stale.
"""

from __future__ import annotations

import json
import re
import uuid
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from data_lake.errors import Conflict, CorruptObject, LakeUnavailable, NoSuchObject, NoSuchVersion
from data_lake.files import FileEntry
from data_lake.objects import Objects
from engine.contracts import SCHEMA_VERSION

_ATTEMPTS = 200
_VERSION_FILE = re.compile(r"/\d{20}\.json$")


@dataclass(frozen=True)
class Version:
    """One immutable state of a table."""

    table: str
    number: int
    files: tuple[FileEntry, ...]
    inputs: dict[str, Any]
    created_at: datetime
    commit_id: str
    note: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(file.rows for file in self.files)


Build = Callable[[Version | None], tuple[FileEntry, ...] | None]
"""From the version to build upon to the files of the next one; None: nothing to change."""


class Versions:
    """The versions of all tables below one set of objects."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._newest: dict[str, str] = {}

    def numbers(self, table: str) -> list[int]:
        """Return all version numbers, ascending."""
        return [_number(key) for key in self._keys(table)]

    def current_number(self, table: str) -> int:
        """Return the newest version's number; 0 if there is none."""
        seen = self._newest.get(table, "")
        # start one before the newest seen: if that is gone, the lake was replaced and all is listed anew
        keys = self._keys(table, _key(table, _number(seen) - 1)) if seen else []
        if not keys or keys[0] != seen:
            keys = self._keys(table)
        if not keys:
            self._newest.pop(table, None)
            return 0
        self._newest[table] = keys[-1]
        return _number(keys[-1])

    def read(self, table: str, number: int) -> Version:
        """Return one version."""
        key = _key(table, number)
        try:
            body = self.objects.get(key)
        except NoSuchObject:
            raise NoSuchVersion(f"table {table!r} has no version {number}") from None
        try:
            return _decode(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptObject(table, number, key, f"is not a version file ({error})") from error

    def at(self, table: str, instant: datetime) -> Version:
        """Return the version that was the newest at an instant; `NoSuchVersion` if there was none yet."""
        numbers = self.numbers(table)
        # instants rise with the numbers
        after = bisect_right(numbers, instant, key=lambda number: self.read(table, number).created_at)
        if not after:
            raise NoSuchVersion(f"table {table!r} had no version at {instant.isoformat()}")
        return self.read(table, numbers[after - 1])

    def commit(
        self, table: str, build: Build, *, inputs: Mapping[str, Any] | None = None, note: str = ""
    ) -> Version:
        """Create the next version from what `build` makes of the current one.

        `build` runs again on the winner if another writer commits first.
        """
        commit_id = uuid.uuid4().hex
        for _ in range(_ATTEMPTS):
            number = self.current_number(table)
            base = self.read(table, number) if number else None
            files = build(base)
            if files is None and base is not None:
                return base
            created_at = datetime.now(UTC)
            if (
                base is not None
            ):  # instants rise with the number, whatever the clocks do: time travel needs it
                created_at = max(created_at, base.created_at + timedelta(microseconds=1))
            version = Version(table, number + 1, files or (), dict(inputs or {}), created_at, commit_id, note)
            if self._create(version):
                return version
        raise Conflict(f"table {table!r}: {_ATTEMPTS} other writers committed first; run the command again")

    def _keys(self, table: str, start_after: str = "") -> list[str]:
        keys = self.objects.list(_folder(table), start_after=start_after)
        return [key for key in keys if _VERSION_FILE.search(key)]

    def _create(self, version: Version) -> bool:
        key = _key(version.table, version.number)
        try:
            if self.objects.put_new(key, _encode(version)):
                return True
        except LakeUnavailable:
            # the answer may be lost while the write was done: the object knows
            if key not in self.objects.list(key):
                raise
        return self.read(version.table, version.number).commit_id == version.commit_id


def _folder(table: str) -> str:
    return f"{table}/_versions/"


def _key(table: str, number: int) -> str:
    return f"{_folder(table)}{number:020d}.json"


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].removesuffix(".json"))


def _encode(version: Version) -> bytes:
    record = asdict(version) | {
        "created_at": version.created_at.isoformat(),
        "schema_version": SCHEMA_VERSION,
    }
    return json.dumps(record, sort_keys=True, indent=1).encode()


def _decode(record: dict[str, Any]) -> Version:
    return Version(
        table=record["table"],
        number=record["number"],
        files=tuple(FileEntry(**file) for file in record["files"]),
        inputs=record["inputs"],
        created_at=datetime.fromisoformat(record["created_at"]),
        commit_id=record["commit_id"],
        note=record["note"],
    )
