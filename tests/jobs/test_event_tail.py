"""The end of both ledgers in one list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_lake.events import make_event
from data_lake.facts.envelope import Record
from data_lake.facts.ingest import ingest_facts
from data_lake.lake import Lake
from data_lake.ledger import append_events
from jobs.event_tail import Wanted, not_seen, tail

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def fact(event_type: str, at: datetime, **data: Any) -> Record:
    body = {"eventType": event_type, "timestamp": at.isoformat(), "data": {"productId": "007", **data}}
    return Record(f"{event_type} {at.isoformat()}", json.dumps(body))


@pytest.fixture
def told(lake: Lake) -> Lake:
    ago = [NOW - timedelta(days=days) for days in (0, 1, 3, 40)]
    records = [
        fact("inventory.updated", ago[0], location="S1", quantity=12),
        fact("inventory.updated", ago[1], location="S1", delta=3, batch="B1"),
        fact("inventory.transferred", ago[2], location="DC", toLocation="S2", quantity=5),
        fact("order.placed", ago[3], location="S1", orderId="PO-1", quantity=24),
    ]
    assert ingest_facts(lake, records, received_at=NOW).poison == []
    data = {"line_id": "008|S1|Acme", "order_by": "2026-11-22", "order_id": "PO-2", "plan": {}}
    later = ago[2] + timedelta(seconds=1)
    act = make_event("plan_line.rejected", at=later, author="ana", reason="too much", data=data)
    append_events(lake, [act])
    return lake


def test_facts_and_acts_are_listed_by_time_newest_last(told: Lake) -> None:
    rows = tail(told, now=NOW)
    assert [row.event_type for row in rows] == [
        "order.placed",
        "inventory.transferred",
        "plan_line.rejected",
        "inventory.updated",
        "inventory.updated",
    ]
    assert [row.about for row in rows if not row.author] == [
        "PO-1/1, 24 each, 007 at S1",
        "007 at DC → S2: 5",
        "007 at S1, batch B1: +3",
        "007 at S1: = 12",
    ]
    (act,) = (row for row in rows if row.author)
    assert (act.sku, act.location, act.order_id, act.reason) == ("008", "S1", "PO-2", "too much")


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(types=("order.",)), 1),
        (Wanted(types=("inventory.updated", "plan_line.rejected")), 3),
        (Wanted(sku="008"), 1),
        (Wanted(location="S2"), 1),
        (Wanted(order="PO-2"), 1),
        (Wanted(since=NOW - timedelta(days=2)), 2),
        (Wanted(sku="none"), 0),
    ],
)
def test_filters_look_as_far_back_as_they_must(told: Lake, wanted: Wanted, count: int) -> None:
    assert len(tail(told, wanted=wanted, now=NOW)) == count


def test_only_the_last_are_listed(told: Lake) -> None:
    assert [row.about for row in tail(told, most=1, now=NOW)] == ["007 at S1: = 12"]


def test_a_late_event_is_listed_when_it_comes(told: Lake) -> None:
    seen: set[tuple[str, str]] = set()
    assert len(not_seen(tail(told, now=NOW), seen)) == 5
    late = fact("inventory.counted", NOW - timedelta(days=2), location="S1", quantity=1)
    ingest_facts(told, [late], received_at=NOW)
    assert [row.event_type for row in not_seen(tail(told, now=NOW), seen)] == ["inventory.counted"]
