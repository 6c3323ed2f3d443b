"""Values that can be read and cannot be true: out of range, absurd, in the future."""

from __future__ import annotations

from datetime import date

import polars as pl

from data_lake.importers.faults import FaultList
from data_lake.importers.kinds import Target
from data_lake.importers.mapping import Mapping
from data_lake.importers.table_file import ROW

MOST_EACHES = 1e8
MOST_MONEY = 1e12
FIRST_YEAR = 1970
NO_END_YEAR = 2200
"""From this year on (9999-12-31 …) a date means that there is no end."""

_NOT_FUTURE = ("date", "ordered_at")


def check_values(frame: pl.DataFrame, mapping: Mapping, faults: FaultList, today: date) -> None:
    """Add a fault for every value of the mapped targets that cannot be true."""
    for target in mapping.spec.targets:
        if target.name not in frame.columns:
            continue
        values = frame[target.name]
        broken: list[tuple[str, pl.Series]] = []
        if target.reads in ("number", "integer"):
            broken = _numbers_out_of_range(target, values)
        elif target.reads == "date":
            broken = _dates_out_of_range(target, values, today, sales=mapping.spec.table == "sales")
        for rule, wrong in broken:
            add_where(faults, rule, mapping.columns.get(target.name, target.name), values, wrong, frame[ROW])


def add_where(
    faults: FaultList, rule: str, column: str, values: pl.Series, wrong: pl.Series, rows: pl.Series
) -> None:
    """Add a fault for every row [n] where `wrong` holds."""
    wrong = wrong.fill_null(False)
    if wrong.any():
        faults.add_rows(rule, rows.filter(wrong), values.filter(wrong), column=column)


def _numbers_out_of_range(target: Target, values: pl.Series) -> list[tuple[str, pl.Series]]:
    low, high = values.min(), values.max()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return []
    broken = []
    if target.minimum is not None and low < target.minimum:
        broken.append((f"must be at least {target.minimum:g}", values < target.minimum))
    if target.maximum is not None and high > target.maximum:
        broken.append((f"must be at most {target.maximum:g}", values > target.maximum))
    most = MOST_EACHES if target.per_unit == "times" else MOST_MONEY
    if max(abs(low), abs(high)) > most:
        rule = f"is absurd (above {most:,.0f}): check the decimal mark, and that the column is {target.name}"
        broken.append((rule, values.abs() > most))
    return broken


def _dates_out_of_range(
    target: Target, values: pl.Series, today: date, *, sales: bool
) -> list[tuple[str, pl.Series]]:
    first, last = values.min(), values.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return []
    broken = []
    if first.year < FIRST_YEAR:
        rule = f"is before {FIRST_YEAR}: check the form of the dates"
        broken.append((rule, values.dt.year() < FIRST_YEAR))
    # Sales may be dated by the end of their week or month: judged when the period is known.
    if target.name in _NOT_FUTURE and last > today and not sales:
        rule = f"is in the future (today is {today}): check the form of the dates"
        broken.append((rule, values > today))
    return broken


def open_ended(frame: pl.DataFrame, targets: tuple[Target, ...]) -> pl.DataFrame:
    """Return the frame with dates that mean "no end" (9999-12-31 …) as null, where null is allowed."""
    names = [t.name for t in targets if t.reads == "date" and not t.required and t.name in frame.columns]
    return frame.with_columns(
        pl.when(pl.col(name).dt.year() < NO_END_YEAR).then(name).alias(name) for name in names
    )
