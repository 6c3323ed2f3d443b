"""Versions in layers: the files of an earlier version, then what is gone of it, then what came instead.

A run that plans a few lines again would otherwise write all lines again. A layer is a file of values whose
rows are gone (Iceberg calls this an equality delete) and a file of rows. Readers put layers together; they
stay few and small against what they lie on, because an overlay that would make them more merges them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from data_lake.errors import LakeError
from data_lake.files import FileEntry, store
from data_lake.frames import Frame
from data_lake.merging import store_part
from data_lake.schemas import contract, polars_schema, sort_order
from data_lake.versions import Version
from data_lake.writes import Incoming

if TYPE_CHECKING:
    from data_lake.lake import Lake

MOST_LAYERS = 6
"""Layers on one base; the next overlay makes them one."""
MOST_SHARE = 0.25
"""Rows of a layer against those of the base; with more, all is written as one file again."""

RowsOf = Callable[[Sequence[FileEntry], pl.Schema], pl.LazyFrame]
"""Rows of some files, with the columns of a schema."""


def is_layered(files: Sequence[FileEntry]) -> bool:
    """Return whether some of the files hide rows of others."""
    return any(file.hides for file in files)


def put_together(files: Sequence[FileEntry], schema: pl.Schema, rows_of: RowsOf) -> pl.LazyFrame:
    """Return the rows of layered files, in any order."""
    parts: list[pl.LazyFrame] = []
    hidden: list[FileEntry] = []
    for file in reversed(files):  # from the top: each file loses what those above it hide
        if file.hides:
            hidden.append(file)
        elif hidden:
            column = hidden[0].hides
            gone = rows_of(hidden, pl.Schema({column: pl.String()})).unique()
            parts.append(rows_of([file], schema).join(gone, on=column, how="anti"))
        else:
            parts.append(rows_of([file], schema))
    return pl.concat(parts) if parts else pl.LazyFrame(schema=schema)


def row_order(table: str) -> list[str]:
    """Return the order of the rows of a table; what run wrote a row says nothing of its place."""
    return [name for name in sort_order(table) if name != "run_id"]


class Overlay:
    """A version on its way that differs from another in some rows.

    Parameters
    ----------
    lake : Lake
    table : str
        Not split by month.
    column : str
        Text column that says which rows go together.
    """

    def __init__(self, lake: Lake, table: str, column: str) -> None:
        declared = contract(table)
        if declared.partition or declared.column(column).kind != "text":
            raise LakeError(
                f"table {table!r} cannot lie in layers by {column!r}: only one that is not split, by text"
            )
        self._lake, self._table, self._column = lake, table, column

    def files(self, version: Version, frame: Frame, gone: Sequence[str]) -> tuple[FileEntry, ...]:
        """Store what changes and return the files of the version that comes."""
        rows = next((part for _, part in Incoming(self._table, frame).parts()), None)
        names = pl.DataFrame({self._column: pl.Series(list(gone), dtype=pl.String)})
        if rows is not None:
            names = pl.concat([names, rows.select(self._column)])
        names = names.unique().sort(self._column)
        below = list(version.files)
        base = next((at for at, file in enumerate(below) if file.hides), len(below))
        if sum(bool(file.hides) for file in below) >= MOST_LAYERS:
            rows, names = self._merged(below[base:], rows, names)
            below = below[:base]
        coming = 0 if rows is None else rows.height
        if coming > MOST_SHARE * sum(file.rows for file in below[:base]):
            return self._whole(below, rows, names)
        hidden = self._hiding(below, names)
        if rows is None:
            return (*below, hidden) if hidden.rows else tuple(below)
        # also where nothing goes: it is what tells that rows lie in layers, to be put in order
        return (*below, hidden, store_part(self._lake.objects, self._table, "", rows))

    def _read(self, files: Sequence[FileEntry]) -> pl.LazyFrame:
        return self._lake.scan_files(files, polars_schema(self._table), sort=False)

    def _without(self, files: Sequence[FileEntry], names: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of files that do not go."""
        return self._read(files).join(names.lazy(), on=self._column, how="anti").collect()

    def _together(self, parts: Sequence[pl.DataFrame | None]) -> pl.DataFrame | None:
        frames = [part for part in parts if part is not None and part.height]
        return pl.concat(frames).sort(row_order(self._table)) if frames else None

    def _merged(
        self, layers: Sequence[FileEntry], rows: pl.DataFrame | None, names: pl.DataFrame
    ) -> tuple[pl.DataFrame | None, pl.DataFrame]:
        """Return layers, and what comes on top of them, as one."""
        masks = [replace(file, hides="") for file in layers if file.hides]
        hidden = self._lake.scan_files(masks, pl.Schema({self._column: pl.String()})).collect()
        kept = self._without(layers, names)
        return self._together([kept, rows]), pl.concat([hidden, names]).unique().sort(self._column)

    def _whole(
        self, below: Sequence[FileEntry], rows: pl.DataFrame | None, names: pl.DataFrame
    ) -> tuple[FileEntry, ...]:
        whole = self._together([self._without(below, names) if below else None, rows])
        return () if whole is None else (store_part(self._lake.objects, self._table, "", whole),)

    def _hiding(self, below: Sequence[FileEntry], names: pl.DataFrame) -> FileEntry:
        """Store what goes."""
        going = self._read(below).filter(pl.col(self._column).is_in(names[self._column].implode()))
        n_rows = going.select(pl.len()).collect().item()
        schema = pa.schema([pa.field(self._column, pa.string(), nullable=False)])
        file = store(self._lake.objects, self._table, f"{self._table}/_hidden", names, schema)
        return replace(file, rows=-n_rows, hides=self._column)
