"""When news goes out: digests, quiet hours over midnight, and the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.notify_schedule import AT_ONCE, Schedule, is_quiet, release_at, schedule_faults

PARIS = ZoneInfo("Europe/Paris")


def paris(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("schedule", "arrived", "due"),
    [
        (AT_ONCE, "2026-11-23T10:00", "2026-11-23T10:00"),
        (Schedule("hourly"), "2026-11-23T10:00", "2026-11-23T10:00"),
        (Schedule("hourly"), "2026-11-23T10:00:01", "2026-11-23T11:00"),
        (Schedule("daily", "07:30"), "2026-11-23T07:30", "2026-11-23T07:30"),
        (Schedule("daily", "07:30"), "2026-11-23T07:31", "2026-11-24T07:30"),
        (Schedule("immediately", "07:00", "22:00", "06:30"), "2026-11-23T21:59", "2026-11-23T21:59"),
        (Schedule("immediately", "07:00", "22:00", "06:30"), "2026-11-23T22:00", "2026-11-24T06:30"),
        (Schedule("immediately", "07:00", "22:00", "06:30"), "2026-11-24T06:29", "2026-11-24T06:30"),
        (Schedule("immediately", "07:00", "22:00", "06:30"), "2026-11-24T06:30", "2026-11-24T06:30"),
        (Schedule("immediately", "07:00", "12:00", "13:00"), "2026-11-23T12:30", "2026-11-23T13:00"),
        (Schedule("hourly", "07:00", "22:00", "06:30"), "2026-11-23T21:10", "2026-11-24T06:30"),
        (Schedule("daily", "03:00", "22:00", "06:30"), "2026-11-23T21:10", "2026-11-24T06:30"),
    ],
)
def test_news_is_due_when_its_schedule_says(schedule: Schedule, arrived: str, due: str) -> None:
    there = Schedule(
        schedule.digest, schedule.digest_at, schedule.quiet_from, schedule.quiet_to, "Europe/Paris"
    )
    assert release_at(paris(arrived), there) == paris(due)


def test_a_night_without_half_past_two_still_ends() -> None:
    """29 March 2026: 02:00 becomes 03:00 in Paris."""
    quiet = Schedule("immediately", "07:00", "22:00", "02:30", "Europe/Paris")
    due = release_at(paris("2026-03-28T23:00"), quiet)
    assert due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 by the new clock: 02:30 by the old
    daily = Schedule("daily", "02:30", time_zone="Europe/Paris")
    assert release_at(paris("2026-03-28T12:00"), daily) == due
    assert release_at(due + timedelta(seconds=1), daily) == paris("2026-03-30T02:30")


def test_a_night_with_two_half_past_twos_has_one_digest() -> None:
    """25 October 2026: 03:00 becomes 02:00 in Paris."""
    daily = Schedule("daily", "02:30", time_zone="Europe/Paris")
    first = release_at(paris("2026-10-24T12:00"), daily)
    assert first == paris("2026-10-25T02:30", fold=0)
    assert release_at(first + timedelta(minutes=1), daily) == paris("2026-10-26T02:30")
    quiet = Schedule("immediately", "07:00", "22:00", "07:00", "Europe/Paris")
    assert release_at(paris("2026-10-25T02:30", fold=1), quiet) == paris("2026-10-25T07:00")


def test_what_is_wrong_with_a_schedule_is_said_at_once() -> None:
    wrong = Schedule("weekly", "7:30", "22:00", "", "Paris")  # type: ignore[arg-type]
    assert len(schedule_faults(wrong)) == 4
    assert "would never end" in schedule_faults(Schedule(quiet_from="08:00", quiet_to="08:00"))[0]
    assert schedule_faults(Schedule(quiet_from="25:00", quiet_to="08:00")) == [
        "quiet hours have '25:00'; write HH:MM, such as 22:00"
    ]
    assert schedule_faults(AT_ONCE) == []


CLOCKS = st.builds(lambda hour, minute: f"{hour:02d}:{minute:02d}", st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
SCHEDULES = st.builds(
    lambda digest, at, quiet, zone: Schedule(
        digest, at, *(quiet if quiet[0] != quiet[1] else ("", "")), zone
    ),
    st.sampled_from(["immediately", "hourly", "daily"]),
    CLOCKS,
    st.tuples(CLOCKS, CLOCKS),
    ZONES,
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@given(SCHEDULES, INSTANTS)
def test_news_is_never_early_never_in_quiet_hours_never_two_days_late(
    schedule: Schedule, arrived: datetime
) -> None:
    due = release_at(arrived, schedule)
    assert due >= arrived
    assert due - arrived <= timedelta(hours=51)  # a day's digest, then a night, then a changed clock
    assert not is_quiet(due, schedule)
    if not is_quiet(arrived, schedule) and schedule.digest == "immediately":
        assert due == arrived


@given(SCHEDULES, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_what_comes_later_is_not_due_before(schedule: Schedule, arrived: datetime, after: timedelta) -> None:
    assert release_at(arrived, schedule) <= release_at(arrived + after, schedule)
