"""A CSV, Excel or Parquet file as chunks of rows with the row numbers that a person sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import fastexcel
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from data_lake.importers.faults import FaultList
from data_lake.importers.mapping import FileStyle
from data_lake.importers.text_dialect import (
    UnreadableFileError,
    clean_headers,
    first_records,
    records,
    sample_text,
    sniff_delimiter,
    sniff_encoding,
    sniff_header,
)

ROW = "__row"
"""Row in the file: 1-based, header included (in Parquet as if a header were row 1)."""

_CSV_BLOCK = 8 << 20
_LINE_BREAKS = 50
_PANDAS_INDEX = "__index_level_0__"


class TableFile(Protocol):
    """A file that holds one table."""

    name: str
    style: FileStyle
    header: tuple[str, ...]
    is_text: bool
    """Numbers and dates are written as a person or program chose, not typed."""

    def chunks(self, columns: Sequence[str], faults: FaultList, *, rows: int) -> Iterator[pl.DataFrame]:
        """Yield about `rows` rows at a time: these columns and `ROW`. Cells are text; in Parquet, typed."""
        ...

    def done(self) -> float:
        """Share of the file that has been read."""
        ...


def open_table(path: Path, name: str, style: FileStyle | None = None) -> TableFile:
    """Open a file by what it holds, whatever its name ends in.

    Raises
    ------
    UnreadableFileError
        Empty, header only, or not CSV, Excel or Parquet.
    """
    style = style or FileStyle()
    with path.open("rb") as file:
        magic = file.read(8)
    if not magic:
        raise UnreadableFileError("is empty")
    if magic.startswith(b"PAR1"):
        return ParquetFile(path, name, style)
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return ExcelFile(path, name, style)
    if magic.startswith((b"\x1f\x8b", b"%PDF")):
        raise UnreadableFileError("is not a CSV, Excel or Parquet file (unpack a .gz first)")
    return CsvFile(path, name, style)


class CsvFile:
    """A delimited text file, streamed; every cell is text."""

    is_text = True

    def __init__(self, path: Path, name: str, style: FileStyle) -> None:
        self.path, self.name = path, name
        encoding = style.encoding or sniff_encoding(path)
        text, whole = sample_text(path, encoding)
        text = text.removeprefix("﻿")
        if not text.strip():
            raise UnreadableFileError("is empty")
        delimiter = style.delimiter or sniff_delimiter(text, whole=whole)
        rows = first_records(text, delimiter, whole=whole)
        header_row = style.header_row or sniff_header(rows)
        if header_row > len(rows):
            raise UnreadableFileError(f"has no row {header_row}, where the header should be")
        after = islice(records(text, delimiter), header_row, None)
        if whole and not any(cell.strip() for row in after for cell in row):
            raise UnreadableFileError("has a header and no rows")
        self.header = clean_headers(rows[header_row - 1])
        self.style = FileStyle(delimiter, encoding, header_row)
        self._size = path.stat().st_size
        self._read = 0

    def done(self) -> float:
        """Return the share of the file that has been read."""
        return self._read / self._size

    def chunks(self, columns: Sequence[str], faults: FaultList, *, rows: int) -> Iterator[pl.DataFrame]:
        """See `TableFile.chunks`."""
        ragged = _Ragged(self.header, self.style, faults)
        number = self.style.header_row + 1
        with self.path.open("rb") as file:
            try:
                for batch in self._batches(file, columns, ragged, rows):
                    numbers = ragged.numbers(number, batch.num_rows)
                    if len(numbers):
                        number = int(numbers[-1]) + 1
                    frame = pl.DataFrame(pl.from_arrow(batch)).with_columns(
                        pl.Series(ROW, numbers, dtype=pl.UInt32)
                    )
                    self._read = file.tell()
                    repaired = ragged.repaired(columns)
                    if repaired is not None:
                        frame = pl.concat([frame, repaired], how="vertical_relaxed")
                    # A block of a wide file may hold many chunks.
                    yield from frame.iter_slices(rows)
            except pa.ArrowInvalid as error:
                faults.add(
                    f"cannot be read on from here: a quote that is not closed, or a damaged row ({error})",
                    row=number,
                )
                return
        repaired = ragged.repaired(columns)
        if repaired is not None:
            yield repaired
        if self._line_breaks() - number >= _LINE_BREAKS:
            self._check_quotes(faults)

    def _line_breaks(self) -> int:
        with self.path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))

    def _check_quotes(self, faults: FaultList) -> None:
        """Look for a cell of very many lines: a quote that is never closed swallows rows in silence."""
        ragged = _Ragged(self.header, self.style, FaultList(self.name))
        number = self.style.header_row + 1
        with self.path.open("rb") as file:
            for batch in self._batches(file, self.header, ragged, 100_000):
                numbers = ragged.numbers(number, batch.num_rows)
                number = int(numbers[-1]) + 1
                for cells in pl.DataFrame(pl.from_arrow(batch)):
                    breaks = cells.str.count_matches("\n")
                    for position in (breaks >= _LINE_BREAKS).arg_true():
                        faults.add(
                            f"holds {breaks[position]:,} line breaks: a quote is opened here and not closed",
                            row=int(numbers[position]),
                            column=cells.name,
                        )

    def _batches(self, file: Any, columns: Sequence[str], ragged: _Ragged, rows: int) -> Iterator[pa.Table]:
        encoding = self.style.encoding
        reader = pc.open_csv(
            file,
            read_options=pc.ReadOptions(
                column_names=list(self.header),
                skip_rows_after_names=self.style.header_row,
                # Threads would lose the numbers of invalid rows.
                use_threads=False,
                block_size=_CSV_BLOCK,
                encoding="utf8" if encoding.startswith("utf-8") else encoding,
            ),
            parse_options=pc.ParseOptions(
                delimiter=self.style.delimiter,
                newlines_in_values=True,
                # A blank line is a row that the user sees: keep it to count right, drop it later.
                ignore_empty_lines=False,
                invalid_row_handler=ragged.take,
            ),
            convert_options=pc.ConvertOptions(
                column_types={header: pa.string() for header in self.header},
                strings_can_be_null=False,
                include_columns=list(columns),
            ),
        )
        held: list[pa.RecordBatch] = []
        count = 0
        for batch in reader:
            held.append(batch)
            count += batch.num_rows
            if count >= rows:
                yield pa.Table.from_batches(held)
                held, count = [], 0
        if count:
            yield pa.Table.from_batches(held)


@dataclass
class _Ragged:
    """Rows with more or fewer fields than the header: short ones are filled up, over-long ones are faults."""

    header: tuple[str, ...]
    style: FileStyle
    faults: FaultList
    skipped: list[int] = field(default_factory=list)
    waiting: list[tuple[int, list[str]]] = field(default_factory=list)

    def take(self, invalid: Any) -> str:
        """Handle one row that Arrow cannot place (called by its reader)."""
        self.skipped.append(invalid.number)
        fields = next(iter(records(invalid.text, self.style.delimiter)), [])
        width = len(self.header)
        if any(cell.strip() for cell in fields[width:]):
            self.faults.add(
                f"has {len(fields)} fields where the header has {width}: a value that holds the delimiter "
                f"{self.style.delimiter!r} must stand in quotes",
                row=invalid.number,
                value=invalid.text[:80],
            )
        else:
            self.waiting.append((invalid.number, (fields + [""] * width)[:width]))
        return "skip"

    def numbers(self, first: int, count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the row numbers of the next `count` rows, from `first` on, past those that were skipped."""
        last = first + count
        ahead = 0
        skipped = [row for row in self.skipped if row >= first]
        for row in sorted(skipped):
            if row < last + ahead:
                ahead += 1
        numbers = np.arange(first, last + ahead)
        return numbers[~np.isin(numbers, skipped)] if skipped else numbers

    def repaired(self, columns: Sequence[str]) -> pl.DataFrame | None:
        """Return the rows that could be filled up since the last call."""
        if not self.waiting:
            return None
        waiting, self.waiting = self.waiting, []
        where = {header: position for position, header in enumerate(self.header)}
        data = {column: [cells[where[column]] for _, cells in waiting] for column in columns}
        schema = dict.fromkeys(columns, pl.String())
        return pl.DataFrame(data, schema=schema).with_columns(
            pl.Series(ROW, [row for row, _ in waiting], dtype=pl.UInt32)
        )


