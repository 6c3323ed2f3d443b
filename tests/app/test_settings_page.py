"""Settings: subscriptions, thresholds, plan settings, each changed in its dialog and recorded."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache, data, settings_data
from data_lake.lake import Lake
from data_lake.ledger import read_events
from engine.alerts.change import AlertChange
from engine.contracts import NOTICE_SETTING_DEFAULTS, SETTING_DEFAULTS
from jobs.alert_rules import read_rules
from jobs.notify import channels_of, notify
from jobs.notify_filter import Filter
from jobs.notify_schedule import Schedule
from jobs.settings import settings
from jobs.subscriptions import add_subscription, subscriptions
from jobs.views.settings import MEANINGS

ROOT = Path(__file__).parents[2]
AT = datetime.now(UTC) - timedelta(hours=2)


def refresh() -> None:
    """Forget what an earlier test's lake held: caches outlive a test, and reads are kept for seconds."""
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()
    settings_data._told.clear()
    settings_data._audit.clear()


def open_page() -> AppTest:
    refresh()
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60).run()
    test.switch_page(str(ROOT / "pages" / "settings.py")).run()
    assert not test.exception, test.exception
    return test


def dialog(name: str, argument: Any = None) -> AppTest:
    """Open a dialog alone: AppTest runs a whole page again, which would close it."""
    refresh()

    def script(name: str, argument: object) -> None:
        from app import settings_forms

        form = getattr(settings_forms, name)
        form() if argument is None else form(argument)

    return AppTest.from_function(script, default_timeout=30, args=(name, argument)).run()


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


@pytest.fixture
def told(small_lake: Lake) -> Lake:
    """Ana gets mail, to nowhere; the ERP a digest tomorrow."""
    wanted = Filter(("stockout",), 100.0, "warning", ("S01",), ("Dairy",))
    who = {"author": "bo", "reason": "set up", "at": AT}
    add_subscription(
        small_lake, channel="email", endpoint="ana@example.com", recipient="Ana", wanted=wanted, **who
    )
    add_subscription(
        small_lake, channel="webhook", endpoint="https://erp.example.com/hooks/1", recipient="ERP",
        secret="env:ERP_SECRET", schedule=Schedule("daily", "07:30", "22:00", "06:00", "Europe/Paris"), **who,
    )  # fmt: skip
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
    change = AlertChange(
        "c1", "opened", "stockout", "007", "S01", "SUP1", "Dairy", "Yoghurt", "Lyon", 820.0, 0.0, "critical",
        "Why.", "Act.", "", "item", "r1", AT,
    )  # fmt: skip
    notify(
        small_lake,
        [change],
        at=AT,
        channels=channels_of({"SHELFCAST_SMTP_URL": f"smtp://127.0.0.1:{nobody}"}),
    )
    return small_lake


def test_it_shows_who_is_told_and_who_is_not_reached(told: Lake) -> None:
    page = open_page()
    assert page.title[0].value == "Settings"
    shown = table(page, "recipient").set_index("recipient")
    assert shown.loc["Ana", "what"] == "Stockout · from €100 · warning and up · Store Lyon Centre · Dairy"
    assert shown.loc["ERP", "when"] == "Daily at 07:30, quiet 22:00–06:00 (Europe/Paris)"
    assert shown["state"].str[0].to_dict() == {"Ana": "Failing", "ERP": "Active"}
    assert shown["waiting"].to_dict() == {"Ana": 1, "ERP": 1}
    assert shown.loc["ERP", "endpoint"] == "https://erp.example.com/hooks/…"
    (warning,) = page.warning
    assert "a…@example.com" in warning.value
    assert "cannot be reached" in warning.value
    assert page.button(key="sub_change").disabled
    assert set(table(page, "author")["change"]) == {
        "Added: a…@example.com",
        "Added: https://erp.example.com/hooks/…",
    }


def test_a_lake_without_anything_has_settings_too(empty_lake: Lake) -> None:
    page = open_page()
    assert "Nobody is told of alerts yet" in " ".join(text.value for text in page.markdown)
    assert "Nothing was changed yet" in " ".join(text.value for text in page.markdown)
    assert page.button(key="sub_due").disabled
    assert set(table(page, "meaning")["stated"]) == {"Default"}
    assert (table(page, "segment")["segment"] == "Everywhere").all()


def test_every_setting_is_explained() -> None:
    assert set(MEANINGS) == {*SETTING_DEFAULTS, *NOTICE_SETTING_DEFAULTS}


