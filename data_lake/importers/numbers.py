"""Numbers as people write them: decimal commas, thousands marks, currency signs, trailing minus."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

EMPTY = ("", "-", "–", "na", "n/a", "nan", "null", "none", "#n/a", "<na>", "nat")
"""What exports write where there is no value (casefolded)."""

_SIGNS = "€$£¥₹"


@dataclass(frozen=True)
class Marks:
    """Decimal mark and thousands mark ('' : none). Spaces and apostrophes always may group thousands."""

    decimal: str = "."
    thousands: str = ""


def parse_numbers(values: pl.Series, marks: Marks) -> pl.Series:
    """Return float64 [n]; null where empty, not finite or not a number in these marks.

    Reads `1.234,50 €`, `(12.5)`, `12.5-` (as some ERP systems write minus) and `15%` (0.15). Thousands marks
    must stand in groups of three: with a decimal comma `1.5` is not a number, rather than fifteen.

    Examples
    --------
    >>> parse_numbers(pl.Series(["1.234,5", "7-", "1.5", "x"]), Marks(",", ".")).to_list()
    [1234.5, -7.0, None, None]
    """
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return _finite(values.cast(pl.Float64))
    if values.dtype == pl.Null:
        return values.cast(pl.Float64)
    text = values.cast(pl.String).str.strip_chars()
    parsed = _finite(_plain(text, marks))
    left = parsed.is_null() & text.is_not_null() & (text != "")
    if not left.any():
        return parsed
    where = left.arg_true()
    return parsed.scatter(where, _dressed(text.gather(where), marks))


def is_empty(values: pl.Series) -> pl.Series:
    """Return which values [n] stand for nothing: null, blank, NaN, `n/a`, `-` …"""
    if values.dtype.is_float():
        return values.is_null() | values.is_nan().fill_null(False)
    if values.dtype != pl.String:
        return values.is_null()
    blank = values.is_null() | (values == "").fill_null(False)
    # Lower-casing millions of values for the few that are short words would double the time of a load.
    short = (values.str.len_bytes() <= 5).fill_null(False) & ~blank
    where = short.arg_true()
    if len(where):
        words = values.gather(where).str.strip_chars().str.to_lowercase().is_in(EMPTY)
        blank = blank.scatter(where, words)
    return blank


def _finite(values: pl.Series) -> pl.Series:
    return values.set(~values.is_finite().fill_null(True), None)


def _plain(text: pl.Series, marks: Marks) -> pl.Series:
    if marks.decimal == ".":
        return text.cast(pl.Float64, strict=False)
    dotted = text.str.contains(".", literal=True)
    swapped = text.str.replace(marks.decimal, ".", literal=True)
    return swapped.set(dotted, None).cast(pl.Float64, strict=False)


def _dressed(text: pl.Series, marks: Marks) -> pl.Series:
    group = r"\s'’" + re.escape(marks.thousands)
    pattern = (
        rf"^(?P<open>\()?(?P<minus>[-−+])?\s*[{_SIGNS}]?\s*(?P<sign>[-−])?"
        rf"(?P<whole>\d{{1,3}}(?:[{group}]\d{{3}})+|\d*)(?:{re.escape(marks.decimal)}(?P<part>\d+))?"
        rf"\s*[{_SIGNS}]?(?P<percent>%)?(?P<after>[-−])?(?P<close>\))?$"
    )
    found = text.str.extract_groups(pattern).struct.unnest()
    whole = found["whole"].str.replace_all(r"\D", "")
    digits = whole.fill_null("") + "." + found["part"].fill_null("")
    value = digits.cast(pl.Float64, strict=False)
    minus = found["minus"].is_in(["-", "−"]).fill_null(False)
    negative = (
        minus | found["sign"].is_not_null() | found["after"].is_not_null() | found["open"].is_not_null()
    )
    balanced = found["open"].is_not_null() == found["close"].is_not_null()
    value = (value * pl.select(pl.when(negative).then(-1.0).otherwise(1.0)).to_series()).set(~balanced, None)
    hundredth = found["percent"].is_not_null()
    return pl.select(pl.when(hundredth).then(value / 100).otherwise(value)).to_series()
