from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.importers.dates import DateStyle, counted_dates, detect_period, form_shares, parse_dates
from data_lake.importers.numbers import Marks, is_empty, parse_numbers
from data_lake.importers.profile import guess_form, guess_marks

EUROPE, ENGLISH = Marks(",", "."), Marks(".", ",")


@pytest.mark.parametrize(
    ("text", "marks", "value"),
    [
        ("1234.5", ENGLISH, 1234.5),
        ("1,234.5", ENGLISH, 1234.5),
        ("1,23.5", ENGLISH, None),  # a group of two digits
        ("1,5", ENGLISH, None),
        ("1.234,5", EUROPE, 1234.5),
        ("1.5", EUROPE, None),  # would be fifteen if marks were just dropped
        ("1,5", EUROPE, 1.5),
        ("1.234", Marks(","), None),  # no thousands mark was agreed
        ("1 234,50", EUROPE, 1234.5),
        ("1\u202f234,50", EUROPE, 1234.5),
        ("1'234.50", ENGLISH, 1234.5),
        (" 7 ", ENGLISH, 7.0),
        ("7-", ENGLISH, -7.0),
        ("−7", ENGLISH, -7.0),
        ("(7.5)", ENGLISH, -7.5),
        ("(7.5", ENGLISH, None),
        ("€ 3.20", ENGLISH, 3.2),
        ("3,20 €", EUROPE, 3.2),
        ("-$4", ENGLISH, -4.0),
        ("15%", ENGLISH, 0.15),
        ("1e3", ENGLISH, 1000.0),
        ("inf", ENGLISH, None),
        ("-Infinity", ENGLISH, None),
        ("NaN", ENGLISH, None),
        ("", ENGLISH, None),
        (".", ENGLISH, None),
        ("-", ENGLISH, None),
        ("12 pcs", ENGLISH, None),
    ],
)
def test_numbers_are_read_in_their_marks_or_not_at_all(text: str, marks: Marks, value: float | None) -> None:
    assert parse_numbers(pl.Series([text]), marks).to_list() == [value]


def test_typed_numbers_keep_their_value_but_not_infinity() -> None:
    assert parse_numbers(pl.Series([1, 2]), EUROPE).to_list() == [1.0, 2.0]
    assert parse_numbers(pl.Series([1.5, math.inf, math.nan]), EUROPE).to_list() == [1.5, None, None]
    assert parse_numbers(pl.Series([True, None]), EUROPE).to_list() == [1.0, None]
    assert parse_numbers(pl.Series([None, None]), EUROPE).to_list() == [None, None]


def test_what_exports_write_for_nothing_is_empty() -> None:
    words = pl.Series(["", " ", "N/A", "nan", "-", "null", "#N/A", "0", "x", "nothing", None])
    assert is_empty(words).to_list() == [True] * 7 + [False] * 3 + [True]
    assert is_empty(pl.Series([1.0, math.nan, None])).to_list() == [False, True, True]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), min_size=1, max_size=20),
    st.sampled_from([(".", ","), (",", "."), (",", ""), (".", ""), (",", "\u00a0")]),
    st.sampled_from(["{}", " {} ", "{} €"]),
)
def test_numbers_written_in_any_marks_read_back(numbers: list, marks: tuple[str, str], dress: str) -> None:
    decimal, thousands = marks
    swap = str.maketrans({",": thousands, ".": decimal})
    texts = [dress.format(f"{number:,.2f}".translate(swap)) for number in numbers]
    assert parse_numbers(pl.Series(texts), Marks(decimal, thousands)).to_list() == [float(n) for n in numbers]


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2024-03-31", "yyyy-mm-dd", date(2024, 3, 31)),
        ("2024/3/1", "yyyy-mm-dd", date(2024, 3, 1)),
        ("2024-03-31T23:59:59.5Z", "yyyy-mm-dd", date(2024, 3, 31)),
        ("2024-03-31 07:45", "yyyy-mm-dd", date(2024, 3, 31)),
        ("2024-03-31x", "yyyy-mm-dd", None),
        ("2024-02-30", "yyyy-mm-dd", None),
        ("31/03/2024", "dd/mm/yyyy", date(2024, 3, 31)),
        ("31.03.24", "dd/mm/yyyy", date(2024, 3, 31)),
        ("1.2.2024 07:45:00", "dd/mm/yyyy", date(2024, 2, 1)),
        ("03/31/2024 11:59 PM", "mm/dd/yyyy", date(2024, 3, 31)),
        ("31/03/2024", "mm/dd/yyyy", None),
        ("2024-03-31", "mm/dd/yyyy", date(2024, 3, 31)),  # ISO cannot be misread
        ("20240331", "yyyymmdd", date(2024, 3, 31)),
        ("31-Mar-2024", "dd-mmm-yyyy", date(2024, 3, 31)),
        ("31 März 2024", "dd-mmm-yyyy", date(2024, 3, 31)),
        ("Mar 31, 2024", "dd-mmm-yyyy", date(2024, 3, 31)),
        ("Jan-98", "mmm-yy", date(1998, 1, 1)),
        ("déc. 2024", "mmm-yy", date(2024, 12, 1)),
        ("2024-03", "yyyy-mm", date(2024, 3, 1)),
        ("2024M3", "yyyy-mm", date(2024, 3, 1)),
        ("03/2024", "mm/yyyy", date(2024, 3, 1)),
        ("2024-W13", "yyyy-Www", date(2024, 3, 25)),
        ("2024W01", "yyyy-Www", date(2024, 1, 1)),
        ("45382", "excel", date(2024, 3, 31)),
        ("45382.75", "excel", date(2024, 3, 31)),
        ("17", "excel", None),
        ("31|03|2024", "%d|%m|%Y", date(2024, 3, 31)),
        ("yesterday", "dd/mm/yyyy", None),
        ("", "dd/mm/yyyy", None),
    ],
)
def test_dates_are_read_in_their_form_or_not_at_all(text: str, form: str, day: date | None) -> None:
    assert parse_dates(pl.Series([text]), DateStyle(form)).to_list() == [day]


