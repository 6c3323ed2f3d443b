"""A delimited text file, streamed: blank, ragged and swallowed rows are known by their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from data_lake.importers.faults import FaultList
from data_lake.importers.mapping import FileStyle
from data_lake.importers.table_file import ROW
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

_CSV_BLOCK = 8 << 20
_LINE_BREAKS = 50
"""A cell of so many lines is a quote that was not closed."""


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
