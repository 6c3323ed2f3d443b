"""The fold of facts: against a slow dict loop, in any order, copied and cut; and by hand."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.facts.fact import Fact
from data_lake.facts.fold import advanced, fold_stock
from data_lake.facts.fold_days import day_ends, local_days
from data_lake.facts.fold_moves import in_order, stock_moves
from data_lake.facts.fold_state import OPENING_SCHEMA, opened, stock_rows
from data_lake.facts.orders_fold import fold_orders
from data_lake.facts.rows import to_frame

DAY = 86_400_000_000
PERPETUAL = pl.DataFrame({"sku": ["A"], "location": ["S1"]})
Line = tuple[str, str]
Lots = dict[Line, dict[str, list[Any]]]


def fact(event_id: str, at: int, kind: Any, quantity: float, **more: Any) -> Fact:
    return Fact(
        **{"event_id": event_id, "at": at, "sequence": 0, "kind": kind, "sku": "A", "location": "S1"}
        | more
        | {"quantity": quantity}
    )


# the oracle


def oracle(facts: Sequence[Fact], opening: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str, str], float]:
    """Fold with plain dictionaries, one unit of thought at a time."""
    lots: Lots = {}
    since: dict[Line, int] = {}
    for sku, place, batch, expiry, on_hand, _, start in opening:
        lots.setdefault((sku, place), {"": [0.0, ""]})[batch] = [
            on_hand,
            expiry.isoformat() if expiry else "",
        ]
        since[sku, place] = start
    for told in sorted(set(facts), key=lambda one: one.order):
        here, there = (told.sku, told.location), (told.sku, told.to_location)
        perpetual = here == ("A", "S1")
        if told.kind in ("set", "count"):
            moves = [(here, True, told.quantity)]
        elif told.kind in ("sale", "order_received") and not perpetual:
            continue
        elif told.kind in ("write_off", "sale"):
            moves = [(here, False, -told.quantity)]
        elif told.kind == "transfer":
            moves = [(here, False, -told.quantity), (there, False, told.quantity)]
        else:
            moves = [(here, False, told.quantity)]
        for line, fixes, value in moves:
            held = lots.setdefault(line, {"": [0.0, ""]})
            if told.at >= since.get(line, -(10**18)):
                move(held, fixes, value, told.batch, told.expiry)
    return {
        (*line, batch): on_hand
        for line, held in lots.items()
        for batch, (on_hand, _) in held.items()
        if on_hand != 0 or (batch == "" and all(other[0] == 0 for other in held.values()))
    }


def move(held: dict[str, list[Any]], fixes: bool, value: float, batch: str, expiry: str) -> None:
    def first_out() -> list[str]:
        named = [name for name in held if name and held[name][0] > 0]
        return sorted(named, key=lambda name: (held[name][1] or "9999", name))

    if batch:
        lot = held.setdefault(batch, [0.0, ""])
        lot[0] = value if fixes else lot[0] + value
        lot[1] = expiry or lot[1]
        return
    if fixes:
        for name in held:
            if name or first_out():
                held[name][0] = max(held[name][0], 0.0)
        if not first_out():
            held[""][0] = value
            return
        value = value - held[""][0]
        for name in first_out():
            value -= held[name][0]
        if value >= 0:
            held[first_out()[0]][0] += value
            return
    if value > 0:
        held[""][0] += value
        return
    wanted = -value
    for name in first_out():
        taken = min(wanted, held[name][0])
        held[name][0] -= taken
        wanted -= taken
    held[""][0] -= wanted


# any set of facts, in any order, cut and copied anyhow


def made(seed: int, count: int, whole: bool) -> tuple[list[Fact], list[tuple[Any, ...]]]:
    """Make facts of a few lines, many at one instant; a random seed makes Hypothesis' examples cheap."""
    rng = random.Random(seed)
    facts = []
    for number in range(count):
        kind = rng.choice(
            ["set", "count", "delta", "delta", "transfer", "write_off", "sale", "order_received"]
        )
        sku, place = rng.choice("AB"), rng.choice(["S1", "S2"])
        most = 20.0 if kind in ("set", "count") else 9.0
        quantity = float(rng.randint(0, int(most))) if whole else rng.random() * most
        batch = rng.choice(["", "", "L1", "L2"]) if sku == "B" or rng.random() < 0.1 else ""
        expiry = rng.choice(["", "2026-12-01", "2026-12-05"]) if batch else ""
        facts.append(
            Fact(
                event_id=f"{rng.getrandbits(32):x}-{number}",
                at=rng.randint(0, 12) * DAY // 4,
                sequence=rng.choice([0, 0, 1]),
                kind=kind,
                sku=sku,
                location=place,
                quantity=-quantity if kind == "delta" and rng.random() < 0.5 else quantity,
                batch=batch,
                expiry=expiry,
                to_location={"S1": "S2", "S2": "S1"}[place] if kind == "transfer" else "",
            )
        )
    opening = [
        (sku, "S1", batch, expiry, float(rng.randint(-2, 12)), dt.date(1970, 1, 1), DAY)
        for sku in "AB"
        for batch, expiry in [("", None), ("L1", dt.date(2026, 11, 30))][: rng.randint(0, 1 + (sku == "B"))]
    ]
    return facts, opening


