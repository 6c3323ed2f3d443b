"""Labels, units and formats of numbers and columns: one place, so that a number looks the same everywhere."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "PLN": "PLN "}
"""Currency symbols that stand before the number; any other code is written before it with a space."""

UNKNOWN = "–"

EXCEPTION_COLORS = {
    "Stockout risk": "red",
    "Late supply": "orange",
    "Expiry risk": "violet",
    "Overstock": "blue",
    "Held: bad data": "gray",
}

ColumnConfig = dict[str, Any]


def symbol(currency: str) -> str:
    """Return what is written before an amount."""
    return SYMBOLS.get(currency, f"{currency} ")


def money(value: float, currency: str, *, digits: int = 0) -> str:
    """Write an amount with currency and thousands."""
    if value is None or math.isnan(value):
        return UNKNOWN
    sign = "−" if value < 0 else ""
    return f"{sign}{symbol(currency)}{abs(value):,.{digits}f}"


def units(value: float) -> str:
    """Write a quantity in base units."""
    return UNKNOWN if value is None or math.isnan(value) else f"{value:,.0f} units"


def named(names: Mapping[str, str], code: str | None) -> str:
    """Write a code after its name; a code without a name stands alone."""
    name = names.get(code or "", code)
    return str(code) if name == code else f"{name} · {code}"


def count(number: int, thing: str) -> str:
    """Write a number of things: 1 line, 2 lines."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def days(value: float) -> str:
    """Write a number of days of cover."""
    return UNKNOWN if value is None or math.isnan(value) else f"{value:,.1f} days"


def by_unit(value: float, unit: str, currency: str) -> str:
    """Write an amount of money or of units."""
    return money(value, currency) if unit == "money" else units(value)


def share(value: float, *, digits: int = 1) -> str:
    """Write a share as per cent."""
    return UNKNOWN if value is None or math.isnan(value) else f"{value:.{digits}%}"


def signed_share(value: float) -> str:
    """Write a share that may be below 0 as per cent with its sign."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return "0.0%" if round(value, 3) == 0 else f"{value:+.1%}".replace("-", "−")


def points(value: float) -> str:
    """Write a difference of shares in percentage points."""
    return f"{value * 100:+.2f} points".replace("-", "−")


def day(value: dt.date) -> str:
    """Write a day with its weekday, which is what orders go by."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def short_day(value: dt.date) -> str:
    """Write a day of the current season."""
    return f"{value.day} {value:%b}"


def on_slider(value: float, low: float, high: float) -> float:
    """Return the place of a value on a slider with one decimal."""
    return round(min(max(value, low), high), 1)


def headline(value: float, unit: str, currency: str) -> str:
    """Write the figure of a card by its unit: money, count or share."""
    if unit == "money":
        return money(value, currency)
    return share(value) if unit == "share" else f"{value:,.0f}"


def change(value: float, previous: float | None, unit: str, currency: str) -> str | None:
    """Write how much a figure changed; None where it shows no change, or nothing to compare with."""
    if previous is None or math.isnan(previous):
        return None
    gap = value - previous
    if headline(value, unit, currency) == headline(previous, unit, currency):
        return None
    sign = "-" if gap < 0 else "+"
    if unit == "share":
        return f"{sign}{abs(gap) * 100:.1f} points"
    if unit == "money":
        return f"{sign}{symbol(currency)}{abs(gap):,.0f}"
    return f"{sign}{abs(gap):,.0f}"


def amount(label: str, currency: str, *, width: int | None = None, digits: int = 0, **more: Any) -> Any:
    """Configure a column of money."""
    return st.column_config.NumberColumn(label, format=f"{symbol(currency)}%,.{digits}f", width=width, **more)


def quantity(label: str, *, width: int | None = None, **more: Any) -> Any:
    """Configure a column of base units."""
    return st.column_config.NumberColumn(label, format="%,.0f", width=width, **more)


def text(label: str, *, width: int | None = None, **more: Any) -> Any:
    """Configure a column of text."""
    return st.column_config.TextColumn(label, width=width, **more)


def date(label: str, *, width: int | None = None) -> Any:
    """Configure a column of days."""
    return st.column_config.DateColumn(label, format="ddd D MMM", width=width)


def per_cent(label: str, *, width: int | None = None) -> Any:
    """Configure a column of shares, written as per cent."""
    return st.column_config.NumberColumn(label, format="percent", width=width)


def whole_per_cent(label: str, *, width: int | None = None, **more: Any) -> Any:
    """Configure a column of percentages (not shares), written without decimals."""
    return st.column_config.NumberColumn(label, format="%,.0f %%", width=width, **more)


def tag(label: str, colors: Mapping[str, str], *, width: int | None = None) -> Any:
    """Configure a column of coloured labels; the frame holds a list of one label in each cell."""
    return st.column_config.MultiselectColumn(
        label, options=list(colors), color=list(colors.values()), width=width
    )
