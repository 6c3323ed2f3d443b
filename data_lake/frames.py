"""Between pandas, which the other packages speak, and Polars, which the lake computes with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from data_lake.schemas import POLARS_TYPES, contract
from data_lake.validate import KIND_WORDS, Faults
from engine.contracts import Column, Kind

Frame = pd.DataFrame | pl.DataFrame | pl.LazyFrame
"""What the lake accepts. What it hands out is pandas."""

_PYTHON_TYPES: dict[Kind, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float | np.number) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float | np.number) and not isinstance(value, bool),
    "date": lambda value: isinstance(value, dt.date),
    "instant": lambda value: isinstance(value, dt.datetime),
    "flag": lambda value: isinstance(value, bool | np.bool_),
    "numbers": lambda value: _is_list(value, int | float | np.number),
    "texts": lambda value: _is_list(value, str),
}


def from_pandas(table: str, frame: pd.DataFrame, faults: Faults) -> pl.DataFrame:
    """Return the contract's columns as Polars columns; values of the wrong type become faults and nulls.

    Columns that the contract does not know are kept as empty columns, for `validate` to name.
    """
    declared = {column.name: column for column in contract(table).columns}
    columns: dict[str, pl.Series] = {}
    for position, name in enumerate(frame.columns):
        if str(name) in columns:
            faults.add(None, str(name), None, "column appears twice")
        elif str(name) in declared:
            columns[str(name)] = _column(frame.iloc[:, position], declared[str(name)], faults)
        else:
            columns[str(name)] = pl.repeat(None, len(frame), dtype=pl.Null, eager=True)
    if not columns:
        columns = {name: pl.repeat(None, len(frame), dtype=pl.Null, eager=True) for name in declared}
    return pl.DataFrame(columns)


def to_pandas(table: str, frame: pl.DataFrame) -> pd.DataFrame:
    """Return a pandas frame with one fixed dtype a kind.

    text `str`; number `float64`; integer `int64` (`Int64` where nulls are allowed); date `datetime64[us]`;
    instant `datetime64[us, UTC]`; flag `bool` (`boolean` where nulls are allowed); lists: objects, a float64
    array or a list of strings each, None for null.
    """
    declared = contract(table)
    nullable = {column.name for column in declared.columns if not column.required} - set(declared.key)
    columns: dict[str, Any] = {}
    for name in frame.columns:
        kind = declared.column(name).kind
        series = frame.get_column(name)
        if kind == "date":
            columns[name] = pd.Series(series.cast(pl.Datetime("us")).to_numpy(), dtype="datetime64[us]")
        elif kind == "integer" and name in nullable:
            columns[name] = _masked(series, pd.arrays.IntegerArray, 0)
        elif kind == "flag" and name in nullable:
            columns[name] = _masked(series, pd.arrays.BooleanArray, False)
        elif kind == "numbers":
            columns[name] = _objects(_arrays(series))
        elif kind == "texts":
            columns[name] = _objects(series.to_list())
        elif kind in ("text", "instant"):
            columns[name] = series.to_pandas()
        else:  # Polars' own memory is read-only, which pandas would notice at the first assignment
            columns[name] = series.to_numpy(writable=True)
    return pd.DataFrame(columns, copy=False)


def _arrays(series: pl.Series) -> list[Any]:
    """Return lists of numbers as arrays, None for null; each is a part of one array."""
    lengths = series.list.len()
    known = lengths.fill_null(0).to_numpy()
    values = np.array(series.rechunk().to_arrow().flatten(), dtype=np.float64)
    ends = np.cumsum(known)
    there = lengths.is_not_null().to_list()
    return [
        values[end - length : end] if is_known else None
        for end, length, is_known in zip(ends.tolist(), known.tolist(), there, strict=True)
    ]


def _masked(series: pl.Series, array: Any, filler: int | bool) -> Any:
    return array(series.fill_null(filler).to_numpy(writable=True), series.is_null().to_numpy(writable=True))


def _objects(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return array


def _column(values: pd.Series[Any], column: Column, faults: Faults) -> pl.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if values.dtype != object:
        return pl.from_pandas(values, nan_to_null=True).alias(column.name)
    right = _PYTHON_TYPES[column.kind]
    cells: list[Any] = []
    for row, value in enumerate(values):
        missing = (
            value is None
            or value is pd.NA
            or value is pd.NaT
            or (isinstance(value, float) and value != value)
        )
        if not missing and not right(value):
            faults.add(row, column.name, repr(value), f"must be {KIND_WORDS[column.kind]}")
            missing = True
        cells.append(None if missing else _plain(value))
    if column.kind in ("number", "integer"):
        return pl.Series(column.name, cells, dtype=pl.Float64, strict=False)
    if column.kind in ("date", "instant"):
        return _instants(column, cells)
    if column.kind == "numbers":
        return _number_lists(column, cells)
    return pl.Series(column.name, cells, dtype=POLARS_TYPES[column.kind])


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value
    if isinstance(value, list | tuple | np.ndarray):
        return [item.item() if isinstance(item, np.generic) else item for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _number_lists(column: Column, cells: list[Any]) -> pl.Series:
    """Lists as one array of numbers and where each list begins: plans write thousands of them."""
    lists = [None if cell is None else np.asarray(cell, dtype=np.float64) for cell in cells]
    known = [cell for cell in lists if cell is not None]
    ends = np.cumsum([0 if cell is None else len(cell) for cell in lists], dtype=np.int64)
    starts = pa.array(
        np.concatenate([[0], ends]).astype(np.int64), mask=np.array([*(c is None for c in lists), False])
    )
    numbers = pa.array(np.concatenate([*known, np.empty(0)]))
    found = pl.from_arrow(pa.LargeListArray.from_arrays(starts, numbers))
    assert isinstance(found, pl.Series)
    return found.cast(POLARS_TYPES["numbers"]).alias(column.name)


def _instants(column: Column, cells: list[Any]) -> pl.Series:
    """Dates and instants mixed in one object column, as UTC microseconds."""
    instants: list[dt.datetime | None] = []
    for cell in cells:
        if cell is None:
            instants.append(None)
        elif not isinstance(cell, dt.datetime):
            instants.append(dt.datetime(cell.year, cell.month, cell.day, tzinfo=dt.UTC))
        else:
            instants.append(cell.replace(tzinfo=dt.UTC) if cell.tzinfo is None else cell.astimezone(dt.UTC))
    return pl.Series(column.name, instants, dtype=pl.Datetime("us", "UTC"))


def _is_list(value: Any, item_type: Any) -> bool:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return item_type is not str
    return isinstance(value, list | tuple | np.ndarray) and all(
        isinstance(item, item_type) and not isinstance(item, bool) for item in value
    )