def test_typed_dates_keep_the_day_of_their_own_clock() -> None:
    evening = datetime(2024, 3, 31, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    local = pl.Series([evening]).dt.convert_time_zone("America/Chicago")
    assert parse_dates(local, DateStyle()).to_list() == [date(2024, 3, 31)]
    assert parse_dates(pl.Series([20240331]), DateStyle("yyyymmdd")).to_list() == [date(2024, 3, 31)]
    assert parse_dates(pl.Series([date(2024, 3, 31)]), DateStyle("dd/mm/yyyy")).to_list() == [
        date(2024, 3, 31)
    ]


def test_numbered_periods_are_counted_from_their_origin() -> None:
    weeks = DateStyle(origin=date(1989, 9, 14), step="W")
    assert parse_dates(pl.Series([1, 40, None]), weeks).to_list() == [
        date(1989, 9, 14),
        date(1990, 6, 14),
        None,
    ]
    months = DateStyle(origin=date(2024, 1, 1), step="M")
    assert parse_dates(pl.Series(["m14", "x"]), months).to_list() == [date(2025, 2, 1), None]
    with pytest.raises(ValueError, match="origin"):
        counted_dates(pl.Series([1]), DateStyle())


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.dates(date(1970, 1, 1), date(2060, 12, 31)), min_size=1, max_size=20),
    st.sampled_from(
        [
            ("yyyy-mm-dd", "%Y-%m-%d"),
            ("dd/mm/yyyy", "%d.%m.%Y"),
            ("mm/dd/yyyy", "%m/%d/%Y"),
            ("yyyymmdd", "%Y%m%d"),
            ("dd-mmm-yyyy", "%d %b %Y"),
        ]
    ),
    st.sampled_from(["", " 07:45", "T07:45:59Z"]),
)
def test_dates_written_in_any_form_read_back(days: list[date], form: tuple[str, str], time: str) -> None:
    name, pattern = form
    texts = pl.Series([day.strftime(pattern) + (time if name != "yyyymmdd" else "") for day in days])
    assert parse_dates(texts, DateStyle(name)).to_list() == days
    assert form_shares(texts)[name] == 1.0


@pytest.mark.parametrize(
    ("days", "form", "period"),
    [
        ([date(2024, 1, 1), date(2024, 1, 2)], "", "D"),
        ([date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 22)], "", "W"),
        ([date(2024, 1, 7), date(2024, 1, 14)], "", None),  # two Sundays may be two days
        ([date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)], "", "M"),
        ([date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)], "", "M"),
        ([date(2024, 1, 1)], "", None),
        ([date(2024, 1, 1)], "mmm-yy", "M"),
        ([date(2024, 1, 1)], "yyyy-Www", "W"),
    ],
)
def test_the_period_is_told_from_the_spacing_of_dates(
    days: list[date], form: str, period: str | None
) -> None:
    assert detect_period(days, form) == period


@pytest.mark.parametrize(
    ("values", "form", "asks"),
    [
        (["2024-01-02"], "yyyy-mm-dd", False),
        (["01/02/2024", "13/02/2024"], "dd/mm/yyyy", False),
        (["01/02/2024", "02/13/2024"], "mm/dd/yyyy", False),
        (["01.02.2024"], "dd/mm/yyyy", False),
        (["01/02/2024"], "dd/mm/yyyy", True),
        (["01/02/2024", "02/02/2024", "03/02/2024"], "dd/mm/yyyy", True),
        (["01/02/2024", "01/03/2024", "01/04/2024"], "mm/dd/yyyy", True),
        (["maybe"], "yyyy-mm-dd", True),
    ],
)
def test_an_ambiguous_date_is_a_guess_to_confirm(values: list[str], form: str, asks: bool) -> None:
    assert guess_form(values)[::2] == (form, asks)


@pytest.mark.parametrize(
    ("values", "delimiter", "marks", "asks"),
    [
        (["1,5", "2"], ";", EUROPE, False),
        (["1.234,5", "2"], ";", EUROPE, False),
        (["1,234.5"], ",", ENGLISH, False),
        (["1.5"], ",", ENGLISH, False),
        (["1.234.567"], ",", EUROPE, False),
        (["1,234,567"], ";", ENGLISH, False),
        (["1,234", "2"], ",", ENGLISH, True),
        (["1.234", "2"], ";", EUROPE, True),
        (["1.234", "2"], ",", Marks("."), True),
        (["1,234", "2"], ";", Marks(","), True),
        (["1", "2"], ",", Marks("."), False),
        (["1", "2"], ";", Marks(","), False),
        (["1.5", "2,5", "3,5"], ";", EUROPE, True),
        (["31.12.2024", "01.02.2024"], ",", Marks("."), False),
        (["abc"], ",", Marks("."), False),
    ],
)
def test_number_marks_are_told_from_the_values(
    values: list[str], delimiter: str, marks: Marks, asks: bool
) -> None:
    found, _reason, unsure = guess_marks([pl.Series(values), pl.Series([1.5])], delimiter)
    assert (found, unsure) == (marks, asks)
