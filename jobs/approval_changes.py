"""Change an approval that stands: another quantity, or withdrawn. Each call is one act in the ledger."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from data_lake.events import Event, make_event
from data_lake.ledger import Ledger, append_act
from jobs.approval_result import ApprovalResult, ApprovedLine, RefusedLine, check_act
from jobs.approvals import Approval, approved_lines, fold_approvals
from jobs.errors import JobError
from jobs.order_rules import quantity_fault

if TYPE_CHECKING:
    from data_lake.lake import Lake


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
    check_act(author, at, [line_id])
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
    check_act(author, at, line_ids)
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
