"""A sale belongs to the day on which the shop's own clock stood, also on the days clocks change."""

import io
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.importers.dates import DateStyle, parse_dates
from data_lake.importers.zones import local_days

DUBLIN = ZoneInfo("Europe/Dublin")
CHANGES = [date(2024, 3, 31), date(2024, 10, 27)]
"""23 and 25 hours long in Europe."""


@pytest.mark.parametrize("day", CHANGES)
@pytest.mark.parametrize("hour", [0, 1, 2, 23])
@pytest.mark.parametrize("written", ["{:%Y-%m-%dT%H:%M:%S%z}", "{:%Y-%m-%d %H:%M}", "{:%d/%m/%Y %H:%M}"])
def test_a_local_time_is_dated_by_the_local_day(day, hour, written):
    at = datetime(day.year, day.month, day.day, hour, 30, tzinfo=DUBLIN)
    form = "dd/mm/yyyy" if written.startswith("{:%d") else "yyyy-mm-dd"
    assert parse_dates(pl.Series([written.format(at)]), DateStyle(form)).to_list() == [day]


@given(
    zone=st.sampled_from(["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    seconds=st.integers(0, 366 * 86_400),
)
@settings(deadline=None)
def test_instants_with_a_zone_are_dated_in_that_zone(zone, seconds):
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    values = pl.Series([at]).dt.convert_time_zone(zone)
    assert parse_dates(values, DateStyle()).to_list() == [at.astimezone(ZoneInfo(zone)).date()]


@pytest.mark.parametrize("day", CHANGES)
def test_a_parquet_file_of_instants_sells_on_local_days(bring, lake, day):
    times = [datetime(day.year, day.month, day.day, hour, 30, tzinfo=DUBLIN) for hour in (0, 23)]
    frame = pl.DataFrame({"date": times, "sku": ["a", "a"], "location": ["x", "x"], "quantity": [2.0, 3.0]})
    file = io.BytesIO()
    frame.with_columns(pl.col("date").dt.convert_time_zone("Europe/Dublin")).write_parquet(file)
    bring(file.getvalue(), "sales.parquet", kind="sales")
    sales = lake.read("sales")
    assert [stamp.date() for stamp in sales["date"]] == [day]
    assert sales["quantity"].tolist() == [5.0]


@pytest.mark.parametrize("day", CHANGES)
def test_a_csv_file_of_local_times_sells_on_local_days(bring, lake, day):
    times = [datetime(day.year, day.month, day.day, hour, 30, tzinfo=DUBLIN) for hour in (0, 23)]
    rows = "".join(f"{at.isoformat()},a,x,{units}\n" for at, units in zip(times, (2, 3), strict=True))
    bring(f"date,sku,location,quantity\n{rows}", "sales.csv", kind="sales")
    sales = lake.read("sales")
    assert [stamp.date() for stamp in sales["date"]] == [day]
    assert sales["quantity"].tolist() == [5.0]


def shops(lake) -> None:
    lake.replace(
        "locations",
        pl.DataFrame(
            {
                "location": ["dub", "nyc", "odd", "new"],
                "time_zone": ["Europe/Dublin", "America/New_York", "Mars/Olympus", None],
            }
        ),
    )


@pytest.mark.parametrize(
    ("instant", "location", "day"),
    [
        ("2024-07-10T23:30:00Z", "dub", date(2024, 7, 11)),
        ("2024-07-10T22:59:59.9Z", "dub", date(2024, 7, 10)),
        ("2024-01-10T23:30:00Z", "dub", date(2024, 1, 10)),
        ("2024-07-11 03:30:00+00:00", "nyc", date(2024, 7, 10)),
        ("2024-07-11T00:30:00+0200", "dub", date(2024, 7, 10)),
        ("2024-07-10T23:30:00-05:00", "nyc", date(2024, 7, 11)),
        ("2024-07-10 11:30 PM UTC", "dub", date(2024, 7, 11)),
        ("2024-07-10 12:30 AM UTC", "nyc", date(2024, 7, 9)),
        ("2024-07-10T23:30:00", "dub", date(2024, 7, 10)),
        ("2024-07-10T23:30:00Z", "odd", date(2024, 7, 10)),
        ("2024-07-10T23:30:00Z", "new", date(2024, 7, 10)),
        ("2024-07-10T23:30:00Z", "unknown", date(2024, 7, 10)),
    ],
)
def test_an_instant_with_an_offset_is_dated_where_it_was_sold(bring, lake, instant, location, day):
    shops(lake)
    bring(f"date,sku,location,quantity\n{instant},a,{location},1\n", "sales.csv", kind="sales")
    assert [stamp.date() for stamp in lake.read("sales")["date"]] == [day]


def test_typed_instants_are_dated_where_they_were_sold(bring, lake):
    shops(lake)
    times = [datetime(2024, 7, 10, 23, 30, tzinfo=UTC), datetime(2024, 7, 11, 3, 30, tzinfo=UTC)]
    frame = pl.DataFrame(
        {"date": times, "sku": ["a", "a"], "location": ["dub", "nyc"], "quantity": [2.0, 3.0]}
    )
    file = io.BytesIO()
    frame.write_parquet(file)
    bring(file.getvalue(), "sales.parquet", kind="sales")
    sales = lake.read("sales").set_index("location")["date"]
    assert sales["dub"].date() == date(2024, 7, 11)
    assert sales["nyc"].date() == date(2024, 7, 10)


@given(
    zone=st.sampled_from(["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    offset=st.integers(-12 * 60, 14 * 60),
    seconds=st.integers(0, 366 * 86_400),
)
@settings(deadline=None)
def test_local_days_are_those_of_the_standard_library(zone, offset, seconds):
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    written = at.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    values = pl.Series([written])
    days = local_days(values, parse_dates(values, DateStyle()), pl.Series(["x"]), {"x": zone})
    assert days.to_list() == [at.astimezone(ZoneInfo(zone)).date()]
