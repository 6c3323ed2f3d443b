"""The section "Demand behind stockouts": what it shows, and that a correction is recorded and retired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import cache, data
from app.demand_chart import behind_stockouts
from app.theme import LIGHT
from data_lake.lake import Lake
from jobs.demand_corrections import corrections

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()


def open_item(history: str = "All") -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=30)
    for key, value in {"sku": "101", "location": "S02", "history": history}.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "item.py")).run()
    assert not test.exception, test.exception
    return test


def said(page: AppTest) -> str:
    return " ".join(text.value for text in page.markdown)


def periods(page: AppTest):
    return next(each.value for each in page.dataframe if "estimate" in each.value)


def test_the_days_without_stock_are_listed_with_their_demand(planned_lake: Lake) -> None:
    page = open_item()
    assert "Stock was out in whole or part on 4 days: 0 sold, about" in said(page)
    shown = periods(page)
    assert len(shown) == 4
    assert shown["date"].is_monotonic_decreasing
    assert (shown["sold"] == 0).all()
    assert shown["estimate"].between(10, 30).all()
    assert (shown["low"] < shown["estimate"]).all()
    assert (shown["estimate"] < shown["high"]).all()


def test_days_before_the_span_are_not_listed(planned_lake: Lake) -> None:
    assert "Stock never ran out in the days shown" in said(open_item("3 months"))


def test_a_correction_needs_a_reason_is_kept_shown_and_retired(planned_lake: Lake) -> None:
    page = open_item()
    day = periods(page)["date"].iloc[0].date()
    name = f"101|S02|SUP2-{day:%Y%m%d}"
    page.number_input(key=f"correct_units-{name}").set_value(33.0)
    submit = next(button for button in page.button if button.label == "Correct demand")
    submit.click().run()
    assert any("reason is empty" in error.value for error in page.error)
    page.text_input(key=f"correct_reason-{name}").set_value("counted the customers")
    next(button for button in page.button if button.label == "Correct demand").click().run()
    assert not page.error
    (made,) = corrections(planned_lake, "101", "S02")
    assert (made.from_date, made.to_date, made.demand) == (day, day, 33.0)
    assert made.reason == "counted the customers"
    shown = periods(page)
    assert shown["corrected"].iloc[0] == 33.0
    assert shown["note"].iloc[0].startswith("counted the customers")
    assert data.plan_is_behind()
    page.text_input(key=f"retire_correction_reason-{made.correction}").set_value("it was another day")
    page.button(key=f"retire_correction_confirm-{made.correction}").click().run()
    assert corrections(planned_lake) == []
    assert "counted the customers" not in said(page)


def test_corrected_periods_are_drawn(planned_lake: Lake) -> None:
    shown = periods(open_item())
    names = [trace.name for trace in behind_stockouts(shown, LIGHT).data]
    assert names == ["Sold", "Demand, 80 % range"]
    shown.loc[0, "corrected"] = 12.0
    assert [trace.name for trace in behind_stockouts(shown, LIGHT).data][-1] == "Corrected"


def test_a_place_that_sells_nothing_says_where_demand_is_corrected(planned_lake: Lake) -> None:
    sales = planned_lake.read("sales")
    planned_lake.replace("sales", sales[sales["location"] != "S02"])
    record = next((Path(planned_lake.uri) / "runs").glob("*.json"))
    known = json.loads(record.read_text())
    known["inputs"]["sales"] = planned_lake.current("sales").number
    record.write_text(json.dumps(known))
    page = open_item()
    assert any("correct it there" in text.value for text in page.caption)
    assert not [button for button in page.button if button.label == "Correct demand"]
