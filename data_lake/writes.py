"""Incoming rows, checked and split by partition."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import polars as pl

from data_lake.errors import LakeError
from data_lake.frames import Frame, from_pandas
from data_lake.schemas import contract
from data_lake.validate import ROW, Faults, check_columns, conform

BATCH_ROWS = 1_000_000
"""Rows held at once while a large lazy frame is written (more only if one month has more)."""

_PARTITION = "__partition"


class Incoming:
    """A frame on its way into a table.

    A lazy frame is read once for the rows of each month and then in batches of whole months, so that
    millions of rows need the memory of one batch.
    """

    def __init__(self, table: str, frame: Frame) -> None:
        self.table = table
        faults = Faults(table)
        if isinstance(frame, pd.DataFrame):
            frame = from_pandas(table, frame, faults)
        if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
            raise LakeError(f"table {table!r}: expected a pandas or Polars frame, got {type(frame).__name__}")
        if isinstance(frame, pl.DataFrame):  # a column of nothing fits every kind, whatever its dtype says
            empty = [column.name for column in frame if column.null_count() == frame.height]
            frame = frame.with_columns(pl.lit(None, pl.Null).alias(name) for name in empty)
        schema = frame.collect_schema()
        usable = check_columns(table, schema, faults)
        self._faults = faults
        # without a usable date nothing will be stored, but the other columns' faults are still found
        self._split = contract(table).partition == "month" and "date" in usable
        rows = frame.lazy().select(usable).with_row_index(ROW)
        month = pl.col("date").cast(pl.Date).dt.strftime("%Y-%m").fill_null("") if self._split else pl.lit("")
        self._rows = rows.with_columns(month.alias(_PARTITION))
        self.batches = self._plan_batches(isinstance(frame, pl.LazyFrame))

    def _plan_batches(self, lazy: bool) -> list[tuple[str, ...]]:
        """Group whole partitions into batches of about `BATCH_ROWS` rows."""
        if not (self._split and lazy):
            return [()]
        counts = self._rows.group_by(_PARTITION).len().collect(engine="streaming").sort(_PARTITION)
        batches: list[tuple[str, ...]] = []
        room = 0
        for partition, rows in counts.iter_rows():
            if rows > room:
                batches.append(())
                room = BATCH_ROWS
            batches[-1] += (partition,)
            room -= rows
        return batches

    def load(self, batch: tuple[str, ...]) -> dict[str, pl.DataFrame]:
        """Return the checked rows of a batch by partition (an empty batch means all).

        Partitions with faults are left out; `raise_faults` tells.
        """
        rows = self._rows.filter(pl.col(_PARTITION).is_in(batch)) if batch else self._rows
        frame = rows.collect(engine="streaming" if batch else "auto")
        if self._split:
            split = frame.partition_by(_PARTITION, as_dict=True, include_key=False)
            parts = {str(key[0]): part for key, part in split.items()}
        else:
            parts = {"": frame.drop(_PARTITION)}
        del frame
        return {name: conform(self.table, parts.pop(name), self._faults) for name in sorted(parts)}

    def parts(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield every partition with its checked rows; stop at the end with all faults, if any."""
        for batch in self.batches:
            loaded = self.load(batch)
            for name in list(loaded):
                part = loaded.pop(name)
                if not self._faults.total and part.height:
                    yield name, part
        self.raise_faults()

    def raise_faults(self) -> None:
        """Raise `ContractError` with everything found so far."""
        self._faults.raise_any()
