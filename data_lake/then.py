"""The lake as a run saw it: its tables at the run's versions, its ledger up to the run's instant."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from datetime import datetime

from data_lake.events import from_json
from data_lake.lake import Lake
from data_lake.ledger import ACTS, LANDING
from data_lake.objects import Objects
from data_lake.runs import Run
from data_lake.versions import Version


class LakeThen(Lake):
    """A lake to read from, as it was when a run was made; what it did not read is as it is now.

    Whatever reads a plan's inputs reads those of an earlier plan through this, unchanged.

    Parameters
    ----------
    lake : Lake
    run : Run
    """

    def __init__(self, lake: Lake, run: Run) -> None:
        self.__dict__.update(lake.__dict__)
        self.objects = LedgerThen(lake.objects, run.created_at)
        self._pinned: Mapping[str, int] = run.inputs

    @property
    def inputs(self) -> Mapping[str, int]:
        """Versions that the run read."""
        return self._pinned

    def current(self, table: str) -> Version | None:
        """Return the version that the run read; None if the table was not written then."""
        if table not in self._pinned:
            return super().current(table)
        number = self._pinned[table]
        return self.version(table, number) if number else None


class LedgerThen:
    """Objects without the batches of events that were recorded later; otherwise those of a lake."""

    def __init__(self, objects: Objects, until: datetime) -> None:
        self._objects = objects
        self._until = until

    def put_new(self, key: str, body: bytes) -> bool:
        """Refuse: the past is not written to."""
        raise PermissionError(f"{key!r} ({len(body)} bytes) cannot be written to a lake as it was")

    def get(self, key: str) -> bytes:
        """Return the object; `NoSuchObject` if there is none."""
        return self._objects.get(key)

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return the keys that begin with `prefix`, sorted."""
        keys = self._objects.list(prefix, start_after=start_after)
        if not prefix.startswith((ACTS, LANDING)):
            return keys
        return [key for key in keys if self._began(key)]

    def delete(self, keys: Iterable[str]) -> None:
        """Refuse: the past is not written to."""
        raise PermissionError(f"{list(keys)} cannot be deleted from a lake as it was")

    def _began(self, key: str) -> bool:
        first = gzip.decompress(self._objects.get(key)).decode().partition("\n")[0]
        return from_json(first).timestamp <= self._until