def told(facts: Sequence[Fact]) -> pl.DataFrame:
    return to_frame(list(facts))


def as_opening(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OPENING_SCHEMA, orient="row")


@settings(max_examples=1_000)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 24), whole=st.booleans(), cuts=st.integers(0, 3))
def test_any_order_copies_and_cuts_give_the_state_of_the_oracle(
    seed: int, count: int, whole: bool, cuts: int
) -> None:
    facts, rows = made(seed, count, whole)
    rng = random.Random(seed + 1)
    arrived = [*facts, *rng.sample(facts, len(facts) // 3)]
    rng.shuffle(arrived)
    if cuts:  # in parts, as a checkpoint does
        moves = stock_moves(in_order(told(arrived)), PERPETUAL)
        places = sorted(rng.randint(0, moves.height) for _ in range(cuts))
        stock = opened(as_opening(rows))
        for start, end in zip([0, *places], [*places, moves.height], strict=True):
            stock = advanced(stock, moves[start:end])
        folded = stock_rows(stock)
    else:
        folded = fold_stock(told(arrived), as_opening(rows), PERPETUAL)
    state = {(row["sku"], row["location"], row["batch"]): row["on_hand"] for row in folded.rows(named=True)}
    assert state == oracle(facts, rows)


# by hand


def state(*facts: Fact, opening: Sequence[tuple[Any, ...]] = ()) -> dict[str, tuple[float, str]]:
    folded = fold_stock(told(facts), as_opening(opening), PERPETUAL)
    rows = folded.filter((pl.col("sku") == "A") & (pl.col("location") == "S1")).rows(named=True)
    return {row["batch"]: (row["on_hand"], str(row["expiry_date"] or "")) for row in rows}


SHELF = [
    ("A", "S1", "old", dt.date(2026, 11, 24), 6.0, dt.date(2026, 11, 21), 0),
    ("A", "S1", "new", dt.date(2026, 12, 1), 10.0, dt.date(2026, 11, 21), 0),
]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([("delta", -8.0)], {"new": (8.0, "2026-12-01")}, id="first expired first out"),
        pytest.param([("delta", -20.0)], {"": (-4.0, "")}, id="more than there was"),
        pytest.param(
            [("set", 20.0)],
            {"old": (10.0, "2026-11-24"), "new": (10.0, "2026-12-01")},
            id="a surplus is the oldest's",
        ),
        pytest.param([("count", 3.0)], {"new": (3.0, "2026-12-01")}, id="a count takes the oldest"),
        pytest.param([("write_off", 6.0)], {"new": (10.0, "2026-12-01")}, id="expired first"),
        pytest.param(
            [("set", 0.0), ("delta", 5.0)], {"": (5.0, "")}, id="what comes without a batch has none"
        ),
        pytest.param(
            [("delta", -20.0), ("set", 7.0)], {"": (7.0, "")}, id="a count settles what was below 0"
        ),
        pytest.param([("sale", 6.0)], {"new": (10.0, "2026-12-01")}, id="a sale where stock is perpetual"),
        pytest.param(
            [("order_received", 2.0)],
            {"old": (6.0, "2026-11-24"), "new": (10.0, "2026-12-01"), "": (2.0, "")},
            id="a receipt",
        ),
    ],
)
def test_what_facts_do_to_a_shelf_with_batches(
    facts: list[tuple[str, float]], expected: dict[str, Any]
) -> None:
    assert (
        state(*(fact(str(n), n, kind, value) for n, (kind, value) in enumerate(facts, 1)), opening=SHELF)
        == expected
    )


