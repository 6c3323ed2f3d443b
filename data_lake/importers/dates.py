"""Dates in every form that exports use: ISO, day or month first, month names, ISO weeks, Excel numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

Step = Literal["D", "W", "M"]

FORMS: dict[str, tuple[str, ...]] = {
    "yyyy-mm-dd": ("%Y-%m-%d",),
    "dd/mm/yyyy": ("%d-%m-%Y", "%d-%m-%y"),
    "mm/dd/yyyy": ("%m-%d-%Y", "%m-%d-%y"),
    "yyyymmdd": ("%Y%m%d",),
    "dd-mmm-yyyy": ("%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%b-%d-%Y", "%B-%d-%Y"),
    "yyyy-mm": ("%Y-%m-%d",),
    "mm/yyyy": ("%d-%m-%Y",),
    "mmm-yy": ("%d-%b-%y", "%d-%b-%Y", "%d-%B-%Y"),
    "yyyy-Www": ("%G-%V-%u",),
    "excel": (),
}
"""Name of a form: what it is read with. `/ . -` and space are one; years have two or four digits."""

MONTHLY = ("yyyy-mm", "mm/yyyy", "mmm-yy")
WEEKLY = ("yyyy-Www",)
SPELLED = {
    "yyyy-mm-dd": "year-month-day, 2024-03-31",
    "dd/mm/yyyy": "day first, 31/03/2024",
    "mm/dd/yyyy": "month first, 03/31/2024",
    "yyyymmdd": "20240331",
    "dd-mmm-yyyy": "31-Mar-2024",
    "yyyy-mm": "month, 2024-03",
    "mm/yyyy": "month, 03/2024",
    "mmm-yy": "month, Mar-24",
    "yyyy-Www": "ISO week, 2024-W13",
    "excel": "Excel's day number, 45382",
}
_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST_YEAR = 1900
_TIME = r"[T ]\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$"
_MONTHS = {
    "jan": ("janv", "januar", "jän", "ene", "enero", "gen", "gennaio", "janeiro", "styczeń", "janvier"),
    "feb": ("févr", "fév", "februar", "febr", "febrero", "febbraio", "fev", "fevereiro", "février"),
    "mar": ("mär", "mrz", "märz", "mars", "marzo", "mrt", "maart", "março", "marec"),
    "apr": ("avr", "avril", "abr", "abril", "aprile"),
    "may": ("mai", "mayo", "mag", "maggio", "mei", "maj", "maio"),
    "jun": ("juin", "juni", "junio", "giu", "giugno", "junho"),
    "jul": ("juil", "juillet", "juli", "julio", "lug", "luglio", "julho"),
    "aug": ("août", "ago", "agosto"),
    "sep": ("sept", "septembre", "septiembre", "set", "settembre", "setembro"),
    "oct": ("okt", "oktober", "octobre", "octubre", "ott", "ottobre", "out", "outubro"),
    "nov": ("novembre", "noviembre", "novembro"),
    "dec": ("dez", "dezember", "déc", "décembre", "dic", "diciembre", "dicembre", "dezembro"),
}


@dataclass(frozen=True)
class DateStyle:
    """How the dates of a file are written.

    `form` is a name of `FORMS` or a strptime pattern with `%`. With an `origin` dates are counted: number 1
    is the origin, each next one a `step` (D, W, M) later.
    """

    form: str = "yyyy-mm-dd"
    origin: date | None = None
    step: Step = "D"


def parse_dates(values: pl.Series, style: DateStyle) -> pl.Series:
    """Return dates [n] (time of day dropped); null where empty or not written in this style.

    ISO dates are read whatever the style says: they cannot be misread.

    Examples
    --------
    >>> parse_dates(pl.Series(["01/02/2024 07:45", "2024-02-01"]), DateStyle("dd/mm/yyyy")).to_list()
    [datetime.date(2024, 2, 1), datetime.date(2024, 2, 1)]
    """
    if isinstance(values.dtype, pl.Datetime):
        # The day where the clock stood, not the day in Greenwich.
        return values.dt.replace_time_zone(None).cast(pl.Date)
    if values.dtype in (pl.Date, pl.Null):
        return values.cast(pl.Date)
    if style.origin is not None:
        return counted_dates(values.cast(pl.String).str.extract(r"(-?\d+)(?:\.0*)?$", 1), style)
    text = values.cast(pl.Int64).cast(pl.String) if values.dtype.is_numeric() else values.cast(pl.String)
    # The common case first, whole: an ISO date with or without a time behind it.
    if style.form == "yyyy-mm-dd":
        parsed = _in_range(text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False))
        tail = (text.str.len_bytes() > 10) & ~text.str.contains(r"^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:")
        parsed = parsed.set(tail.fill_null(False), None)
    else:
        parsed = pl.Series(values.name, [None], dtype=pl.Date).new_from_index(0, len(text))
    for form in dict.fromkeys((style.form, "yyyy-mm-dd")):
        left = parsed.is_null() & text.is_not_null()
        if not left.any():
            break
        where = left.arg_true()
        parsed = parsed.scatter(where, _parse_form(text.gather(where), form))
    return parsed


def counted_dates(numbers: pl.Series, style: DateStyle) -> pl.Series:
    """Return the dates of period numbers [n]; 1 is the origin."""
    if style.origin is None:
        raise ValueError("counted dates need an origin, the date of number 1")
    ahead = numbers.cast(pl.Int64, strict=False) - 1
    unit = {"D": "d", "W": "w", "M": "mo"}[style.step]
    frame = pl.DataFrame({"by": ahead.cast(pl.String) + unit, "origin": [style.origin] * len(ahead)})
    return frame.select(pl.col("origin").cast(pl.Date).dt.offset_by(pl.col("by"))).to_series()


def form_shares(values: pl.Series) -> dict[str, float]:
    """Return for each form the share of these texts that it reads; forms that read none are left out."""
    text = values.cast(pl.String).str.strip_chars().drop_nulls()
    text = text.filter(text != "")
    if not len(text):
        return {}
    shares = {form: 1 - _parse_form(text, form).null_count() / len(text) for form in FORMS}
    return {form: share for form, share in shares.items() if share > 0}


def period_start(dates: pl.Series, period: str) -> pl.Series:
    """Return the first day of each date's period: itself, the Monday of its week, the first of its month."""
    if period == "D":
        return dates
    return dates.dt.truncate("1w" if period == "W" else "1mo")


