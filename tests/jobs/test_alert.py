"""Alerts of real lakes: what opens, what approvals and people do, and that no change is repeated or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.events import EventError, make_event
from data_lake.lake import Lake
from data_lake.ledger import CorruptBatchError, append_events
from data_lake.runs import Run
from engine.alerts.change import AlertChange
from engine.alerts.transitions import Finding, Key, decide, fold
from jobs import alert_book, alert_told
from jobs.alert import alert, mark_told, pending_changes, record
from jobs.alert_findings import Found
from jobs.alert_inputs import order_day_of
from jobs.alert_people import acknowledge, close, snooze
from jobs.approve import approve_lines
from jobs.dlq import keep_poison
from jobs.errors import JobError

AT = datetime(2026, 11, 22, 7, tzinfo=UTC)
ACME = "Acme & Söhne"
SHORT = {
    "lost_before": 40.0,
    "lost_after": 0.0,
    "stockout_cost": 3.0,
    "term_demand": 60.0,
    "service_target": 0.97,
    "expected_demand_daily": 5.0,
    "need_date": pd.Timestamp("2026-11-28"),
    "money_at_risk": 120.0,
}


@pytest.fixture
def short_run(
    small_lake: Lake, plan_line: Callable[..., dict[str, Any]], commit_plan: Callable[..., Run]
) -> Run:
    """Commit a plan in which 007 runs short at S1 unless its order is approved."""
    return commit_plan("run-1", (plan_line("007", "S1", ACME, 48, **SHORT), plan_line("008", "S1", ACME, 0)))


def told(changes: list[AlertChange]) -> list[tuple[str, str, str, float]]:
    return [(each.change, each.alert_type, each.sku, each.severity) for each in changes]


def test_a_shortage_opens_an_alert_once(small_lake: Lake, short_run: Run) -> None:
    (made,) = alert(small_lake, at=AT)
    assert told([made]) == [("opened", "stockout", "007", 120.0)]
    assert (made.level, made.run_id, made.at) == ("warning", short_run.run_id, AT)
    assert (made.product_name, made.location_name) == ("Crème, 1 l", "Shop 1")
    assert made.link == "item?sku=007&location=S1"
    assert "shortage of 40 until 3 Dec (120.00)" in made.cause.replace(" EUR", "")
    assert made.act == "Order 48 by 22 Nov: it saves 40, arriving 26 Nov."
    assert alert(small_lake, at=AT) == []
    assert alert(Lake(small_lake.uri), at=AT + timedelta(hours=1)) == []  # a restart


def test_a_proposal_is_no_supply_but_an_approved_order_is(small_lake: Lake, short_run: Run) -> None:
    (opened,) = alert(small_lake, at=AT)
    assert opened.covered_by == "covered if approved by 22 Nov 2026"
    approve_lines(
        small_lake,
        run_id=short_run.run_id,
        lines=[{"line_id": f"007|S1|{ACME}", "quantity": 48.0}],
        author="ana",
        at=AT,
    )
    assert told(alert(small_lake, at=AT)) == [("resolved", "stockout", "007", 0.0)]


def test_an_approval_of_less_leaves_its_share_of_the_shortage(small_lake: Lake, short_run: Run) -> None:
    alert(small_lake, at=AT)
    line = {"line_id": f"007|S1|{ACME}", "quantity": 12.0}
    approve_lines(small_lake, run_id=short_run.run_id, lines=[line], author="ana", reason="shelf", at=AT)
    assert alert(small_lake, at=AT) == []  # 30 of 40 units are still short
    row = small_lake.read("alerts").iloc[0]
    assert (row["severity"], row["told_severity"], row["covered_by"]) == (90.0, 120.0, "")


def test_a_refused_proposal_covers_nothing(small_lake: Lake, short_run: Run) -> None:
    line = {"line_id": f"007|S1|{ACME}", "quantity": 0.0}
    approve_lines(small_lake, run_id=short_run.run_id, lines=[line], author="ana", reason="no", at=AT)
    (opened,) = alert(small_lake, at=AT)
    assert (opened.change, opened.covered_by) == ("opened", "")


def test_a_proposal_whose_day_has_passed_covers_nothing(small_lake: Lake, short_run: Run) -> None:
    opened = alert(small_lake, at=AT + timedelta(days=1))[0]
    assert (opened.alert_type, opened.covered_by) == ("stockout", "")
    assert opened.act.startswith("Plan again")


def test_a_new_plan_resolves_worsens_and_keeps(
    small_lake: Lake,
    short_run: Run,
    plan_line: Callable[..., dict[str, Any]],
    commit_plan: Callable[..., Run],
) -> None:
    alert(small_lake, at=AT)
    worse = SHORT | {"lost_before": 80.0, "money_at_risk": 240.0}
    commit_plan("run-2", (plan_line("007", "S1", ACME, 96, **worse),))
    (made,) = alert(small_lake, at=AT)
    assert (made.change, made.severity, made.previous_severity) == ("worsened", 240.0, 120.0)
    held = {"status": "held", "held_reason": "stock is below 0"}
    commit_plan("run-3", (plan_line("007", "S1", ACME, 0, **held),))
    assert alert(small_lake, at=AT) == []  # nothing can be said of a held line
    commit_plan("run-4", (plan_line("007", "S1", ACME, 0),))
    assert told(alert(small_lake, at=AT)) == [("resolved", "stockout", "007", 0.0)]


@pytest.mark.parametrize(
    ("period", "days", "judged"), [("D", 2, 2), ("D", 3, 0), ("W", 14, 14), ("W", 15, 0)]
)
def test_what_arrived_since_a_plan_that_is_behind_is_not_known(period: str, days: int, judged: int) -> None:
    run = Run("run-1", AT.date(), AT, {}, {}, period=period)
    assert order_day_of(run, AT.date() + timedelta(days=days)) == AT.date() + timedelta(days=judged)


def test_a_lake_without_a_plan_has_no_alerts(small_lake: Lake) -> None:
    assert alert(small_lake, at=AT) == []
    assert small_lake.read("alerts").empty


def test_dead_letters_are_told_without_a_plan(small_lake: Lake) -> None:
    poison = SimpleNamespace(reason="quantity is missing", faults=())
    keep_poison(small_lake, "stock", SimpleNamespace(message_id="m-1", body="{"), poison, at=AT)
    (made,) = alert(small_lake, at=AT)
    assert (made.alert_type, made.source, made.level, made.link) == (
        "dead_letters",
        "stock",
        "warning",
        "events?view=dead",
    )
    assert made.cause == "1 message of queue stock could not be read: quantity is missing."
    keep_poison(small_lake, "stock", SimpleNamespace(message_id="m-2", body="{"), poison, at=AT)
    (worse,) = alert(small_lake, at=AT)
    assert (worse.change, worse.level) == ("worsened", "critical")


def test_of_many_at_once_each_change_is_returned_to_one(small_lake: Lake, short_run: Run) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: alert(Lake(small_lake.uri), at=AT), range(6)))
    assert sum(map(len, made)) == 1
    assert len(pending_changes(small_lake)) == 1


def test_what_is_recorded_waits_until_it_is_told(small_lake: Lake) -> None:
    changes = record(small_lake, _found({"1": 100.0, "2": 50.0, "3": 30.0}), at=AT)  # and then a crash
    ids = [each.change.change_id for each in changes]
    assert [each.change_id for each in pending_changes(small_lake)] == ids
    mark_told(small_lake, [changes[1].change])
    mark_told(small_lake, [changes[1].change])
    assert [each.change_id for each in pending_changes(small_lake)] == [ids[0], ids[2]]
    mark_told(small_lake, [each.change for each in changes])
    assert pending_changes(small_lake) == []
    record(small_lake, _found({}), at=AT)
    assert [each.change for each in pending_changes(small_lake)] == ["resolved"] * 3


def test_the_fold_is_kept_now_and_then(small_lake: Lake) -> None:
    turns = 2 * alert_book.EVERY + 3
    for turn in range(turns):
        recorded = alert_book.read_book(small_lake)
        findings = _found({"1": 100.0} if turn % 2 == 0 else {}).findings
        made = decide(findings, recorded.book, {}, at=AT, run_id="run-1")
        assert alert_book.append_act(small_lake, recorded.number + 1, made)
        assert not alert_book.append_act(small_lake, recorded.number + 1, made)  # it is taken, if by the like
    kept = alert_book.read_book(Lake(small_lake.uri))
    assert kept.number == turns
    assert len(small_lake.objects.list(alert_book.FOLDS)) == 2
    (standing,) = kept.book.values()
    assert (standing.episode, standing.is_open) == (alert_book.EVERY + 2, True)
    assert kept.book == fold({}, [made for _, part in alert_book.read_acts(small_lake) for made in part])


def test_what_is_told_is_not_listed_for_ever(small_lake: Lake) -> None:
    for turn in range(alert_told.EVERY + 2):
        recorded = alert_book.read_book(small_lake)
        findings = _found({"1": 100.0} if turn % 2 == 0 else {}).findings
        alert_book.append_act(
            small_lake, recorded.number + 1, decide(findings, recorded.book, {}, at=AT, run_id="run-1")
        )
        if turn == 3:
            left = pending_changes(small_lake)
            mark_told(small_lake, left[:2])
            mark_told(small_lake, left[3:])
    assert len(pending_changes(small_lake)) == 1 + alert_told.EVERY - 2
    mark_told(small_lake, pending_changes(small_lake))
    assert [int(key[-20:]) for key in small_lake.objects.list(alert_told.UP_TO)] == [alert_told.EVERY]
    assert pending_changes(small_lake) == []
    record(small_lake, _found({"2": 50.0}), at=AT)
    assert [each.sku for each in pending_changes(small_lake)] == ["2"]


def test_a_broken_act_is_named(small_lake: Lake) -> None:
    small_lake.objects.put_new(f"{alert_book.ACTS}{1:020d}", b"not an act")
    with pytest.raises(CorruptBatchError, match="00000000000000000001' is no act of alerts"):
        alert(small_lake, at=AT)


# What people do


def keys(lake: Lake) -> list[Key]:
    return sorted(alert_book.read_book(lake).book)


def test_an_alert_is_acknowledged_snoozed_and_closed(small_lake: Lake, short_run: Run) -> None:
    alert(small_lake, at=AT)
    assert acknowledge(small_lake, keys(small_lake), author="ana", reason="calling", at=AT) == 1
    row = small_lake.read("alerts").iloc[0]
    assert (row["state"], row["author"], row["reason"]) == ("in_progress", "ana", "calling")
    snooze(small_lake, keys(small_lake), until=date(2026, 11, 24), author="bo", at=AT + timedelta(minutes=1))
    row = small_lake.read("alerts").iloc[0]
    assert (row["state"], row["snoozed_until"]) == ("snoozed", pd.Timestamp("2026-11-24"))
    close(small_lake, keys(small_lake), author="bo", reason="agreed", at=AT + timedelta(minutes=2))
    assert small_lake.read("alerts").iloc[0]["state"] == "closed"
    alert(small_lake, at=AT + timedelta(minutes=3))
    assert small_lake.read("alerts").iloc[0]["state"] == "closed"


def test_a_refused_act_says_what_to_do(small_lake: Lake, short_run: Run) -> None:
    alert(small_lake, at=AT)
    key = keys(small_lake)
    with pytest.raises(JobError, match="no such open alert: stockout 009 S1"):
        close(small_lake, [Key("stockout", "009", "S1", "")], author="ana", reason="x", at=AT)
    with pytest.raises(JobError, match="snooze until 2026-11-22 is not ahead of today"):
        snooze(small_lake, key, until=AT.date(), author="ana", at=AT)
    with pytest.raises(EventError, match="reason is empty; say why"):
        close(small_lake, key, author="ana", reason=" ", at=AT)


def test_an_act_on_an_earlier_episode_says_nothing_of_the_next(small_lake: Lake) -> None:
    record(small_lake, _found({"1": 100.0}), at=AT)
    close(small_lake, keys(small_lake), author="ana", reason="agreed", at=AT)
    assert [each.told for each in record(small_lake, _found({}), at=AT)] == [False]
    (again,) = record(small_lake, _found({"1": 100.0}), at=AT)
    assert (again.change.change, again.episode) == ("opened", 2)
    assert small_lake.read("alerts")["state"].tolist() == ["open"]


def test_an_act_that_arrives_late_means_what_stood_when_it_was_done(small_lake: Lake) -> None:
    hours = [AT + timedelta(hours=hour) for hour in range(4)]
    record(small_lake, _found({"1": 100.0}), at=hours[0])
    record(small_lake, _found({}), at=hours[2])
    key = keys(small_lake)
    assert acknowledge(small_lake, key, author="ana", at=hours[1]) == 1  # while it stood: taken, no effect
    with pytest.raises(JobError, match="no such open alert"):
        acknowledge(small_lake, key, author="ana", at=hours[3])
    record(small_lake, _found({"1": 100.0}), at=hours[3])
    assert close(small_lake, key, author="ana", reason="agreed", at=hours[1]) == 1
    assert small_lake.read("alerts")["state"].tolist() == ["open"]


def test_a_snooze_until_the_next_change_ends_with_it(small_lake: Lake) -> None:
    record(small_lake, _found({"1": 100.0}), at=AT)
    snooze(small_lake, keys(small_lake), until=None, author="ana", at=AT + timedelta(minutes=1))
    assert small_lake.read("alerts")["state"].tolist() == ["snoozed"]
    (worse,) = record(small_lake, _found({"1": 200.0}), at=AT + timedelta(hours=1))
    assert worse.change.change == "worsened"
    assert small_lake.read("alerts")["state"].tolist() == ["open"]


def test_an_act_without_an_episode_means_the_one_that_stood(small_lake: Lake) -> None:
    record(small_lake, _found({"1": 100.0}), at=AT)
    data = dict(keys(small_lake)[0]._asdict())
    early, late = (AT + timedelta(hours=hour) for hour in (-1, 1))
    for at in (early, late):
        append_events(small_lake, [make_event("alert.acknowledged", at=at, author="bus", data=data)])
        record(small_lake, _found({"1": 100.0}), at=AT)
        state = small_lake.read("alerts")["state"].item()
        assert state == ("open" if at == early else "in_progress")


# Any history, with repeats, restarts, crashes and several at once


def _found(money: dict[str, float]) -> Found:
    findings = [
        Finding(
            Key("stockout", sku, "S1", "Acme"),
            severity,
            firm=severity >= 20.0,
            level="warning",
            worsen_share=0.5,
            worsen_money=25.0,
            by_level=False,
            cause="Short.",
            act="Order.",
            covered_by="",
            link="item",
        )
        for sku, severity in money.items()
    ]
    return Found(findings, None)


def _judge(history: list[dict[str, float]], sku: str) -> list[tuple[str, float]]:
    """Tell one alert's changes from its money in each plan; below 20 none opens, below 15 it is gone."""
    changes: list[tuple[str, float]] = []
    last: float | None = None
    for plan in history:
        money = plan.get(sku)
        if last is None and money is not None and money >= 20.0:
            changes.append(("opened", money))
            last = money
        elif last is not None and money is None:
            changes.append(("resolved", 0.0))
            last = None
        elif last is not None and money is not None and money >= max(1.5 * last, last + 25.0):
            changes.append(("worsened", money))
            last = money
    return changes


