"""What has been approved: a fold over the ledger's events, as frames for pages, exports and the next plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data_lake.events import Event
from data_lake.ledger import read_events
from engine.contracts import TABLES, Column
from jobs.columns import typed_column

if TYPE_CHECKING:
    from data_lake.lake import Lake

PLAN_COLUMNS: tuple[Column, ...] = tuple(
    column for column in TABLES["plan_lines"].columns if column.kind not in ("numbers", "texts")
)
"""Columns of `plan_lines` that an approval keeps: all but the sparklines."""

ApprovalKey = tuple[str, str, str]
"""(line_id, order day as ISO text, order_id)."""


@dataclass(frozen=True)
class Approval:
    """One approved line as it stands after every act so far."""

    event: Event
    """The approval itself."""
    quantity: float
    """Approved quantity [each], after edits."""
    author: str
    """Who decided last: approved, or edited since."""
    at: datetime
    """When [UTC]."""
    reason: str

    @property
    def line_id(self) -> str:
        """Plan line: sku|location|source."""
        return str(self.event.data["line_id"])

    @property
    def order_by(self) -> str:
        """Order day that the line is for, ISO text."""
        return str(self.event.data["order_by"])

    @property
    def order_id(self) -> str:
        """Order that the line belongs to."""
        return str(self.event.data["order_id"])

    @property
    def plan(self) -> dict[str, Any]:
        """What the plan said of the line when it was approved."""
        plan: dict[str, Any] = self.event.data["plan"]
        return plan


def fold_approvals(events: Iterable[Event]) -> dict[ApprovalKey, Approval]:
    """Fold events, in order, to the approvals that stand.

    The first approval of a line and order day wins; a later one counts only after the first was withdrawn,
    or where the act saw that the first order was closed (`closed_orders`). An edit or a withdrawal names the
    order, so that it never hits an approval made after it was written.

    Parameters
    ----------
    events
        As `data_lake.ledger.read_events` returns them: a set, ordered by (timestamp, event_id).
    """
    standing: dict[ApprovalKey, Approval] = {}
    holders: dict[tuple[str, str], set[str]] = {}
    for event in events:
        if not event.event_type.startswith("plan_line."):
            continue
        data = event.data
        orders = holders.setdefault((data["line_id"], data["order_by"]), set())
        key = (data["line_id"], data["order_by"], data["order_id"])
        if event.event_type == "plan_line.approved":
            if orders <= set(data.get("closed_orders", ())):
                orders.add(data["order_id"])
                standing[key] = Approval(
                    event, float(data["quantity"]), event.author, event.timestamp, event.reason
                )
        elif key in standing and event.event_type == "plan_line.rejected":
            del standing[key]
            orders.discard(data["order_id"])
        elif key in standing:
            standing[key] = replace(
                standing[key],
                quantity=float(data["quantity"]),
                author=event.author,
                at=event.timestamp,
                reason=event.reason,
            )
    return standing


def approvals_frame(approvals: Iterable[Approval]) -> pd.DataFrame:
    """Lay out approvals as `approved_lines` returns them."""
    rows = list(approvals)
    columns = {
        column.name: typed_column([row.plan.get(column.name) for row in rows], column.kind)
        for column in PLAN_COLUMNS
    }
    quantity = typed_column([row.quantity for row in rows], "number")
    columns |= {
        "order_id": typed_column([row.order_id for row in rows], "text"),
        "line": typed_column([row.event.data["line"] for row in rows], "text"),
        "approved_quantity": quantity,
        "approved_value": quantity * columns["unit_cost"],
        "edited": typed_column([row.quantity != row.plan["quantity"] for row in rows], "flag"),
        "author": typed_column([row.author for row in rows], "text"),
        "approved_at": typed_column([row.at for row in rows], "instant"),
        "reason": typed_column([row.reason for row in rows], "text"),
    }
    frame = pd.DataFrame(columns)
    position = pd.to_numeric(frame["line"]).rename("position")
    order = pd.concat([frame["order_id"], position], axis=1).sort_values(["order_id", "position"]).index
    return frame.loc[order].reset_index(drop=True)


def approved_lines(lake: Lake) -> pd.DataFrame:
    """Every approval that stands, sorted by order and line.

    Returns
    -------
    DataFrame
        The columns of `plan_lines` as the plan said them (but the sparklines), so `quantity` [each] is the
        proposal, and: `order_id`, `line`, `approved_quantity` [each], `approved_value` [money],
        `edited` (approved differs from proposed), `author`, `approved_at` [UTC], `reason` of the last act.
    """
    return approvals_frame(fold_approvals(read_events(lake)).values())


def approved_supply(lake: Lake, since: date | None = None) -> pd.DataFrame:
    """Approved lines that are not in the imported orders: supply that only the ledger knows of.

    An order counts once: as soon as `orders` has the same order with the same line, or with the same product
    and destination, the imported row stands for it, whatever its state.

    Parameters
    ----------
    lake
        Where the ledger and the orders are.
    since
        Leave out what was expected before this day: it has arrived and is in stock, or never came.

    Returns
    -------
    DataFrame
        `sku`, `location` (receives), `source`, `quantity` [each], `expected_date`, `order_id`, then the
        other columns of contract `orders`: `line`, `kind`, `from_source`, `to_location`, `received`,
        `status` (approved), `ordered_at`, `promised_date`, `received_at` (none), `unit_cost`.
    """
    lines = approved_lines(lake)
    orders = lake.read(
        "orders",
        columns=["order_id", "line", "sku", "to_location"],
        where={"order_id": sorted(set(lines["order_id"]))},
    )
    return not_imported(lines, orders, since)


def not_imported(lines: pd.DataFrame, orders: pd.DataFrame, since: date | None = None) -> pd.DataFrame:
    """Return `approved_supply` of approved `lines` and imported `orders`, both read already."""
    orders = orders[orders["order_id"].isin(set(lines["order_id"]))]
    by_line = set(zip(orders["order_id"], orders["line"], strict=True))
    by_sku = set(zip(orders["order_id"], orders["sku"], orders["to_location"], strict=True))
    imported = [
        (row.order_id, row.line) in by_line or (row.order_id, row.sku, row.location) in by_sku
        for row in lines.itertuples()
    ]
    lines = lines[~np.array(imported, dtype=bool)]
    if since is not None:
        lines = lines[lines["arrival_date"] >= pd.Timestamp(since)]
    kind = np.where(lines["source_kind"] == "supplier", "purchase", "transfer")
    ordered_at = lines["approved_at"].dt.tz_localize(None).dt.normalize()
    return pd.DataFrame(
        {
            "sku": lines["sku"],
            "location": lines["location"],
            "source": lines["source"],
            "quantity": lines["approved_quantity"],
            "expected_date": lines["arrival_date"],
            "order_id": lines["order_id"],
            "line": lines["line"],
            "kind": pd.Series(kind, index=lines.index, dtype="str"),
            "from_source": lines["source"],
            "to_location": lines["location"],
            "received": 0.0,
            "status": pd.Series("approved", index=lines.index, dtype="str"),
            "ordered_at": ordered_at,
            "promised_date": lines["arrival_date"],
            "received_at": pd.Series(pd.NaT, index=lines.index, dtype=lines["arrival_date"].dtype),
            "unit_cost": lines["unit_cost"],
        }
    ).reset_index(drop=True)
