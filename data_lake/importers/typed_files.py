"""Excel and Parquet: files whose cells have types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from data_lake.importers.faults import FaultList
from data_lake.importers.mapping import FileStyle
from data_lake.importers.table_file import ROW
from data_lake.importers.text_dialect import UnreadableFileError, clean_headers, sniff_header

_PANDAS_INDEX = "__index_level_0__"


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
