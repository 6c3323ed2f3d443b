"""Any order, any batches, any copies, compacted whenever: the same facts and the same stock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.ledger.simulation.lines import LineRows
from data_lake.errors import NoSuchObject
from data_lake.facts.compact import compact, compact_objects
from data_lake.facts.fact import Fact
from data_lake.facts.fold import fold_stock
from data_lake.facts.ingest import ingest_facts
from data_lake.facts.landing import from_line, to_line
from data_lake.facts.listing import view
from data_lake.facts.messages import Record
from data_lake.facts.read import read_facts
from data_lake.facts.rows import to_facts, to_frame
from data_lake.facts.settle import conflicts_of, settle

NOW = datetime(2026, 1, 20, tzinfo=UTC)
PERPETUAL = pl.DataFrame({"sku": ["p0"], "location": ["L0"]})


class Objects:
    """Objects in memory."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put_new(self, key: str, body: bytes) -> bool:
        return self.bodies.setdefault(key, body) is body

    def get(self, key: str) -> bytes:
        if key not in self.bodies:
            raise NoSuchObject(key)
        return self.bodies[key]

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        return sorted(key for key in self.bodies if key.startswith(prefix) and key > start_after)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.bodies.pop(key, None)


class InMemory:
    """A lake of such objects."""

    def __init__(self) -> None:
        self.objects = Objects()


KINDS = {
    "set": ("inventory.updated", {}),
    "delta": ("inventory.updated", {}),
    "count": ("inventory.counted", {}),
    "transfer": ("inventory.transferred", {}),
    "write_off": ("inventory.written_off", {"reason": "lost"}),
    "sale": ("sale", {}),
    "received": ("order.received", {"orderId": "PO-1"}),
}
DRAWN = st.tuples(
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 9),  # id: some have two contents
    st.integers(0, 2),  # product
    st.integers(0, 1),  # location
    st.integers(1, 20),  # quantity
    st.integers(0, 3),  # day and second
    st.integers(0, 1),  # sequence
)
EVENTS = st.lists(DRAWN, min_size=1, max_size=14).map(lambda drawn: [event(*one) for one in drawn])


def event(
    kind: str, number: int, sku: int, place: int, quantity: int, when: int, sequence: int
) -> dict[str, Any]:
    name, more = KINDS[kind]
    data = {"productId": f"p{sku}", "location": f"L{place}"} | more
    data["delta" if kind == "delta" else "quantity"] = quantity - 12 if kind == "delta" else quantity
    if kind == "transfer":
        data["toLocation"] = f"L{1 - place}"
    at = NOW - timedelta(days=1 + when % 2, seconds=when // 2)
    return {
        "eventId": f"e{number}",
        "eventType": name,
        "timestamp": at.isoformat(),
        "sequence": sequence,
        "data": data,
    }


def batches(told: Sequence[dict[str, Any]], random: Random) -> list[list[dict[str, Any]]]:
    """Shuffle, copy and cut."""
    sent = [*told, *random.choices(told, k=random.randint(0, len(told)))]
    random.shuffle(sent)
    cut = []
    while sent:
        size = random.randint(1, 5)
        cut.append(sent[:size])
        sent = sent[size:]
    return cut


def put(lake: InMemory, batch: Sequence[dict[str, Any]]) -> None:
    records = [Record(f"m{number}", json.dumps(event)) for number, event in enumerate(batch)]
    assert ingest_facts(lake, records, received_at=NOW).poison == []


def stock_by_hand(facts: list[Fact]) -> dict[tuple[str, str], float]:
    """Fold totals one fact after the other, as plainly as can be."""
    first: dict[str, tuple[Any, bytes, Fact]] = {}
    for fact in facts:
        mine = (fact.order, to_line(fact), fact)
        if fact.event_id not in first or mine[:2] < first[fact.event_id][:2]:
            first[fact.event_id] = mine
    stock: dict[tuple[str, str], float] = {}
    for _, _, fact in sorted(first.values(), key=lambda item: item[0]):
        key = (fact.sku, fact.location)
        if fact.kind in ("sale", "order_received") and key != ("p0", "L0"):
            continue
        if fact.kind in ("set", "count"):
            stock[key] = fact.quantity
            continue
        leaves = fact.kind in ("transfer", "write_off", "sale")
        stock[key] = stock.get(key, 0.0) + (-fact.quantity if leaves else fact.quantity)
        if fact.kind == "transfer":
            there = (fact.sku, fact.to_location)
            stock[there] = stock.get(there, 0.0) + fact.quantity
    return stock


def stock_of(frame: pl.DataFrame) -> dict[tuple[str, str], float]:
    folded = fold_stock(frame, perpetual=PERPETUAL).group_by("sku", "location").agg(pl.col("on_hand").sum())
    return {(sku, location): on_hand for sku, location, on_hand in folded.iter_rows()}


@settings(max_examples=1000)
@given(EVENTS, st.randoms(use_true_random=False))
def test_set_and_state_do_not_depend_on_how_it_came(told: list[dict[str, Any]], random: Random) -> None:
    """Any permutation, cut and copies, compacted at any time: the set, what applies of it, and the stock."""
    rows = LineRows()
    once = InMemory()
    put(once, told)
    [expected] = view(once.objects, rows, workers=1).values()
    lake = InMemory()
    for batch in batches(told, random):
        put(lake, batch)
        if random.random() < 0.3:
            compact_objects(lake.objects, rows, random.randint(1, 3), 1)
    lines = rows.union(list(view(lake.objects, rows, workers=1).values()))
    assert lines == expected
    facts = [from_line(line) for line in lines]
    random.shuffle(facts)
    frame, conflicts = settle(to_frame(facts))
    assert frame["event_id"].is_unique().all()
    assert conflicts == conflicts_of(facts[::-1])
    assert stock_of(frame) == stock_by_hand(facts)


@settings(max_examples=100)
@given(EVENTS, st.randoms(use_true_random=False))
def test_the_whole_way_through_parquet(told: list[dict[str, Any]], random: Random) -> None:
    """Ingest in any batches, compact at any time, read all and read parts: one state."""
    lake = InMemory()
    sent = batches(told, random)
    for batch in sent:
        put(lake, batch)
        if random.random() < 0.2:
            compact(lake, most_objects=random.randint(1, 3))
    compact(lake)
    read = read_facts(lake)
    once = InMemory()
    put(once, told)
    assert read.frame.equals(read_facts(once).frame)
    assert stock_of(read.frame) == stock_by_hand(
        [fact for conflict in read.conflicts for fact in conflict.refused] + to_facts(read.frame)
    )
    for product in range(3):
        part = read_facts(lake, keys=[(f"p{product}", "L0"), (f"p{product}", "L1")])
        assert part.frame.equals(read.frame.filter(sku=f"p{product}"))
    late = read_facts(lake, since=NOW.date() - timedelta(days=1))
    start = datetime(2026, 1, 19, tzinfo=UTC)
    assert late.frame.equals(read.frame.filter(pl.col("at") >= start))
