"""The Events page in every state: nothing yet, facts and acts, one event, dead letters, quarantine, feeds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache, events_data
from data_lake.events import make_event
from data_lake.facts.compact import compact
from data_lake.facts.messages import Record
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from data_lake.ledger import append_events, read_events
from jobs.dlq_acts import discard
from jobs.dlq_states import list_dead
from jobs.ingest import ingest

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)


def told(event_type: str, minutes_ago: float, event_id: str = "", **content: object) -> str:
    at = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    event = {"eventType": event_type, "timestamp": at, "data": content}
    return json.dumps(event | ({"eventId": event_id} if event_id else {}))


def tell(lake: Lake, *bodies: str, queue: str = "telemetry") -> None:
    records = [Record(f"{queue}-{number}", body) for number, body in enumerate(bodies)]
    ingest(lake, queue, records, received_at=NOW)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("SHELFCAST_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("SHELFCAST_USER", "ana")
    forget()
    return Lake(tmp_path / "lake")


def forget() -> None:
    for name in ("lake", "latest", "ledger", "settings"):
        getattr(cache, name).clear()
    for name in ("_listed", "_tail", "_acts", "_dead", "_waiting", "_names", "_effects"):
        getattr(events_data, name).clear()


@pytest.fixture
def flowing(empty: Lake) -> Lake:
    """Stock of yesterday, then facts of today, an act, a message that broke, an id claimed twice."""
    lake = empty
    lake.replace("products", pd.DataFrame({"sku": ["007"], "name": ["Yoghurt"]}))
    lake.replace("locations", pd.DataFrame({"location": ["S1", "S2"], "name": ["Lyon", "Paris"]}))
    day = pd.Timestamp((NOW - timedelta(days=2)).date())
    row = {"date": day, "sku": "007", "location": "S1", "batch": "", "status": "available", "on_hand": 40.0}
    lake.replace("inventory_snapshot", pd.DataFrame([row]))
    tell(
        lake,
        told("inventory.updated", 50, "moved", productId="007", location="S1", delta=-5),
        told(
            "inventory.transferred", 40, "sent", productId="007", location="S1", toLocation="S2", quantity=8
        ),
        told("sale.recorded", 30, "sold", productId="007", location="S1", quantity=2),
        told("order.placed", 20, "order", productId="007", location="S1", orderId="PO-1", quantity=24),
        told("inventory.updated", 10, "twice", productId="007", location="S2", quantity=7),
        told("inventory.updated", 9, "twice", productId="007", location="S2", quantity=9),
        told("inventory.updated", 5, productId="007", location="S1", quantity="many"),
    )
    compact(lake)
    act = {"name": "company", "new_value": "Corner Shops"}
    at = NOW - timedelta(minutes=1)
    append_events(lake, [make_event("parameter.changed", at=at, author="ben", reason="new name", data=act)])
    return lake


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "events.py")).run()
    assert not test.exception, test.exception
    return test


def said(page: AppTest) -> str:
    parts = [*page.info, *page.markdown, *page.caption, *page.error, *page.success, *page.warning]
    return " ".join(part.value for part in parts)


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_an_empty_lake_says_how_events_come_in(empty: Lake) -> None:
    assert "shelfcast events send" in said(open_page())


def test_cards_and_the_newest_events(flowing: Lake) -> None:
    page = open_page()
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Came in"] == "6"
    assert figures["Newest"].endswith(" min")  # whatever the machine is busy with
    assert figures["Not readable"] == "1"
    assert figures["Claimed twice"] == "1"
    rows = table(page, "about")
    assert rows["event_id"].tolist()[1:] == ["twice", "order", "sold", "sent", "moved"]
    assert rows["about"].tolist()[0] == "parameter changed: new name"
    assert rows["about"].tolist()[4] == "to Paris"
    assert rows["product"].tolist()[1:] == ["Yoghurt"] * 5
    assert rows["who"].tolist()[0] == "ben"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"kinds": "transfer"}, ["sent"]),
        ({"locations": "S2"}, ["twice", "sent"]),
        ({"order": "PO-1"}, ["order"]),
        ({"product": "008"}, []),
    ],
)
def test_filters_are_in_the_url(flowing: Lake, query: dict[str, str], ids: list[str]) -> None:
    page = open_page(**query)
    if ids:
        assert table(page, "about")["event_id"].tolist() == ids
    else:
        assert "No event of the span matches" in said(page)


def test_one_event_and_what_it_did_to_stock(flowing: Lake) -> None:
    page = open_page(event="sent")
    figures = {metric.label: (metric.value, metric.delta) for metric in page.metric}
    assert figures["Lyon · S1"] == ("27 units", "35 units before")
    assert figures["Paris · S2"] == ("8 units", "– before")
    assert json.loads(page.json[0].value)["to_location"] == "S2"
    assert "perpetual" in said(open_page(event="sold"))
    assert "moves no stock" in said(open_page(event="order"))
    act = read_events(flowing)[0].event_id
    assert "act of a person moves no stock" in said(open_page(event=act))
    assert "not of the span" in said(open_page(event="nothing"))


def test_a_fact_that_the_snapshot_holds_already_moved_nothing(flowing: Lake) -> None:
    old = told("inventory.updated", 3 * 24 * 60, "late", productId="007", location="S1", delta=-30)
    tell(flowing, old, queue="late")
    forget()
    page = open_page(event="late", span="week")
    assert "holds it already" in said(page)
    figures = {metric.label: (metric.value, metric.delta) for metric in page.metric}
    assert figures["Lyon · S1"] == ("40 units", "40 units before")


def test_a_quiet_span_says_when_the_last_fact_was(empty: Lake) -> None:
    tell(empty, told("inventory.updated", 3 * 24 * 60, productId="007", location="S1", delta=-1))
    compact(empty)
    day = (NOW - timedelta(days=3)).date().isoformat()
    assert f"The last day with facts is {day}." in said(open_page())


def test_quarantine_shows_both_contents(flowing: Lake) -> None:
    page = open_page(view="quarantine")
    applies, refused = (json.loads(block.value) for block in page.code)
    assert (applies["quantity"], refused["quantity"]) == (7.0, 9.0)


def test_ids_claimed_twice_are_seen_before_they_are_compacted(empty: Lake) -> None:
    for units in (3, 4):
        tell(empty, told("inventory.updated", 5, "twice", productId="007", location="S1", quantity=units))
    page = open_page(view="quarantine")
    assert len(page.code) == 2


def test_feeds_of_each_location(flowing: Lake) -> None:
    page = open_page(view="feeds")
    rows = table(page, "age").set_index("location_name")
    assert rows["count"].to_dict() == {"Lyon": 4.0, "Paris": 1.0}
    assert "Plan first" in said(page)


def test_a_letter_is_repaired_with_live_faults_and_replayed(flowing: Lake) -> None:
    page = open_page(view="dead")
    assert table(page, "fault")["reason"].tolist() == ["breaks its schema"]
    assert 'quantity: "many" is not of type' in said(page)
    text = str(page.text_area[0].value)
    page = page.text_area[0].set_value(text.replace('"many"', "-")).run()
    assert "is not JSON" in said(page)
    page = page.text_area[0].set_value(text.replace('"many"', "33")).run()
    assert "It can be read." in said(page)
    page = page.button(key="replay_one").click().run()
    assert "reason is empty" in said(page)
    page = next(box for box in page.text_input if box.label == "Why").set_value("33, by phone").run()
    page = page.button(key="replay_one").click().run()
    assert not page.exception
    assert "Every message could be read." in said(page)
    assert list_dead(flowing) == []
    assert 33.0 in read_facts(flowing).frame["quantity"].to_list()
    acts = [event for event in read_events(flowing) if event.event_type.startswith("dead_letter")]
    assert [(act.event_type, act.author, act.reason) for act in acts] == [
        ("dead_letter.repaired", "test@example.com", "33, by phone"),
        ("dead_letter.replayed", "test@example.com", "33, by phone"),
    ]
    closed = open_page(view="dead", closed="true")
    assert table(closed, "note")["act"].tolist() == ["repaired", "replayed accepted"]


def test_letters_are_replayed_all_at_once_kept_and_discarded(flowing: Lake) -> None:
    tell(flowing, "{", queue="sales")
    forget()
    page = open_page(view="dead", letter="sales/sales-0")
    page = page.button(key="replay_all").click().run()
    assert len(list_dead(flowing)) == 2
    page = (
        page.text_area[0]
        .set_value(told("sale.recorded", 1, productId="007", location="S1", quantity=1))
        .run()
    )
    why = next(box for box in page.text_input if box.label == "Why")
    page = why.set_value("cut off").run().button(key="repair_one").click().run()
    assert "Repaired" in {label for labels in table(page, "fault")["label"] for label in labels}
    page = open_page(view="dead", letter="telemetry/telemetry-6")
    page = page.button(key="discard_one").click().run()
    assert "reason is empty" in said(page)
    page = next(box for box in page.text_input if box.label == "Why").set_value("a test").run()
    page.button(key="discard_one").click().run()
    assert [state.name for state in list_dead(flowing)] == ["sales/sales-0"]


def test_a_letter_that_is_done_with_has_its_address(flowing: Lake) -> None:
    tell(flowing, "{", queue="sales")
    discard(flowing, ["sales/sales-0"], author="ben", reason="a test", at=NOW)
    page = open_page(view="dead", letter="sales/sales-0")
    assert any("sales-0" in header.value for header in page.header)
    assert table(page, "note")["note"].tolist() == ["a test"]
    assert any("telemetry-6" in header.value for header in open_page(view="dead", letter="nobody/x").header)
