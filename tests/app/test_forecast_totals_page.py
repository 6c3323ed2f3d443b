"""The section "Forecast in total" in its states; its form changes a total, or says why it cannot."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import acts, cache
from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.override_fold import active_overrides
from jobs.override_level import level_forecast
from jobs.override_scope import Scope

ROOT = Path(__file__).parents[2]


def open_page() -> AppTest:
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    test.run()
    test.switch_page(str(ROOT / "pages" / "forecast_value.py")).run()
    assert not test.exception, test.exception
    return test


def said(page: AppTest) -> str:
    return " ".join(text.value for text in [*page.info, *page.markdown, *page.caption])


def widget(page: AppTest, kind: str, name: str):
    (found,) = [one for one in getattr(page, kind) if str(one.key).startswith(f"total_{name}-")]
    return found


def totals(page: AppTest):
    return next(frame.value for frame in page.dataframe if "share" in frame.value)


def test_a_plan_without_totals_says_so_and_offers_no_change(small_lake: Lake) -> None:
    page = open_page()
    assert "Not known of this plan" in said(page)
    assert not [one for one in page.button if str(one.key).startswith("total_")]


def test_totals_of_every_level_reconcile(planned_lake: Lake) -> None:
    page = open_page()
    sums = []
    for level in ("category", "location", "region", "all"):
        page.selectbox(key="totals_by").select(level).run()
        assert not page.exception
        table = totals(page)
        assert table["share"].sum() == pytest.approx(100)
        sums.append(table["total"].sum())
        assert f"range is that of {table['group'].iloc[0]}" in said(page)
    assert sums == pytest.approx([sums[0]] * 4)
    assert table["group"].tolist() == ["Everything"]


def test_a_level_that_no_master_names_cannot_be_changed(planned_lake: Lake) -> None:
    page = open_page()
    page.selectbox(key="totals_by").select("region").run()  # no location has a region
    assert totals(page)["group"].tolist() == ["Without a name"]
    assert not [one for one in page.button if str(one.key).startswith("total_")]


def test_a_category_is_changed_by_per_cent_and_listed(planned_lake: Lake) -> None:
    run = latest_run(planned_lake)
    assert run is not None
    page = open_page()
    widget(page, "selectbox", "which").select("Dairy").run()
    first, last = run.as_of + timedelta(days=7), run.as_of + timedelta(days=13)
    widget(page, "date_input", "days").set_value((first, last)).run()
    widget(page, "number_input", "per_cent").set_value(-20).run()
    before = level_forecast(planned_lake, run, Scope(category="Dairy"), first, last)
    assert before is not None
    assert f"Lowers 2 lines by −20 %: −{0.2 * before.total:,.0f} units, " in said(page)
    assert active_overrides(planned_lake).empty  # said, and not recorded yet
    widget(page, "text_input", "reason").input("fridges are replaced")
    widget(page, "date_input", "expiry").set_value(first + timedelta(days=3))
    widget(page, "button", "submit").click().run()
    assert not page.exception
    assert not page.error
    made = active_overrides(planned_lake).iloc[0]
    assert (made["level"], made["category"], made["factor"], made["reason"]) == (
        "category",
        "Dairy",
        0.8,
        "fridges are replaced",
    )
    assert (made["from_date"].date(), made["to_date"].date()) == (first, last)
    assert made["expiry"].date() == first + timedelta(days=3)
    (row,) = next(f.value for f in page.dataframe if "verdict_label" in f.value).to_dict("records")
    assert (row["what"], round(row["change"])) == ("Dairy · all locations", -20)
    assert widget(page, "text_input", "reason").value == ""  # the form is ready for the next change


def test_a_new_total_is_what_the_next_plan_would_show(planned_lake: Lake) -> None:
    run = latest_run(planned_lake)
    assert run is not None
    page = open_page()
    page.selectbox(key="totals_by").select("all").run()
    widget(page, "selectbox", "how").select("total").run()
    days = widget(page, "date_input", "days").value
    asked = widget(page, "number_input", "new")
    assert "Leaves 6 lines as they are" in said(page)
    asked.set_value(2 * asked.value).run()
    assert "Lifts 6 lines by +" in said(page)
    widget(page, "text_input", "reason").input("moved to the high street")
    widget(page, "button", "submit").click().run()
    now = level_forecast(planned_lake, run, Scope(), *days)
    assert now is not None
    assert now.total == pytest.approx(asked.value)


def test_without_a_reason_nothing_is_recorded(planned_lake: Lake) -> None:
    page = open_page()
    widget(page, "button", "submit").click().run()
    assert "reason is empty; say why" in page.error[0].value
    assert active_overrides(planned_lake).empty


@pytest.mark.parametrize(
    "days", [(date(2026, 11, 23), date(2030, 1, 1)), (date(2026, 11, 1), date(2026, 11, 30))]
)
def test_days_that_the_plan_does_not_reach_cannot_be_changed(
    planned_lake: Lake, days: tuple[date, date]
) -> None:
    page = open_page()
    offered = widget(page, "date_input", "days")
    assert (offered.min, offered.max) == (date(2026, 11, 23), date(2027, 1, 17))
    with pytest.raises(acts.JobError, match="reaches from 2026-11-23 to 2027-01-17; choose days in it"):
        acts.override_total("all", "", days, factor=1.1, new_total=None, reason="a record year", expiry=None)
    assert active_overrides(planned_lake).empty


def test_one_day_of_two_says_what_is_missing(planned_lake: Lake) -> None:
    page = open_page()
    widget(page, "date_input", "days").set_value((date(2026, 11, 25),)).run()
    assert not page.exception
    assert "Choose a first and a last day" in said(page)
    assert widget(page, "button", "submit").disabled
