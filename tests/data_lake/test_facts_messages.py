"""The wire format: what is taken, under which id, and what is poison with which faults."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.events import Event
from data_lake.facts.fact import Fact
from data_lake.facts.kinds import type_of
from data_lake.facts.messages import Poison, Record, parse_message

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SEED = {
    "eventType": "inventory.updated",
    "timestamp": "2026-01-15T10:30:00Z",
    "data": {"productId": "inv-001", "quantity": 150, "location": "Warehouse-1"},
}
MOVE = SEED | {"data": {"productId": "inv-001", "delta": -2, "location": "Store-7"}}


def parse(body: Any, message_id: str = "m-1") -> list[Fact]:
    facts, acts = parse_message(Record(message_id, body if isinstance(body, str) else json.dumps(body)), NOW)
    assert acts == []
    return facts


def parse_one(body: Any, message_id: str = "m-1") -> Fact:
    [fact] = parse(body, message_id)
    return fact


def poison_of(body: Any) -> Poison:
    with pytest.raises(Poison) as caught:
        parse_message(Record("m-1", body if isinstance(body, str) else json.dumps(body)), NOW)
    return caught.value


def wrapped(body: Any, message_id: str = "sns-1") -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    envelope = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": "arn:aws:sns:eu-central-1:1:t",
        "Message": text,
    }
    return json.dumps(envelope)


# what is taken


def test_the_format_of_the_design() -> None:
    body = SEED | {"eventId": "e-1", "sequence": 3}
    assert parse_one(body) == Fact("e-1", 1_768_473_000_000_000, 3, "set", "inv-001", "Warehouse-1", 150.0)
    assert parse_one(wrapped(body)) == parse_one(body)


@pytest.mark.parametrize(
    ("event_type", "data", "kind", "told"),
    [
        ("inventory.updated", {"quantity": -1.5}, "set", {"quantity": -1.5}),
        ("inventory.updated", {"delta": 0}, "delta", {"quantity": 0.0}),
        ("inventory.counted", {"quantity": 0}, "count", {"quantity": 0.0}),
        ("inventory.transferred", {"quantity": 2, "toLocation": "M"}, "transfer", {"to_location": "M"}),
        (
            "inventory.written_off",
            {"quantity": 2, "reason": "lost"},
            "write_off",
            {"details": '{"reason":"lost"}'},
        ),
        ("sale.recorded", {"quantity": -1}, "sale", {"quantity": -1.0}),
        ("sale", {"quantity": 1}, "sale", {"quantity": 1.0}),
        (
            "order.placed",
            {"orderId": "P", "quantity": 9, "source": "Acme", "unitCost": 1.5, "kind": "transfer"},
            "order_placed",
            {"order_id": "P", "line": "1", "details": '{"kind":"transfer","source":"Acme","unitCost":1.5}'},
        ),
        ("order.changed", {"orderId": "P", "expectedDate": "2026-02-01"}, "order_changed", {"line": ""}),
        ("order.sent", {"orderId": "P"}, "order_sent", {"order_id": "P", "line": ""}),
        ("order.received", {"orderId": "P", "line": "2", "quantity": 4}, "order_received", {"line": "2"}),
        ("order.cancelled", {"orderId": "P", "line": "2"}, "order_cancelled", {"line": "2"}),
    ],
)
def test_every_type(event_type: str, data: dict[str, Any], kind: str, told: dict[str, Any]) -> None:
    data = {"productId": "p", "location": "L", "batch": "B1", "expiryDate": "2026-03-01"} | data
    fact = parse_one(SEED | {"eventType": event_type, "data": data})
    assert fact.kind == kind
    assert (fact.sku, fact.location) == ("p", "L")
    if not event_type.startswith(("order.sent", "order.cancelled")):
        assert (fact.batch, fact.expiry) == ("B1", "2026-03-01")
    assert {name: getattr(fact, name) for name in told} == told
    assert isnan(fact.quantity) == ("quantity" not in data and "delta" not in data)


def test_all_else_is_kept_under_its_name_on_the_wire() -> None:
    body = SEED | {"author": "wms", "reason": "ä", "schemaVersion": 1, "shift": 2}
    body["data"] = SEED["data"] | {"lot": {"b": 1, "a": [1, 2]}}  # type: ignore[operator]
    assert json.loads(parse_one(body).details) == {
        "author": "wms",
        "lot": {"a": [1, 2], "b": 1},
        "reason": "ä",
        "shift": 2,
    }
    assert parse_one(SEED).details == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-15T10:30:00Z", 0),
        ("2026-01-15T11:30:00+01:00", 0),
        ("2026-01-15T10:30:00.250Z", 0.25),
        ("2026-01-15T10:30:00.000001999Z", 0.000001),
    ],
)
def test_instants(text: str, seconds: float) -> None:
    at = datetime(2026, 1, 15, 10, 30, tzinfo=UTC) + timedelta(seconds=seconds)
    expected = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_one(SEED | {"timestamp": text}).at == expected


def test_arrays_and_lists_of_events_wrapped_or_not() -> None:
    events = [SEED | {"eventId": f"e{number}"} for number in range(3)]
    for body in (events, {"events": events}, wrapped(events), wrapped({"events": events})):
        assert [fact.event_id for fact in parse(body)] == ["e0", "e1", "e2"]


def test_unicode_and_huge_bodies() -> None:
    data = {"productId": "ß😀\u2028\x00", "location": 'Zürich "1"\\', "quantity": 1}
    fact = parse_one(json.dumps(SEED | {"data": data}, ensure_ascii=False))
    assert (fact.sku, fact.location) == (data["productId"], data["location"])
    many = [MOVE | {"eventId": f"e{number}"} for number in range(5_000)]
    assert len(parse(many)) == 5_000


# ids


def test_a_set_without_an_id_takes_the_hash_of_its_canonical_body() -> None:
    canonical = json.dumps(SEED, sort_keys=True, separators=(",", ":"))
    expected = sha256(canonical.encode()).hexdigest()
    assert parse_one(SEED, "m-1").event_id == expected
    assert parse_one(wrapped(SEED)).event_id == expected
    spaced = json.dumps(dict(reversed(SEED.items())), indent=3).replace("150", "150.0")
    assert parse_one(spaced, "m-2").event_id == expected


@pytest.mark.parametrize("event_type", ["order.placed", "order.sent", "order.changed", "order.cancelled"])
def test_what_fixes_an_order_takes_the_hash_too(event_type: str) -> None:
    data = {"productId": "p", "location": "L", "orderId": "P", "quantity": 1}
    event = SEED | {"eventType": event_type, "data": data}
    assert parse_one(event, "m-1").event_id == parse_one(event, "m-2").event_id


@pytest.mark.parametrize(
    "event",
    [
        MOVE,
        SEED | {"eventType": "sale"},
        SEED | {"eventType": "inventory.written_off", "data": SEED["data"] | {"reason": "lost"}},  # type: ignore[operator]
        SEED | {"eventType": "inventory.transferred", "data": SEED["data"] | {"toLocation": "M"}},  # type: ignore[operator]
        SEED | {"eventType": "order.received", "data": SEED["data"] | {"orderId": "P"}},  # type: ignore[operator]
    ],
)
def test_what_moves_takes_the_id_of_its_message(event: dict[str, Any]) -> None:
    assert parse_one(event, "sqs-1").event_id == "sqs-1"
    assert parse_one(wrapped(event, "sns-1"), "sqs-1").event_id == "sns-1"
    assert [fact.event_id for fact in parse([event, event, event], "m")] == ["m", "m#1", "m#2"]


# people's acts


def test_acts_come_as_events_in_either_spelling() -> None:
    wire = {
        "eventId": "act-1",
        "eventType": "plan_line.edited",
        "timestamp": "2026-01-15T11:30:00+01:00",
        "author": "ana",
        "reason": "promotion",
        "data": {"lineId": "p|L|Acme", "order_by": "2026-01-16", "orderId": "PO-1", "quantity": 3},
    }
    for body in (json.dumps(wire), wrapped(wire), json.dumps([wire])):
        facts, acts = parse_message(Record("m", body), NOW)
        assert facts == []
        assert acts == [
            Event(
                "act-1",
                "plan_line.edited",
                datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
                "ana",
                "promotion",
                {"line_id": "p|L|Acme", "order_by": "2026-01-16", "order_id": "PO-1", "quantity": 3},
            )
        ]


def test_an_act_may_lack_what_its_job_finds_out_and_an_id() -> None:
    wire = {
        "eventType": "plan_line.approved",
        "timestamp": "2026-01-15T10:30:00Z",
        "author": "ana",
        "data": {"lineId": "p|L|Acme", "quantity": 3},
    }
    [[act], [again]] = [parse_message(Record(name, json.dumps(wire)), NOW)[1] for name in ("a", "b")]
    assert act == again
    found_out = {"run_id": "", "order_by": "", "order_id": "", "line": "", "plan": {}}
    assert act.data == {"line_id": "p|L|Acme", "quantity": 3} | found_out


def test_a_product_is_called_sku_in_the_lake() -> None:
    data = {
        "productId": "p",
        "location": "L",
        "fromDate": "2026-01-01",
        "to_date": "2026-01-02",
        "factor": 1.1,
    }
    wire = {"eventType": "forecast.overridden", "timestamp": "2026-01-15T10:30:00Z", "author": "ana"}
    [act] = parse_message(Record("m", json.dumps(wire | {"reason": "fair", "data": data})), NOW)[1]
    assert act.data["sku"] == "p"
    assert act.data["level"] == ""


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"author": ""}, ["author is empty; say who does it"]),
        ({"author": 3}, ["author: 3 is not text"]),
        ({"reason": " "}, ["reason is empty; say why"]),
        ({"data": None}, ["data: an object is required"]),
        (
            {"data": {"order_id": "P", "quantity": "3"}},
            ["data.line_id is missing", "data.quantity is '3', expected"],
        ),
        ({"timestamp": "2026-01-15T10:30:00"}, ["has no time zone"]),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, ["is not an instant"]),
        ({"timestamp": 17}, ["timestamp: 17 is not text", "is not an instant"]),
        ({"data": {"lineId": "a", "line_id": "b"}}, ["which counts?"]),
        ({"timestamp": "2026-01-15T12:06:00Z"}, ["360 s ahead"]),
    ],
)
def test_faults_of_acts(change: dict[str, Any], faults: list[str]) -> None:
    act = {
        "eventType": "plan_line.edited",
        "timestamp": "2026-01-15T10:30:00Z",
        "author": "ana",
        "reason": "promotion",
        "data": {"lineId": "x", "orderId": "PO-1", "quantity": 3},
    }
    seen = poison_of(act | change).faults
    for fault in faults:
        assert any(fault in text for text in seen), seen


# poison


@pytest.mark.parametrize(
    ("body", "reason", "fault"),
    [
        ("", "not JSON", "body is not JSON"),
        ("{", "not JSON", "body is not JSON"),
        ('{"a": NaN}', "not JSON", "body is not JSON"),
        (json.dumps(SEED).replace("150", "1e400"), "not JSON", "infinity"),
        ('"\\ud800"', "not JSON", "surrogate"),
        (wrapped("{"), "not JSON", "Message is not JSON"),
        ("3", "not an event", "expected an object, seen int"),
        ("[]", "not an event", "its array is empty"),
        ('{"events": []}', "not an event", "its array is empty"),
        ("[null]", "not an event", "seen NoneType"),
        ("[" * 200 + "]" * 200, "not an event", "levels deep"),
        (
            '{"Type": "SubscriptionConfirmation", "Message": "x"}',
            "not an event",
            "'SubscriptionConfirmation'",
        ),
        ('{"Type": "Notification"}', "not an event", "without a message"),
        ("{}", "unknown type", "eventType is None"),
        ('{"eventType": ["sale"]}', "unknown type", "['sale']"),
        ('{"eventType": "weather"}', "unknown type", "inventory.updated"),
        ('{"eventType": "sale", "eventType": "sale"}', "ambiguous", "'eventType' is there twice"),
        ('{"eventType": "s\\u0061le", "eventType": 1}', "ambiguous", "'eventType' is there twice"),
        (json.dumps(SEED).replace('"quantity"', '"quantity": 1, "quantity"'), "ambiguous", "'quantity'"),
    ],
)
def test_bodies_that_are_no_event(body: str, reason: str, fault: str) -> None:
    poison = poison_of(body)
    assert poison.reason == reason
    assert fault in str(poison)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"timestamp": "2026-01-15T10:30:00"}, "with its time zone"),
        ({"timestamp": "2026-01-15"}, "with its time zone"),
        ({"timestamp": 1768473000}, "timestamp: 1768473000 is not of type"),
        ({"timestamp": "2026-06-30T23:59:60Z"}, "second must be in"),
        ({"timestamp": "1969-12-31T23:59:59Z"}, "before 1970"),
        ({"eventId": ""}, "eventId: is '': must not be blank"),
        ({"eventId": 7}, "eventId: 7 is not of type"),
        ({"eventId": None}, "eventId: null"),
        ({"schemaVersion": 2}, "schemaVersion: 1 was expected"),
        ({"sequence": 1.5}, "sequence: 1.5"),
        ({"sequence": True}, "sequence: true"),
        ({"sequence": 10**17}, "sequence"),
        ({"data": []}, "data: [] is not of type"),
    ],
)
def test_events_that_break_their_schema(change: dict[str, Any], fault: str) -> None:
    poison = poison_of(SEED | change)
    assert poison.reason == "breaks its schema"
    assert fault in str(poison)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"quantity": True}, "data.quantity: true is not of type"),
        ({"quantity": "150"}, 'data.quantity: "150" is not of type'),
        ({"quantity": None}, "data.quantity: null"),
        ({"quantity": 2e12}, "data.quantity: 2000000000000.0 is greater"),
        ({"delta": 1}, "exactly one of quantity and delta"),
        ({"productId": ""}, "data.productId: is '': must not be blank"),
        ({"productId": 7}, "data.productId: 7"),
        ({"location": " "}, "data.location: is ' ': must not be blank"),
        ({"location": "x" * 600}, "data.location"),
        ({"expiryDate": "2026-02-30"}, "data.expiryDate: is '2026-02-30': write a day"),
    ],
)
def test_data_that_breaks_its_schema(change: dict[str, Any], fault: str) -> None:
    poison = poison_of(SEED | {"data": SEED["data"] | change})  # type: ignore[operator]
    assert fault in str(poison)
    assert len(str(poison)) < 1_000


def test_all_faults_are_named_at_once_and_each_with_its_event() -> None:
    bad = SEED | {"timestamp": "yesterday", "data": {"quantity": "1", "batch": 3}}
    assert len(poison_of(bad).faults) == 5
    poison = poison_of([SEED, bad, {"eventType": "weather"}])
    assert [fault.partition(":")[0] for fault in poison.faults] == ["event 2"] * 5 + ["event 3"]


def test_more_than_five_minutes_ahead_is_quarantined() -> None:
    assert parse_one(SEED | {"timestamp": "2026-01-15T12:05:00Z"})
    poison = poison_of(SEED | {"timestamp": "2026-01-15T12:05:00.001Z"})
    assert poison.reason == "quarantined"
    assert "ahead of its receipt" in str(poison)
    assert poison_of(SEED | {"timestamp": "9999-12-31T23:59:59-12:00"}).reason == "quarantined"


def test_order_lines_need_their_order() -> None:
    assert "orderId" in str(poison_of(SEED | {"eventType": "order.sent"}))
    assert "quantity" in str(poison_of(SEED | {"eventType": "order.received", "data": {"orderId": "P"}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["eventId", "eventType", "timestamp", "sequence", "data", "author", "reason", "events", "Type", "Message"]
)
FIELDS = st.sampled_from(
    ["productId", "location", "quantity", "delta", "batch", "expiryDate", "orderId", "x"]
)
CHANGES = st.dictionaries(NAMES, JSON, max_size=3)


@settings(max_examples=400)
@given(
    st.sampled_from(["sale", "order.placed", "inventory.updated", "alert.closed"]),
    CHANGES,
    st.dictionaries(FIELDS, JSON, max_size=3),
    st.booleans(),
)
def test_whatever_comes_is_taken_or_named(
    event_type: str, changes: dict[str, Any], data: dict[str, Any], sns: bool
) -> None:
    event = SEED | {"eventType": event_type, "data": SEED["data"] | data} | changes  # type: ignore[operator]
    body = wrapped(event) if sns else json.dumps(event)
    try:
        taken = parse_message(Record("m", body), NOW)
    except Poison as poison:
        taken = ([], []) if poison.reason and poison.faults else None
    assert taken is not None


def test_types_and_their_aliases() -> None:
    assert type_of("sale") == "sale.recorded"
    assert type_of("weather") is None


def test_parsing_imports_neither_frames_nor_boto3() -> None:
    code = (
        "import sys, data_lake.facts.ingest, jobs.ingest;"
        "print([m for m in ('boto3', 'pandas', 'polars', 'pyarrow', 'numpy', 's3fs') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
