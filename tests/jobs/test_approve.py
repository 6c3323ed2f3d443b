"""Approvals: what a planner may order, who wins, and what the next plan sees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.events import Event, faults_of, make_event, union
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import Run
from jobs.approvals import fold_approvals
from jobs.approve import (
    ApprovalResult,
    approve_lines,
    approved_lines,
    approved_supply,
    edit_approval,
    withdraw_approval,
)
from jobs.errors import JobError
from jobs.order_names import order_ids

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
A, B, C, TRANSFER = "007|S1|Acme & Söhne", "008|S1|Acme & Söhne", "007|S2|Acme & Söhne", "007|S3|DC1"
HELD, NOTHING = "009|S1|Best", "=1+1|S1|Best"


@pytest.fixture
def lake(small_lake: Lake) -> Lake:
    return small_lake


@pytest.fixture
def run(small_run: Run) -> Run:
    return small_run


def approve(lake: Lake, *lines: tuple[str, float], reason: str = "", **others) -> ApprovalResult:
    act = {"run_id": "run-1", "author": "ana", "at": AT} | others
    chosen = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in lines]
    return approve_lines(lake, lines=chosen, reason=reason, **act)


def why(result: ApprovalResult) -> str:
    assert not result.approved
    (refused,) = result.refused
    return refused["why"]


def test_lines_of_one_act_for_one_source_share_an_order(lake: Lake, run: Run) -> None:
    result = approve(lake, (A, 24), (B, 12), (TRANSFER, 6))
    assert [line["line_id"] for line in result.approved] == [A, B, TRANSFER]
    assert result.refused == result.rejected == []
    purchase, transfer = result.order_ids
    assert purchase.startswith("PO-20261122-Acme-S-hne-")
    assert len(purchase.rpartition("-")[2]) == 4
    assert transfer.startswith("TO-20261122-DC1-")
    lines = approved_lines(lake)
    assert lines["order_id"].tolist() == [purchase, purchase, transfer]
    assert lines["line"].tolist() == ["1", "2", "1"]
    assert lines["approved_quantity"].tolist() == [24, 12, 6]
    assert lines["approved_value"].tolist() == [60, 30, 15]
    assert not lines["edited"].any()
    assert lines["sku"].tolist() == ["007", "008", "007"]
    assert lines["author"].unique().tolist() == ["ana"]
    assert (lines["approved_at"] == pd.Timestamp(AT)).all()
    assert len(lake.objects.list("ledger/")) == 1  # one act, one object


def test_before_the_first_approval_the_frames_have_their_columns(lake: Lake) -> None:
    lines = approved_lines(lake)
    assert lines.empty
    assert {"order_id", "approved_quantity", "edited", "line_id", "arrival_date"} <= set(lines.columns)
    supply = approved_supply(lake)
    assert supply.columns.tolist()[:6] == [
        "sku",
        "location",
        "source",
        "quantity",
        "expected_date",
        "order_id",
    ]
    assert supply.dtypes["expected_date"] == "datetime64[us]"
    assert supply.dtypes["quantity"] == "float64"


def test_a_null_of_the_plan_stays_a_null(lake: Lake, run: Run) -> None:
    approve(lake, (A, 24))
    (line,) = approved_lines(lake).to_dict("records")
    assert pd.isna(line["need_date"])
    assert pd.isna(line["days_of_cover"])
    assert pd.isna(line["held_reason"])
    assert line["arrival_date"] == pd.Timestamp("2026-11-26")


@pytest.mark.parametrize(
    ("line", "quantity", "reason", "said"),
    [
        (A, 30, "", "quantity 30 differs from the proposed 24; give a reason"),
        (A, 31, "promo", "quantity 31 is not a multiple of 6; 30 or 36 would do"),
        (A, 6, "promo", "quantity 6 is below the minimum order quantity 12; 12 would do"),
        (A, 7, "promo", "is not a multiple of 6 and is below the minimum order quantity 12; 12 would do"),
        (A, -6, "promo", "quantity -6 is negative"),
        (A, float("nan"), "promo", "it must be a number"),
        (A, 0, "", "quantity 0 differs from the proposed 24; give a reason"),
        (HELD, 12, "", "line is held: stock is 9 days old; see Data health"),
        (NOTHING, 0, "", "nothing is proposed and nothing was asked for"),
        (NOTHING, 12, "", "differs from the proposed 0"),
        ("no|such|line", 1, "", "line is not in run run-1"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_with_the_why(
    lake: Lake, run: Run, line: str, quantity: float, reason: str, said: str
) -> None:
    assert said in why(approve(lake, (line, quantity), reason=reason))
    assert read_events(lake) == []


def test_a_refused_line_does_not_stop_the_others(lake: Lake, run: Run) -> None:
    result = approve(lake, (A, 24), (HELD, 12), (A, 24))
    assert [line["line_id"] for line in result.approved] == [A]
    assert [(line["line_id"], line["why"]) for line in result.refused] == [
        (HELD, "line is held: stock is 9 days old; see Data health"),
        (A, "line was chosen twice; the first is taken"),
    ]


def test_an_edit_is_marked_and_keeps_what_was_proposed(lake: Lake, run: Run) -> None:
    lines = [{"line_id": A, "quantity": 30, "reason": "fair on Sunday"}, {"line_id": B, "quantity": 12}]
    approve_lines(lake, run_id="run-1", lines=lines, author="ana", reason="weekly order", at=AT)
    lines = approved_lines(lake).set_index("line_id")
    edited = lines[["quantity", "approved_quantity", "edited", "reason"]]
    assert edited.loc[A].tolist() == [24, 30, True, "fair on Sunday"]
    assert edited.loc[B].tolist() == [12, 12, False, "weekly order"]


def test_force_takes_what_the_source_agreed_to_and_records_it(lake: Lake, run: Run) -> None:
    result = approve(lake, (A, 31), (NOTHING, 5), reason="agreed by phone", force=True)
    assert [line["quantity"] for line in result.approved] == [31, 5]
    assert [event.data["forced"] for event in read_events(lake)] == [True, True]
    assert "negative" in why(approve(lake, (B, -1), reason="agreed", force=True))
    assert "must be a number" in why(approve(lake, (B, float("inf")), reason="agreed", force=True))


def test_quantity_zero_is_a_recorded_no(lake: Lake, run: Run) -> None:
    result = approve(lake, (A, 0), reason="delisted next week")
    assert (result.rejected, result.approved, result.order_ids) == ([A], [], [])
    (event,) = read_events(lake)
    assert (event.event_type, event.reason) == ("plan_line.rejected", "delisted next week")
    assert approved_lines(lake).empty
    assert approve(lake, (A, 24)).approved  # a change of mind


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"author": " "}, "author is empty"),
        ({"at": AT.replace(tzinfo=None)}, "no time zone"),
        ({"run_id": "run-9"}, "run 'run-9' is not in the lake; the latest is 'run-1'"),
    ],
)
def test_an_act_that_cannot_be_recorded_is_refused_whole(lake: Lake, run: Run, changes, said: str) -> None:
    with pytest.raises(JobError, match=said):
        approve(lake, (A, 24), **changes)


def test_without_lines_or_runs_it_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(JobError, match="no line was chosen"):
        approve(lake)
    with pytest.raises(JobError, match="plan first"):
        approve(lake, (A, 24))


def test_a_line_is_ordered_once_for_an_order_day(
    lake: Lake, run: Run, commit_plan: Callable[..., Run]
) -> None:
    (order,) = approve(lake, (A, 24)).order_ids
    said = why(approve(lake, (A, 24), author="ben", at=AT + timedelta(hours=1)))
    assert said == (
        f"already approved by ana on 2026-11-22 at 08:30 UTC as order {order} "
        "for order day 2026-11-22 (24 units)"
    )
    commit_plan("run-2")  # a later plan of the same morning
    assert "already approved by ana" in why(approve(lake, (A, 24), run_id="run-2", author="ben"))


def test_the_next_order_day_is_another_order_and_an_old_plan_cannot_order_again(
    lake: Lake, run: Run, commit_plan: Callable[..., Run]
) -> None:
    tomorrow = date(2026, 11, 23)
    line = {**_line(lake, run, A), "order_by": pd.Timestamp(tomorrow)}
    commit_plan("run-2", (line,), tomorrow)
    assert approve(lake, (A, 24), run_id="run-2", at=AT + timedelta(days=1)).approved
    # run-1 is a day old: its line for yesterday would order the same need twice
    assert "for order day 2026-11-23" in why(approve(lake, (A, 24), at=AT + timedelta(days=1)))


def test_a_plan_that_does_not_know_of_an_approval_cannot_order_again(
    lake: Lake, run: Run, commit_plan: Callable[..., Run]
) -> None:
    tomorrow = date(2026, 11, 23)
    line = {**_line(lake, run, A), "order_by": pd.Timestamp(tomorrow)}
    commit_plan("run-2", (line,), tomorrow)  # made at 05:00, when nothing was approved
    approve(lake, (A, 24), at=AT + timedelta(days=1))  # from yesterday's screen, at 08:30
    said = why(approve(lake, (A, 24), run_id="run-2", author="ben", at=AT + timedelta(days=1)))
    assert said.endswith("for order day 2026-11-22 (24 units); this plan does not know of it: plan again")


def _line(lake: Lake, run: Run, line_id: str) -> dict:
    rows = lake.read("plan_lines", version=run.outputs["plan_lines"], where={"line_id": [line_id]})
    (row,) = rows.drop(columns=["projected_stock", "projected_stock_with_order"]).to_dict("records")
    return {name: None if pd.isna(value) else value for name, value in row.items()}


def test_of_many_planners_at_once_one_wins_and_the_others_are_told(lake: Lake, run: Run) -> None:
    """Overlapping choices from eight threads: every line is approved once, every loser knows the winner."""
    barrier = threading.Barrier(8)
    results: dict[str, ApprovalResult] = {}

    def act(number: int) -> None:
        mine = [(A, 24.0), (B, 12.0)] if number % 2 else [(B, 12.0), (C, 18.0)]
        barrier.wait()
        # Later threads have earlier clocks: time alone must not decide against a winner who was told.
        at = AT - timedelta(minutes=number)
        results[f"planner {number}"] = approve(lake, *mine, author=f"planner {number}", at=at)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = approved_lines(lake).set_index("line_id")
    assert sorted(lines.index) == sorted([A, B, C])
    told = {
        line["line_id"]: (name, line["order_id"])
        for name, result in results.items()
        for line in result.approved
    }
    assert sum(len(result.approved) for result in results.values()) == 3
    for line_id, (name, order_id) in told.items():
        assert lines.loc[line_id, ["author", "order_id"]].tolist() == [name, order_id]
    for result in results.values():
        for line in result.refused:
            assert f"already approved by {lines.loc[line['line_id'], 'author']}" in line["why"]
        assert len(result.approved) + len(result.refused) == 2


def test_an_approval_can_be_withdrawn_and_made_again(lake: Lake, run: Run) -> None:
    (order,) = approve(lake, (A, 24), (B, 12)).order_ids
    withdrawn = withdraw_approval(lake, order_id=order, line_ids=[A, C], author="ben", reason="wrong", at=AT)
    assert withdrawn.rejected == [A]
    assert [line["line_id"] for line in withdrawn.refused] == [C]
    assert approved_lines(lake)["line_id"].tolist() == [B]
    (again,) = approve(lake, (A, 24), author="ben").order_ids
    assert again != order
    assert withdraw_approval(lake, order_id=order, author="ben", reason="all of it", at=AT).rejected == [B]
    assert approved_lines(lake)["order_id"].tolist() == [again]
    with pytest.raises(JobError, match="has no approved line"):
        withdraw_approval(lake, order_id=order, author="ben", reason="again", at=AT)
    with pytest.raises(JobError, match="reason is empty"):
        withdraw_approval(lake, order_id=again, author="ben", reason="", at=AT)


def test_an_approved_quantity_can_be_edited_under_the_same_rules(lake: Lake, run: Run) -> None:
    (order,) = approve(lake, (A, 24)).order_ids
    edit = {"order_id": order, "line_id": A, "author": "ben", "reason": "supplier short", "at": AT}
    assert edit_approval(lake, quantity=18, **edit).approved == [
        {"line_id": A, "quantity": 18.0, "order_id": order}
    ]
    (line,) = approved_lines(lake).to_dict("records")
    assert (line["approved_quantity"], line["quantity"], line["edited"], line["author"]) == (
        18,
        24,
        True,
        "ben",
    )
    with pytest.raises(JobError, match="not a multiple of 6; 18 or 24 would do"):
        edit_approval(lake, quantity=20, **edit)
    assert edit_approval(lake, quantity=20, force=True, **edit).approved
    with pytest.raises(JobError, match="withdraw the approval instead"):
        edit_approval(lake, quantity=0, **edit)
    with pytest.raises(JobError, match="reason is empty"):
        edit_approval(lake, quantity=18, **edit | {"reason": " "})
    assert "not an approved line" in why(edit_approval(lake, quantity=18, **edit | {"line_id": B}))


def _import_order(lake: Lake, order_id: str, **changes) -> None:
    row = {
        "order_id": order_id,
        "line": "1",
        "kind": "purchase",
        "sku": "007",
        "to_location": "S1",
        "quantity": 24.0,
        "status": "sent",
        **changes,
    }
    lake.upsert("orders", pd.DataFrame([row]))


def test_approved_supply_is_shaped_like_orders(lake: Lake, run: Run) -> None:
    approve(lake, (A, 30), (TRANSFER, 6), reason="fair")
    supply = approved_supply(lake).set_index("kind")
    assert supply.loc["purchase", ["sku", "location", "source", "quantity"]].tolist() == [
        "007",
        "S1",
        "Acme & Söhne",
        30,
    ]
    assert supply.loc["transfer", ["to_location", "from_source", "status"]].tolist() == [
        "S3",
        "DC1",
        "approved",
    ]
    assert (supply["expected_date"] == pd.Timestamp("2026-11-26")).all()
    lake.replace("orders", supply.reset_index().drop(columns=["location", "source"]))
    assert approved_supply(lake).empty


def test_supply_leaves_out_what_was_expected_before(lake: Lake, run: Run) -> None:
    approve(lake, (A, 24))
    assert len(approved_supply(lake, date(2026, 11, 26))) == 1
    assert approved_supply(lake, date(2026, 11, 27)).empty


@pytest.mark.parametrize("line", ["1", "10"])
def test_an_imported_order_stands_for_its_approval(lake: Lake, run: Run, line: str) -> None:
    """Whether the order system kept our line number or gave its own."""
    (order,) = approve(lake, (A, 24), (B, 12)).order_ids
    _import_order(lake, order, line=line)
    assert approved_supply(lake)["sku"].tolist() == ["008"]
    _import_order(lake, "PO-other")
    assert approved_supply(lake)["sku"].tolist() == ["008"]


def test_a_closed_order_lets_the_line_be_approved_again(lake: Lake, run: Run) -> None:
    (order,) = approve(lake, (A, 24)).order_ids
    _import_order(lake, order, status="sent")
    assert "already approved" in why(approve(lake, (A, 24), author="ben"))
    _import_order(lake, order, status="cancelled")
    (again,) = approve(lake, (A, 24), author="ben").order_ids
    lines = approved_lines(lake)
    assert sorted(lines["order_id"]) == sorted([order, again])
    assert approved_supply(lake)["order_id"].tolist() == [again]
    assert "already approved by ben" in why(approve(lake, (A, 24), author="cy"))


def test_four_digits_that_clash_grow() -> None:
    sources = {("supplier", "!!"): [A], ("location", "S1"): [TRANSFER]}
    short = order_ids(sources, author="ana", at=AT, taken=set())
    longer = order_ids(sources, author="ana", at=AT, taken=set(short.values()))
    assert short["supplier", "!!"].startswith("PO-20261122-X-")
    assert short["location", "S1"].startswith("TO-20261122-S1-")
    for source, name in short.items():
        assert longer[source].startswith(name)
        assert len(longer[source]) == len(name) + 1


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["approve", "withdraw", "edit", "approve after closing"]),
        st.sampled_from([A, B]),
        st.sampled_from(["2026-11-22", "2026-11-23"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


def _events(acts: list[tuple[str, str, str, int]]) -> list[Event]:
    """Acts of planners who know nothing of each other: any order, any clash."""
    events = []
    for number, (act, line_id, order_by, order) in enumerate(acts):
        data = {
            "line_id": line_id,
            "order_by": order_by,
            "order_id": f"PO-{order}",
            "quantity": float(number),
        }
        at = AT + timedelta(minutes=number)
        if act.startswith("approve"):
            closed = [f"PO-{n}" for n in range(4)] if act == "approve after closing" else []
            data |= {"run_id": "r", "line": "1", "plan": {"quantity": 1.0}, "closed_orders": closed}
            events.append(make_event("plan_line.approved", at=at, author="ana", data=data))
        else:
            kind = "plan_line.rejected" if act == "withdraw" else "plan_line.edited"
            events.append(make_event(kind, at=at, author="ben", reason="why", data=data))
    return events


@given(_ACTS, st.randoms(use_true_random=False))
def test_the_fold_depends_on_the_set_of_events_alone(acts, rng) -> None:
    events = _events(acts)
    shuffled = [*events, *events[: len(events) // 2]]
    rng.shuffle(shuffled)
    assert faults_of(events) == []
    assert fold_approvals(union(shuffled)[0]) == fold_approvals(union(events)[0])


@given(_ACTS.filter(lambda acts: all(act != "approve after closing" for act, *_ in acts)))
def test_one_approval_a_line_and_order_day(acts) -> None:
    """Slow oracle: the earliest approval since the last withdrawal of the order that stands."""
    events = _events(acts)
    standing = fold_approvals(union(events)[0])
    assert len({(line_id, order_by) for line_id, order_by, _ in standing}) == len(standing)
    oracle: dict[tuple[str, str], str] = {}
    for act, line_id, order_by, order in acts:
        holder = oracle.get((line_id, order_by))
        if act == "approve" and holder is None:
            oracle[line_id, order_by] = f"PO-{order}"
        elif act == "withdraw" and holder == f"PO-{order}":
            del oracle[line_id, order_by]
    assert {(line_id, order_by): order for line_id, order_by, order in standing} == oracle
