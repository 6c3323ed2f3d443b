"""Dead letters: kept once, repaired and replayed with an audit, poison again stays with the new reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.errors import LakeError
from data_lake.events import EventError
from data_lake.facts.ingest import PoisonRecord, ingest_facts
from data_lake.facts.messages import Record
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from data_lake.ledger import read_events
from jobs.dlq import keep_poison, letter_names, read_letter
from jobs.dlq_acts import check_body, discard, repair, replay
from jobs.dlq_deliver import Delivered, through_ingest
from jobs.dlq_states import DeadState, inspect, list_dead
from jobs.dlq_text import pretty, told, with_told
from jobs.errors import JobError
from jobs.settings import settings

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def body_of(**data: object) -> str:
    event = {"eventType": "inventory.updated", "timestamp": "2026-11-23T08:00:00Z", "data": data}
    return json.dumps(event)


BROKEN = body_of(productId="007", location="S1", quantity="many")
GOOD = body_of(productId="007", location="S1", quantity=5)


def dead(lake: Lake, message_id: str = "m-1", body: str = BROKEN, queue: str = "telemetry") -> str:
    """What a handler does with a message that cannot be read."""
    [poison] = ingest_facts(lake, [Record(message_id, body)], received_at=AT).poison
    return keep_poison(lake, queue, poison, poison, at=AT)


def test_the_same_message_is_kept_once_and_another_under_its_id_is_not_lost(lake: Lake) -> None:
    first = dead(lake)
    assert dead(lake) == first == "telemetry/m-1"
    other = dead(lake, body="{")
    assert other != first
    assert read_letter(lake, other).body == "{"
    assert read_letter(lake, first).body == BROKEN
    assert dead(lake, message_id="", body="{").startswith("telemetry/")
    assert keep_poison(lake.objects, "telemetry", *[PoisonRecord("m-1", BROKEN, "x", ())] * 2) == first
    assert len(letter_names(lake, "telemetry")) == 3
    assert dead(lake, queue="") == "unknown/m-1"


def test_reason_and_every_fault_are_beside_the_message(lake: Lake) -> None:
    state = inspect(lake, dead(lake))
    assert (state.status, state.body, state.reason) == ("open", BROKEN, "breaks its schema")
    assert any("quantity" in fault for fault in state.faults)
    with pytest.raises(JobError, match="no dead letter 'telemetry/nine'"):
        inspect(lake, "telemetry/nine")


def test_a_repaired_message_is_read_under_the_id_that_it_came_with_once(lake: Lake) -> None:
    moved = json.dumps(json.loads(body_of(productId="007", location="S1", delta=-2)))
    letter = dead(lake, body=body_of(productId="007", location="S1", delta="two"))
    state = repair(lake, letter, moved, author="ana", reason="a word for a number", at=AT)
    assert (state.status, state.body, state.faults) == ("repaired", moved, ())
    done = replay(lake, [letter], author="ana", at=AT)
    assert done.accepted == (letter,)
    assert done.changed == {("007", "S1")}
    again = replay(lake, [letter], author="ben", at=AT)
    assert again.accepted == ()
    assert "replayed by ana" in again.already[letter]
    # a worker that was killed before it wrote the audit reads it once more: still one fact
    ingest_facts(lake, [Record("m-1", moved)], received_at=AT + timedelta(hours=1))
    assert read_facts(lake).frame["event_id"].to_list() == ["m-1"]
    assert list_dead(lake) == []
    assert [state.name for state in list_dead(lake, closed=True)] == [letter]


def test_the_audit_keeps_both_bodies_author_and_reason(lake: Lake) -> None:
    letter = dead(lake)
    repair(lake, letter, GOOD, author="ana", reason="five, by phone", at=AT)
    replay(lake, [letter], author="ben", at=AT, reason="Monday's round")
    repaired, replayed = read_events(lake)
    assert (repaired.author, repaired.reason) == ("ana", "five, by phone")
    assert (repaired.data["before"], repaired.data["after"]) == (BROKEN, GOOD)
    assert (replayed.author, replayed.reason, replayed.data["outcome"]) == (
        "ben",
        "Monday's round",
        "accepted",
    )
    assert inspect(lake, letter).history == (repaired, replayed)


def test_poison_again_stays_with_the_new_reason(lake: Lake) -> None:
    ahead = json.dumps(json.loads(GOOD) | {"timestamp": "2026-11-23T12:00:00Z"})
    letter = dead(lake, body=ahead)
    assert inspect(lake, letter).reason == "quarantined"
    refused = replay(lake, [letter], author="ana", at=AT + timedelta(hours=1))
    assert refused.refused == {letter: "quarantined"}
    state = inspect(lake, letter)
    assert state.status == "open"
    assert "7200 s ahead" in state.faults[0]
    assert state.letter.faults != state.faults
    # once its time has come it is a message like any other
    assert replay(lake, [letter], author="ana", at=AT + timedelta(hours=3)).accepted == (letter,)


def test_a_repair_that_cannot_be_read_is_refused_with_every_fault(lake: Lake) -> None:
    letter = dead(lake)
    worse = body_of(productId=7, location="", quantity="many")
    with pytest.raises(JobError) as refusal:
        repair(lake, letter, worse, author="ana", reason="try", at=AT)
    assert all(word in str(refusal.value) for word in ("productId", "location", "quantity"))
    assert read_events(lake) == []
    assert check_body(inspect(lake, letter), GOOD, AT) == ()


def test_of_two_repairs_at_once_the_second_is_told_of_the_first(lake: Lake) -> None:
    letter = dead(lake)
    repair(lake, letter, GOOD, author="ana", reason="five", at=AT, seen=BROKEN)
    six = body_of(productId="007", location="S1", quantity=6)
    with pytest.raises(JobError, match="ana repaired"):
        repair(lake, letter, six, author="ben", reason="six", at=AT, seen=BROKEN)
    assert repair(lake, letter, six, author="ben", reason="six", at=AT, seen=GOOD).body == six
    repair(lake, letter, six, author="ben", reason="six", at=AT)  # the same again records nothing
    assert len(read_events(lake)) == 2


def test_discarded_letters_are_kept_and_wait_no_longer(lake: Lake) -> None:
    letters = [dead(lake), dead(lake, "m-2", "{")]
    with pytest.raises(EventError, match="reason is empty"):
        discard(lake, letters, author="ana", reason="", at=AT)
    assert len(list_dead(lake)) == 2
    assert discard(lake, letters, author="ana", reason="a test of the supplier", at=AT) == letters
    assert discard(lake, letters, author="ana", reason="again", at=AT) == []
    assert len(list_dead(lake)) == 0
    assert inspect(lake, letters[0]).status == "discarded"
    with pytest.raises(JobError, match="was discarded by ana"):
        repair(lake, letters[0], GOOD, author="ben", reason="after all", at=AT)
    # discarded by mistake: it can still be replayed, and is refused with its reason
    assert replay(lake, letters[1:], author="ben", at=AT).refused == {letters[1]: "not JSON"}
    assert len(list_dead(lake)) == 1


def test_a_replayed_letter_cannot_be_discarded(lake: Lake) -> None:
    letter = dead(lake)
    repair(lake, letter, GOOD, author="ana", reason="five", at=AT)
    replay(lake, [letter], author="ana", at=AT)
    with pytest.raises(JobError, match="was replayed by ana"):
        discard(lake, [letter], author="ben", reason="no use", at=AT)


def test_good_letters_are_read_beside_bad_ones(lake: Lake) -> None:
    letters = [dead(lake, f"m-{number}") for number in range(4)]
    for letter in letters[::2]:
        repair(lake, letter, GOOD, author="ana", reason="five", at=AT)
    done = replay(lake, letters, author="ana", at=AT)
    assert done.accepted == tuple(letters[::2])
    assert set(done.refused) == set(letters[1::2])
    assert [state.name for state in list_dead(lake, "telemetry")] == letters[1::2]
    assert list_dead(lake, "sales") == []
    assert len(list_dead(lake, most=1)) == 1


def test_a_message_that_functions_read_is_no_event(lake: Lake) -> None:
    poison = PoisonRecord("m-9", "{}", "the function failed", ())
    letter = keep_poison(lake, "shelfcast-replan", poison, poison, at=AT)
    assert check_body(inspect(lake, letter), '{"keys": []}', AT) == ()
    assert check_body(inspect(lake, letter), "{", AT) != ()
    assert "function alone" in replay(lake, [letter], author="ana", at=AT).refused[letter]


def test_a_damaged_letter_is_named(lake: Lake) -> None:
    lake.objects.put_new("dlq/telemetry/x.json", b"{")
    with pytest.raises(LakeError, match=r"dlq/telemetry/x\.json' is no dead letter"):
        list_dead(lake)
    with pytest.raises(JobError, match="is no name"):
        letter_names(lake, "../sales")


def test_an_act_of_a_person_is_done_by_its_own_job(lake: Lake) -> None:
    act = {"eventId": "act-1", "eventType": "parameter.changed", "timestamp": "2026-11-23T08:00:00Z"}
    act |= {"author": "ana", "reason": "", "data": {"name": "company", "newValue": "Corner Shops"}}
    letters = [dead(lake, "m-1", "{"), dead(lake, "m-2", "{", "decisions.fifo")]
    nobody = json.dumps(act | {"eventId": "act-2", "data": {"name": "colour", "newValue": "red"}})
    repair(lake, letters[0], json.dumps(act), author="ben", reason="cut off", at=AT)
    repair(lake, letters[1], nobody, author="ben", reason="cut off", at=AT)
    done = replay(lake, letters, author="ben", at=AT)
    assert done.accepted == (letters[0],)
    assert done.refused == {letters[1]: "the act is refused"}
    assert "colour" in inspect(lake, letters[1]).faults[0]
    assert settings(lake)["company"] == "Corner Shops"


def test_a_kill_between_the_ledger_and_the_audit_counts_it_once(lake: Lake) -> None:
    letter = dead(lake, body=body_of(productId="007", location="S1", delta="two"))
    moved = body_of(productId="007", location="S1", delta=-2)
    repair(lake, letter, moved, author="ana", reason="a word for a number", at=AT)

    def killed(lake: Lake, states: Sequence[DeadState], at: datetime) -> Delivered:
        through_ingest(lake, states, at)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(lake, [letter], author="ana", at=AT, deliver=killed)
    assert inspect(lake, letter).status == "repaired"
    assert replay(lake, [letter], author="ana", at=AT + timedelta(minutes=1)).accepted == (letter,)
    assert read_facts(lake).frame["quantity"].to_list() == [-2.0]


def test_people_who_replay_at_once_leave_one_fact_and_one_record(lake: Lake) -> None:
    letters = [dead(lake, f"m-{number}", body=body_of(productId="007", location="S1")) for number in range(3)]
    moved = body_of(productId="007", location="S1", delta=-2)
    for letter in letters:
        repair(lake, letter, moved, author="ana", reason="forgotten", at=AT)
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda who: replay(Lake(lake.uri), letters, author=f"p{who}", at=AT), range(4)))
    assert sorted(read_facts(lake).frame["event_id"]) == ["m-0", "m-1", "m-2"]
    replayed = [event for event in read_events(lake) if event.event_type == "dead_letter.replayed"]
    assert sorted(event.data["dead_letter"] for event in replayed) == letters


def test_what_came_through_sns_is_repaired_inside_its_envelope(lake: Lake) -> None:
    envelope = {"Type": "Notification", "TopicArn": "arn:aws:sns:x:1:telemetry", "MessageId": "sns-1"}
    body = json.dumps(envelope | {"Message": body_of(productId="007", location="S1", delta="two")})
    letter = dead(lake, body=body)
    state = inspect(lake, letter)
    text = told(state.body)
    assert json.loads(text)["data"]["delta"] == "two"
    assert with_told(state.body, text) != text
    repair(lake, letter, with_told(body, text.replace('"two"', "2")), author="ana", reason="a word", at=AT)
    replay(lake, [letter], author="ana", at=AT)
    assert read_facts(lake).frame["event_id"].to_list() == ["sns-1"]  # not the id of the queue


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_text_to_repair_loses_nothing(value: object) -> None:
    body = json.dumps({"data": value})
    assert json.loads(told(body)) == {"data": value}
    assert json.loads(with_told(body, told(body))) == json.loads(body)


@pytest.mark.parametrize("body", ["{", '{"a": 1, "a": 2}', "", "plain words", "[" * 100_000])
def test_text_that_is_no_plain_json_is_shown_as_it_is(body: str) -> None:
    assert pretty(body) == told(body) == body


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_on_s3_many_handlers_keep_a_letter_once(s3_server) -> None:  # type: ignore[no-untyped-def]
    lake = Lake(s3_server.fresh_uri(), s3_server.options)
    with ThreadPoolExecutor(8) as handlers:
        names = list(handlers.map(lambda _: dead(lake), range(8)))
    assert set(names) == {"telemetry/m-1"}
    repair(lake, names[0], GOOD, author="ana", reason="five", at=AT)
    assert replay(lake, names[:1], author="ana", at=AT).accepted == ("telemetry/m-1",)
    assert list_dead(lake) == []
