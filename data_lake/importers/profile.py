"""What the values of a column look like: numbers, dates, codes; how marks and dates are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import polars as pl

from data_lake.importers.cells import read_text
from data_lake.importers.dates import SPELLED, DateStyle, form_shares, parse_dates
from data_lake.importers.numbers import Marks, is_empty, parse_numbers

_NUMBER_LIKE = re.compile(r"^[-+(]?[\s€$£¥]*[\d.,'’\s]*\d[\d.,'’\s]*[%€$£¥)\s-]*$")
_BARE = ("excel", "yyyymmdd")
"""Forms of dates that are bare numbers, which any quantity may look like."""
DAY_FIRST, MONTH_FIRST = "dd/mm/yyyy", "mm/dd/yyyy"


@dataclass(frozen=True)
class Profile:
    """One column of the sample."""

    header: str
    values: tuple[str, ...]
    """Non-empty values as text."""
    temporal: bool
    numeric: bool
    """Typed so by the file."""
    number_share: float
    forms: dict[str, float]
    """Share of values read by each form of dates."""
    distinct: int

    @property
    def date_share(self) -> float:
        """Best share over all forms but bare numbers."""
        if self.temporal:
            return 1.0
        return max((share for form, share in self.forms.items() if form not in _BARE), default=0.0)

    @property
    def counted_share(self) -> float:
        """Share that reads as a date of any form, bare numbers included."""
        return max(self.date_share, *self.forms.values(), 0.0)


def profile(header: str, values: pl.Series, marks: Marks) -> Profile:
    """Describe one column of a sample."""
    given = values.filter(~is_empty(values))
    text = read_text(given).drop_nulls()
    unique = text.unique(maintain_order=True).head(500)
    numbers = parse_numbers(text, marks)
    return Profile(
        header,
        tuple(text.to_list()),
        values.dtype.is_temporal(),
        values.dtype.is_numeric(),
        1 - numbers.null_count() / len(text) if len(text) else 0.0,
        {} if values.dtype.is_temporal() else form_shares(unique),
        text.n_unique(),
    )


def guess_marks(columns: Iterable[pl.Series], delimiter: str) -> tuple[Marks, str, bool]:
    """Return the number marks, why, and whether a person must confirm them."""
    seen: Counter[str] = Counter()
    for values in columns:
        if values.dtype == pl.String:
            seen.update(evidence for value in _number_texts(values) for evidence in _mark_evidence(value))
    comma, dot = seen["decimal comma"], seen["decimal point"]
    if comma > dot:
        return Marks(",", "."), f"{comma:,} values have a decimal comma", dot > 0
    if dot:
        return Marks(".", ","), f"{dot:,} values have a decimal point", comma > 0
    # A file cut at semicolons comes from where the comma is the decimal mark.
    european = delimiter == ";"
    if seen["comma or groups"]:
        marks, how = (Marks(","), "a decimal comma") if european else (Marks(".", ","), "thousands")
        return marks, f"values like 1,234 only: the comma is taken for {how}", True
    if seen["point or groups"]:
        marks, how = (Marks(",", "."), "thousands") if european else (Marks("."), "a decimal point")
        return marks, f"values like 1.234 only: the point is taken for {how}", True
    return Marks(",") if european else Marks("."), "no value shows a decimal mark", False


def _number_texts(values: pl.Series) -> list[str]:
    """Return the first values of a column of numbers; nothing of a column of codes or dates."""
    text = values.drop_nulls().str.strip_chars()
    text = text.filter(text != "").head(2000)
    found = [value for value in text.to_list() if _NUMBER_LIKE.match(value)]
    if not found or len(found) < 0.8 * len(text):
        return []
    dated = form_shares(text.unique().head(200))
    return [] if any(share > 0.8 for form, share in dated.items() if form not in _BARE) else found


def _mark_evidence(value: str) -> tuple[str, ...]:
    number = value.strip(" €$£¥%()+-").replace("'", "").replace("’", "").replace(" ", "")
    for decimal, group, name, other in ((",", r"\.", "comma", "point"), (r"\.", ",", "point", "comma")):
        # Groups say what the other mark is: 1.234.567 and 1.234,5 both have a decimal comma.
        if re.fullmatch(rf"\d{{1,3}}({group}\d{{3}})+{decimal}\d+|\d{{1,3}}({group}\d{{3}}){{2,}}", number):
            return (f"decimal {name}",)
        if re.fullmatch(rf"[1-9]\d{{0,2}}{group}\d{{3}}", number):
            return (f"{other} or groups",)
    if re.fullmatch(r"\d*,\d+", number):
        return ("decimal comma",)
    return ("decimal point",) if re.fullmatch(r"\d*\.\d+", number) else ()


def guess_form(values: Sequence[str]) -> tuple[str, str, bool]:
    """Return the form of dates, why, and whether a person must confirm it.

    Parameters
    ----------
    values : sequence of str
        Distinct values in file order.
    """
    shares = form_shares(pl.Series(values, dtype=pl.String))
    if not shares:
        return "yyyy-mm-dd", "no value reads as a date", True
    best = max(shares.values())
    forms = [form for form, share in shares.items() if share == best]
    if not {DAY_FIRST, MONTH_FIRST} <= set(forms):
        return forms[0], f"{best:.0%} of the values read as {SPELLED[forms[0]]}", best < 0.8
    if all(re.match(r"\d{1,2}\.\d{1,2}\.", value.strip()) for value in values):
        return DAY_FIRST, "dates with points put the day first", False
    day, month = (_steps(values, form) for form in (DAY_FIRST, MONTH_FIRST))
    ambiguous = "every date reads both as day first and as month first"
    if len(values) >= 3 and day != month:
        form = DAY_FIRST if day < month else MONTH_FIRST
        return form, f"{ambiguous}; {SPELLED[form].split(',')[0]} puts them in the better order", True
    return DAY_FIRST, f"{ambiguous}; day first is taken", True


def _steps(values: Sequence[str], form: str) -> tuple[int, int]:
    """How uneven a reading is: steps back in time, and the span in days. Less is likelier."""
    days: list[date] = parse_dates(pl.Series(values, dtype=pl.String), DateStyle(form)).drop_nulls().to_list()
    back = sum(1 for before, after in pairwise(days) if after < before)
    return back, (max(days) - min(days)).days
