"""Acts that arrive as messages: by the same jobs, once an event id, the refused told who was first."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from data_lake.events import EVENT_FIELDS, Event, make_event
from data_lake.facts.ingest import PoisonRecord
from data_lake.facts.messages import Record, parse_message
from data_lake.lake import Lake
from data_lake.ledger import append_events, read_events
from data_lake.runs import Run
from jobs.act_dispatch import ACTS
from jobs.act_messages import OUTCOMES, apply_decisions, told_acts
from jobs.alert import alert
from jobs.alert_book import read_book
from jobs.approve import approved_lines
from jobs.demand_corrections import corrections
from jobs.dlq import keep_poison
from jobs.errors import JobError
from jobs.override_fold import fold_overrides
from jobs.settings import settings

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LINE = "007|S1|Acme & Söhne"


@pytest.fixture
def lake(small_lake: Lake, small_run: Run) -> Lake:
    return small_lake


def act(event_type: str, event_id: str, *, author: str = "ana", at: datetime = AT, **data: Any) -> Event:
    return Event(event_id, event_type, at, author, "agreed by phone", data)


def approval(event_id: str, quantity: float = 24, *, author: str = "ana", at: datetime = AT) -> Event:
    """As it comes over the wire."""
    data = {"runId": "run-1", "lineId": LINE, "orderBy": "2026-11-22", "orderId": "", "line": "", "plan": {}}
    body = {
        "eventId": event_id,
        "eventType": "plan_line.approved",
        "timestamp": at.isoformat(),
        "author": author,
        "reason": "weekly",
        "data": {**data, "quantity": quantity},
    }
    _, (event,) = parse_message(Record("m", json.dumps(body)), at + timedelta(seconds=1))
    return event


def test_an_approval_by_message_is_an_approval(lake: Lake) -> None:
    assert apply_decisions(lake, [approval("e1")]) == []
    lines = approved_lines(lake)
    assert lines["approved_quantity"].tolist() == [24]
    assert lines["author"].tolist() == ["ana"]


def test_the_second_of_two_planners_is_told_who_was_first_and_never_tried_again(lake: Lake) -> None:
    first, second = approval("e1"), approval("e2", author="ben", at=AT + timedelta(minutes=1))
    assert apply_decisions(lake, [first]) == []
    (refused,) = apply_decisions(lake, [second])
    assert refused.event == second
    assert "already approved by ana" in refused.why
    order = approved_lines(lake)["order_id"].iloc[0]
    withdrawn = act("plan_line.rejected", "e3", line_id=LINE, order_by="2026-11-22", order_id=order)
    assert apply_decisions(lake, [withdrawn]) == []
    assert apply_decisions(lake, [second]) == [refused], "a redelivery gets the answer it got"
    assert approved_lines(lake).empty


def test_a_message_that_comes_twice_is_done_once(lake: Lake) -> None:
    message = approval("e1")
    assert apply_decisions(lake, [message, message]) == []
    assert apply_decisions(lake, [message]) == []
    assert len(read_events(lake)) == 1
    assert [(told.event.event_id, told.outcome) for told in told_acts(lake)] == [("e1", "done")]


def test_a_crash_between_the_act_and_its_outcome_does_not_repeat_it(lake: Lake) -> None:
    message = approval("e1")
    apply_decisions(lake, [message])
    order = approved_lines(lake)["order_id"].iloc[0]
    apply_decisions(lake, [act("plan_line.rejected", "e2", line_id=LINE, order_by="x", order_id=order)])
    lake.objects.delete(lake.objects.list(OUTCOMES))
    assert apply_decisions(lake, [message]) == []
    assert approved_lines(lake).empty, "what was withdrawn since is not approved again"
    assert len(read_events(lake)) == 2


def test_another_content_under_an_id_is_refused_with_the_name_of_the_first(lake: Lake) -> None:
    assert apply_decisions(lake, [approval("e1")]) == []
    (refused,) = apply_decisions(lake, [approval("e1", 30, author="ben")])
    assert "was used before, by ana" in refused.why
    assert approved_lines(lake)["approved_quantity"].tolist() == [24]


def test_one_refused_act_does_not_stop_the_others(lake: Lake) -> None:
    bad = act("parameter.changed", "e1", name="period", new_value="weekly")
    good = act("parameter.changed", "e2", name="company", new_value="Kiosk")
    (refused,) = apply_decisions(lake, [bad, good])
    assert refused.why == "setting period is 'weekly'; it must be D (days), W (weeks) or M (months)"
    assert settings(lake)["company"] == "Kiosk"


def test_a_setting_whose_worker_ended_before_the_table_is_finished(lake: Lake) -> None:
    message = act("parameter.changed", "e1", name="company", new_value="Kiosk")
    data = {"name": "company", "old_value": "", "new_value": "Kiosk"}
    append_events(
        lake, [make_event("parameter.changed", at=AT, author="ana", reason="agreed by phone", data=data)]
    )
    assert apply_decisions(lake, [message]) == []
    assert settings(lake)["company"] == "Kiosk"
    assert len(read_events(lake)) == 1


def test_a_late_copy_of_a_setting_does_not_undo_a_later_one(lake: Lake) -> None:
    first = act("parameter.changed", "e1", name="company", new_value="Kiosk")
    second = act("parameter.changed", "e2", name="company", new_value="Shop", at=AT + timedelta(minutes=1))
    apply_decisions(lake, [first, second])
    lake.objects.delete(lake.objects.list(OUTCOMES))
    assert apply_decisions(lake, [first]) == []
    assert settings(lake)["company"] == "Shop"


def test_edits_and_rejections_go_through_their_jobs(lake: Lake) -> None:
    apply_decisions(lake, [approval("e1")])
    order = approved_lines(lake)["order_id"].iloc[0]
    names = {"line_id": LINE, "order_by": "2026-11-22", "order_id": order}
    assert apply_decisions(lake, [act("plan_line.edited", "e2", **names, quantity=36.0)]) == []
    assert approved_lines(lake)["approved_quantity"].tolist() == [36]
    other = {"line_id": "008|S1|Acme & Söhne", "order_by": "2026-11-22", "order_id": ""}
    assert apply_decisions(lake, [act("plan_line.rejected", "e3", **other)]) == []
    assert read_events(lake)[-1].event_type == "plan_line.rejected"


def test_overrides_are_made_and_retired(lake: Lake) -> None:
    data = {"level": "item", "sku": "007", "location": "S1", "factor": 1.2}
    days = {"from_date": "2026-12-01", "to_date": "2026-12-07"}
    assert apply_decisions(lake, [act("forecast.overridden", "e1", **data, **days)]) == []
    (override,) = fold_overrides(read_events(lake))
    assert apply_decisions(lake, [act("forecast.override_retired", "e2", override=override)]) == []
    assert fold_overrides(read_events(lake)) == {}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (act("scenario.retired", "e", scenario="s"), "done in the dashboard or by command"),
        (
            act(
                "markdown.decided",
                "e",
                run_id="run-9",
                line_id=LINE,
                sku="007",
                location="S1",
                from_date="2026-11-23",
                to_date="2026-11-24",
                depth=0.2,
                mechanic="price cut",
            ),
            "run 'run-9' is not in the lake; the latest is 'run-1'",
        ),
        (
            act(
                "forecast.overridden",
                "e",
                level="item",
                sku="007",
                location="S1",
                from_date="soon",
                to_date="2026-12-07",
                factor=2,
            ),
            "from_date is 'soon'; it must be a day",
        ),
        (act("markdown.ended", "e", markdown="none", to_date="2026-11-24"), "is not running"),
        (act("demand.correction_retired", "e", correction="none"), "none"),
        (
            act("transfer.withdrawn", "e", transfer_id="t", order_id="TO-1"),
            "t: ",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(lake: Lake, event: Event, why: str) -> None:
    (refused,) = apply_decisions(lake, [event])
    assert why in refused.why
    assert read_events(lake) == []


def test_every_act_is_known_by_fields_that_its_type_has() -> None:
    for event_type, (_, names) in ACTS.items():
        assert set(names) <= set(EVENT_FIELDS[event_type]), event_type


def test_alerts_are_acknowledged_snoozed_and_closed(lake: Lake) -> None:
    bad = PoisonRecord("m1", "{", "not JSON", ("body is not JSON",))
    keep_poison(lake, "telemetry", bad, bad, at=AT)  # that somebody must look at it is an alert
    alert(lake, at=AT)
    key = next(iter(read_book(lake).book))._asdict()
    later = [AT + timedelta(minutes=minute) for minute in range(1, 4)]
    acts = [
        act("alert.acknowledged", "e1", at=later[0], **key),
        act("alert.snoozed", "e2", at=later[1], **key, until="2026-12-01"),
        act("alert.closed", "e3", at=later[2], **key),
    ]
    assert apply_decisions(lake, acts) == []
    assert [event.event_type for event in read_events(lake)] == [event.event_type for event in acts]
    unknown = act("alert.closed", "e4", at=later[2], **key | {"sku": "none"})
    (refused,) = apply_decisions(lake, [unknown])
    assert "no such open alert" in refused.why


def test_past_demand_is_corrected_and_the_correction_retired(lake: Lake) -> None:
    days = pd.date_range("2026-11-01", periods=14)
    sales = pd.DataFrame({"date": days, "sku": "007", "location": "S1", "quantity": 2.0})
    lake.replace("sales", sales)
    data = {"sku": "007", "location": "S1", "from_date": "2026-11-03", "to_date": "2026-11-03", "demand": 9.0}
    assert apply_decisions(lake, [act("demand.corrected", "e1", **data)]) == []
    (made,) = corrections(lake)
    retired = act("demand.correction_retired", "e2", correction=made.correction)
    assert apply_decisions(lake, [retired]) == []
    assert corrections(lake) == []


def test_an_export_told_by_message_is_recorded(lake: Lake) -> None:
    assert apply_decisions(lake, [act("order.exported", "e1", order_ids=["PO-1"], format="edi")]) == []
    assert [event.event_id for event in read_events(lake)] == ["e1"]


def test_of_two_workers_at_once_one_does_it_and_none_is_refused(lake: Lake) -> None:
    message = approval("e1")
    with ThreadPoolExecutor(4) as workers:
        refused = list(workers.map(lambda _: apply_decisions(lake, [message]), range(8)))
    assert refused == [[]] * 8
    assert len(read_events(lake)) == 1


def test_a_damaged_outcome_is_named(lake: Lake) -> None:
    apply_decisions(lake, [approval("e1")])
    (key,) = lake.objects.list(OUTCOMES)
    lake.objects.delete([key])
    lake.objects.put_new(key, b"{}")
    with pytest.raises(JobError, match="is not what became of an act"):
        apply_decisions(lake, [approval("e1")])
