"""Overrides of the forecast: recorded with a reason, applied while they live, retired on request."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run
from engine.contracts import TABLES
from jobs.errors import JobError
from jobs.override import override_forecast, retire_override
from jobs.override_fold import active_overrides

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FAIR = {
    "sku": "007",
    "location": "S1",
    "from_date": date(2026, 11, 23),
    "to_date": date(2026, 11, 24),
    "author": "ana",
    "reason": "street fair",
    "at": AT,
}


@pytest.fixture
def lake(small_lake: Lake) -> Lake:
    return small_lake


@pytest.fixture
def run(small_run: Run) -> Run:
    return small_run


def test_a_factor_is_kept_with_what_it_changes(lake: Lake, run: Run) -> None:
    override = override_forecast(lake, factor=1.2, **FAIR)
    (row,) = active_overrides(lake).to_dict("records")
    assert row["override"] == override
    assert (row["level"], row["author"], row["reason"]) == ("item_location", "ana", "street fair")
    assert row["old_value"] == 2.5  # forecasts of 2 and 3 on these days
    assert row["new_value"] == pytest.approx(3.0)
    assert row["factor"] == 1.2
    assert row["created_at"] == pd.Timestamp(AT)
    assert pd.isna(row["expiry"])
    lake.replace("overrides", active_overrides(lake))  # it keeps its contract


def test_a_new_value_becomes_a_factor(lake: Lake, run: Run) -> None:
    override_forecast(lake, new_value=10, **FAIR)
    assert active_overrides(lake)["factor"].tolist() == [4.0]


@pytest.mark.parametrize(
    ("sku", "location", "level"), [("007", "", "item"), ("", "S1", "location"), ("", "", "all")]
)
def test_an_empty_name_means_all(lake: Lake, sku: str, location: str, level: str) -> None:
    override_forecast(lake, factor=0.9, **FAIR | {"sku": sku, "location": location})
    (row,) = active_overrides(lake).to_dict("records")
    assert (row["level"], row["sku"], row["location"]) == (level, sku, location)
    assert pd.isna(row["old_value"])


def test_all_faults_are_listed_and_nothing_is_recorded(lake: Lake) -> None:
    bad = FAIR | {
        "location": "",
        "to_date": date(2026, 11, 1),
        "expiry": date(2026, 10, 1),
        "author": "",
        "reason": " ",
        "at": AT.replace(tzinfo=None),
    }
    with pytest.raises(JobError) as refused:
        override_forecast(lake, new_value=-1, factor=1000, **bad)
    for said in (
        "give a factor, a new_value or a new_total: one of them",
        "new_value is -1; it must be a number of 0 or more",
        "factor 1000 is more than 100",
        "to_date 2026-11-01 is before from_date 2026-11-23",
        "expiry 2026-10-01 is before from_date",
        "author is empty",
        "reason is empty",
        "no time zone",
    ):
        assert said in str(refused.value)
    with pytest.raises(JobError, match="give a factor, a new_value or a new_total"):
        override_forecast(lake, **FAIR)
    assert active_overrides(lake).empty


def test_a_new_value_needs_a_forecast_to_compare_with(lake: Lake) -> None:
    with pytest.raises(JobError, match="plan first, choose days of the horizon, or give a factor"):
        override_forecast(lake, new_value=5, **FAIR)


def test_a_new_value_beyond_the_horizon_is_refused(lake: Lake, run: Run) -> None:
    later = FAIR | {"from_date": date(2027, 3, 1), "to_date": date(2027, 3, 2)}
    with pytest.raises(JobError, match="has no day for 007 at S1 from 2027-03-01"):
        override_forecast(lake, new_value=5, **later)
    override_forecast(lake, factor=2, **later)
    assert pd.isna(active_overrides(lake)["old_value"]).all()


@pytest.mark.parametrize(
    ("as_of", "expiry", "active"),
    [
        (date(2026, 11, 24), None, True),  # its last day
        (date(2026, 11, 25), None, False),
        (date(2026, 11, 22), date(2026, 11, 23), True),  # before it begins
        (date(2026, 11, 23), date(2026, 11, 23), True),
        (date(2026, 11, 24), date(2026, 11, 23), False),  # expired
        (None, date(2026, 11, 23), True),  # no day asked for: all that were not retired
    ],
)
def test_an_override_ends_with_its_days_or_its_expiry(lake: Lake, as_of, expiry, active: bool) -> None:
    override_forecast(lake, factor=2, expiry=expiry, **FAIR)
    assert len(active_overrides(lake, as_of)) == active


def test_retired_is_gone_and_says_so(lake: Lake) -> None:
    first = override_forecast(lake, factor=2, **FAIR)
    second = override_forecast(lake, factor=3, **FAIR | {"at": AT + timedelta(minutes=1)})
    assert active_overrides(lake)["factor"].tolist() == [2, 3]
    retire_override(lake, first, author="ben", reason="fair cancelled", at=AT + timedelta(hours=1))
    assert active_overrides(lake)["override"].tolist() == [second]
    with pytest.raises(JobError, match="retired already or never made"):
        retire_override(lake, first, author="ben", reason="again", at=AT)
    with pytest.raises(JobError, match="author or reason is empty"):
        retire_override(lake, second, author="ben", reason="", at=AT)


def test_without_an_override_the_frame_has_its_columns(lake: Lake) -> None:
    frame = active_overrides(lake, date(2026, 11, 22))
    assert tuple(frame.columns) == TABLES["overrides"].names
    assert frame.dtypes["from_date"] == "datetime64[us]"
    assert frame.dtypes["factor"] == "float64"
