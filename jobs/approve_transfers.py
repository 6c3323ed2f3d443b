"""Approve transfers of a run, or withdraw them: each call is one act in the ledger.

What a planner can count on is what `jobs.approve` says of order lines: of two who approve the same transfer
at once the first wins and the other is told; a plan that does not know of an approved transfer cannot send
the same stock again, nor send more to the same place.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.events import Event, make_event
from data_lake.ledger import Ledger, append_act
from data_lake.runs import Run, latest_run, read_run, read_run_table
from engine.contracts import TABLES
from jobs.approval_result import ApprovalResult, RefusedLine, check_act
from jobs.closed_lines import closed_lines
from jobs.errors import JobError
from jobs.order_names import order_ids
from jobs.transfer_approvals import TransferApproval, approved_transfers, fold_transfers

if TYPE_CHECKING:
    from data_lake.lake import Lake


@dataclass(frozen=True)
class _Wanted:
    transfer_id: str
    transfer: dict[str, Any]


def approve_transfers(
    lake: Lake,
    *,
    run_id: str,
    transfer_ids: Sequence[str],
    author: str,
    reason: str = "",
    at: datetime,
) -> ApprovalResult:
    """Approve transfers as a run proposes them: one act, all of it or nothing.

    Those of one origin and destination share an order. An approved transfer leaves the stock of its origin
    and is expected at its destination from the next plan on.

    Parameters
    ----------
    lake
        Where the run and the ledger are.
    run_id
        Run whose transfers are approved.
    transfer_ids
        sku|origin|destination of each.
    author, reason
        Who approves, and why; the reason may be empty.
    at
        Instant of the act, with a time zone.

    Returns
    -------
    ApprovalResult
        Orders made; transfers approved, and refused with the why (`line_id` is the transfer's id).

    Raises
    ------
    JobError
        No author, no transfer, no time zone, no such run, or one without transfers: nothing was done.
    """
    check_act(author, at, transfer_ids)
    run = _find_run(lake, run_id)
    wanted, unknown = _proposed(lake, run, transfer_ids)
    closed = closed_lines(lake)
    outcome = ApprovalResult(refused=unknown)

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        nonlocal outcome
        standing = list(fold_transfers(ledger.events).values())
        stamp = max(at, earliest) if earliest else at
        outcome, events = _decide(run, wanted, unknown, standing, closed, author, reason, stamp)
        return events

    append_act(lake, decide)
    return outcome


def withdraw_transfers(
    lake: Lake,
    *,
    order_id: str,
    author: str,
    reason: str,
    at: datetime,
    transfer_ids: Sequence[str] | None = None,
) -> ApprovalResult:
    """Withdraw an order of transfers, or some of them: the stock is the origin's again.

    Returns
    -------
    ApprovalResult
        `rejected`: transfers withdrawn; `refused`: those that the order does not have (any more).

    Raises
    ------
    JobError
        No author or reason, or no such order.
    """
    if transfer_ids is None:
        approved = approved_transfers(lake)
        transfer_ids = approved.loc[approved["order_id"] == order_id, "transfer_id"].tolist()
        if not transfer_ids:
            raise JobError(f"order {order_id!r} has no approved transfer; it was withdrawn or never made")
    check_act(author, at, transfer_ids)
    if not reason.strip():
        raise JobError("reason is empty; say why the transfer is withdrawn")
    wanted = list(dict.fromkeys(transfer_ids))
    refused: list[RefusedLine] = []

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        standing = fold_transfers(ledger.events)
        why = f"not an approved transfer of order {order_id}; it was withdrawn or never made"
        refused[:] = [{"line_id": one, "why": why} for one in wanted if (one, order_id) not in standing]
        stamp = max(at, earliest) if earliest else at
        return [
            make_event(
                "transfer.withdrawn",
                at=stamp,
                author=author,
                reason=reason,
                data={
                    "transfer_id": one,
                    "order_id": order_id,
                    "withdraws": standing[one, order_id].event.event_id,
                },
            )
            for one in wanted
            if (one, order_id) in standing
        ]

    append_act(lake, decide)
    missed = {line["line_id"] for line in refused}
    withdrawn = [one for one in wanted if one not in missed]
    return ApprovalResult([order_id] if withdrawn else [], refused=refused, rejected=withdrawn)


def _find_run(lake: Lake, run_id: str) -> Run:
    try:
        run = read_run(lake, run_id)
    except NoSuchObject:
        latest = latest_run(lake)
        hint = f"the latest is {latest.run_id!r}" if latest else "there is none yet; plan first"
        raise JobError(f"run {run_id!r} is not in the lake; {hint}") from None
    if "transfers" not in run.outputs:
        raise JobError(f"run {run_id!r} was made before plans proposed transfers; plan again")
    return run


def _proposed(lake: Lake, run: Run, transfer_ids: Sequence[str]) -> tuple[list[_Wanted], list[RefusedLine]]:
    frame = read_run_table(lake, run, "transfers", where={"transfer_id": sorted(set(transfer_ids))})
    kinds = {column.name: column.kind for column in TABLES["transfers"].columns}
    found = {
        str(row["transfer_id"]): {str(name): _plain(row[name], kinds[str(name)]) for name in row}
        for row in frame.to_dict("records")
    }
    wanted = [_Wanted(one, found[one]) for one in dict.fromkeys(transfer_ids) if one in found]
    why = f"run {run.run_id} does not propose it; open the latest plan"
    unknown: list[RefusedLine] = [
        {"line_id": one, "why": why} for one in dict.fromkeys(transfer_ids) if one not in found
    ]
    return wanted, unknown


def _plain(value: Any, kind: str) -> Any:
    """Make a cell JSON-like: dates ISO text, missing None."""
    if kind == "texts":
        return [str(item) for item in value]
    if pd.isna(value):
        return None
    return value.date().isoformat() if kind == "date" else float(value) if kind == "number" else str(value)


def _decide(
    run: Run,
    wanted: Sequence[_Wanted],
    unknown: Sequence[RefusedLine],
    standing: Sequence[TransferApproval],
    closed: Set[tuple[str, str, str]],
    author: str,
    reason: str,
    stamp: datetime,
) -> tuple[ApprovalResult, list[Event]]:
    """Decide the act against what stands; no effect, so that a lost race can decide again."""
    open_ones = [
        one
        for one in standing
        if (one.order_id, one.transfer["sku"], one.transfer["destination"]) not in closed
    ]
    result = ApprovalResult(refused=list(unknown))
    free: list[_Wanted] = []
    for one in wanted:
        why = _rival(run, one, open_ones)
        if why:
            result.refused.append({"line_id": one.transfer_id, "why": why})
        else:
            free.append(one)
    ways: dict[tuple[str, str], list[str]] = {}
    for one in free:
        ways.setdefault(_way(one), []).append(one.transfer_id)
    taken = {approval.order_id for approval in standing}
    names = order_ids(ways, author=author, at=stamp, taken=taken)
    numbers: dict[str, int] = {}
    events = []
    for one in free:
        order_id = names[_way(one)]
        numbers[order_id] = numbers.get(order_id, 0) + 1
        data = {
            "run_id": run.run_id,
            "transfer_id": one.transfer_id,
            "ship_date": one.transfer["ship_date"],
            "order_id": order_id,
            "line": str(numbers[order_id]),
            "quantity": one.transfer["quantity"],
            "transfer": one.transfer,
        }
        events.append(make_event("transfer.approved", at=stamp, author=author, reason=reason, data=data))
        quantity = float(one.transfer["quantity"])
        result.approved.append({"line_id": one.transfer_id, "quantity": quantity, "order_id": order_id})
    result.order_ids.extend(sorted(numbers))
    return result, events


def _way(one: _Wanted) -> tuple[str, str]:
    """What its order is named after: kind of source, and the way."""
    return "location", f"{one.transfer['origin']}-{one.transfer['destination']}"


def _rival(run: Run, wanted: _Wanted, standing: Sequence[TransferApproval]) -> str:
    """Return which approval stands in the way, in words; '' if none does."""
    mine = wanted.transfer
    for other in standing:
        theirs = other.transfer
        unknown_to_run = other.event.timestamp > run.created_at
        when = f"{other.event.timestamp.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"
        by = f"approved by {other.event.author} on {when} as order {other.order_id}"
        if other.transfer_id == wanted.transfer_id:
            if unknown_to_run or other.ship_date >= mine["ship_date"]:
                return f"already {by} ({theirs['quantity']:.15g} units, leaving {other.ship_date})"
        elif unknown_to_run and other.run_id != run.run_id and theirs["sku"] == mine["sku"]:
            hint = f"{by}; this plan does not know of it: plan again"
            if theirs["origin"] == mine["origin"]:
                return f"stock at {mine['origin']} goes elsewhere, {hint}"
            if theirs["destination"] == mine["destination"]:
                return f"{mine['destination']} gets it from elsewhere, {hint}"
    return ""
