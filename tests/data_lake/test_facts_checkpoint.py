"""Checkpoints: whatever comes late, twice, moved or contradicted, state is what folding everything gives."""

from __future__ import annotations

import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from data_lake.facts import checkpoint_known
from data_lake.facts.checkpoint import orders_now, stock_now
from data_lake.facts.checkpoint_known import checkpoint_now, known_facts
from data_lake.facts.checkpoint_store import CHECKPOINTS, KEPT
from data_lake.facts.compact import compact
from data_lake.facts.fact import Fact
from data_lake.facts.fold_state import stock_rows
from data_lake.facts.ingest import put_facts
from data_lake.lake import Lake

START = 1_767_225_600_000_000  # 1 Jan 2026, UTC
HOUR = 3_600_000_000


def fact(event_id: str, hours: float, kind: Any, quantity: float = float("nan"), **more: Any) -> Fact:
    told = {"event_id": event_id, "at": START + int(hours * HOUR), "sequence": 0, "kind": kind}
    return Fact(**(told | {"sku": "A", "location": "S1", "quantity": quantity} | more))


def snapshot(lake: Lake, rows: list[tuple[str, str, str, str, float]]) -> None:
    """Import stock: (date, sku, location, batch, on hand)."""
    frame = pd.DataFrame(rows, columns=["date", "sku", "location", "batch", "on_hand"])
    lake.upsert("inventory_snapshot", frame.assign(date=pd.to_datetime(frame["date"]), status="available"))


def perpetual(lake: Lake, *lines: tuple[str, str]) -> None:
    frame = pd.DataFrame(lines, columns=["sku", "location"])
    lake.replace("assortment", frame.assign(perpetual_stock=True))


def zone(lake: Lake, name: str | None) -> None:
    lake.replace("locations", pd.DataFrame({"location": ["S1", "S2"], "time_zone": [name, None]}))


def without_checkpoints(lake: Lake) -> tuple[Any, Any]:
    """Fold everything."""
    kept = {key: lake.objects.get(key) for key in lake.objects.list(CHECKPOINTS)}
    lake.objects.delete(kept)
    try:
        return stock_now(lake), orders_now(lake)
    finally:
        for key, body in kept.items():
            lake.objects.put_new(key, body)


def assert_right(lake: Lake) -> None:
    stock, orders = without_checkpoints(lake)
    assert_frame_equal(stock_now(lake), stock, check_exact=True)
    assert_frame_equal(orders_now(lake), orders, check_exact=True)


