"""Acts on orders that arrived as messages: approve, reject, edit, withdraw, each by its own job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_lake.events import Event
from data_lake.runs import latest_run
from jobs.approval_changes import edit_approval, withdraw_approval
from jobs.approval_result import ApprovalResult
from jobs.approve import approve_lines
from jobs.approve_transfers import approve_transfers, withdraw_transfers
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake


def approve(lake: Lake, act: Event) -> str:
    """Approve a line of the run named, or of the latest."""
    line = {"line_id": act.data["line_id"], "quantity": act.data["quantity"]}
    return _why(
        approve_lines(
            lake,
            run_id=act.data["run_id"] or latest_run_id(lake),
            lines=[line],
            author=act.author,
            reason=act.reason,
            at=act.timestamp,
            force=act.data.get("forced") is True or act.data.get("force") is True,
        )
    )


def reject(lake: Lake, act: Event) -> str:
    """Without an order: the proposal is not to be ordered. With one: the approval is withdrawn."""
    line_id, order_id = act.data["line_id"], act.data["order_id"]
    if order_id:
        return _why(
            withdraw_approval(
                lake,
                order_id=order_id,
                line_ids=[line_id],
                author=act.author,
                reason=act.reason,
                at=act.timestamp,
            )
        )
    return _why(
        approve_lines(
            lake,
            run_id=act.data.get("run_id") or latest_run_id(lake),
            lines=[{"line_id": line_id, "quantity": 0.0}],
            author=act.author,
            reason=act.reason,
            at=act.timestamp,
        )
    )


def edit(lake: Lake, act: Event) -> str:
    """Change the quantity of an approved line."""
    return _why(
        edit_approval(
            lake,
            order_id=act.data["order_id"],
            line_id=act.data["line_id"],
            quantity=float(act.data["quantity"]),
            author=act.author,
            reason=act.reason,
            at=act.timestamp,
            force=act.data.get("forced") is True or act.data.get("force") is True,
        )
    )


def approve_transfer(lake: Lake, act: Event) -> str:
    """Approve a transfer of the run named, or of the latest."""
    return _why(
        approve_transfers(
            lake,
            run_id=act.data["run_id"] or latest_run_id(lake),
            transfer_ids=[act.data["transfer_id"]],
            author=act.author,
            reason=act.reason,
            at=act.timestamp,
        )
    )


def withdraw_transfer(lake: Lake, act: Event) -> str:
    """Withdraw the approval of a transfer."""
    return _why(
        withdraw_transfers(
            lake,
            order_id=act.data["order_id"],
            transfer_ids=[act.data["transfer_id"]],
            author=act.author,
            reason=act.reason,
            at=act.timestamp,
        )
    )


def latest_run_id(lake: Lake) -> str:
    """Return the latest run; JobError if there is none."""
    run = latest_run(lake)
    if run is None:
        raise JobError("run_id is empty and the lake holds no plan yet: plan first")
    return run.run_id


def _why(result: ApprovalResult) -> str:
    return "; ".join(f"{line['line_id']}: {line['why']}" for line in result.refused)
