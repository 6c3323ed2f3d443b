"""Public holidays of the lake's country join a calendar that names none."""

import datetime as dt

import pandas as pd
import pytest

from engine.contracts import TABLES
from jobs.country_holidays import with_country_holidays
from jobs.errors import JobError

EMPTY = pd.DataFrame(columns=list(TABLES["calendar"].names))
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


def test_public_holidays_of_the_country_are_added_everywhere() -> None:
    found = with_country_holidays(EMPTY, "PL", FIRST, LAST)
    # Ustawa o dniach wolnych od pracy: Constitution Day is 3 May, Independence Day 11 November.
    assert {pd.Timestamp("2026-05-03"), pd.Timestamp("2026-11-11")} <= set(found["date"])
    assert set(found["region"]) == {""}
    assert set(found["kind"]) == {"holiday"}
    assert list(found.columns) == list(TABLES["calendar"].names)


def test_days_outside_are_left_out() -> None:
    found = with_country_holidays(EMPTY, "PL", dt.date(2026, 5, 2), dt.date(2026, 5, 3))
    assert found["date"].tolist() == [pd.Timestamp("2026-05-03")]


def test_a_calendar_with_holidays_of_its_own_is_kept_as_it_is() -> None:
    own = with_country_holidays(EMPTY, "IE", FIRST, LAST)
    assert with_country_holidays(own, "PL", FIRST, LAST) is own


def test_no_country_adds_nothing() -> None:
    assert with_country_holidays(EMPTY, "", FIRST, LAST) is EMPTY


def test_events_of_the_lake_are_kept_beside_them() -> None:
    events = pd.DataFrame(
        [{"date": pd.Timestamp("2026-06-01"), "region": "", "event": "Fair", "kind": "event"}]
    )
    both = with_country_holidays(events.reindex(columns=EMPTY.columns), "PL", FIRST, LAST)
    assert both["kind"].value_counts().to_dict()["event"] == 1
    assert (both["kind"] == "holiday").sum() > 10


def test_an_unknown_country_names_the_setting() -> None:
    with pytest.raises(JobError, match="setting country is 'XX'"):
        with_country_holidays(EMPTY, "XX", FIRST, LAST)