def resumed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Read stock where folding everything is forbidden."""
    with monkeypatch.context() as patch:
        patch.delattr(checkpoint_known, "read_facts")
        return stock_now(lake)


def random_fact(rng: random.Random, number: int) -> Fact:
    kinds = [
        "set",
        "count",
        "delta",
        "delta",
        "transfer",
        "write_off",
        "sale",
        "order_received",
        "order_placed",
    ]
    kind = rng.choice(kinds)
    sku, place = rng.choice("AB"), rng.choice(["S1", "S2"])
    batch = rng.choice(["", "L1", "L2"]) if sku == "B" else ""
    order = {"order_id": f"PO-{rng.randint(1, 3)}", "line": "1"} if kind.startswith("order") else {}
    return fact(
        f"{rng.getrandbits(24):x}-{number}",
        rng.choice([rng.randint(0, 30), rng.random() * 120]),
        kind,
        rng.choice([float(rng.randint(0, 9)), rng.random()]),
        sku=sku,
        location=place,
        batch=batch,
        expiry="2026-02-01" if batch == "L1" else "",
        to_location="S2" if kind == "transfer" else "",
        **order,
    )


@settings(max_examples=20)
@example(seed=14111, steps=8)
@given(seed=st.integers(0, 2**32), steps=st.integers(2, 9))
def test_any_history_of_a_lake(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    rng = random.Random(seed)
    lake = Lake(tmp_path_factory.mktemp("lake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint_known, "RECENT", rng.choice([2 * HOUR, 40 * HOUR, 400 * HOUR]))
        told: list[Fact] = []
        for step in range(steps):
            told += [random_fact(rng, len(told) + n) for n in range(rng.randint(1, 8))]
            put_facts(lake.objects, [*told[-8:], *rng.sample(told, min(3, len(told)))])
            act = rng.choice(
                ["", "checkpoint", "checkpoint", "compact", "snapshot", "perpetual", "zone", "conflict"]
            )
            if act == "checkpoint":
                checkpoint_now(lake)
            elif act == "compact":
                compact(lake)
            elif act == "snapshot":
                day = f"2026-01-0{rng.randint(1, 5)}"
                batch = rng.choice(["", "L1"])
                snapshot(lake, [(day, rng.choice("AB"), "S1", batch, float(rng.randint(0, 30)))])
            elif act == "perpetual":
                perpetual(lake, (rng.choice("AB"), "S1"))
            elif act == "zone":
                zone(lake, rng.choice(["America/Lima", "Asia/Tokyo", None]))
            elif act == "conflict":
                put_facts(
                    lake.objects,
                    [rng.choice(told)._replace(quantity=99.0, at=START + rng.randint(0, 99) * HOUR)],
                )
            if step + 1 == steps:
                assert_right(lake)


def test_late_facts_behind_a_checkpoint(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_known, "RECENT", 10 * HOUR)
    base = [
        fact("set", 1, "set", 50.0),
        fact("d1", 30, "delta", -2.5),
        fact("b", 2, "delta", 8.0, sku="B", batch="L1"),
    ]
    put_facts(lake.objects, [*base, fact("now", 40, "delta", 1.0, sku="B")])
    assert checkpoint_now(lake)
    assert checkpoint_now(lake) is None
    put_facts(lake.objects, [fact("later", 41, "delta", -1.0), base[0]])
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [46.5, 1.0, 8.0]
    put_facts(lake.objects, [fact("late", 33, "set", 20.0)])  # behind the last fact, after the cut
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [19.0, 1.0, 8.0]
    put_facts(
        lake.objects, [fact("older", 3, "delta", -7.0), fact("very", 1.5, "set", 3.0, sku="B")]
    )  # before it
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [19.0, 4.0, 8.0]
    assert_right(lake)
    assert checkpoint_now(lake)
    assert_right(lake)


def test_a_late_fact_that_had_no_effect_has_one_where_the_line_is_folded_again(lake: Lake) -> None:
    put_facts(lake.objects, [fact("set", 40, "set", 20.0), fact("now", 41, "delta", 0.0)])
    assert checkpoint_now(lake)
    put_facts(
        lake.objects, [fact("late", 38, "delta", 5.0)]
    )  # before the count: without batches it changes nothing
    assert stock_now(lake)["on_hand"].tolist() == [20.0]
    snapshot(lake, [("2026-01-01", "A", "S1", "L1", 6.0)])
    assert stock_now(lake)["on_hand"].tolist() == [5.0, 15.0]
    assert_right(lake)


def test_compaction_moves_facts_that_a_checkpoint_covers(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    put_facts(lake.objects, [fact("a", 1, "set", 5.0), fact("b", 2, "delta", 0.1)])
    assert checkpoint_now(lake)
    put_facts(lake.objects, [fact("c", 3, "delta", 0.2)])
    compact(lake)
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [5.0 + 0.1 + 0.2]


def test_snapshots_imported_meanwhile(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot(lake, [("2026-01-01", "A", "S1", "", 10.0), ("2026-01-01", "B", "S1", "L1", 4.0)])
    put_facts(
        lake.objects,
        [fact("a", 25, "delta", -1.0), fact("b", 50, "delta", -1.0), fact("early", 2, "set", 99.0)],
    )
    assert checkpoint_now(lake)
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [8.0, 4.0]
    snapshot(lake, [("2026-01-02", "A", "S1", "", 30.0)])  # counts the first, not the second
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [29.0, 4.0]
    snapshot(lake, [("2025-12-31", "A", "S1", "", 77.0)])  # older than what is known
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [29.0, 4.0]
    assert stock_now(lake, until=dt.date(2026, 1, 1))["on_hand"].tolist() == [10.0, 4.0]
    assert_right(lake)


@pytest.mark.parametrize("harm", ["cut", "other", "gone", "manifest", "foreign"])
def test_a_damaged_or_foreign_checkpoint_is_passed_over(lake: Lake, harm: str) -> None:
    put_facts(lake.objects, [fact("a", 1, "set", 5.0)])
    key = checkpoint_now(lake)
    assert key
    root = Path(lake.uri)
    for path in (root / CHECKPOINTS).iterdir():
        if path.suffix == ".arrow" and harm in ("cut", "other", "gone"):
            body = path.read_bytes()
            path.unlink()
            if harm != "gone":
                path.write_bytes(body[:-3] if harm == "cut" else body[:-3] + b"xyz")
    manifest = root / key
    if harm == "manifest":
        manifest.write_text("{")
    if harm == "foreign":
        manifest.write_text(manifest.read_text().replace('"made_by": "', '"made_by": "other '))
    put_facts(lake.objects, [fact("b", 2, "delta", 1.0)])
    assert stock_now(lake)["on_hand"].tolist() == [6.0]
    assert checkpoint_now(lake)
    assert_right(lake)


def test_a_checkpoint_that_is_forgotten_while_it_is_used(lake: Lake) -> None:
    snapshot(lake, [("2026-01-01", "A", "S1", "", 10.0)])
    order = {"order_id": "PO-1", "line": "1"}
    put_facts(lake.objects, [fact("a", 30, "delta", 5.0), fact("o", 30, "order_placed", 6.0, **order)])
    assert checkpoint_now(lake)
    known = known_facts(lake)
    assert known
    lake.objects.delete(lake.objects.list(CHECKPOINTS))
    assert known.order_facts["event_id"].to_list() == ["o"]
    assert known.terms.latest["on_hand"].to_list() == [10.0]


def test_old_checkpoints_are_forgotten(lake: Lake) -> None:
    for hours in range(KEPT + 3):
        put_facts(lake.objects, [fact(f"{hours}", hours, "delta", 1.0)])
        assert checkpoint_now(lake)
    keys = lake.objects.list(CHECKPOINTS)
    assert len([key for key in keys if key.endswith(".json")]) == KEPT
    assert len(keys) <= KEPT * 10
    assert stock_now(lake)["on_hand"].tolist() == [KEPT + 3.0]


def test_a_reader_of_many_new_facts_makes_the_next_checkpoint(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_known, "WORTH_KEEPING", 3)
    put_facts(lake.objects, [fact(f"{n}", n, "delta", 1.0) for n in range(4)])
    assert stock_now(lake)["on_hand"].tolist() == [4.0]
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [4.0]
    put_facts(lake.objects, [fact(f"{n}", n, "delta", 1.0) for n in range(4, 8)])
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [8.0]
    assert len([key for key in lake.objects.list(CHECKPOINTS) if key.endswith(".json")]) == 2
    monkeypatch.setattr(checkpoint_known, "MANY_OBJECTS", 1)
    put_facts(lake.objects, [fact("8", 8, "delta", 1.0)])
    assert resumed(lake, monkeypatch)["on_hand"].tolist() == [9.0]
    assert len([key for key in lake.objects.list(CHECKPOINTS) if key.endswith(".json")]) == 3


def test_other_statuses_costs_and_lines_without_facts_are_as_the_snapshot_says(lake: Lake) -> None:
    frame = pd.DataFrame(
        {"date": pd.to_datetime(["2026-01-01"] * 3), "sku": ["A", "A", "B"], "location": "S1", "batch": ""}
    )
    frame = frame.assign(status=["available", "blocked", "available"], on_hand=[5.0, 2.0, 3.0], unit_cost=1.5)
    lake.replace("inventory_snapshot", frame)
    assert_frame_equal(
        stock_now(lake).drop(columns="expiry_date"),
        frame[list(stock_now(lake).drop(columns="expiry_date"))],
        check_dtype=False,
    )
    put_facts(lake.objects, [fact("a", 30, "set", 9.0)])
    now = stock_now(lake)
    assert now[["sku", "status", "on_hand", "unit_cost"]].to_numpy().tolist() == [
        ["A", "available", 9.0, 1.5],
        ["A", "blocked", 2.0, 1.5],
        ["B", "available", 3.0, 1.5],
    ]
    assert now["date"].dt.day.tolist() == [2, 2, 1]


def test_an_import_does_not_undo_what_was_told_of_orders_that_it_leaves_as_they_were(lake: Lake) -> None:
    def row(order: str, **more: Any) -> dict[str, Any]:
        about = {
            "order_id": order,
            "line": "1",
            "kind": "purchase",
            "sku": "A",
            "to_location": "S1",
            "status": "sent",
        }
        return about | {"quantity": 10.0, "received": 0.0} | more

    lake.upsert("orders", pd.DataFrame([row("PO-1"), row("PO-2")]))
    told_at = lake.version("orders").created_at + dt.timedelta(microseconds=1)
    hours = (told_at - dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(hours=1)
    received = {"order_id": "PO-1", "line": "1"}
    put_facts(lake.objects, [fact("old", 1, "order_received", 3.0, **received)])
    assert orders_now(lake)["received"].tolist() == [0.0, 0.0]  # in the file already
    put_facts(lake.objects, [fact("r", hours, "order_received", 10.0, **received)])
    assert orders_now(lake)["status"].tolist() == ["received", "sent"]
    lake.upsert("orders", pd.DataFrame([row("PO-2", received=4.0, status="part_received")]))
    assert orders_now(lake)["status"].tolist() == ["received", "part_received"]
    lake.upsert("orders", pd.DataFrame([row("PO-1", received=9.0, status="closed_short")]))
    assert orders_now(lake)["status"].tolist() == ["closed_short", "part_received"]


def test_any_number_tell_compact_and_read_at_once(any_lake: Lake) -> None:
    lake = any_lake
    rng = random.Random(7)
    facts = [random_fact(rng, number) for number in range(120)]

    def work(number: int) -> None:
        put_facts(lake.objects, facts[number * 10 : number * 10 + 20])
        compact(lake)
        checkpoint_now(lake)
        stock_now(lake)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(9)))
    assert_right(lake)
    compact(lake)
    checkpoint_now(lake)
    assert checkpoint_now(lake) is None
    assert_right(lake)


def test_a_lake_without_facts(lake: Lake) -> None:
    assert known_facts(lake) is None
    assert checkpoint_now(lake) is None
    assert stock_now(lake).empty
    assert orders_now(lake).empty


def test_the_fold_says_when_stock_was_last_told(lake: Lake) -> None:
    put_facts(lake.objects, [fact("a", 1, "set", 5.0), fact("b", 2, "delta", 1.0)])
    known = known_facts(lake)
    assert known
    row = stock_rows(known.stock).row(0, named=True)
    assert (row["fixed_at"], row["at"]) == (START + HOUR, START + 2 * HOUR)
    assert isinstance(known.order_facts, pl.DataFrame)
