"""The ledger is a set: no order, copy, batch, retry or race changes the state."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.errors import LakeError
from data_lake.events import EVENT_FIELDS, Event, EventError, from_json, make_event, to_json, union
from data_lake.lake import Lake
from data_lake.ledger import (
    ACTS,
    LANDING,
    CorruptBatchError,
    Ledger,
    append_act,
    append_events,
    ledger_digest,
    read_events,
    read_ledger,
)
from data_lake.objects import LocalObjects

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@dataclass
class Store:
    objects: LocalObjects


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(LocalObjects(tmp_path))


def changed(value: str, *, minutes: int = 0, name: str = "currency", author: str = "ana") -> Event:
    return make_event(
        "parameter.changed",
        at=AT + timedelta(minutes=minutes),
        author=author,
        data={"name": name, "new_value": value},
    )


def test_a_batch_is_one_object_named_by_its_content_and_a_retry_adds_none(store: Store) -> None:
    events = [changed("EUR"), changed("USD", minutes=1)]
    key = append_events(store, events)
    assert key.startswith(LANDING)
    assert key.endswith(".ndjson.gz")
    assert append_events(store, events[::-1]) == key
    assert append_events(store, [*events, events[0]]) == key
    assert store.objects.list("ledger/") == [key]
    assert read_events(store) == events


def test_the_bytes_of_a_batch_do_not_depend_on_the_clock(store: Store, tmp_path: Path) -> None:
    key = append_events(store, [changed("EUR")])
    other = Store(LocalObjects(tmp_path / "other"))
    assert append_events(other, [changed("EUR")]) == key
    assert store.objects.get(key) == other.objects.get(key)


def test_batches_and_acts_are_read_as_one_set(any_lake: Lake) -> None:
    late, early, act = changed("late", minutes=9), changed("early"), changed("act", minutes=5)
    append_events(any_lake, [late])
    append_events(any_lake, [early])
    append_act(any_lake, lambda ledger, earliest: [act])
    append_events(any_lake, [act])  # the same event in a batch of the other kind
    assert read_events(any_lake) == [early, act, late]
    assert ledger_digest(any_lake) == read_ledger(any_lake).digest


def test_events_come_back_by_time_then_id(store: Store) -> None:
    late, early = changed("EUR", minutes=5), changed("USD")
    same_time = sorted((replace(early, event_id=name) for name in "ba"), key=lambda event: event.event_id)
    append_events(store, [late])
    append_events(store, [*same_time[::-1]])
    assert read_events(store) == [*same_time, late]


def test_time_zones_are_kept_as_instants(store: Store) -> None:
    paris = datetime.fromisoformat("2026-11-22T09:30:00+01:00")
    event = make_event(
        "order.exported", at=paris, author="ana", data={"order_ids": ["PO-1"], "format": "csv"}
    )
    append_events(store, [event])
    assert read_events(store)[0].timestamp == AT
    assert read_events(store)[0].timestamp.utcoffset() == timedelta(0)


def test_all_faults_of_a_batch_are_listed_and_nothing_is_written(store: Store) -> None:
    bad = [
        Event("", "parameter.changed", AT.replace(tzinfo=None), " ", "", {"name": 3}),
        Event("x", "stock.moved", AT, "ana", "", {}),
        Event("y", "plan_line.rejected", AT, "ana", "", {"line_id": "a", "order_by": "b", "order_id": "c"}),
        Event("y", "order.exported", AT, "ana", "", {"order_ids": ["a", 1], "format": "csv"}),
        Event("z", "forecast.overridden", AT, "ana", "promo", {"factor": float("nan")}),
        Event("w", "parameter.changed", AT, "ana", "", {"name": "a", "new_value": "b", "extra": {1, 2}}),
        Event("v", "plan_line.approved", AT, "ana", "", {"plan": [], "quantity": True}),
    ]
    with pytest.raises(EventError) as refused:
        append_events(store, bad)
    message = str(refused.value)
    for part in (
        "event 1 (parameter.changed): event_id is empty",
        "has no time zone",
        "author is empty",
        "data.name is 3, expected text",
        "data.new_value is missing",
        "event 2 (stock.moved): unknown type",
        "event 3 (plan_line.rejected): reason is empty",
        "event 4 (order.exported): data.order_ids is ['a', 1], expected texts",
        "event_id 'y' is used twice with different content",
        "data.factor is nan, expected number",
        "event 6 (parameter.changed): data cannot be written as JSON",
        "data.plan is [], expected object",
        "data.quantity is True, expected number",
    ):
        assert part in message
    assert len(refused.value.faults) == message.count("\n- ")
    assert store.objects.list("") == []
    with pytest.raises(EventError, match="the batch is empty"):
        append_events(store, [])


def test_a_second_payload_under_one_id_is_reported_and_the_earliest_is_kept(store: Store) -> None:
    first = changed("EUR")
    later = replace(first, timestamp=AT + timedelta(minutes=1), data={"name": "currency", "new_value": "USD"})
    append_events(store, [later])
    append_events(store, [first])
    ledger = read_ledger(store)
    assert ledger.events == [first]
    (conflict,) = ledger.conflicts
    assert (conflict.event_id, conflict.kept, conflict.refused) == (first.event_id, first, (later,))


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[:-5],  # cut short
        lambda body: b"not gzip",
        lambda body: gzip.compress(b"not json"),
        lambda body: gzip.compress(json.dumps({"event_id": "x"}).encode()),
        lambda body: gzip.compress(to_json(changed("GBP")).encode()),  # another batch's content
        lambda body: body[:12] + bytes([body[12] ^ 0xFF]) + body[13:],
    ],
)
def test_a_damaged_batch_is_named(store: Store, tmp_path: Path, damage) -> None:
    key = append_events(store, [changed("EUR")])
    path = tmp_path / key
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptBatchError, match=key):
        read_events(store)


def test_the_digest_names_the_state(store: Store) -> None:
    empty = ledger_digest(store)
    append_events(store, [changed("EUR")])
    one = ledger_digest(store)
    assert empty != one == read_ledger(store).digest
    append_events(store, [changed("EUR")])
    assert ledger_digest(store) == one


def test_acts_are_numbered_without_gaps_and_stamped_in_order(store: Store) -> None:
    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        behind = AT - timedelta(hours=len(ledger.events))  # a planner whose clock is behind
        at = max(behind, earliest) if earliest else AT
        return [replace(changed("x"), timestamp=at, event_id=f"e{len(ledger.events)}")]

    keys = [append_act(store, decide)[0] for _ in range(3)]
    assert keys == [f"{ACTS}{number:020d}.ndjson.gz" for number in (1, 2, 3)]
    events = read_events(store)
    assert [event.timestamp - AT for event in events] == [timedelta(microseconds=n) for n in range(3)]


def test_an_act_that_decides_nothing_writes_nothing(store: Store) -> None:
    assert append_act(store, lambda ledger, earliest: []) == (None, [])
    assert store.objects.list("") == []


def test_an_act_before_the_last_act_is_refused(store: Store) -> None:
    append_act(store, lambda ledger, earliest: [changed("EUR")])
    with pytest.raises(EventError, match="or later, after the last one"):
        append_act(store, lambda ledger, earliest: [changed("USD", minutes=-1)])
    with pytest.raises(EventError, match="author is empty"):
        append_act(store, lambda ledger, earliest: [changed("USD", minutes=1, author="")])


def test_of_acts_at_once_each_sees_all_before_it(any_lake: Lake) -> None:
    """Eight writers raise a counter three times each: a lost update would leave a gap."""
    barrier = threading.Barrier(8)

    def write(author: str) -> None:
        def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
            data = {"name": "n", "new_value": str(len(ledger.events) + 1)}
            return [make_event("parameter.changed", at=earliest or AT, author=author, data=data)]

        barrier.wait()
        for _ in range(3):
            append_act(any_lake, decide)

    threads = [threading.Thread(target=write, args=(f"planner {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.data["new_value"] for event in read_events(any_lake)] == [str(n) for n in range(1, 25)]


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_a_lost_answer_is_not_a_lost_race(bad_line: Any) -> None:
    """The store recorded the act and the answer got lost: the retry finds its own object and must say so."""
    lake = bad_line.lake()
    bad_line.script = [*["pass"] * 3, "lose answer"]  # three listings, then the write
    key, events = append_act(lake, lambda ledger, earliest: [changed("EUR")])
    assert bad_line.script == []
    assert key == f"{ACTS}{1:020d}.ndjson.gz"
    assert read_events(lake) == events == [changed("EUR")]


def test_an_act_that_always_loses_gives_up(any_lake: Lake) -> None:
    """Another writer takes every number first."""
    rivals = iter(range(1000))

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        number = len(ledger.events) + 1
        rival = to_json(changed(f"rival {next(rivals)}", minutes=number)).encode()
        any_lake.objects.put_new(f"{ACTS}{number:020d}.ndjson.gz", gzip.compress(rival))
        return [changed("mine", minutes=10_000)]

    with pytest.raises(LakeError, match="3 other acts were recorded meanwhile; try again"):
        append_act(any_lake, decide, attempts=3)
    assert len(read_events(any_lake)) == 3


_names = st.sampled_from(["a", "b", "c"])
_events = st.builds(
    Event,
    event_id=st.sampled_from([f"id{n}" for n in range(6)]),
    event_type=st.sampled_from(sorted(EVENT_FIELDS)),
    timestamp=st.integers(0, 5).map(lambda minutes: AT + timedelta(minutes=minutes)),
    author=_names,
    reason=_names,
    data=st.dictionaries(_names, st.integers(0, 2), max_size=2),
)


@given(st.lists(_events, max_size=12), st.randoms(use_true_random=False), st.data())
@settings(deadline=None, max_examples=200)
def test_the_state_depends_on_the_set_of_events_alone(events: list[Event], rng: random.Random, data) -> None:
    expected = union(events)
    shuffled = [*events, *data.draw(st.lists(st.sampled_from(events)) if events else st.just([]))]
    rng.shuffle(shuffled)
    assert union(shuffled) == expected
    cut = data.draw(st.integers(0, len(shuffled)))
    # A compaction may keep a batch as it is or rewrite it, as long as it keeps every payload.
    assert union([*shuffled[cut:], *shuffled[:cut]]) == expected
    kept, conflicts = expected
    assert {event.event_id for event in kept} == {event.event_id for event in events}
    assert len(kept) == len({event.event_id for event in kept})
    assert sum(1 + len(conflict.refused) for conflict in conflicts) + len(kept) - len(conflicts) == len(
        {to_json(event) for event in events}
    )


@given(_events)
def test_json_round_trip(event: Event) -> None:
    assert from_json(to_json(event)) == event


@given(st.data())
@settings(deadline=None, max_examples=25)
def test_any_partition_into_batches_reads_the_same(tmp_path_factory, data) -> None:
    events = data.draw(
        st.lists(
            st.builds(changed, _names, minutes=st.integers(0, 9), name=_names, author=_names),
            min_size=1,
            max_size=8,
        )
    )
    lake = Store(LocalObjects(tmp_path_factory.mktemp("ledger")))
    rest = list(events)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        append_events(lake, rest[:size])
        rest = rest[size:]
    assert read_events(lake) == union(events)[0]


def test_the_ledger_stays_light() -> None:
    """Ingest imports it: no frame library may come along."""
    heavy = ("pandas", "polars", "pyarrow", "numpy", "boto3")
    code = f"import sys, data_lake.ledger; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