def test_the_example_of_the_method() -> None:
    hour = DAY // 24
    told_on_sunday = [
        fact("1", 9 * hour, "delta", -8.0),
        fact("2", 10 * hour, "delta", 24.0, batch="L77", expiry="2026-12-20"),
        fact("3", 12 * hour, "count", 30.0),
        fact("4", 14 * hour, "transfer", 5.0, to_location="S2"),
    ]
    after = {"new": (1.0, "2026-12-01"), "L77": (24.0, "2026-12-20")}
    assert state(*told_on_sunday, opening=SHELF) == after
    late = fact("5", 8 * hour, "write_off", 1.0)
    assert state(*told_on_sunday, late, opening=SHELF) == after


def test_a_batch_is_told_its_own_stock_and_expiry() -> None:
    changes = [
        fact("1", 1, "set", 4.0, batch="old"),
        fact("2", 2, "delta", 24.0, batch="fresh", expiry="2026-12-20"),
        fact("3", 3, "set", 0.0, batch="new"),
    ]
    assert state(*changes, opening=SHELF) == {"old": (4.0, "2026-11-24"), "fresh": (24.0, "2026-12-20")}


def test_an_expiry_without_a_batch_is_that_of_the_heap() -> None:
    heap = [fact("1", 1, "delta", 5.0, expiry="2026-12-05"), fact("2", 2, "delta", 5.0, expiry="2026-12-01")]
    assert state(*heap) == {"": (10.0, "2026-12-01")}
    assert state(*heap, fact("3", 3, "set", 8.0, expiry="2026-12-09")) == {"": (8.0, "2026-12-09")}
    assert state(*heap, fact("3", 3, "set", 0.0), fact("4", 4, "delta", 3.0)) == {"": (3.0, "")}


def test_a_transfer_leaves_one_place_and_arrives_at_another() -> None:
    moved = fact("1", 1, "transfer", 5.0, batch="old", expiry="2026-11-24", to_location="S2")
    rows = fold_stock(told([moved]), as_opening(SHELF))
    found = {(row["location"], row["batch"]): row["on_hand"] for row in rows.rows(named=True)}
    assert found == {("S1", "old"): 1.0, ("S1", "new"): 10.0, ("S2", "old"): 5.0}
    assert rows.filter(pl.col("location") == "S2")["expiry_date"].to_list() == [dt.date(2026, 11, 24)]


def test_sales_and_receipts_move_only_perpetual_stock() -> None:
    assert state(fact("1", 1, "sale", 2.0), fact("2", 2, "sale", -1.0)) == {"": (-1.0, "")}
    other = fold_stock(told([fact("1", 1, "sale", 2.0, location="S2")]), None, PERPETUAL)
    assert other.is_empty()


def test_a_snapshot_supersedes_what_was_told_before_its_day_ended_where_it_lies() -> None:
    days = pl.DataFrame({"date": [dt.date(2026, 1, 15)] * 2, "location": ["S1", "S2"]})
    lima, utc = day_ends(days, {"S1": "America/Lima"}).to_list()
    assert lima - utc == 5 * 3_600_000_000
    opening = [("A", "S1", "", None, 100.0, dt.date(2026, 1, 15), lima)]
    evening = fact("1", lima - 1, "delta", -5.0)
    midnight = fact("2", lima, "delta", -7.0)
    assert state(evening, midnight, opening=opening) == {"": (93.0, "")}
    at = pl.DataFrame({"at": [lima - 1, lima], "location": ["S1", "S1"]})
    assert local_days(at, {"S1": "America/Lima"}).to_list() == [dt.date(2026, 1, 15), dt.date(2026, 1, 16)]


