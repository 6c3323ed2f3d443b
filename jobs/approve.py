"""Approve plan lines: each call is one act in the ledger.

What a planner can count on:

- A line is ordered once for an order day. Of two planners who approve it at once the first wins; the other
  is told who did, when, and under which order.
- A plan that does not know of an approval cannot order the line again: what was approved after the plan was
  made counts as supply only in the next one.
- One refused line does not stop the others: they are approved, and the refused ones are listed with the why.
- A quantity other than the proposal needs a reason. A quantity that breaks the source's terms (order
  multiple, minimum) is refused, naming the nearest that would do, unless `force` says that it was agreed.
- Quantity 0 means "do not order this": the line is recorded as rejected, with its reason, and not ordered.
- The lines of one act for one source share an order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.events import Event, make_event
from data_lake.ledger import Ledger, append_act
from data_lake.runs import Run, latest_run, read_run, read_run_table
from jobs.approval_changes import edit_approval, withdraw_approval
from jobs.approval_result import ApprovalResult, LineChoice, RefusedLine, check_act
from jobs.approvals import (
    PLAN_COLUMNS,
    Approval,
    approved_lines,
    approved_supply,
    fold_approvals,
)
from jobs.closed_lines import closed_lines
from jobs.errors import JobError
from jobs.order_names import order_ids
from jobs.order_rules import quantity_fault

if TYPE_CHECKING:
    from data_lake.lake import Lake

__all__ = [
    "ApprovalResult",
    "approve_lines",
    "approved_lines",
    "approved_supply",
    "edit_approval",
    "withdraw_approval",
]


@dataclass(frozen=True)
class _Wanted:
    """A line that passed every check that does not depend on other planners."""

    plan: dict[str, Any]
    quantity: float
    reason: str
    forced: bool


def approve_lines(
    lake: Lake,
    *,
    run_id: str,
    lines: Sequence[LineChoice] | Sequence[Mapping[str, Any]],
    author: str,
    reason: str = "",
    at: datetime,
    force: bool = False,
) -> ApprovalResult:
    """Approve lines of a run: one act, one immutable batch of events, all of it or nothing.

    Parameters
    ----------
    lake
        Where the run and the ledger are.
    run_id
        Run whose proposals are approved.
    lines
        `line_id` and `quantity` [each] of each, and `reason` where it differs from the act's.
    author, reason
        Who approves, and why; the reason may be empty where every quantity is the proposed one.
    at
        Instant of the act, with a time zone.
    force
        Take quantities that break the order multiple or the minimum: agreed with the source. Recorded.

    Returns
    -------
    ApprovalResult
        Orders made, lines approved, lines refused with the why, lines rejected by quantity 0.

    Raises
    ------
    JobError
        No author, no line, no time zone, or no such run: nothing was done.
    """
    check_act(author, at, lines)
    run = _find_run(lake, run_id)
    wanted, refused = _check_lines(lake, run, lines, reason, force)
    closed = closed_lines(lake)
    outcome = ApprovalResult(refused=refused)

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        nonlocal outcome
        standing = list(fold_approvals(ledger.events).values())
        stamp = max(at, earliest) if earliest else at
        outcome, events = _decide(run, wanted, refused, standing, closed, author, stamp)
        return events

    append_act(lake, decide)
    return outcome


def _find_run(lake: Lake, run_id: str) -> Run:
    try:
        return read_run(lake, run_id)
    except NoSuchObject:
        latest = latest_run(lake)
        hint = f"the latest is {latest.run_id!r}" if latest else "there is none yet; plan first"
        raise JobError(f"run {run_id!r} is not in the lake; {hint}") from None


def _plain(value: Any) -> Any:
    """Make a cell of a frame JSON-like: dates ISO text, missing None."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return float(value)


def _check_lines(
    lake: Lake, run: Run, lines: Sequence[Mapping[str, Any]], reason: str, force: bool
) -> tuple[list[_Wanted], list[RefusedLine]]:
    ids = sorted({str(line["line_id"]) for line in lines})
    names = [column.name for column in PLAN_COLUMNS]
    frame = read_run_table(lake, run, "plan_lines", columns=names, where={"line_id": ids})
    plans: dict[str, dict[str, Any]] = {
        row["line_id"]: {name: _plain(row[name]) for name in names} for row in frame.to_dict("records")
    }
    wanted: list[_Wanted] = []
    refused: list[RefusedLine] = []
    seen: set[str] = set()
    for line in lines:
        line_id, quantity = str(line["line_id"]), float(line["quantity"])
        why_edited = str(line.get("reason") or reason).strip()
        plan = plans.get(line_id)
        fault = (
            f"line is not in run {run.run_id}; open the latest plan"
            if plan is None
            else "line was chosen twice; the first is taken"
            if line_id in seen
            else _line_fault(plan, quantity, why_edited, force)
        )
        seen.add(line_id)
        if fault or plan is None:
            refused.append({"line_id": line_id, "why": fault})
            continue
        broken = quantity_fault(quantity, moq=plan["moq"], order_multiple=plan["order_multiple"])
        wanted.append(_Wanted(plan, quantity, why_edited, forced=broken is not None))
    return wanted, refused


