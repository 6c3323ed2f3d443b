"""What every readable file offers: a header, and chunks of rows with the row numbers that a person sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl

from data_lake.importers.faults import FaultList
from data_lake.importers.mapping import FileStyle

ROW = "__row"
"""Row in the file: 1-based, header included (in Parquet as if a header were row 1)."""


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
