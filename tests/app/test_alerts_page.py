"""The Alerts page and its view: empty, filtered, selected, acknowledged, snoozed, closed; Today's link."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import alerts_data, cache, data
from data_lake.lake import Lake
from data_lake.ledger import read_events
from engine.alerts.transitions import Key
from jobs.alert import alert
from jobs.alert_people import acknowledge, close, snooze
from jobs.alert_rules import change_rule
from jobs.views import alerts
from jobs.views.alerts import AlertsWanted

ROOT = Path(__file__).parents[2]
AT = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name in ("lake", "latest", "ledger", "settings", "is_behind", "run", "lines", "approved", "choices"):
        getattr(cache, name).clear()
    alerts_data._load.clear()


@pytest.fixture
def alerted(small_lake: Lake) -> Lake:
    """The small lake, its plan judged; on so few units even little money is told, and tomorrow's orders."""
    values = {"least_money": 1.0, "ahead_days": 2.0}
    change_rule(small_lake, values=values, author="ana", at=AT)
    alert(small_lake, at=AT)
    return small_lake


def open_page(page: str = "alerts", **query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    if page != "today":
        test.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not test.exception, test.exception
    return test


def select(page: AppTest, *rows: int) -> AppTest:
    frame = page.dataframe[0].value
    page.session_state[f"alerts-{data.fingerprint(frame, 'alert')}"] = {"selection": {"rows": list(rows)}}
    return page.run()


def test_a_lake_without_a_plan_says_what_comes_next(empty_lake: Lake) -> None:
    assert "No data yet" in open_page().info[0].value


def test_before_anybody_looked_there_is_none_and_one_can_look(small_lake: Lake) -> None:
    page = open_page()
    assert "No alert" in page.markdown[-1].value
    page.button(key="alerts_look").click().run()
    assert not page.exception
    assert len(page.dataframe[0].value) == len(small_lake.read("alerts")) > 0


def test_the_inbox_is_sorted_by_money_and_adds_up(alerted: Lake) -> None:
    page = open_page()
    frame = page.dataframe[0].value
    assert frame["severity"].is_monotonic_decreasing
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Need somebody"] == str(len(frame))
    shown = alerts.figures(alerts.load(alerted, AT))
    assert figures["Money at risk"] == f"€{shown.money:,.0f}"
    assert 0 < shown.money <= frame["severity"].sum() + 1e-9


def test_the_filters_are_in_the_address(alerted: Lake) -> None:
    frame = alerts.load(alerted, AT)
    kind = frame["alert_type"].iloc[-1]
    page = open_page(alert_types=kind)
    page.multiselect(key="alert_types").set_value([kind]).run()
    assert set(page.dataframe[0].value["alert_type"]) == {kind}
    page.multiselect(key="states").set_value([]).run()
    assert page.multiselect(key="locations").value == []


def open_dialog(name: str, *rows: int) -> AppTest:
    """Open a dialog on the alerts of some rows: AppTest keeps none open that a button has opened."""

    def script(name: str, rows: tuple[int, ...]) -> None:
        from app import alerts_data, alerts_page

        getattr(alerts_page, name)(alerts_data.keys_of(alerts_data.load(), rows))

    return AppTest.from_function(script, default_timeout=30, args=(name, rows)).run()


def test_an_alert_is_closed_with_a_reason(alerted: Lake) -> None:
    page = select(open_page(), 0)
    assert page.dataframe[0].value["cause"].iloc[0] in {text.value for text in page.markdown}
    assert page.button(key="alerts_close").label == "Close (1)"
    dialog = open_dialog("_close", 0)
    dialog.button(key="close_confirm").click().run()
    assert "Say why first" in dialog.error[0].value
    dialog.text_area(key="close_note").input("agreed with the supplier").run()
    dialog.button(key="close_confirm").click().run()
    event = read_events(alerted)[-1]
    assert (event.event_type, event.reason) == ("alert.closed", "agreed with the supplier")
    assert alerted.read("alerts")["state"].value_counts()["closed"] == 1
    shown = open_page(states="closed")
    assert len(shown.dataframe[0].value) == 1


def test_alerts_are_acknowledged_and_snoozed_together(alerted: Lake) -> None:
    open_dialog("_acknowledge", 0, 1).button(key="ack_confirm").click().run()
    assert alerted.read("alerts")["state"].value_counts()["in_progress"] == 2
    open_dialog("_snooze", 0).button(key="snooze_confirm").click().run()
    assert alerted.read("alerts")["state"].value_counts()[["in_progress", "snoozed"]].tolist() == [1, 1]
    assert alerted.read("alerts")["snoozed_until"].notna().sum() == 1
    dialog = open_dialog("_snooze", 1)
    dialog.segmented_control(key="snooze_kind").set_value("change").run()
    dialog.button(key="snooze_confirm").click().run()
    assert alerted.read("alerts")["state"].value_counts()["snoozed"] == 2


def test_today_links_to_them(alerted: Lake) -> None:
    number = alerts.figures(alerts.load(alerted, AT)).alerts
    labels = [link.proto.label for link in open_page("today").get("page_link")]
    assert f"{number} alerts" in labels


# The view


def test_a_snooze_ends_on_its_day_and_what_is_over_is_history(alerted: Lake) -> None:
    frame = alerts.load(alerted, AT)
    keys = alerts.keys_of(frame, range(3))
    acknowledge(alerted, keys[:1], author="ana", at=AT)
    snooze(alerted, keys[1:2], until=dt.date(2026, 11, 25), author="ana", at=AT)
    close(alerted, keys[2:], author="ana", reason="agreed", at=AT)
    now = alerts.load(alerted, AT)
    assert now["state"].value_counts().to_dict() == {
        "open": len(frame) - 3,
        "in_progress": 1,
        "snoozed": 1,
        "closed": 1,
    }
    assert len(alerts.narrow(now, AlertsWanted())) == len(frame) - 2
    later = alerts.load(alerted, AT + dt.timedelta(days=2))
    assert "snoozed" not in set(later["state"])
    ended = now.assign(state="resolved", changed_at=pd.Timestamp(AT) - pd.to_timedelta(range(len(now)), "D"))
    history = alerts.narrow(ended.iloc[::-1], AlertsWanted(states=("resolved",)))
    assert history["changed_at"].is_monotonic_decreasing


def test_the_figures_count_a_shortage_once() -> None:
    frame = pd.DataFrame(
        [
            ("stockout", "007", 100.0, "", "warning"),
            ("late_order", "007", 140.0, "", "warning"),
            ("expiry", "007", 30.0, "", "info"),
            ("stockout", "101", 50.0, "covered if approved by 23 Nov 2026", "critical"),
            ("data_stale", "", 500.0, "", "critical"),
        ],
        columns=["alert_type", "sku", "severity", "covered_by", "level"],
    ).assign(location="S01", state="open")
    found = alerts.figures(frame)
    assert (found.alerts, found.money, found.critical) == (5, 220.0, 2)
    assert (found.covered, found.covered_money, found.snoozed) == (1, 50.0, 0)


def test_links_lead_to_pages_that_are_there() -> None:
    from app.alerts_page import PAGES

    for path in PAGES.values():
        assert (ROOT / "app" / path).resolve().exists()
    assert alerts_data.address_of("item?sku=a+b&location=S%261") == (
        "item",
        {"sku": "a b", "location": "S&1"},
    )
    assert alerts_data.address_of("data_health") == ("data_health", {})


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_the_alerts_shown_can_be_downloaded(alerted: Lake, fmt: str) -> None:
    frame = alerts.load(alerted, AT)
    content = alerts.download(frame, fmt, "EUR", AT)  # type: ignore[arg-type]
    assert len(content) > 500
    if fmt == "csv":
        assert content.decode("utf-8-sig").startswith("alert_type,level,state,severity,")


def test_keys_of_rows_leave_out_what_is_over(alerted: Lake) -> None:
    frame = alerts.load(alerted, AT)
    gone = frame.assign(state=["resolved", *frame["state"][1:]])
    assert len(alerts.keys_of(gone, [0, 1, 99])) == 1
    assert isinstance(alerts.keys_of(gone, [1])[0], Key)
