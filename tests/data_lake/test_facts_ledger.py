"""The ledger of facts: durable before acknowledged, compacted without loss, read as one set; disk and S3."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from data_lake.errors import LakeUnavailable
from data_lake.facts.compact import compact
from data_lake.facts.ingest import ingest_facts, put_facts
from data_lake.facts.landing import CorruptFactsError, from_line, pack, to_line, to_lines, unpack
from data_lake.facts.layout import LANDING, PARTS, QUARANTINE, bucket_of
from data_lake.facts.messages import Record, parse_message
from data_lake.facts.quarantine import quarantined
from data_lake.facts.read import FACT_SCHEMA, read_facts
from data_lake.facts.rows import to_facts, to_frame
from data_lake.lake import Lake
from data_lake.objects import LocalObjects, Objects
from jobs.ingest import ingest

NOW = datetime(2026, 1, 20, tzinfo=UTC)


def event(event_id: str, sku: str = "p1", *, day: int = 15, second: int = 0, **data: Any) -> dict[str, Any]:
    at = datetime(2026, 1, day, tzinfo=UTC) + timedelta(seconds=second)
    return {
        "eventId": event_id,
        "eventType": "inventory.transferred" if "toLocation" in data else "inventory.updated",
        "timestamp": at.isoformat(),
        "data": {"productId": sku, "location": "L", **(data or {"quantity": 1})},
    }


def records(*events: dict[str, Any] | str) -> list[Record]:
    return [
        Record(f"m{number}", body if isinstance(body, str) else json.dumps(body))
        for number, body in enumerate(events)
    ]


def told(lake: Lake, *events: dict[str, Any] | str) -> None:
    assert ingest_facts(lake, records(*events), received_at=NOW).poison == []


def ids(frame: pl.DataFrame) -> list[str]:
    return frame["event_id"].to_list()


# ingest


def test_a_batch_is_one_object_and_poison_does_not_block_it(any_lake: Lake) -> None:
    act = {"eventType": "parameter.changed", "timestamp": "2026-01-15T00:00:00Z", "author": "ana"}
    batch = records(
        event("e2", second=2, delta=4),
        "{",
        event("e1", "p2", quantity=3, toLocation="M"),
        act | {"data": {"name": "currency", "newValue": "EUR"}},
        event("e1", "p2", quantity=3, toLocation="M"),
        {"eventType": "order.sent", "timestamp": "2026-01-15T00:00:00Z", "data": {"orderId": "PO-1"}},
    )
    done = ingest_facts(any_lake, batch, received_at=NOW)
    assert done.stored == 3
    assert done.changed == {("p1", "L"), ("p2", "L"), ("p2", "M")}
    assert done.orders == {"PO-1"}
    assert [(poison.message_id, poison.body, poison.reason) for poison in done.poison] == [
        ("m1", "{", "not JSON")
    ]
    assert [(act.message_id, act.event.event_type) for act in done.decisions] == [("m3", "parameter.changed")]
    assert any_lake.objects.list("ledger/") == [done.key]
    assert read_facts(any_lake).names == (done.key,)
    again = ingest_facts(any_lake.objects, batch[::-1], received_at=NOW)
    assert again.key == done.key
    assert any_lake.objects.list("ledger/") == [done.key]


def test_nothing_is_stored_of_nothing(lake: Lake) -> None:
    assert ingest_facts(lake, records("{"), received_at=NOW).key is None
    assert ingest_facts(lake, [], received_at=NOW).stored == 0
    assert put_facts(lake.objects, []) is None
    assert lake.objects.list("") == []
    assert read_facts(lake).frame.is_empty()
    assert read_facts(lake).frame.schema == FACT_SCHEMA
    assert compact(lake).landing == 0


def test_nothing_is_acknowledged_if_nothing_is_durable(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file where a folder belongs")
    with pytest.raises(LakeUnavailable, match="a part of the path is a file"):
        ingest_facts(LocalObjects(tmp_path), records(event("e1")), received_at=NOW)


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_a_lost_answer_of_a_put_is_asked_again(bad_line: Any) -> None:
    bad_line.script[:] = ["lose answer", "409", "lose answer"]
    done = ingest_facts(bad_line.lake(), records(event("e1")), received_at=NOW)
    assert bad_line.script == []
    assert ids(read_facts(bad_line.lake()).frame) == ["e1"]
    assert bad_line.objects().list(LANDING) == [done.key]


def test_lines_are_canonical_whatever_texts_hold() -> None:
    nasty = ['a},{"event_id":', '"},{"event_id":"x', "\n", "},{", "\u2028", '\\"},{']
    batch = [
        fact._replace(event_id=f"e{number}", batch=text, details=text)
        for number, text in enumerate(nasty)
        for fact in read_back(event("e"))
    ]
    content = to_lines(batch)
    assert content.split(b"\n") == [to_line(fact) for fact in batch]
    assert [from_line(line) for line in content.split(b"\n")] == batch
    assert to_lines(reversed(batch)) == content
    twins = [batch[0], batch[0]._replace(quantity=2.0), batch[0]._replace(quantity=1.5)]
    assert to_lines(twins) == to_lines(twins[::-1])
    assert len(to_lines(twins * 2).split(b"\n")) == 3
    assert to_facts(to_frame(batch)) == batch


def read_back(*events: dict[str, Any]) -> Iterable[Any]:
    for record in records(*events):
        yield from parse_message(record, NOW)[0]


# compaction


def test_compaction_keeps_every_fact_by_day_and_product(any_lake: Lake) -> None:
    for number in range(12):
        sku = f"p{number % 3}"
        told(any_lake, event(f"e{number}", sku, day=15 + number % 2, second=number, delta=number))
    before = read_facts(any_lake)
    done = compact(any_lake, most_objects=5)
    assert (done.landing, len(any_lake.objects.list(LANDING))) == (5, 7)
    assert read_facts(any_lake).frame.equals(before.frame)
    assert compact(any_lake).landing == 7
    keys = any_lake.objects.list("ledger/")
    folders = {key.rpartition("/")[0] for key in keys}
    assert folders == {
        f"{PARTS}2026-01-{day}/bucket={bucket_of(f'p{sku}'):02d}" for day in (15, 16) for sku in range(3)
    }
    assert len(keys) == len(folders)
    assert read_facts(any_lake).frame.equals(before.frame)
    assert compact(any_lake) == (0, 0, 0)


def test_what_was_compacted_already_adds_nothing(any_lake: Lake) -> None:
    told(any_lake, event("e1"), event("e2", second=1))
    compact(any_lake)
    keys = any_lake.objects.list("ledger/")
    told(any_lake, event("e2", second=1))
    assert compact(any_lake) == (1, 0, 1)
    assert any_lake.objects.list("ledger/") == keys


def test_compacted_objects_are_plain_parquet(lake: Lake, tmp_path: Path) -> None:
    told(lake, event("e1", quantity=2), {**event("e2", orderId="P"), "eventType": "order.sent"})
    compact(lake)
    frame = pl.read_parquet(tmp_path / "lake/ledger/facts/dt=*/bucket=*/*.parquet", hive_partitioning=False)
    assert frame.schema == FACT_SCHEMA
    assert frame.sort("event_id")["quantity"].to_list() == [2.0, None]


@dataclass
class Dying:
    """Objects whose process dies at its n-th request that changes something."""

    inner: Objects
    left: int

    def _live(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def put_new(self, key: str, body: bytes) -> bool:
        self._live()
        return self.inner.put_new(key, body)

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        return self.inner.list(prefix, start_after=start_after)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._live()
            self.inner.delete([key])


def test_a_compaction_may_die_anywhere(tmp_path: Path) -> None:
    for steps in range(40):
        lake = Lake(tmp_path / str(steps))
        told(lake, event("e1"), event("e2", "p2"), event("e3", day=16))
        compact(lake)
        told(lake, event("e4"), event("e2", "p2", day=17))
        told(lake, event("e5"), event("e1"))
        before = read_facts(lake)
        dying = Lake(lake.uri, objects=Dying(lake.objects, steps))
        try:
            compact(dying)
        except KeyboardInterrupt:
            assert read_facts(lake).frame.equals(before.frame)
            compact(lake)
        else:
            assert steps > 5
            break
        assert read_facts(lake).frame.equals(before.frame)
        assert lake.objects.list(LANDING) == []
        assert [conflict.event_id for conflict in quarantined(lake)] == ["e2"]
    else:
        pytest.fail("a compaction of five facts never ended")


# reading


def test_reads_of_keys_and_of_days(any_lake: Lake) -> None:
    told(any_lake, event("a", "p1"), event("b", "p2"), event("c", "p1", day=17, quantity=2, toLocation="M"))
    told(any_lake, {**event("d", day=18), "eventType": "order.sent", "data": {"orderId": "P"}})
    for _ in range(2):
        assert ids(read_facts(any_lake).frame) == ["a", "b", "c", "d"]
        assert ids(read_facts(any_lake, keys=[("p1", "L")]).frame) == ["a", "c", "d"]
        assert ids(read_facts(any_lake, keys=[("p1", "M")]).frame) == ["c", "d"]
        assert ids(read_facts(any_lake, keys=[("p1", "M"), ("p2", "L")]).frame) == ["b", "c", "d"]
        assert ids(read_facts(any_lake, keys=[]).frame) == ["d"]
        assert ids(read_facts(any_lake, since=date(2026, 1, 17)).frame) == ["c", "d"]
        assert ids(read_facts(any_lake, since=datetime(2026, 1, 17, 0, 0, 1, tzinfo=UTC)).frame) == ["d"]
        assert ids(read_facts(any_lake, since=date(2026, 2, 1)).frame) == []
        compact(any_lake)
    assert len(read_facts(any_lake, keys=[("p1", "L")]).names) < len(read_facts(any_lake).names)


def test_a_part_of_the_ledger_is_read_without_the_rest(lake: Lake) -> None:
    told(lake, *(event(f"e{number}", f"p{number}", day=10 + number % 8) for number in range(60)))
    compact(lake)
    read = read_facts(lake, keys=[("p7", "L")], since=date(2026, 1, 12))
    assert ids(read.frame) == ["e7"]
    assert len(read.names) < len(read_facts(lake).names) / 2


@pytest.mark.parametrize(
    "damage",
    [b"", b"not gzip", gzip.compress(b'{"event_id":"x"}', mtime=0), gzip.compress(b"x", mtime=0)[:-3]],
    ids=["empty", "not gzip", "no fact", "cut off"],
)
def test_a_damaged_object_of_landing_is_named(lake: Lake, damage: bytes) -> None:
    told(lake, event("e1"))
    [key] = lake.objects.list(LANDING)
    lake.objects.delete([key])
    lake.objects.put_new(key, damage)
    with pytest.raises(CorruptFactsError, match=key):
        read_facts(lake)
    with pytest.raises(CorruptFactsError, match=key):
        compact(lake)
    assert lake.objects.list(LANDING) == [key]


def test_a_damaged_compacted_object_is_named(lake: Lake) -> None:
    told(lake, event("e1"))
    compact(lake)
    [key] = lake.objects.list(PARTS)
    body = lake.objects.get(key)
    lake.objects.delete([key])
    lake.objects.put_new(key, body[:-8] + b"XXXXPAR1")
    with pytest.raises(CorruptFactsError, match=key):
        read_facts(lake)


def test_a_batch_that_says_what_it_is_but_is_none_is_named(lake: Lake) -> None:
    _, body = pack(read_back(event("e1")))
    key, _ = pack(read_back(event("e2")))
    with pytest.raises(CorruptFactsError, match="does not hold"):
        unpack(key, body)


# quarantine


def test_another_content_of_an_id_is_kept_beside_the_first_and_listed(any_lake: Lake) -> None:
    first, second = event("e1", "p1", day=15, quantity=5), event("e1", "p2", day=17, quantity=9)
    told(any_lake, second, event("e0"))
    compact(any_lake)
    assert quarantined(any_lake) == []
    told(any_lake, first)
    for _ in range(2):
        read = read_facts(any_lake)
        assert ids(read.frame) == ["e0", "e1"]
        assert read.frame.filter(event_id="e1")["sku"].item() == "p1"
        [conflict] = read.conflicts
        assert (conflict.kept.sku, [fact.sku for fact in conflict.refused]) == ("p1", ["p2"])
        compact(any_lake)
        assert quarantined(any_lake) == [conflict]
    assert len(any_lake.objects.list(QUARANTINE)) == 2
    # whoever reads a part only must come to the same: the content of p2 never applies
    assert ids(read_facts(any_lake, keys=[("p2", "L")]).frame) == []
    assert ids(read_facts(any_lake, since=date(2026, 1, 16)).frame) == []
    told(any_lake, second)
    compact(any_lake)
    assert len(any_lake.objects.list(QUARANTINE)) == 2


def test_of_contents_of_one_instant_the_smallest_line_applies(lake: Lake) -> None:
    for quantity in (7, 3, 5):
        told(lake, event("e1", quantity=quantity))
    [conflict] = read_facts(lake).conflicts
    assert [conflict.kept.quantity, *(fact.quantity for fact in conflict.refused)] == [3.0, 5.0, 7.0]
    compact(lake)
    assert quarantined(lake) == [conflict]
    told(lake, event("e1", quantity=1))
    compact(lake)
    assert [fact.quantity for fact in quarantined(lake)[0].refused] == [3.0, 5.0, 7.0]


def test_many_facts_come_back_equal(any_lake: Lake) -> None:
    random = Random(7)
    facts = []
    for number in range(3_000):
        body = event(f"e{number}", f"p{random.randrange(50)}", day=random.randint(1, 19), second=number)
        body["data"] |= {"quantity": random.uniform(0, 1e6), "batch": random.choice(("", "B", "ü"))}
        facts += list(read_back(body))
    for start in range(0, len(facts), 500):
        put_facts(any_lake.objects, facts[start : start + 700])
    compact(any_lake)
    expected = sorted(facts, key=lambda fact: fact.order)
    assert to_facts(read_facts(any_lake).frame) == expected


# storage that is mistaken


class Mistaken(LocalObjects):
    """Objects that say of the next few that they exist already, and do not write them."""

    def __init__(self, root: Path, times: int) -> None:
        super().__init__(root)
        self.times = times

    def put_new(self, key: str, body: bytes) -> bool:
        self.times -= 1
        return self.times < 0 and super().put_new(key, body)


def test_an_object_that_is_said_to_exist_is_looked_for(tmp_path: Path) -> None:
    objects = Mistaken(tmp_path, 3)
    done = ingest_facts(objects, records(event("e1")), received_at=NOW)
    assert objects.list("ledger/") == [done.key]
    objects.times = 99
    assert ingest_facts(objects, records(event("e1")), received_at=NOW).key == done.key
    with pytest.raises(LakeUnavailable, match="says that it exists, and that it does not"):
        ingest_facts(objects, records(event("e2")), received_at=NOW)


def test_a_dead_letter_that_is_said_to_exist_is_not_acknowledged(tmp_path: Path) -> None:
    objects = Mistaken(tmp_path, 1)
    batch = records("{")
    with pytest.raises(LakeUnavailable, match="cannot keep message m0"):
        ingest(objects, "telemetry", batch, received_at=NOW)
    assert [poison.message_id for poison in ingest(objects, "telemetry", batch, received_at=NOW).poison] == [
        "m0"
    ]
    assert objects.list("dlq/") == ["dlq/telemetry/m0.json"]
