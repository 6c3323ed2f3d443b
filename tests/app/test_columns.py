"""Numbers look the same everywhere: currency, thousands, units, changes."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from app import columns


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (1234.4, "EUR", "€1,234"),
        (-50.0, "GBP", "−£50"),
        (1234.5, "SEK", "SEK 1,234"),
        (math.nan, "EUR", "–"),
    ],
)
def test_money(value: float, currency: str, text: str) -> None:
    assert columns.money(value, currency) == text


@pytest.mark.parametrize(
    ("value", "previous", "unit", "text"),
    [
        (100.0, None, "money", None),
        (100.0, 100.4, "money", None),  # shows no difference, so says none
        (100.0, 150.0, "money", "-€50"),
        (12.0, 10.0, "count", "+2"),
        (0.985, 0.981, "share", "+0.4 points"),
    ],
)
def test_change(value: float, previous: float | None, unit: str, text: str | None) -> None:
    assert columns.change(value, previous, unit, "EUR") == text


def test_words() -> None:
    assert columns.count(1, "line") == "1 line"
    assert columns.count(1200, "line") == "1,200 lines"
    assert columns.days(4.44) == "4.4 days"
    assert columns.units(math.nan) == columns.UNKNOWN
    assert columns.by_unit(12.0, "units", "EUR") == "12 units"
    assert columns.day(dt.date(2026, 11, 3)) == "Tue 3 Nov 2026"
    assert columns.on_slider(99.99, 50.0, 99.9) == 99.9
