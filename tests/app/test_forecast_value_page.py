"""Forecast & value in every state: first plan, overrides not scored yet, a past to look back on."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import cache
from data_lake.lake import Lake
from data_lake.ledger import read_events
from jobs.demo import build_demo
from jobs.demo_planners import HOPEFUL, KNOWING
from jobs.override import override_forecast
from jobs.override_fold import active_overrides, all_overrides

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def demo_with_a_past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("past") / "lake"
    build_demo(str(folder), skus=16, stores=3, dcs=1, days=200)
    return folder


@pytest.fixture
def past(demo_with_a_past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A copy of a planned demo, which has two planners, and the dashboard pointed at it."""
    shutil.copytree(demo_with_a_past, tmp_path / "lake")
    monkeypatch.setenv("SHELFCAST_LAKE", str(tmp_path / "lake"))
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()
    return Lake(tmp_path / "lake")


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "forecast_value.py")).run()
    assert not test.exception, test.exception
    return test


def said(page: AppTest) -> str:
    return " ".join(text.value for text in [*page.info, *page.markdown, *page.caption])


def table(page: AppTest, column: str):
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_a_first_plan_shows_what_its_backtest_promises(planned_lake: Lake) -> None:
    page = open_page()
    assert page.title[0].value == "Forecast & value"
    cards = {card.label: card for card in page.metric}
    assert 0 < float(cards["Error (WAPE)"].value.rstrip("%")) < 60
    assert cards["Error (WAPE)"].delta.startswith("seasonal naive ")
    assert cards["Bias"].value[0] in "+−"
    assert cards["Planners' value added"].value == "–"
    assert "Nothing to look back on yet" in said(page)
    assert "No override yet" in said(page)
    assert "Nobody has changed a forecast yet" in said(page)
    assert table(page, "pinball_gain")["model"].tolist()[0]


def test_an_override_of_days_to_come_is_listed_and_not_scored(planned_lake: Lake) -> None:
    day = datetime(2026, 11, 24, tzinfo=UTC)
    override_forecast(
        planned_lake,
        category="Dairy",
        location="S01",
        factor=1.25,
        from_date=day.date(),
        to_date=day.date() + timedelta(days=6),
        author="ana",
        reason="school starts",
        at=day - timedelta(days=1),
    )
    cache.ledger.clear()
    page = open_page()
    (row,) = table(page, "verdict_label").to_dict("records")
    assert (row["verdict_label"], row["state_label"]) == (["Not yet scored"], ["Active"])
    assert (row["what"], row["change"], row["days_text"]) == (
        "Dairy · Store Lyon Centre",
        25.0,
        "24 – 30 Nov",
    )
    assert "not scored yet" in said(page)
    assert not [button for button in page.button if button.key == "retire_harmful"]


def test_a_past_says_whether_it_was_right_and_who_improved_it(past: Lake) -> None:
    page = open_page()
    cards = {card.label: card.value for card in page.metric}
    assert cards["Planners' value added"].endswith("points")
    assert not [value for value in cards.values() if value == "–"]
    assert "Looked back on: 1 – 21 Nov, from 1 earlier plan" in said(page)
    scored = table(page, "verdict_label")
    assert set(scored["author"]) == {HOPEFUL, KNOWING}
    assert scored.loc[scored["author"] == HOPEFUL, "gain"].sum() < 0
    assert scored.loc[scored["author"] == KNOWING, "gain"].sum() > 0


def test_what_made_it_worse_is_retired_with_one_click_and_can_be_made_again(past: Lake) -> None:
    before = active_overrides(past)
    page = open_page()
    scored = table(page, "verdict_label")
    bad = set(scored.loc[(scored["verdict"] == "worse") & (scored["state"] == "active"), "override"])
    assert bad
    page.button(key="retire_harmful").click().run()
    assert not page.exception
    assert set(before["override"]) - set(active_overrides(past)["override"]) == bad
    reasons = {e.reason for e in read_events(past) if e.event_type == "forecast.override_retired"}
    assert all(reason.startswith("Forecast value added so far -") for reason in reasons)
    assert not [button for button in page.button if button.key == "retire_harmful"]

    key = next(frame.key for frame in page.dataframe if "verdict_label" in frame.value)
    rows = table(page, "verdict_label")
    retired = rows.index[rows["state"] == "retired"].tolist()
    page.session_state[key] = {"selection": {"rows": retired}}
    page.run()
    assert page.button(key="remake_selected").label == f"Make {len(bad)} again"
    page.button(key="remake_selected").click().run()
    assert not page.exception
    again = active_overrides(past)
    assert sorted(again["factor"]) == sorted(before["factor"])
    assert (all_overrides(past, again["to_date"].min().date())["state"] == "retired").sum() == len(bad)


def test_selected_overrides_are_retired_for_their_score(past: Lake) -> None:
    page = open_page()
    rows = table(page, "verdict_label")
    active = rows.index[rows["state"] == "active"].tolist()[:1]
    ended = rows.index[rows["state"] == "ended"].tolist()[:1]
    key = next(frame.key for frame in page.dataframe if "verdict_label" in frame.value)
    page.session_state[key] = {"selection": {"rows": active + ended}}
    page.run()
    assert page.button(key="retire_selected").label == "Retire 1 selected"
    page.button(key="retire_selected").click().run()
    assert rows.loc[active[0], "override"] not in set(active_overrides(past)["override"])


def test_filters_and_segments_come_from_the_url(past: Lake) -> None:
    whole = table(open_page(), "chosen")
    category = "Drinks"
    page = open_page(categories=category, segment="category", value_by="level", locations="nowhere")
    assert page.multiselect(key="categories").value == [category]
    assert page.multiselect(key="locations").value == []
    assert page.selectbox(key="value_by").value == "level"
    assert set(table(page, "chosen")["segment"]) == {category}
    assert len(whole["segment"].unique()) > 1
    assert page.metric[0].value != open_page().metric[0].value


def test_the_plan_says_how_far_ahead_its_forecast_holds(planned_lake: Lake) -> None:
    ahead = table(open_page(), "horizon")
    smooth = ahead[ahead["pattern"] == "Smooth"]
    assert smooth["horizon"].iloc[0].startswith("1")
    assert smooth["coverage"].between(50, 100).all()
    assert (smooth["saved"] < 100).all()
    assert (smooth["series"] > 0).all()
