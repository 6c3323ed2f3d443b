"""Arrow and Polars schemas of every table, derived from `engine.contracts`.

Examples
--------
>>> arrow_schema("units").field("eaches").type
DataType(double)
"""

from __future__ import annotations

from functools import cache

import polars as pl
import pyarrow as pa

from data_lake.errors import LakeError
from engine.contracts import TABLES, Kind, Table

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "date": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "flag": pa.bool_(),
    "numbers": pa.list_(pa.float64()),
    "texts": pa.list_(pa.string()),
}

POLARS_TYPES: dict[Kind, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "date": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
    "flag": pl.Boolean(),
    "numbers": pl.List(pl.Float64()),
    "texts": pl.List(pl.String()),
}
"""Polars type of each kind of column."""


def contract(table: str) -> Table:
    """Return the contract of a table; `LakeError` names the tables there are."""
    try:
        return TABLES[table]
    except KeyError:
        raise LakeError(f"no table is called {table!r}; tables are {', '.join(TABLES)}") from None


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table, columns in contract order; doc and unit are field metadata."""
    declared = contract(table)
    return pa.schema(
        [
            pa.field(
                column.name,
                _ARROW[column.kind],
                nullable=not (column.required or column.name in declared.key),
                metadata={"doc": column.doc, "unit": column.unit},
            )
            for column in declared.columns
        ]
    )


@cache
def polars_schema(table: str) -> pl.Schema:
    """Return the Polars schema of a table, columns in contract order."""
    return pl.Schema({column.name: POLARS_TYPES[column.kind] for column in contract(table).columns})


def sort_order(table: str) -> tuple[str, ...]:
    """Return the order of rows in a file: the key with `date` last, so that one series lies together."""
    key = contract(table).key
    return (*(name for name in key if name != "date"), *(name for name in key if name == "date"))
