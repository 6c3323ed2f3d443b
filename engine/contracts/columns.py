"""What a column and a table are, and short ways to declare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "integer", "date", "instant", "flag", "numbers", "texts"]
"""numbers: list of float64 (sparklines, weekdays); texts: list of strings. Instants are UTC microseconds."""


@dataclass(frozen=True)
class Column:
    """One column: its kind, unit, whether it may be null, and the values it may take."""

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    required: bool = False
    """No nulls allowed. Key columns are always required."""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: its grain, key, columns and how its files are split."""

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition: Literal["month"] | None = None
    """"month": one folder a calendar month of the `date` column (`month=YYYY-MM`)."""

    def column(self, name: str) -> Column:
        """Return one column; KeyError names the table."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


def text(name: str, doc: str, *, required: bool = False, allowed: tuple[str, ...] = ()) -> Column:
    """Declare a column of text."""
    return Column(name, "text", doc, required=required, allowed=allowed)


def number(
    name: str,
    doc: str,
    unit: str,
    *,
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Column:
    """Declare a column of float64."""
    return Column(name, "number", doc, unit=unit, required=required, minimum=minimum, maximum=maximum)


def integer(
    name: str, doc: str, unit: str = "", *, required: bool = False, minimum: float | None = None
) -> Column:
    """Declare a column of whole numbers."""
    return Column(name, "integer", doc, unit=unit, required=required, minimum=minimum)


def date(name: str, doc: str, *, required: bool = False) -> Column:
    """Declare a column of days."""
    return Column(name, "date", doc, required=required)


def instant(name: str, doc: str, *, required: bool = False) -> Column:
    """Declare a column of UTC instants."""
    return Column(name, "instant", doc, required=required)


def flag(name: str, doc: str, *, required: bool = False) -> Column:
    """Declare a column of yes or no."""
    return Column(name, "flag", doc, required=required)


def numbers(name: str, doc: str, unit: str = "") -> Column:
    """Declare a column of lists of float64."""
    return Column(name, "numbers", doc, unit=unit)


def texts(name: str, doc: str) -> Column:
    """Declare a column of lists of text."""
    return Column(name, "texts", doc)


SKU = text("sku", "Stock-keeping unit, as given ('007' stays '007')", required=True)
LOCATION = text("location", "Store or distribution centre", required=True)
SOURCE = text("source", "Supplier or location that replenishes", required=True)
RUN = text("run_id", "Plan run that wrote the row", required=True)
"""Key columns that many tables share."""
