"""Transfers that were approved: a fold over the ledger's events, for pages, exports and the next plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.events import Event
from data_lake.ledger import read_events
from engine.contracts import TABLES
from jobs.columns import typed_column

if TYPE_CHECKING:
    from data_lake.lake import Lake

TRANSFER_COLUMNS = tuple(column for column in TABLES["transfers"].columns if column.name != "batches")
"""Columns of `transfers` that an approval keeps beside its batches."""


@dataclass(frozen=True)
class TransferApproval:
    """One approved transfer that stands."""

    event: Event

    @property
    def key(self) -> tuple[str, str]:
        """Transfer and order."""
        return self.transfer_id, self.order_id

    @property
    def transfer_id(self) -> str:
        """sku|origin|destination."""
        return str(self.event.data["transfer_id"])

    @property
    def order_id(self) -> str:
        """Order that it belongs to."""
        return str(self.event.data["order_id"])

    @property
    def run_id(self) -> str:
        """Plan that proposed it."""
        return str(self.event.data["run_id"])

    @property
    def ship_date(self) -> str:
        """Day it leaves, ISO text."""
        return str(self.event.data["ship_date"])

    @property
    def transfer(self) -> dict[str, Any]:
        """What the plan said of it."""
        transfer: dict[str, Any] = self.event.data["transfer"]
        return transfer


def fold_transfers(events: Iterable[Event]) -> dict[tuple[str, str], TransferApproval]:
    """Fold events, in order, to the transfers that stand; a withdrawal names the order that it ends."""
    standing: dict[tuple[str, str], TransferApproval] = {}
    for event in events:
        if event.event_type == "transfer.approved":
            approval = TransferApproval(event)
            standing.setdefault(approval.key, approval)
        elif event.event_type == "transfer.withdrawn":
            standing.pop((event.data["transfer_id"], event.data["order_id"]), None)
    return standing


def approved_transfers(lake: Lake) -> pd.DataFrame:
    """Return every transfer that stands approved, sorted by order and line.

    Returns
    -------
    DataFrame
        The columns of `transfers` as the plan said them, and: `order_id`, `line`, `author`, `approved_at`
        [UTC], `reason_given`.
    """
    return transfers_frame(fold_transfers(read_events(lake)).values())


def transfers_frame(approvals: Iterable[TransferApproval]) -> pd.DataFrame:
    """Lay out approvals as `approved_transfers` returns them."""
    rows = list(approvals)
    columns: dict[str, Any] = {
        column.name: typed_column([row.transfer.get(column.name) for row in rows], column.kind)
        for column in TRANSFER_COLUMNS
    }
    columns["run_id"] = typed_column([row.run_id for row in rows], "text")
    columns["batches"] = pd.Series([list(row.transfer.get("batches", ())) for row in rows], dtype=object)
    columns |= {
        "order_id": typed_column([row.order_id for row in rows], "text"),
        "line": typed_column([row.event.data["line"] for row in rows], "text"),
        "author": typed_column([row.event.author for row in rows], "text"),
        "approved_at": typed_column([row.event.timestamp for row in rows], "instant"),
        "reason_given": typed_column([row.event.reason for row in rows], "text"),
    }
    frame = pd.DataFrame(columns)
    position = pd.to_numeric(frame["line"]).rename("position")
    order = pd.concat([frame["order_id"], position], axis=1).sort_values(["order_id", "position"]).index
    return frame.loc[order].reset_index(drop=True)
