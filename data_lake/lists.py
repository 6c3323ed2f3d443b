"""Columns of lists as flat arrays: thousands of rows without an object for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_lake.errors import LakeError
from data_lake.lake import Lake
from data_lake.schemas import contract


@dataclass(frozen=True)
class Lists:
    """A column of lists of numbers: those of row i are `lengths[i]` values, one row after the other."""

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def row(self) -> NDArray[np.int64]:
        """Row of each value."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def take(self, rows: NDArray[np.int64]) -> Lists:
        """Return the lists of some rows, in that order."""
        lengths = self.lengths[rows]
        starts = (np.cumsum(self.lengths) - self.lengths)[rows]
        inside = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Lists(self.values[np.repeat(starts, lengths) + inside], lengths)

    def matrix(self, width: int | None = None) -> NDArray[np.float64]:
        """Return the lists as rows of a matrix, [n, width]; NaN behind the end of a list."""
        wide = int(self.lengths.max(initial=0)) if width is None else width
        if len(self.lengths) * wide == len(self.values):
            return self.values.reshape(len(self.lengths), wide)
        found = np.full((len(self.lengths), wide), np.nan)
        found[np.arange(wide) < self.lengths[:, None]] = self.values
        return found


def read_lists(lake: Lake, table: str, columns: Sequence[str], *, version: int) -> dict[str, Lists]:
    """Return columns of lists of numbers by name, rows in the order of `Lake.read`; null is an empty list.

    Raises
    ------
    LakeError
        A column that does not hold lists of numbers, or any error of `Lake.read`.
    """
    for name in columns:
        if contract(table).column(name).kind != "numbers":
            raise LakeError(f"column {name!r} of table {table!r} does not hold lists of numbers")
    chosen = lake.version(table, version)
    frame = lake.collect(lake.scan(table, version=version).select(columns), chosen)
    found = {}
    for name in columns:
        series = frame.get_column(name).rechunk()
        lengths = series.list.len().fill_null(0).to_numpy().astype(np.int64)
        flat = series.to_arrow().flatten()
        found[name] = Lists(np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float64), lengths)
    return found
