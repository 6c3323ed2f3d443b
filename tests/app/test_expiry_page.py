"""The Expiry page: empty, older, normal and refused; what is selected is stopped, cut or marked down."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache, data, expiry_charts, expiry_data, theme
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import commit_run, latest_run
from jobs.approvals import approved_lines
from jobs.markdowns import markdowns
from jobs.views.expiry import ExpiryWanted

ROOT = Path(__file__).parents[2]
DAY = pd.Timestamp("2026-11-23")
MILK, PASTA = "007|S01|SUP1", "205|S01|SUP2"


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name in ("lake", "latest", "ledger", "settings", "is_behind", "run", "lines", "approved"):
        getattr(cache, name).clear()
    expiry_data._plan.clear()
    expiry_data._running.clear()


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "expiry.py")).run()
    assert not test.exception, test.exception
    return test


def _lot(
    line: str, lot: int, source: str, batch: str, days: int, units: float, cost: float
) -> dict[str, Any]:
    sku, location, _ = line.split("|")
    last = DAY + pd.Timedelta(days=days)
    return {
        "run_id": "run-2",
        "line_id": line,
        "lot": lot,
        "sku": sku,
        "location": location,
        "source": source,
        "batch": batch,
        "expiry_date": last,
        "last_sale_date": last,
        "week": max(last - pd.Timedelta(days=last.weekday()), DAY),
        "quantity": units * 2,
        "units": units,
        "units_with_order": units,
        "low": units * 0.5,
        "high": units * 1.5,
        "spread": 0.0 if days < 0 else units * 0.3,
        "unit_cost": cost,
        "money": units * cost,
    }


def _act(line: str, act: str, rank: int | None, money: float | None, **more: Any) -> dict[str, Any]:
    sku, location, _ = line.split("|")
    return {
        "run_id": "run-2",
        "line_id": line,
        "sku": sku,
        "location": location,
        "act": act,
        "rank": rank,
        "money": money,
        "confidence": 0.8 if rank else None,
        "write_off_before": 40.0,
        "write_off_after": 10.0 if rank else None,
        "words": f"{act} it: brings something.",
        **more,
    }


def with_expiry(lake: Lake, lots: list[dict[str, Any]], acts: list[dict[str, Any]]) -> None:
    """Commit a run like the small lake's, with expiry tables."""
    run = latest_run(lake)
    assert run is not None
    names = [column.name for column in _columns("write_offs")]
    acts_names = [column.name for column in _columns("expiry_acts")]
    tables = {
        "write_offs": pd.DataFrame(lots, columns=names),
        "expiry_acts": pd.DataFrame(acts, columns=acts_names).astype({"rank": "Int64"}),
    }
    outputs = run.outputs | {name: lake.replace(name, frame).number for name, frame in tables.items()}
    later = run.created_at + dt.timedelta(minutes=5)
    commit_run(lake, replace(run, run_id="run-2", created_at=later, outputs=outputs))


def _columns(table: str) -> tuple[Any, ...]:
    from engine.contracts import TABLES

    return TABLES[table].columns


@pytest.fixture
def expiring(small_lake: Lake) -> Lake:
    markdown = {"quantity": 30.0, "depth": 0.2, "mechanic": "price_cut"}
    markdown |= {"from_date": DAY, "until": DAY + pd.Timedelta(days=4)}
    with_expiry(
        small_lake,
        [
            _lot(MILK, 0, "stock", "old", -2, 10.0, 0.8),
            _lot(MILK, 1, "stock", "B1", 4, 50.0, 0.8),
            _lot(MILK, 2, "on order", "PO-1", 9, 5.0, 0.8),
            _lot(PASTA, 0, "order", "", 20, 20.0, 0.55),
        ],
        [
            _act(MILK, "markdown", 1, 22.5, **markdown),
            _act(MILK, "stop_order", 2, 12.0, quantity=0.0),
            _act(MILK, "nothing", 3, 0.0, quantity=120.0),
            _act(MILK, "transfer", None, None),
            _act(PASTA, "cut_order", 1, 4.0, quantity=40.0),
            _act(PASTA, "nothing", 2, 0.0, quantity=60.0),
        ],
    )
    return small_lake


def select(page: AppTest, *rows: int) -> AppTest:
    frame = page.dataframe[0].value
    page.session_state[f"expiry-{data.fingerprint(frame)}"] = {"selection": {"rows": list(rows)}}
    return page.run()


def test_a_lake_without_data_or_plan_says_what_comes_next(empty_lake: Lake) -> None:
    page = open_page()
    assert page.title[0].value == "Expiry"
    assert "No data yet" in page.info[0].value


def test_an_older_plan_says_so(small_lake: Lake) -> None:
    assert any("Plan again to see them" in text.value for text in open_page().markdown)


def test_nothing_that_expires_is_no_fault(small_lake: Lake) -> None:
    with_expiry(small_lake, [], [])
    page = open_page()
    assert any("Nothing is expected to be thrown away" in text.value for text in page.markdown)
    assert not page.metric


def test_a_planned_lake_opens_and_reconciles(planned_lake: Lake) -> None:
    page = open_page()
    assert page.title[0].value == "Expiry"
    assert not page.error
    run = latest_run(planned_lake)
    assert run is not None
    found = expiry_data.plan(ExpiryWanted())
    assert found is not None
    assert found.lots["money"].sum() == pytest.approx(run.summary["expected_write_off"])


