"""Which rows and columns of a table a read asks for, checked before storage is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from data_lake.errors import LakeError
from data_lake.files import FileEntry
from data_lake.schemas import contract, polars_schema
from data_lake.versions import Version


@dataclass(frozen=True)
class Selection:
    """Columns in the order asked for, and rows by value and date; see `Lake.read`."""

    table: str
    columns: Sequence[str] | None
    where: Mapping[str, Sequence[Any]]
    since: date | None
    until: date | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", None if self.since is None else _day(self.since))
        object.__setattr__(self, "until", None if self.until is None else _day(self.until))
        names = contract(self.table).names
        for name in [*(self.columns or ()), *self.where]:
            if name not in names:
                raise LakeError(
                    f"table {self.table!r} has no column {name!r}; columns are {', '.join(names)}"
                )
        if (self.since is not None or self.until is not None) and "date" not in names:
            raise LakeError(f"table {self.table!r} has no column 'date' to select a range of")

    def files(self, version: Version | None) -> list[FileEntry]:
        """Return files that can hold rows of the range; files of tables not split by month always can."""
        first = self.since.isoformat()[:7] if self.since else ""
        last = self.until.isoformat()[:7] if self.until else "9999-12"
        files = version.files if version else ()
        return [file for file in files if not file.partition or first <= file.partition <= last]

    def rows(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the selected rows and columns."""
        if self.since is not None:
            rows = rows.filter(pl.col("date") >= self.since)
        if self.until is not None:
            rows = rows.filter(pl.col("date") <= self.until)
        for name, values in self.where.items():
            rows = rows.filter(pl.col(name).is_in(self._wanted(name, values).implode()))
        return rows.select(list(self.columns if self.columns is not None else contract(self.table).names))

    def _wanted(self, name: str, values: Sequence[Any]) -> pl.Series:
        if isinstance(values, str):
            raise LakeError(f"where[{name!r}] is the text {values!r}: give a list of values")
        try:
            if contract(self.table).column(name).kind == "date":
                return pl.Series([_day(value) for value in values], dtype=pl.Date)
            return pl.Series(list(values), dtype=polars_schema(self.table)[name])
        except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
            raise LakeError(
                f"where[{name!r}] does not fit column {name!r} of table {self.table!r}: {error}"
            ) from error


def _day(value: Any) -> date:
    """From any form of a day that pandas knows; the time of day is dropped."""
    day: date = pd.Timestamp(value).date()
    return day
