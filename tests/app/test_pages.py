"""Every page opens: on an empty lake, on a planned one, and on one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import cache, data
from data_lake.lake import Lake
from jobs.approvals import approved_lines
from jobs.override_fold import active_overrides

ROOT = Path(__file__).parents[2]
PAGES = {
    "today": "Today",
    "item": "",
    "orders": "Orders",
    "network": "Network",
    "expiry": "Expiry",
    "suppliers": "Suppliers",
    "scenarios": "Scenarios",
    "replay": "Replay",
    "kpis": "Key figures",
    "forecast_value": "Forecast & value",
    "data_health": "Data health",
    "import_data": "Import",
}


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name in ("lake", "latest", "ledger", "settings", "table_freshness", "is_behind"):
        getattr(cache, name).clear()


def open_page(name: str, **query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    if name != "today":
        test.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    assert not test.exception, test.exception
    return test


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_an_empty_lake_says_what_comes_next(name: str, empty_lake: Lake) -> None:
    page = open_page(name)
    said = " ".join(element.value for element in [*page.info, *page.markdown])
    assert "shelfcast demo" in said or "Import sales first" in said


@pytest.mark.parametrize("name", [name for name in PAGES if name != "import_data"])
def test_a_page_of_a_lake_without_a_plan_names_button_and_command(name: str, unplanned_lake: Lake) -> None:
    page = open_page(name)
    assert "No plan yet" in page.info[0].value
    assert "shelfcast plan" in page.info[0].value


@pytest.mark.parametrize(("name", "title"), PAGES.items())
def test_a_page_of_a_planned_lake_opens(name: str, title: str, planned_lake: Lake) -> None:
    page = open_page(name)
    assert page.title[0].value.startswith(title)
    assert not page.error


def test_a_lake_that_cannot_be_read_is_said_with_what_to_check(planned_lake: Lake) -> None:
    record = next((Path(planned_lake.uri) / "runs").glob("*.json"))
    record.write_text("{")
    page = open_page("today")
    assert page.title[0].value == "The lake cannot be read"
    assert record.name in page.error[0].value
    assert "shelfcast doctor" in page.markdown[0].value


def test_the_cards_show_the_plan(planned_lake: Lake) -> None:
    page = open_page("today")
    labels = [card.label for card in page.metric]
    assert labels == ["Money at risk", "Open exceptions", "Projected service", "Orders to approve"]
    assert page.metric[0].value.startswith("€")


def test_filters_come_from_the_url_and_what_is_unknown_is_ignored(planned_lake: Lake) -> None:
    page = open_page("today", locations="S01", types="nonsense")
    assert page.multiselect(key="locations").value == ["S01"]
    assert page.multiselect(key="types").value == []
    assert set(page.dataframe[0].value["location"]) == {"S01"}


def test_a_filter_that_matches_nothing_says_so(planned_lake: Lake) -> None:
    page = open_page("today", types="held", locations="S01")
    assert any("No exception matches" in text.value for text in page.markdown)


def test_selected_rows_open_a_dialog_with_what_they_order(planned_lake: Lake) -> None:
    page = open_page("today")
    frame = page.dataframe[0].value
    ordered = frame[frame["status"] == "proposed"]
    chosen = [int(ordered.index[0]), int(frame.index[frame["status"] != "proposed"][0])]
    page.session_state[f"worklist-{data.fingerprint(frame)}"] = {"selection": {"rows": chosen}}
    page.run()
    assert page.button(key="approve_selected").label == "Approve 1 selected"
    page.button(key="approve_selected").click().run()
    assert any("**1 order line** worth" in text.value for text in page.markdown)
    assert any(text.value.startswith("1 selected row") for text in page.caption)


def test_an_item_is_named_by_its_codes(planned_lake: Lake) -> None:
    page = open_page("item", sku="101", location="S02")
    assert page.title[0].value == "Oat drink 1 l · Store Paris Nord"
    page = open_page("item", sku="gone", location="S02")
    assert page.selectbox(key="sku").value in ("007", "101", "205")


def test_a_slider_changes_the_order_in_the_what_if_only(planned_lake: Lake) -> None:
    page = open_page("item", sku="205", location="S01")
    planned = [card.value for card in page.metric if card.label == "Order now"]
    demand = next(slider for slider in page.slider if slider.label == "Demand ± (%)")
    demand.set_value(100).run()
    assert [card.value for card in page.metric if card.label == "Order now"] == planned
    order = next(card for card in page.metric if card.label == "Order")
    assert order.delta.startswith("+")


def test_an_override_needs_a_reason_and_is_recorded(planned_lake: Lake) -> None:
    page = open_page("item", sku="205", location="S01")
    page.button(key="override_submit").click().run()
    assert "reason is empty" in page.error[0].value
    page.text_input(key="override_reason").input("the bridge is closed")
    page.number_input(key="override_per_cent").set_value(-30)
    page.button(key="override_submit").click().run()
    made = active_overrides(planned_lake).iloc[0]
    assert (made["sku"], made["location"], made["factor"]) == ("205", "S01", pytest.approx(0.7))
    assert any("−30 %" in text.value or "-30 %" in text.value for text in page.markdown)
    retire = next(b for b in page.button if b.key.startswith("retire_confirm-"))
    next(t for t in page.text_input if t.key.startswith("retire_reason-")).input("it is open again")
    retire.click().run()
    assert active_overrides(planned_lake).empty


def test_a_source_is_approved_as_proposed(planned_lake: Lake) -> None:
    page = open_page("orders", source="SUP1")
    assert page.header[0].value == "Alpine Dairy"
    proposed = page.dataframe[0].value if page.dataframe else None
    page.button(key="approve_source").click().run()
    assert not page.exception
    approved = approved_lines(planned_lake)
    assert set(approved["source"]) == {"SUP1"}
    assert (approved["approved_quantity"] == approved["quantity"]).all()
    assert proposed is None or len(proposed) == len(approved)
    page.text_input(key="withdraw_reason-SUP1").input("sent twice")
    page.button(key="withdraw_confirm").click().run()
    assert not page.exception
    assert approved_lines(planned_lake).empty


def test_findings_are_filtered_by_severity(planned_lake: Lake) -> None:
    page = open_page("data_health", severity="held")
    faults = next(table.value for table in page.dataframe if "fix" in table.value)
    assert set(faults["severity"]) == {"held"}