def _line_fault(plan: dict[str, Any], quantity: float, reason: str, force: bool) -> str:
    if plan["status"] == "held":
        return f"line is held: {plan['held_reason'] or 'its data are in doubt'}; see Data health"
    if quantity == 0 and plan["quantity"] == 0:
        return "nothing is proposed and nothing was asked for"
    fault = quantity_fault(quantity, moq=plan["moq"], order_multiple=plan["order_multiple"])
    if fault and (not force or quantity < 0 or not math.isfinite(quantity)):
        return fault
    if quantity != plan["quantity"] and not reason:
        return f"quantity {quantity:.15g} differs from the proposed {plan['quantity']:.15g}; give a reason"
    return ""


def _decide(
    run: Run,
    wanted: Sequence[_Wanted],
    refused: Sequence[RefusedLine],
    standing: Sequence[Approval],
    closed: Set[tuple[str, str, str]],
    author: str,
    stamp: datetime,
) -> tuple[ApprovalResult, list[Event]]:
    """Decide the act against what stands; no effect, so that a lost race can decide again."""
    by_line: dict[str, list[Approval]] = {}
    for approval in standing:
        by_line.setdefault(approval.line_id, []).append(approval)
    result = ApprovalResult(refused=list(refused))
    free: list[_Wanted] = []
    for line in wanted:
        line_id, order_by = line.plan["line_id"], line.plan["order_by"]
        rivals = [
            rival
            for rival in by_line.get(line_id, [])
            if (rival.order_id, rival.plan["sku"], rival.plan["location"]) not in closed
            # A later order day counts too: this is then an old plan, and ordering from it would order twice.
            and (rival.order_by >= order_by or rival.event.timestamp > run.created_at)
        ]
        if rivals:
            result.refused.append({"line_id": line_id, "why": _already(rivals[-1], order_by)})
        else:
            free.append(line)
    sources: dict[tuple[str, str], list[str]] = {}
    for line in free:
        if line.quantity > 0:
            source = line.plan["source_kind"], line.plan["source"]
            sources.setdefault(source, []).append(line.plan["line_id"])
    taken = {approval.order_id for approval in standing}
    names = order_ids(sources, author=author, at=stamp, taken=taken)
    numbers: dict[str, int] = {}
    events = []
    for line in free:
        plan = line.plan
        data: dict[str, Any] = {
            "run_id": run.run_id,
            "line_id": plan["line_id"],
            "order_by": plan["order_by"],
        }
        if line.quantity == 0:
            data |= {"order_id": "", "plan": plan}
            events.append(
                make_event("plan_line.rejected", at=stamp, author=author, reason=line.reason, data=data)
            )
            result.rejected.append(plan["line_id"])
            continue
        order_id = names[plan["source_kind"], plan["source"]]
        numbers[order_id] = numbers.get(order_id, 0) + 1
        data |= {
            "order_id": order_id,
            "line": str(numbers[order_id]),
            "quantity": line.quantity,
            "forced": line.forced,
            "closed_orders": [
                old.order_id for old in by_line.get(plan["line_id"], []) if old.order_by == plan["order_by"]
            ],
            "plan": plan,
        }
        events.append(
            make_event("plan_line.approved", at=stamp, author=author, reason=line.reason, data=data)
        )
        result.approved.append({"line_id": plan["line_id"], "quantity": line.quantity, "order_id": order_id})
    result.order_ids.extend(sorted(numbers))
    return result, events


def _already(rival: Approval, order_by: str) -> str:
    when = rival.event.timestamp.astimezone(UTC)
    hint = "" if rival.order_by >= order_by else "; this plan does not know of it: plan again"
    return (
        f"already approved by {rival.event.author} on {when:%Y-%m-%d at %H:%M} UTC as order {rival.order_id} "
        f"for order day {rival.order_by} ({rival.quantity:.15g} units){hint}"
    )