PLAN = st.dictionaries(st.sampled_from(["1", "2", "3"]), st.sampled_from([15.0, 40.0, 70.0, 200.0]))
HOW = st.sampled_from(["once", "again", "restart", "crash", "at once", "told"])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(PLAN, HOW), min_size=1, max_size=6))
def test_each_change_is_recorded_and_told_once(steps: list[tuple[dict[str, float], str]]) -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        returned: list[str] = []
        handed: list[str] = []
        for plan, how in steps:
            found = _found(plan)
            if how == "at once":
                with ThreadPoolExecutor(3) as pool:
                    many = [pool.submit(record, Lake(lake.uri), found, at=AT) for _ in range(3)]
                made = [one.result() for one in many]
            else:
                made = [record(lake, found, at=AT)]
            if how == "crash":  # recorded, but nobody heard of it, and the table is as it was
                lake = Lake(lake.uri)
                made = []
            if how == "restart":
                lake = Lake(lake.uri)
            if how in ("again", "restart", "crash"):
                assert record(lake, found, at=AT) == []
            returned += [each.change.change_id for part in made for each in part]
            if how == "told":
                waiting = pending_changes(lake)
                handed += [each.change_id for each in waiting]
                mark_told(lake, waiting)
        acts = [made for _, part in alert_book.read_acts(lake) for made in part]
        for sku in ("1", "2", "3"):
            mine = [(made.change.change, made.change.severity) for made in acts if made.change.sku == sku]
            assert mine == _judge([plan for plan, _ in steps], sku)
        recorded = Counter(made.change.change_id for made in acts)
        assert set(recorded.values()) <= {1}
        assert max(Counter(returned).values(), default=1) == 1
        assert set(returned) <= set(recorded)
        left = [each.change_id for each in pending_changes(lake)]
        assert Counter(handed + left) == recorded
        table = lake.read("alerts")
        open_now = set(table.loc[table["state"] == "open", "sku"])
        book = alert_book.read_book(lake).book
        assert open_now == {key.sku for key, standing in book.items() if standing.is_open}


def test_on_s3_each_change_is_recorded_by_one(s3_server) -> None:  # type: ignore[no-untyped-def]
    lake = Lake(s3_server.fresh_uri(), s3_server.options)
    found = _found({"1": 100.0, "2": 50.0})
    with ThreadPoolExecutor(4) as pool:
        many = [pool.submit(record, Lake(lake.uri, s3_server.options), found, at=AT) for _ in range(4)]
    made = [each.change.sku for one in many for each in one.result()]
    assert sorted(made) == ["1", "2"]
    waiting = pending_changes(lake)
    mark_told(lake, waiting)
    assert (len(waiting), pending_changes(lake)) == (2, [])
    assert lake.read("alerts")["sku"].tolist() == ["1", "2"]
