"""New rows merged with the stored ones, partition by partition, again if another writer was faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from data_lake.files import FileEntry, store
from data_lake.frames import Frame
from data_lake.objects import Objects
from data_lake.schemas import arrow_schema, contract, polars_schema, sort_order
from data_lake.versions import Version
from data_lake.writes import Incoming

if TYPE_CHECKING:
    from data_lake.lake import Lake


class Merging:
    """An upsert on its way: partitions that were merged and stored, and what they were merged with."""

    def __init__(self, lake: Lake, table: str, frame: Frame) -> None:
        self._lake = lake
        self._table = table
        self._incoming = Incoming(table, frame)
        self._made: dict[str, tuple[list[FileEntry], FileEntry]] = {}

    def build(self, base: Version | None) -> tuple[FileEntry, ...] | None:
        """Return the files of the version after `base`; None if nothing changes.

        Called again on another base, only the partitions that differ there are merged again.
        """
        if not self._made:
            for partition, part in self._incoming.parts():
                self._merge(base, partition, part)
        stale = {name for name, (stored, _) in self._made.items() if stored != _files_of(base, name)}
        for batch in self._incoming.batches if stale else ():
            if not batch or stale & set(batch):
                for partition, part in self._incoming.load(batch).items():
                    if partition in stale:
                        self._merge(base, partition, part)
        files = [file for file in (base.files if base else ()) if file.partition not in self._made]
        files += [made for _, made in self._made.values()]
        ordered = tuple(sorted(files, key=lambda file: (file.partition, file.key)))
        return None if base is not None and base.files == ordered else ordered

    def _merge(self, base: Version | None, partition: str, part: pl.DataFrame) -> None:
        stored = _files_of(base, partition)
        if base is not None and stored:
            rows = self._lake.scan_files(stored, polars_schema(self._table))
            part = _merged(self._table, self._lake.collect(rows, base, stored), part)
        self._made[partition] = (stored, store_part(self._lake.objects, self._table, partition, part))


def store_part(objects: Objects, table: str, partition: str, part: pl.DataFrame) -> FileEntry:
    """Store the checked rows of one partition."""
    folder = f"{table}/month={partition}" if partition else table
    return store(objects, table, folder, part, arrow_schema(table), partition)


def _merged(table: str, stored: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Stored and new rows, sorted; a new row replaces the stored one of the same key."""
    key = list(contract(table).key)
    kept = stored.join(new.select(key), on=key, how="anti")
    return pl.concat([kept, new]).sort(sort_order(table)) if kept.height else new


def _files_of(version: Version | None, partition: str) -> list[FileEntry]:
    return [file for file in version.files if file.partition == partition] if version else []
