"""`Lake`: plain Parquet tables with versions and time travel, on a disk or on S3.

Nothing is ever changed in place: a write adds content-named files, then one version that lists them; a read
takes one version. So readers never see half a write, and what a crash leaves behind is invisible.

Examples
--------
>>> import tempfile
>>> import pandas as pd
>>> lake = Lake(tempfile.mkdtemp())
>>> lake.replace("units", pd.DataFrame({"sku": ["007"], "unit": ["case"], "eaches": [12]})).number
1
>>> lake.read("units", columns=["sku", "eaches"])
   sku  eaches
0  007    12.0
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl

from data_lake.bulk import BulkObjects, FileSystem
from data_lake.errors import CorruptObject, LakeError, LakeUnavailable, NoSuchVersion
from data_lake.files import FileEntry, scan
from data_lake.frames import Frame, to_pandas
from data_lake.integrity import check_sizes, damage
from data_lake.layers import Overlay, is_layered, put_together, row_order
from data_lake.merging import Merging, store_part
from data_lake.objects import LocalObjects, Objects, S3Objects, open_objects
from data_lake.reads import Selection
from data_lake.schemas import contract, polars_schema
from data_lake.versions import Build, Version, Versions
from data_lake.writes import Incoming

__all__ = ["Lake", "Version"]


class Lake:
    """A data lake below one address.

    Parameters
    ----------
    uri : str or path
        `s3://bucket/prefix`, `file:///path` or a path.
    storage_options : mapping, optional
        For S3, names as in `data_lake.s3.S3_OPTIONS`; the environment says what is left out.
    objects : Objects, optional
        Instead of those at `uri`, to watch or to disturb what is written.
    """

    def __init__(
        self,
        uri: str | os.PathLike[str],
        storage_options: Mapping[str, str] | None = None,
        *,
        objects: Objects | None = None,
    ) -> None:
        self.uri = os.fspath(uri)
        self.store = open_objects(self.uri, storage_options)
        self._filesystem = FileSystem(self.store)
        stored = (
            self.store if isinstance(self.store, LocalObjects) else BulkObjects(self.store, self._filesystem)
        )
        self.objects: Objects = stored if objects is None else objects
        self._versions = Versions(self.objects)

    def __repr__(self) -> str:
        return f"Lake({self.uri!r})"

    # for readers outside: the same filesystem, the paths of a version in it

    @property
    def filesystem(self) -> Any:
        """The fsspec filesystem that the lake lies in: fsspec's local one, or s3fs with the lake's settings.

        For pandas, pyarrow and whatever else takes `filesystem=`; to read. Whoever writes through it
        bypasses the versions.
        """
        return self._filesystem.open()

    def paths(self, table: str, *, version: int | None = None, as_of: datetime | None = None) -> list[str]:
        """Return the Parquet files of one version as paths in `filesystem`; none if never written.

        Examples
        --------
        >>> import tempfile
        >>> lake = Lake(tempfile.mkdtemp())
        >>> _ = lake.replace("units", pd.DataFrame({"sku": ["1"], "unit": ["case"], "eaches": [6]}))
        >>> pd.read_parquet(lake.paths("units"), filesystem=lake.filesystem).eaches.tolist()
        [6.0]
        """
        chosen = self._chosen(table, version, as_of)
        if chosen and is_layered(chosen.files):
            raise LakeError(
                f"version {chosen.number} of table {table!r} lies in layers, which Lake.read puts together; "
                f"its files alone are not the table. Read it with Lake.read, or plan again: shelfcast plan"
            )
        return [str(self.store.path(file.key)) for file in chosen.files] if chosen else []

    # versions

    def current(self, table: str) -> Version | None:
        """Return the newest version; None if the table was never written."""
        number = self._versions.current_number(table)
        return self._versions.read(table, number) if number else None

    def versions(self, table: str) -> list[Version]:
        """Return all versions, oldest first."""
        numbers = self._versions.numbers(table)
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: self._versions.read(table, number), numbers))

    def version(self, table: str, number: int | None = None, as_of: datetime | None = None) -> Version:
        """Return one version: by number, as it was at an instant (UTC if it has no zone), or the newest.

        Raises
        ------
        NoSuchVersion
            If there is none.
        """
        if number is not None and as_of is not None:
            raise LakeError("give a version number or an instant, not both")
        if number is not None:
            return self._versions.read(table, number)
        if as_of is None:
            newest = self.current(table)
            if newest is None:
                raise NoSuchVersion(f"table {table!r} was never written to {self.uri}")
            return newest
        instant = as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of
        return self._versions.at(table, instant)

    # writes

    def replace(
        self, table: str, frame: Frame, *, inputs: Mapping[str, Any] | None = None, note: str = ""
    ) -> Version:
        """Make `frame` the whole content of a table.

        The same content as the current version's returns that version; nothing is written.

        Parameters
        ----------
        frame : pandas or Polars frame
            Columns as in `engine.contracts`; missing ones that may be null are filled.
        inputs : mapping, optional
            What the content was made from (JSON), kept in the version.

        Raises
        ------
        ContractError
            Lists every fault; nothing was written.
        LakeUnavailable
            Storage cannot be reached, is full, or refuses.
        """
        incoming = Incoming(table, frame)
        files = tuple(store_part(self.objects, table, name, part) for name, part in incoming.parts())

        def build(base: Version | None) -> tuple[FileEntry, ...] | None:
            return None if base is not None and base.files == files else files

        return self.commit(table, build, inputs=inputs, note=note)

    def upsert(
        self, table: str, frame: Frame, *, inputs: Mapping[str, Any] | None = None, note: str = ""
    ) -> Version:
        """Add rows to a table; a row with the key of a stored one replaces it.

        Only partitions that `frame` touches are rewritten. If another writer commits first, its version is
        merged with, so nothing is lost. Nothing changed: the current version is returned.

        Parameters and errors are those of `replace`.
        """
        merging = Merging(self, table, frame)
        return self.commit(table, merging.build, inputs=inputs, note=note)

    def overlay(
        self, table: str, frame: Frame, column: str, gone: Sequence[str], *, version: int, note: str = ""
    ) -> Version:
        """Make a version of a table not split by month that differs from another in some rows only.

        Rows of `version` whose `column` is among `gone` go, those of `frame` come; what does not change is
        not written again. Readers see the rows as if the table had been replaced.

        Parameters
        ----------
        frame : rows that come; of the columns in `gone`, no others
        column : text column that says which rows go together, such as line_id
        version : the version to differ from, not necessarily the newest

        Errors are those of `replace`.
        """
        files = Overlay(self, table, column).files(self.version(table, version), frame, gone)

        def build(base: Version | None) -> tuple[FileEntry, ...] | None:
            return None if base is not None and base.files == files else files

        return self.commit(table, build, note=note)

    def commit(
        self, table: str, build: Build, *, inputs: Mapping[str, Any] | None = None, note: str = ""
    ) -> Version:
        """Commit files that are stored already (for layouts inside `data_lake`); see `Versions.commit`."""
        return self._versions.commit(table, build, inputs=inputs, note=note)

    # reads

    def read(
        self,
        table: str,
        *,
        version: int | None = None,
        as_of: datetime | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[Any]] | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> pd.DataFrame:
        """Return rows of one version as a pandas frame (dtypes: `data_lake.frames.to_pandas`).

        Rows come by month, then by key with the date last.

        Parameters
        ----------
        version, as_of : optional
            Time travel by number or instant; the newest without. Version 0: the table before it was written.
        columns : sequence of str, optional
            Only these columns, in this order.
        where : mapping of column to values, optional
            Only rows whose column holds one of the values; all columns must match.
        since, until : date, optional
            Only rows whose `date` lies in this range, both days included.

        Raises
        ------
        NoSuchVersion
            A version or instant was asked for that does not exist. A table never written is an empty frame.
        CorruptObject
            A file of the version is missing or damaged.
        """
        selection = Selection(table, columns, where or {}, since, until)
        chosen = self._chosen(table, version, as_of)
        files = selection.files(chosen)
        rows = selection.rows(self.scan_files(files, polars_schema(table)))
        return to_pandas(table, self.collect(rows, chosen, files))

    def scan(self, table: str, *, version: int | None = None, as_of: datetime | None = None) -> pl.LazyFrame:
        """Return one version as a lazy frame, for use inside `data_lake`; collect it with `collect`."""
        chosen = self._chosen(table, version, as_of)
        return self.scan_files(list(chosen.files) if chosen else [], polars_schema(table))

    def collect(
        self, rows: pl.LazyFrame, version: Version | None, files: Sequence[FileEntry] | None = None
    ) -> pl.DataFrame:
        """Collect a lazy frame over files of one version; all its files without `files`.

        Raises
        ------
        CorruptObject, LakeUnavailable
        """
        files = files if files is not None else version.files if version else ()
        if version is not None and isinstance(self.store, LocalObjects):
            check_sizes(self.store, version, files)
        try:
            return rows.collect()
        except (pl.exceptions.ComputeError, OSError) as error:
            for fault in damage(self.objects, version, files) if version else ():
                raise fault from error
            raise LakeUnavailable(
                f"cannot read {self.uri}: {error}. Check the network and permissions"
            ) from error

    def scan_files(self, files: Sequence[FileEntry], schema: pl.Schema, *, sort: bool = True) -> pl.LazyFrame:
        """Return files of a version as a lazy frame, in the order given; layers are put together.

        Rows of layers come as those of a table that was written at once, in any order if not to `sort`.
        """
        options = self.store.polars_options() if isinstance(self.store, S3Objects) else None

        def rows_of(part: Sequence[FileEntry], kept: pl.Schema) -> pl.LazyFrame:
            return scan([self.store.address(file.key) for file in part], kept, options)

        if not is_layered(files):
            return rows_of(files, schema)
        rows = put_together(files, schema, rows_of)
        return rows.sort(row_order(files[0].key.partition("/")[0])) if sort else rows

    def verify(self, tables: Sequence[str] | None = None) -> list[CorruptObject]:
        """Read every file of the current versions of tables, or of all; return what is damaged."""
        if tables is None:
            tables = sorted({key.partition("/")[0] for key in self.objects.list("") if "/_versions/" in key})
        found: list[CorruptObject] = []
        for table in tables:
            newest = self.current(table)
            if newest is not None:
                found += damage(self.objects, newest, newest.files)
        return found

    def _chosen(self, table: str, version: int | None, as_of: datetime | None) -> Version | None:
        contract(table)
        if version == 0:
            return None
        if version is None and as_of is None:
            return self.current(table)
        return self.version(table, version, as_of)