class ExcelFile:
    """One sheet of a workbook; every cell is text: dates ISO, numbers with a decimal point."""

    is_text = False

    def __init__(self, path: Path, name: str, style: FileStyle) -> None:
        self.name = name
        try:
            book = fastexcel.read_excel(path)
        except fastexcel.FastExcelError as error:
            raise UnreadableFileError(f"is not an Excel file that can be read: {error}") from None
        if style.sheet and style.sheet not in book.sheet_names:
            raise UnreadableFileError(
                f"has no sheet {style.sheet!r}; sheets are {', '.join(book.sheet_names)}"
            )
        for sheet in [style.sheet] if style.sheet else book.sheet_names:
            # skip_rows=0: else leading blank rows are dropped and every row number is wrong.
            cells = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
            if cells.height:
                break
        else:
            raise UnreadableFileError("is empty")
        top = [[cell or "" for cell in row] for row in cells.head(200).iter_rows()]
        header_row = style.header_row or sniff_header(top)
        if header_row >= cells.height:
            raise UnreadableFileError("has a header and no rows")
        self.header = clean_headers([cell or "" for cell in cells.row(header_row - 1)])
        self.style = FileStyle(header_row=header_row, sheet=sheet)
        self._cells = cells.slice(header_row).rename(dict(zip(cells.columns, self.header, strict=True)))
        self._done = 0.0

    def done(self) -> float:
        """Return the share of the file that has been read."""
        return self._done

    def chunks(self, columns: Sequence[str], faults: FaultList, *, rows: int) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """See `TableFile.chunks`."""
        for start in range(0, self._cells.height, rows):
            frame = self._cells.slice(start, rows).select(columns)
            self._done = (start + frame.height) / self._cells.height
            yield _numbered(frame, self.style.header_row + 1 + start)


class ParquetFile:
    """A Parquet file, streamed; columns keep their types."""

    is_text = False

    def __init__(self, path: Path, name: str, style: FileStyle) -> None:  # noqa: ARG002
        self.name = name
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise UnreadableFileError(f"is not a Parquet file that can be read: {error}") from None
        self.header = tuple(
            column.name
            for column in self._file.schema_arrow
            if column.name != _PANDAS_INDEX and not pa.types.is_nested(column.type)
        )
        if not self._file.metadata.num_rows:
            raise UnreadableFileError("has a header and no rows")
        self.style = FileStyle()
        self._done = 0.0

    def done(self) -> float:
        """Return the share of the file that has been read."""
        return self._done

    def chunks(self, columns: Sequence[str], faults: FaultList, *, rows: int) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """See `TableFile.chunks`."""
        start = 0
        for batch in self._file.iter_batches(batch_size=rows, columns=list(columns)):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(columns)
            frame = frame.cast({pl.Categorical: pl.String, pl.Binary: pl.String, pl.Decimal: pl.Float64})
            yield _numbered(frame, 2 + start)
            start += frame.height
            self._done = start / self._file.metadata.num_rows


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.with_columns(
        pl.int_range(first, first + frame.height, dtype=pl.UInt32, eager=True).alias(ROW)
    )
