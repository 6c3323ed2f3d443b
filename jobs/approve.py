"""Approve plan lines, edit or withdraw approvals: each call is one act in the ledger.

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

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.events import Event, make_event
from data_lake.ledger import Ledger, append_act
from data_lake.runs import Run, latest_run, read_run, read_run_table
from jobs.approvals import (
    PLAN_COLUMNS,
    Approval,
    approved_lines,
    approved_supply,
    closed_lines,
    fold_approvals,
)
from jobs.errors import JobError
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


class LineChoice(TypedDict):
    """A line and the quantity to order [each]; a reason of its own goes before the act's."""

    line_id: str
    quantity: float
    reason: NotRequired[str]


class ApprovedLine(TypedDict):
    """A line that was approved: its quantity [each] and its order."""

    line_id: str
    quantity: float
    order_id: str


class RefusedLine(TypedDict):
    """A line that was not approved, and why, for the planner."""

    line_id: str
    why: str


@dataclass(frozen=True)
class ApprovalResult:
    """What an act did, line by line: every line asked for is in exactly one of the lists."""

    order_ids: list[str] = field(default_factory=list)
    approved: list[ApprovedLine] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    """Lines with quantity 0: recorded as not to be ordered."""


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
    _check_act(author, at, lines)
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


def _check_act(author: str, at: datetime, lines: Sequence[object]) -> None:
    faults = []
    if not author.strip():
        faults.append("author is empty; say who approves")
    if at.tzinfo is None:
        faults.append(f"at {at.isoformat()} has no time zone")
    if not lines:
        faults.append("no line was chosen")
    if faults:
        raise JobError("; ".join(faults))


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
    order_ids = _order_ids(free, author, stamp, {approval.order_id for approval in standing})
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
        order_id = order_ids[plan["source_kind"], plan["source"]]
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


def _order_ids(
    lines: Sequence[_Wanted], author: str, stamp: datetime, taken: set[str]
) -> dict[tuple[str, str], str]:
    """Name one order a source: readable, the same for the same act, longer only where four digits clash."""
    sources: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.quantity > 0:
            sources.setdefault((line.plan["source_kind"], line.plan["source"]), []).append(
                line.plan["line_id"]
            )
    names: dict[tuple[str, str], str] = {}
    for (kind, source), line_ids in sources.items():
        act = "\n".join([author, stamp.isoformat(), kind, source, *sorted(line_ids)])
        digest = hashlib.sha256(act.encode()).hexdigest().upper()
        prefix = "PO" if kind == "supplier" else "TO"
        readable = re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-")[:24] or "X"
        day = stamp.astimezone(UTC).strftime("%Y%m%d")
        candidates = (f"{prefix}-{day}-{readable}-{digest[:n]}" for n in range(4, len(digest) + 1))
        name = next(name for name in candidates if name not in taken)
        taken.add(name)
        names[kind, source] = name
    return names


def edit_approval(
    lake: Lake,
    *,
    order_id: str,
    line_id: str,
    quantity: float,
    author: str,
    reason: str,
    at: datetime,
    force: bool = False,
) -> ApprovalResult:
    """Change the quantity of an approved line; the rules of `approve_lines` hold.

    Raises
    ------
    JobError
        No author or reason, or the quantity breaks a rule: nothing was done.
    """
    _check_act(author, at, [line_id])
    if not reason.strip():
        raise JobError("reason is empty; say why the approved quantity changes")
    if quantity == 0:
        raise JobError("quantity is 0; withdraw the approval instead")

    def event_for(approval: Approval, stamp: datetime) -> Event:
        plan = approval.plan
        fault = quantity_fault(quantity, moq=plan["moq"], order_multiple=plan["order_multiple"])
        if fault and (not force or quantity < 0 or not math.isfinite(quantity)):
            raise JobError(f"line {line_id}: {fault}")
        data = {
            "line_id": line_id,
            "order_by": approval.order_by,
            "order_id": order_id,
            "quantity": float(quantity),
            "old_quantity": approval.quantity,
            "forced": fault is not None,
        }
        return make_event("plan_line.edited", at=stamp, author=author, reason=reason, data=data)

    refused = _change(lake, order_id, [line_id], at, event_for)
    if refused:
        return ApprovalResult(refused=refused)
    done: ApprovedLine = {"line_id": line_id, "quantity": float(quantity), "order_id": order_id}
    return ApprovalResult([order_id], [done])


def withdraw_approval(
    lake: Lake,
    *,
    order_id: str,
    author: str,
    reason: str,
    at: datetime,
    line_ids: Sequence[str] | None = None,
) -> ApprovalResult:
    """Withdraw an order, or some of its lines: they are proposals again and no longer count as supply.

    Returns
    -------
    ApprovalResult
        `rejected`: lines withdrawn; `refused`: lines that the order does not have (any more).

    Raises
    ------
    JobError
        No author or reason.
    """
    if line_ids is None:
        lines = approved_lines(lake)
        line_ids = lines.loc[lines["order_id"] == order_id, "line_id"].tolist()
        if not line_ids:
            raise JobError(f"order {order_id!r} has no approved line; it was withdrawn or never made")
    _check_act(author, at, line_ids)
    if not reason.strip():
        raise JobError("reason is empty; say why the approval is withdrawn")

    def event_for(approval: Approval, stamp: datetime) -> Event:
        data = {
            "line_id": approval.line_id,
            "order_by": approval.order_by,
            "order_id": order_id,
            "withdraws": approval.event.event_id,
        }
        return make_event("plan_line.rejected", at=stamp, author=author, reason=reason, data=data)

    refused = _change(lake, order_id, line_ids, at, event_for)
    missed = {line["line_id"] for line in refused}
    withdrawn = [line_id for line_id in line_ids if line_id not in missed]
    return ApprovalResult([order_id] if withdrawn else [], refused=refused, rejected=withdrawn)


def _change(
    lake: Lake,
    order_id: str,
    line_ids: Sequence[str],
    at: datetime,
    event_for: Callable[[Approval, datetime], Event],
) -> list[RefusedLine]:
    """Append one event for each line that stands in the order; return those that do not."""
    refused: list[RefusedLine] = []

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        standing = {
            approval.line_id: approval
            for approval in fold_approvals(ledger.events).values()
            if approval.order_id == order_id
        }
        why = f"not an approved line of order {order_id}; it was withdrawn or never made"
        refused[:] = [{"line_id": line_id, "why": why} for line_id in line_ids if line_id not in standing]
        stamp = max(at, earliest) if earliest else at
        return [event_for(standing[line_id], stamp) for line_id in line_ids if line_id in standing]

    append_act(lake, decide)
    return refused