def test_a_day_without_midnight_begins_at_its_first_hour() -> None:
    day = pl.DataFrame(
        {"date": [dt.date(2018, 11, 3)], "location": ["S1"]}
    )  # clocks went from 00:00 to 01:00
    assert day_ends(day, {"S1": "America/Sao_Paulo"}).to_list() == [1_541_300_400_000_000]


# orders


def order(event_id: str, at: int, kind: Any, quantity: float = float("nan"), **more: Any) -> Fact:
    return fact(event_id, at, kind, quantity, **({"order_id": "PO-1", "line": "1"} | more))


def lines(*facts: Fact, opening: pl.DataFrame | None = None) -> list[dict[str, Any]]:
    folded = fold_orders(told(facts), opening)
    assert folded.equals(fold_orders(told(facts[::-1]), opening))
    return folded.rows(named=True)


PLACED = order(
    "p", DAY, "order_placed", 24.0, details='{"expectedDate":"2026-11-28","source":"SUP1","unitCost":2}'
)


def test_an_order_is_placed_sent_and_received_in_parts() -> None:
    (placed,) = lines(PLACED)
    assert placed["status"] == "approved"
    assert placed["ordered_at"] == dt.date(1970, 1, 2)
    assert (placed["from_source"], placed["expected_date"], placed["unit_cost"]) == (
        "SUP1",
        dt.date(2026, 11, 28),
        2.0,
    )
    sent = order("s", 2 * DAY, "order_sent", sku="", location="", line="")
    part = order("r1", 3 * DAY, "order_received", 20.0)
    (partly,) = lines(PLACED, sent, part)
    assert (partly["status"], partly["received"], partly["received_at"]) == ("part_received", 20.0, None)
    (whole,) = lines(PLACED, sent, part, order("r2", 4 * DAY, "order_received", 4.0))
    assert (whole["status"], whole["received_at"]) == ("received", dt.date(1970, 1, 5))


def test_an_order_is_changed_and_cancelled() -> None:
    later = order(
        "c",
        2 * DAY,
        "order_changed",
        12.0,
        sku="",
        location="",
        line="",
        details='{"expectedDate":"2026-12-01"}',
    )
    (changed,) = lines(PLACED, later)
    assert (changed["quantity"], changed["expected_date"]) == (12.0, dt.date(2026, 12, 1))
    cancelled = order("x", DAY, "order_cancelled", line="", sku="", location="")
    (gone,) = lines(PLACED, cancelled)  # of one instant: whichever id comes first
    assert gone["status"] == "cancelled"


def test_products_of_an_order_that_counts_no_lines_are_lines_of_their_own() -> None:
    other = order("q", DAY, "order_placed", 6.0, sku="B")
    received = order("r", 2 * DAY, "order_received", 6.0, sku="B")
    found = {line["sku"]: (line["quantity"], line["status"]) for line in lines(PLACED, other, received)}
    assert found == {"A": (24.0, "approved"), "B": (6.0, "received")}
    unclear = order("c", 3 * DAY, "order_changed", 1.0, sku="", location="", line="")
    assert {line["quantity"] for line in lines(PLACED, other, unclear)} == {24.0, 6.0}


def test_facts_apply_on_top_of_what_was_imported_before_them() -> None:
    (row,) = lines(PLACED)
    imported = (
        pl.DataFrame([row], infer_schema_length=None).drop("at").with_columns(pl.lit(5 * DAY).alias("since"))
    )
    early, late = order("r1", 4 * DAY, "order_received", 20.0), order("r2", 6 * DAY, "order_received", 3.0)
    (after,) = lines(early, late, opening=imported)
    assert (after["received"], after["status"], after["at"]) == (3.0, "part_received", 6 * DAY)
    (before,) = lines(early, opening=imported)
    assert (before["status"], before["at"]) == ("approved", None)


def test_an_order_that_nobody_placed_is_no_order() -> None:
    assert lines(order("r", DAY, "order_received", 3.0), order("s", DAY, "order_sent", line="9")) == []