def detect_period(dates: list[date], form: str = "") -> str | None:
    """Return D, W or M by the spacing of distinct dates; None where there are too few to tell.

    Monthly: all on the first, or all on the last day of a month. Weekly: all on one weekday.
    """
    if form in MONTHLY:
        return "M"
    if form in WEEKLY:
        return "W"
    days = sorted(set(dates))
    if len(days) < 3 and len({day.weekday() for day in days}) < 2:
        return None
    if all(day.day == 1 for day in days) or all((day + timedelta(1)).day == 1 for day in days):
        return "M" if len(days) > 2 else None
    if len({day.weekday() for day in days}) == 1:
        return "W"
    return "D"


def _parse_form(text: pl.Series, form: str) -> pl.Series:
    text = text.str.strip_chars()
    timed = text.str.contains(":", literal=True).fill_null(False)
    if timed.any():
        text = text.str.replace(_TIME, "")
    if "%" in form:
        return _in_range(text.str.to_date(form, strict=False))
    if form == "excel":
        serial = text.cast(pl.Float64, strict=False)
        serial = serial.set((serial < 20_000) | (serial > 80_000) | ~serial.is_finite(), None)
        days = serial.floor().cast(pl.Int32)
        return (days + (_EXCEL_EPOCH - date(1970, 1, 1)).days).cast(pl.Date)
    if form != "yyyymmdd":
        text = text.str.replace_all(r"[/. \-,]+", "-")
    if "mmm" in form:
        text = _english_months(text)
    if form == "yyyy-mm":
        text = _rewritten(text, r"^(?P<year>\d{4})[Mm-](?P<part>\d{1,2})$")
    elif form in ("mm/yyyy", "mmm-yy"):
        text = "1-" + text
    elif form == "yyyy-Www":
        text = _rewritten(text, r"^(?P<year>\d{4})-?[Ww](?P<part>\d{1,2})$")
    parsed = pl.Series(text.name, [None], dtype=pl.Date).new_from_index(0, len(text))
    for pattern in FORMS[form]:
        parsed = pl.select(
            pl.coalesce(parsed, _in_range(text.str.to_date(pattern, strict=False)))
        ).to_series()
        if not parsed.has_nulls():
            break
    return parsed


def _rewritten(text: pl.Series, pattern: str) -> pl.Series:
    parts = text.str.extract_groups(pattern).struct.unnest()
    return parts["year"] + "-" + parts["part"] + "-1"


def _english_months(text: pl.Series) -> pl.Series:
    names = {name: month for month, others in _MONTHS.items() for name in others}
    parts = text.str.to_lowercase().str.extract_groups(r"^(?P<before>.*?)(?P<word>\p{L}{3,})(?P<after>.*)$")
    frame = parts.struct.unnest()
    word = frame["word"].replace(names)
    return pl.select(pl.coalesce(frame["before"] + word + frame["after"], text)).to_series()


def _in_range(dates: pl.Series) -> pl.Series:
    """A year of two digits read as four (year 24) is a misreading, not a date."""
    return dates.set((dates.dt.year() < _FIRST_YEAR).fill_null(False), None)
