"""Laptop mode: what messages come to, in one process and however often."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from data_lake.facts.envelope import Record
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from data_lake.runs import Run
from jobs.approve import approved_lines
from jobs.dlq_states import list_dead
from jobs.event_text import records_of
from jobs.react import QUEUE, react
from jobs.replay_facts import replay_through_fold, replay_through_ingest, stock_differences

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def moved(quantity: float, *, hour: int = 8, sku: str = "007") -> dict[str, Any]:
    data = {"productId": sku, "location": "S1", "delta": quantity}
    return {"eventType": "inventory.updated", "timestamp": f"2026-11-23T{hour:02}:00:00Z", "data": data}


def lines(*events: dict[str, Any]) -> list[Record]:
    return records_of("\n".join(map(json.dumps, events)))


def approval(event_id: str, author: str, at: datetime = NOW) -> dict[str, Any]:
    names = {
        "runId": "run-1",
        "lineId": "007|S1|Acme & Söhne",
        "orderBy": "2026-11-22",
        "orderId": "",
        "line": "",
    }
    event = {"eventId": event_id, "eventType": "plan_line.approved", "timestamp": at.isoformat()}
    return event | {"author": author, "reason": "weekly", "data": {**names, "quantity": 24, "plan": {}}}


def test_what_is_new_is_told_from_what_was_told_before(lake: Lake) -> None:
    both = lines(moved(1), moved(1))
    first = react(lake, both, at=NOW, plan=False)
    assert (first.stored, first.duplicates) == (2, 0), "two lines are two movements"
    again = react(lake, both + lines(moved(5)), at=NOW, plan=False)
    assert (again.stored, again.duplicates) == (1, 2)
    assert read_facts(lake).frame.height == 3


def test_poison_is_kept_and_the_rest_goes_on(lake: Lake) -> None:
    reacted = react(lake, [Record("m1", "{"), *lines(moved(1))], at=NOW, plan=False)
    assert reacted.stored == 1
    assert [bad.reason for bad in reacted.poison] == ["not JSON"]
    assert [dead.name for dead in list_dead(lake)] == [f"{QUEUE}/m1"]


def test_the_first_of_two_acts_wins_and_the_other_is_a_dead_letter(small_lake: Lake, small_run: Run) -> None:
    later = NOW + timedelta(seconds=1)
    messages = lines(approval("e1", "ana"), approval("e2", "ben", later))
    reacted = react(small_lake, messages, at=later, plan=False)
    assert [act.author for act in reacted.done] == ["ana"]
    assert [refused.event.author for refused in reacted.refused] == ["ben"]
    (dead,) = list_dead(small_lake)
    assert dead.reason == "refused"
    assert "already approved by ana" in dead.faults[0]
    again = react(small_lake, messages, at=later, plan=False)
    assert again.refused == reacted.refused
    assert len(list_dead(small_lake)) == 1
    assert approved_lines(small_lake)["author"].tolist() == ["ana"]


def test_without_a_plan_everything_is_kept_for_the_first(lake: Lake) -> None:
    followed = react(lake, lines(moved(1)), at=NOW).followed
    assert followed is not None
    assert followed.replanned is None


def test_a_replay_comes_to_nothing(lake: Lake) -> None:
    react(lake, lines(moved(5), moved(-2, hour=7), moved(3, sku="008")), at=NOW, plan=False)
    folded = replay_through_fold(lake)
    assert (folded.replayed, folded.facts, folded.differences) == (3, 3, ())
    stored = replay_through_ingest(lake, until=datetime(2026, 11, 23, 7, 30, tzinfo=UTC), at=NOW)
    assert (stored.replayed, stored.facts, stored.differences) == (1, 3, ())


def test_a_lake_that_was_told_nothing_replays_nothing(lake: Lake) -> None:
    assert replay_through_fold(lake).facts == 0


def test_what_reads_and_the_fold_disagree_on_is_named() -> None:
    def stock(*rows: tuple[str, float]) -> pl.DataFrame:
        names = {"sku": [sku for sku, _ in rows], "location": "S1", "batch": ""}
        return pl.DataFrame({**names, "on_hand": [on_hand for _, on_hand in rows]})

    assert stock_differences(stock(("007", 5)), stock(("007", 4), ("008", 0))) == (
        "stock of 007 S1: reads say 5, the fold 4",
    )
    assert stock_differences(stock(("007", 5)), stock(("007", 5)))[0].endswith(
        "instants of last facts differ"
    )
    assert stock_differences(None, stock()) == ("reads see no facts at all",)