def test_somebody_is_subscribed_in_the_dialog(small_lake: Lake) -> None:
    form = dialog("add_subscription")
    form.button(key="sub_add_confirm").click().run()
    assert "recipient is empty" in form.error[0].value
    form.text_input(key="sub_recipient").input("Ana")
    form.text_input(key="sub_endpoint").input("ana@example.com")
    form.multiselect(key="sub_types").select("stockout")
    form.multiselect(key="sub_locations").select("S02")
    form.number_input(key="sub_money").set_value(250.0)
    form.selectbox(key="sub_digest").select("daily").run()
    form.text_input(key="sub_at").input("07:30")
    form.text_input(key="sub_quiet_from").input("22:00")
    form.text_input(key="sub_quiet_to").input("06:30")
    form.selectbox(key="sub_zone").select("Europe/Paris").run()
    form.text_input(key="settings_reason").input("asked for it").run()
    form.button(key="sub_add_confirm").click().run()
    assert not form.exception
    (made,) = subscriptions(small_lake)
    assert made.wanted == Filter(("stockout",), 250.0, locations=("S02",))
    assert made.schedule == Schedule("daily", "07:30", "22:00", "06:30", "Europe/Paris")
    (event,) = read_events(small_lake)
    assert (event.author != "", event.reason) == (True, "asked for it")


def test_a_webhook_needs_its_secret(small_lake: Lake) -> None:
    form = dialog("add_subscription")
    form.selectbox(key="sub_channel").select("webhook").run()
    form.text_input(key="sub_recipient").input("ERP")
    form.text_input(key="sub_endpoint").input("https://erp.example.com/hooks/1")
    form.text_input(key="sub_secret").input("short").run()
    form.button(key="sub_add_confirm").click().run()
    assert "16 characters or more" in form.error[0].value
    form.text_input(key="sub_secret").input("env:ERP_SECRET").run()
    form.button(key="sub_add_confirm").click().run()
    assert subscriptions(small_lake)[0].secret == "env:ERP_SECRET"


def test_a_subscription_is_changed_and_keeps_its_address(told: Lake) -> None:
    ana = subscriptions(told)[0]
    form = dialog("change_subscription", ana)
    assert form.text_input(key="sub_endpoint").value == ""
    form.toggle(key="sub_active").set_value(False)
    form.number_input(key="sub_money").set_value(500.0).run()
    form.button(key="sub_change_confirm").click().run()
    assert not form.exception
    new = subscriptions(told)[0]
    assert (new.endpoint, new.active, new.wanted.least_money) == ("ana@example.com", False, 500.0)
    assert read_events(told)[-1].data["changes"] == {"active": [True, False], "least_money": [100.0, 500.0]}


def test_a_subscription_is_removed(told: Lake) -> None:
    form = dialog("remove_subscription", subscriptions(told)[0])
    form.text_input(key="settings_reason").input("left").run()
    form.button(key="sub_remove_confirm").click().run()
    assert [one.recipient for one in subscriptions(told)] == ["ERP"]


def test_a_trial_that_fails_says_what_to_set(told: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHELFCAST_SMTP_URL", raising=False)
    page = open_page()
    rows = table(page, "recipient").reset_index(drop=True)
    key = f"subscriptions-{data.fingerprint(rows, 'subscription')}"
    page.session_state[key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    page.button(key="sub_trial").click().run()
    assert "set SHELFCAST_SMTP_URL" in page.error[0].value


def test_what_is_due_is_tried_again(told: Lake) -> None:
    page = open_page()
    page.button(key="sub_due").click().run()
    assert not page.exception
    assert "no mail server is set" in page.warning[0].value


def test_a_setting_is_changed_or_refused(small_lake: Lake) -> None:
    form = dialog(
        "change_value", {"name": "currency", "label": "Currency", "value": "EUR", "meaning": "Code"}
    )
    form.text_input(key="setting_currency").input("euro").run()
    form.button(key="setting_confirm").click().run()
    assert "three capitals" in form.error[0].value
    form.text_input(key="setting_currency").input("CHF").run()
    form.button(key="setting_confirm").click().run()
    assert settings(small_lake)["currency"] == "CHF"
    page = open_page()
    assert table(page, "author")["change"][0] == "EUR → CHF"


def test_a_threshold_is_changed_where_it_says(small_lake: Lake) -> None:
    form = dialog("change_threshold")
    form.button(key="threshold_confirm").click().run()
    assert "no threshold is named" in form.error[0].value
    form.selectbox(key="threshold_type").select("excess")
    form.selectbox(key="threshold_location").select("S01")
    form.selectbox(key="threshold_fires").select("no")
    form.number_input(key="threshold_limit").set_value(30.0).run()
    form.button(key="threshold_confirm").click().run()
    assert not form.exception
    (rule,) = read_rules(small_lake).to_dict("records")
    assert (rule["alert_type"], rule["location"], rule["limit"], rule["enabled"]) == (
        "excess",
        "S01",
        30.0,
        False,
    )
    shown = table(open_page(), "segment")
    row = shown[shown["segment"] == "Location S01"].iloc[0]
    assert (row["label"], row["fires"], row["limit"]) == ("Excess cover", "no", 30.0)
