"""Check a frame against its table's contract and bring it into the stored form; all faults at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import polars as pl

from data_lake.errors import MAX_FAULTS, ContractError, Fault
from data_lake.schemas import POLARS_TYPES, contract, polars_schema, sort_order
from engine.contracts import Column, Kind

ROW = "__row"
"""Position of a row in the frame that was given; travels with it until the row is found good."""

KIND_WORDS: dict[Kind, str] = {
    "text": "text",
    "number": "a number",
    "integer": "a whole number",
    "date": "a date",
    "instant": "a date and time",
    "flag": "true or false",
    "numbers": "a list of numbers",
    "texts": "a list of texts",
}
"""Kinds of columns in a planner's words."""


class Faults:
    """Collects every fault of one table; keeps the first `MAX_FAULTS`, counts the rest.

    A value has one fault: what breaks its type is not reported as missing too.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        self.kept: list[Fault] = []
        self.total = 0
        self._broken: dict[str, set[int]] = {}

    def add(self, row: int | None, column: str | None, value: str | None, rule: str) -> None:
        """Add one fault."""
        if row is not None and column is not None:
            self._broken.setdefault(column, set()).add(row)
        self.total += 1
        if len(self.kept) < MAX_FAULTS:
            self.kept.append(Fault(self.table, row, column, value, rule))

    def add_rows(self, rows: pl.Series, values: pl.Series, bad: pl.Series, column: str, rule: str) -> None:
        """Add a fault for every row where `bad` holds and nothing was said of this value before."""
        if not bad.any():
            return
        known = self._broken.setdefault(column, set())
        found = pl.DataFrame({"row": rows.filter(bad), "value": values.filter(bad)})
        if known:
            found = found.filter(~pl.col("row").is_in(list(known)))
        known.update(found.get_column("row"))
        self.total += found.height
        for row, value in found.head(max(0, MAX_FAULTS - len(self.kept))).iter_rows():
            self.kept.append(Fault(self.table, row, column, "null" if value is None else _shown(value), rule))

    def raise_any(self) -> None:
        """Raise `ContractError` if there are faults, sorted by row."""
        if self.total:
            ordered = sorted(self.kept, key=lambda fault: -1 if fault.row is None else fault.row)
            raise ContractError(self.table, ordered, self.total)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str | int | float) else str(value)


def check_columns(table: str, schema: Mapping[str, pl.DataType], faults: Faults) -> list[str]:
    """Return the columns that can be stored; unknown, missing and wrongly typed ones are faults."""
    declared = contract(table)
    for name in schema:
        if name not in declared.names:
            faults.add(None, name, None, f"column is not known; columns are {', '.join(declared.names)}")
    usable = []
    for column in declared.columns:
        if column.name not in schema:
            if column.required or column.name in declared.key:
                faults.add(None, column.name, None, "column is missing")
        elif _fits(schema[column.name], column.kind):
            usable.append(column.name)
        else:
            given = f"not {str(schema[column.name]).lower()}"
            faults.add(None, column.name, None, f"must be {KIND_WORDS[column.kind]}, {given}")
    return usable


def conform(table: str, frame: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """Return the contract's columns in stored types, sorted by key and checked; faults are collected.

    Parameters
    ----------
    frame : pl.DataFrame
        Columns that passed `check_columns` (missing ones are filled with null) and `ROW`.

    Returns
    -------
    pl.DataFrame
        In `sort_order`, without `ROW`. Only to be used if no fault was added.
    """
    declared = contract(table)
    before = faults.total
    rows = frame.get_column(ROW)
    columns = []
    for column in declared.columns:
        if column.name in frame.columns:
            values = _typed(frame.get_column(column.name), column, rows, faults)
            _check_values(values, column, column.name in declared.key, rows, faults)
        else:  # missing or unusable: `check_columns` said so if it matters
            values = pl.repeat(None, frame.height, dtype=POLARS_TYPES[column.kind], eager=True)
        columns.append(values.alias(column.name))
    if faults.total > before:
        return pl.DataFrame(schema=polars_schema(table))
    return _sort_unique(table, pl.DataFrame([*columns, rows]), faults).drop(ROW)


def _typed(values: pl.Series, column: Column, rows: pl.Series, faults: Faults) -> pl.Series:
    """Cast without losing anything; what would be lost is a fault."""
    given = values.dtype
    rule = f"must be {KIND_WORDS[column.kind]}"
    if given.is_float() and not math.isfinite(values.sum()):  # a sum is only if every number is
        values = values.fill_nan(None)
        infinite = values.is_infinite().fill_null(False)
        if infinite.any():
            faults.add_rows(rows, values, infinite, column.name, "must be finite")
            values = values.set(infinite, None)
    if given.is_float() and column.kind == "integer":
        broken = (values != values.round()).fill_null(False)
        faults.add_rows(rows, values, broken, column.name, rule)
        values = values.set(broken, None)
    if column.kind == "date" and isinstance(given, pl.Datetime):
        values = values.dt.replace_time_zone(None) if given.time_zone else values
        days = values.cast(pl.Date)
        broken = values != days.cast(values.dtype)
        faults.add_rows(rows, values, broken, column.name, f"{rule} without a time of day")
        return days
    if column.kind == "instant" and isinstance(given, pl.Datetime) and given.time_zone is None:
        values = values.dt.replace_time_zone("UTC")  # instants are UTC throughout
    return values.cast(POLARS_TYPES[column.kind])


def _fits(given: pl.DataType, kind: Kind) -> bool:
    if isinstance(given, pl.Null):
        return True
    if kind == "text":
        return isinstance(given, pl.String | pl.Categorical | pl.Enum)
    if kind == "number":
        return given.is_numeric()
    if kind == "integer":
        return given.is_integer() or given.is_float()
    if kind == "date":
        return isinstance(given, pl.Date | pl.Datetime)
    if kind == "instant":
        return isinstance(given, pl.Datetime)
    if kind == "flag":
        return isinstance(given, pl.Boolean)
    inner = given.inner if isinstance(given, pl.List | pl.Array) else None
    if inner is None:
        return False
    return inner == pl.Null or (inner.is_numeric() if kind == "numbers" else inner == pl.String)


def _check_values(values: pl.Series, column: Column, is_key: bool, rows: pl.Series, faults: Faults) -> None:
    if (column.required or is_key) and values.null_count():
        faults.add_rows(rows, values, values.is_null(), column.name, "must not be empty")
    if column.minimum is not None:
        below = values < column.minimum
        faults.add_rows(rows, values, below, column.name, f"must be at least {column.minimum:g}")
    if column.maximum is not None:
        above = values > column.maximum
        faults.add_rows(rows, values, above, column.name, f"must be at most {column.maximum:g}")
    if column.allowed:
        other = ~values.is_in(list(column.allowed)) & values.is_not_null()
        faults.add_rows(rows, values, other, column.name, f"must be one of {', '.join(column.allowed)}")


def _sort_unique(table: str, frame: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    order = sort_order(table)
    if frame.height < 2 or frame.select(_ascends(order).all()).item():
        return frame
    frame = frame.sort([*order, ROW])
    repeated = frame.filter(_equals_previous(order)).sort(ROW)
    key = contract(table).key
    for row, *values in repeated.select(ROW, *key).iter_rows():
        faults.add(row, ", ".join(key), ", ".join(map(str, values)), "key appears twice")
    return frame


def _equals_previous(names: Iterable[str]) -> pl.Expr:
    return reduce(pl.Expr.__and__, (pl.col(name) == pl.col(name).shift() for name in names))


def _ascends(order: Sequence[str]) -> pl.Expr:
    """Each row's key is strictly above that of the row before (the usual case: no sort is needed)."""
    above = pl.lit(False)
    for name in reversed(order):
        column, previous = pl.col(name), pl.col(name).shift()
        above = (column > previous) | ((column == previous) & above)
    return above.slice(1)