def test_the_cards_the_batches_and_the_filters(expiring: Lake) -> None:
    page = open_page()
    cards = {card.label: card.value for card in page.metric}
    assert cards == {
        "Expected write-off": "€63",
        "Expired already": "€8",
        "In the next 7 days": "€40",
        "The best acts bring": "€26",
    }
    frame = page.dataframe[0].value
    assert frame["money"].tolist() == [40.0, 11.0, 8.0, 4.0]
    assert frame["act"].tolist() == ["markdown it", "cut_order it", "Take it off the shelf", "markdown it"]
    narrowed = open_page(categories="Dry food", weeks="4", by="location")
    assert narrowed.metric[0].value == "€11"
    assert narrowed.selectbox(key="weeks").value == "4"
    nothing = open_page(categories="Dry food", weeks="1")
    assert any("Nothing is expected" in text.value for text in nothing.markdown)


def test_one_row_shows_every_act_of_its_line(expiring: Lake) -> None:
    page = select(open_page(), 0)
    assert page.header[-1].value == "What could be done: Yoghurt natural 500 g · Store Lyon Centre"
    assert page.dataframe[1].value["act_label"].tolist() == [
        "Mark down",
        "Stop the order",
        "Do nothing",
        "Transfer",
    ]
    assert page.button(key="expiry_markdown").label == "Mark down (1)"
    assert page.button(key="expiry_transfer").disabled


def open_dialog(name: str, kind: str, *rows: int) -> AppTest:
    """Open the dialog of the selected rows alone: AppTest runs a whole page again, which would close it."""

    def script(name: str, kind: str, rows: tuple[int, ...]) -> None:
        from app import expiry_data, expiry_page
        from jobs.views.expiry import ExpiryWanted

        found = expiry_data.plan(ExpiryWanted())
        assert found is not None
        chosen = expiry_data.choose(found, expiry_data.table(found), rows)[kind]
        getattr(expiry_page, name)(chosen, "EUR")

    return AppTest.from_function(script, default_timeout=30, args=(name, kind, rows)).run()


def test_a_markdown_is_decided_with_a_reason_and_ended(expiring: Lake) -> None:
    dialog = open_dialog("_mark_down", "markdown", 0)
    assert any("brings **€22.50** against doing nothing" in text.value for text in dialog.markdown)
    dialog.button(key="expiry_markdown_confirm").click().run()
    assert "Say why first" in dialog.error[0].value
    assert markdowns(expiring) == []
    dialog.text_area(key="expiry_markdown_note").input("too much milk").run()
    dialog.button(key="expiry_markdown_confirm").click().run()
    (made,) = markdowns(expiring)
    assert (made.line_id, made.depth, made.reason, made.mechanic) == (MILK, 0.2, "too much milk", "price_cut")
    assert (made.from_date, made.to_date) == (dt.date(2026, 11, 23), dt.date(2026, 11, 27))

    page = open_page()
    assert page.header[-1].value == "Markdowns that run"
    assert page.dataframe[0].value["state"].tolist()[0] == "marked down 20%"
    assert select(page, 0).button(key="expiry_markdown").disabled
    page.text_input(key="end_markdown_reason").input("sold out").run()
    page.button(key="end_markdown_confirm").click().run()
    assert markdowns(expiring) == []


def test_orders_are_stopped_and_cut_with_a_reason(expiring: Lake) -> None:
    page = select(open_page(), 0, 1)
    assert page.button(key="expiry_order").label == "Stop or cut orders (2)"
    dialog = open_dialog("_cut", "order", 0, 1)
    dialog.text_area(key="expiry_cut_note").input("too much").run()
    dialog.button(key="expiry_cut_confirm").click().run()
    assert not dialog.exception
    decided = approved_lines(expiring).set_index("line_id")
    assert decided.loc[PASTA, "approved_quantity"] == 40.0
    events = {event.data["line_id"]: event for event in read_events(expiring)}
    assert events[MILK].event_type == "plan_line.rejected"
    assert {event.reason for event in events.values()} == {"too much"}
    again = select(open_page(), 0, 1)
    assert again.button(key="expiry_order").disabled


def test_a_refusal_is_said_and_nothing_is_recorded(expiring: Lake) -> None:
    settings = pd.DataFrame({"name": ["currency", "markdown_most_depth"], "value": ["EUR", "0.1"]})
    expiring.replace("settings", settings)
    dialog = open_dialog("_mark_down", "markdown", 0)
    dialog.text_area(key="expiry_markdown_note").input("now").run()
    dialog.button(key="expiry_markdown_confirm").click().run()
    assert "it must be above 0 and at most 0.1" in dialog.error[0].value
    assert markdowns(expiring) == []


def test_the_chart_stacks_to_the_total(expiring: Lake) -> None:
    found = expiry_data.plan(ExpiryWanted())
    assert found is not None
    weeks, totals = expiry_data.weeks(found, "category"), expiry_data.week_totals(found)
    for colors in (theme.LIGHT, theme.DARK):
        chart = expiry_charts.by_week(weeks, totals, colors, "EUR")
        bars = [trace for trace in chart.data if trace.type == "bar"]
        heights = pd.DataFrame([trace.y for trace in bars]).sum()
        assert heights.tolist() == pytest.approx(totals["money"].tolist())
        assert [trace.name for trace in bars] == ["Dairy", "Dry food"]
    assert expiry_data.download(found, "csv").startswith(b"\xef\xbb\xbfsku,location")
