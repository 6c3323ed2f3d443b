"""inventory_processor as a function: facts in a lake on S3, messages in real queues."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from data_lake.errors import LakeUnavailable
from data_lake.facts.landing import LANDING, unpack
from jobs.dlq import letter_names, read_letters
from lambdas.inventory_processor import handler as function
from lambdas.inventory_processor.settings import Settings
from lambdas.messages import replan_of, together
from lambdas.settings import SettingsError, read_settings

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]

HEAVY = ("pandas", "pyarrow", "numpy", "polars", "numba", "scipy", "aws_xray_sdk")


@pytest.fixture
def invoke(place: Any, as_deployed: Any, context: Any) -> Callable[..., Any]:
    """Call the function as deployed beside `place`."""

    def call(event: dict[str, Any], **changed: str) -> Any:
        as_deployed(place.of("inventory_processor") | changed)
        return function.handler(event, context)

    return call


def _facts(place: Any) -> list[dict[str, Any]]:
    keys = place.objects.list(LANDING)
    return [json.loads(line) for key in keys for line in unpack(key, place.objects.get(key)).splitlines()]


def _asked(place: Any) -> Any:
    return together(replan_of(message.body) for message in place.bus.drain("replan"))


def test_a_batch_is_one_object_and_says_what_changed(place: Any, invoke: Any, sample: Any) -> None:
    answer = invoke(sample("inventory_processor", "telemetry.json"))
    assert answer == {"batchItemFailures": []}
    assert len(place.objects.list(LANDING)) == 1
    told = {(fact["event_id"], fact["kind"], fact["sku"], fact["quantity"]) for fact in _facts(place)}
    assert ("till-7-000001", "set", "inv-001", 150.0) in told
    # a movement without an id is named by SNS, not by the queue that happened to deliver it
    assert ("00000002-1111-4000-8000-000000000002", "delta", "inv-001", -2.0) in told
    assert {("scan-1", "delta", "inv-003", 1.0), ("scan-2", "delta", "inv-003", 1.0)} <= told
    assert len(told) == 5
    asked = _asked(place)
    assert asked.keys == {
        ("inv-001", "Warehouse-1"),
        ("inv-001", "Store-7"),
        ("inv-002", "Store-7"),
        ("inv-003", "Store-7"),
    }
    assert not asked.anything


def test_a_batch_delivered_twice_adds_nothing(place: Any, invoke: Any, sample: Any) -> None:
    event = sample("inventory_processor", "telemetry.json")
    invoke(event)
    before = place.objects.list("")
    assert invoke(event) == {"batchItemFailures": []}
    assert place.objects.list("") == before


def test_orders_that_name_no_product_ask_the_plan_itself(place: Any, invoke: Any, sample: Any) -> None:
    assert invoke(sample("inventory_processor", "orders-fifo.json")) == {"batchItemFailures": []}
    assert [fact["kind"] for fact in _facts(place)] == ["order_placed", "order_sent", "order_received"]
    assert _asked(place).anything


def test_poison_alone_succeeds_and_is_kept_with_its_reason(place: Any, invoke: Any, sample: Any) -> None:
    event = sample("inventory_processor", "poison.json")
    assert invoke(event) == {"batchItemFailures": []}
    assert invoke(event) == {"batchItemFailures": []}
    letters = read_letters(place.objects, letter_names(place.objects))
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    assert {letter.message_id: letter.body for letter in letters} == bodies
    assert all(letter.reason and letter.faults and letter.queue == "telemetry" for letter in letters)
    assert place.objects.list(LANDING) == []
    assert _asked(place).keys == frozenset()


def test_poison_does_not_hold_up_what_is_good(place: Any, invoke: Any, sample: Any) -> None:
    good, bad = sample("inventory_processor", "sales.json"), sample("inventory_processor", "poison.json")
    event = {"Records": [*bad["Records"][:2], *good["Records"], *bad["Records"][2:]]}
    assert invoke(event) == {"batchItemFailures": []}
    assert len(_facts(place)) == 3
    assert len(letter_names(place.objects)) == 3


@pytest.fixture
def decision(sample: Any) -> tuple[str, dict[str, Any]]:
    """The sample of a decision, under an id that no queue has seen in the last five minutes."""
    text, own = json.dumps(sample("inventory_processor", "decision.json")), uuid.uuid4().hex
    return own, json.loads(text.replace("act-1", own))


def test_what_people_decide_is_passed_on_once(place: Any, invoke: Any, decision: Any) -> None:
    own, event = decision
    invoke(event)
    invoke(event)
    (message,) = place.bus.drain("decisions.fifo")
    assert message.group == "007#S01"
    told = json.loads(message.body)
    assert (told["eventId"], told["eventType"], told["author"]) == (own, "plan_line.rejected", "ana")
    assert told["data"] == {"line_id": "007|S01|Acme", "order_by": "2026-01-15", "order_id": ""}
    assert place.objects.list(LANDING) == []


def test_only_what_failed_returns(place: Any, invoke: Any, sample: Any, decision: Any) -> None:
    _, one = decision
    event = {"Records": [*sample("inventory_processor", "sales.json")["Records"], *one["Records"]]}
    nowhere = place.bus.made.queue_urls["decisions.fifo"].replace("decisions", "nowhere")
    answer = invoke(event, SHELFCAST_DECISIONS_QUEUE=nowhere)
    assert answer == {"batchItemFailures": [{"itemIdentifier": one["Records"][0]["messageId"]}]}
    assert len(_facts(place)) == 3
    assert invoke(one) == {"batchItemFailures": []}
    assert len(place.bus.drain("decisions.fifo")) == 1


def test_in_a_fifo_queue_nothing_overtakes_what_failed(place: Any, invoke: Any, sqs_event: Any) -> None:
    own = uuid.uuid4().hex

    def act(number: int) -> str:
        data = {"lineId": "007|S01|Acme", "orderBy": "2026-01-15", "orderId": ""}
        told = {
            "eventId": f"{own}-{number}",
            "eventType": "plan_line.rejected",
            "timestamp": "2026-01-15T10:30:00Z",
        }
        return json.dumps(told | {"author": "ana", "reason": "full", "data": data})

    fact = {
        "eventType": "inventory.counted",
        "timestamp": "2026-01-15T10:30:00Z",
        "data": {"productId": "007", "location": "S01", "quantity": 3},
    }
    event = sqs_event("stock-acts.fifo", json.dumps(fact), act(1), act(2))
    nowhere = place.bus.made.queue_urls["decisions.fifo"].replace("decisions", "nowhere")
    answer = invoke(event, SHELFCAST_DECISIONS_QUEUE=nowhere)
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == ["message-1", "message-2"]
    assert invoke({"Records": event["Records"][1:]}) == {"batchItemFailures": []}
    passed = [json.loads(message.body)["eventId"] for message in place.bus.drain("decisions.fifo")]
    assert passed == [f"{own}-1", f"{own}-2"]


def test_nothing_is_acknowledged_while_nobody_can_be_told(place: Any, invoke: Any, sample: Any) -> None:
    event = sample("inventory_processor", "telemetry.json")
    nowhere = place.bus.made.queue_urls["replan"].replace("replan", "nowhere")
    with pytest.raises(Exception, match="NonExistentQueue"):
        invoke(event, SHELFCAST_REPLAN_QUEUE=nowhere)
    before = place.objects.list("")
    assert invoke(event) == {"batchItemFailures": []}
    assert place.objects.list("") == before
    assert len(_asked(place).keys) == 4


def test_a_lake_that_is_away_fails_the_batch(place: Any, invoke: Any, sample: Any) -> None:
    with pytest.raises(LakeUnavailable, match="the secret key is wrong"):
        invoke(sample("inventory_processor", "telemetry.json"), AWS_SECRET_ACCESS_KEY="wrong")
    assert place.bus.drain("replan") == []


def test_all_that_is_missing_or_wrong_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(Settings, {"SHELFCAST_LAKE": "s3://", "SHELFCAST_REPLAN_QUEUE": "replan"})
    assert str(caught.value).splitlines() == [
        "inventory_processor cannot work: 3 settings are missing or wrong",
        "- SHELFCAST_LAKE is 's3://'; it is no address of a lake: address of the lake, such as "
        "s3://bucket/prefix",
        "- SHELFCAST_REPLAN_QUEUE is 'replan'; it is no URL of a queue: URL of the queue that asks for "
        "re-planning, such as https://sqs.eu-central-1.amazonaws.com/123456789012/name",
        "- SHELFCAST_DECISIONS_QUEUE is missing: URL of the queue of what people decide (FIFO), such as "
        "https://sqs.eu-central-1.amazonaws.com/123456789012/name",
    ]


def test_it_is_light_and_its_import_asks_nobody() -> None:
    """Neither frames nor the network nor a setting: a cold start waits for boto3 and nothing else."""
    program = (
        "import os, sys\n"
        "for name in list(os.environ):\n"
        "    if name.startswith(('AWS_', 'SHELFCAST_')): del os.environ[name]\n"
        "def no_network(event, details):\n"
        "    if event.startswith('socket.') and event != 'socket.gethostname': sys.exit(event)\n"
        "sys.addaudithook(no_network)\n"
        "import lambdas.inventory_processor.handler\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
