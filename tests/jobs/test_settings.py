"""Settings: stated or defaulted, changed under rules, every change recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.ledger import read_events
from engine.contracts import NOTICE_SETTING_DEFAULTS, SETTING_DEFAULTS
from jobs.errors import JobError
from jobs.settings import change_settings, setting_fault, settings

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_every_default_is_accepted_by_its_rule() -> None:
    assert {name: setting_fault(name, value) for name, value in SETTING_DEFAULTS.items()} == dict.fromkeys(
        SETTING_DEFAULTS
    )


def test_an_empty_lake_takes_every_default_and_says_so(tmp_path: Path) -> None:
    known = settings(Lake(tmp_path))
    assert known == {**SETTING_DEFAULTS, **NOTICE_SETTING_DEFAULTS}
    assert known.defaulted == tuple(SETTING_DEFAULTS)
    assert known.number("default_lead_time_days") == 7


def test_what_the_lake_states_wins_and_is_not_defaulted(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("settings", pd.DataFrame({"name": ["currency", "erp"], "value": ["CHF", "SAP"]}))
    known = settings(lake)
    assert (known["currency"], known["erp"], known["period"]) == ("CHF", "SAP", "D")
    assert "currency" not in known.defaulted
    assert "period" in known.defaulted
    with pytest.raises(JobError, match="setting erp is 'SAP'; it must be a number"):
        known.number("erp")


def test_a_change_is_recorded_from_what_to_what(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    change_settings(lake, {"currency": "USD"}, author="ana", reason="new owner", at=AT)
    assert settings(lake)["currency"] == "USD"
    (event,) = read_events(lake)
    assert (event.author, event.reason, event.timestamp) == ("ana", "new owner", AT)
    assert event.data == {"name": "currency", "old_value": "EUR", "new_value": "USD"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("currency", "euro", "three capitals"),
        ("period", "weekly", "D \\(days\\), W \\(weeks\\) or M \\(months\\)"),
        ("country", "Germany", "two capitals"),
        ("default_service_target", "1", "from 0 to 0.9999"),
        ("default_service_target", "nan", "from 0 to 0.9999"),
        ("default_holding_cost_rate", "-0.1", "must be a number from 0"),
        ("default_lead_time_days", "soon", "must be a number"),
        ("dashboard_url", "plan.example.com", "such as https://plan.example.com, or empty"),
        ("dashboard_url", "https://ana:secret@plan.example.com", "where the dashboard is"),
        ("colour", "red", "is not known; known are company"),
    ],
)
def test_a_value_that_breaks_its_rule_changes_nothing(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    lake = Lake(tmp_path)
    with pytest.raises(JobError, match=said):
        change_settings(lake, {"company": "Acme", name: value}, author="ana", at=AT)
    assert lake.objects.list("") == []
