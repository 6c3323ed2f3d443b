"""What has been decided of the run that a page shows: approved, or not to be ordered."""

from __future__ import annotations

import pandas as pd

from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.ledger import read_events
from jobs.approvals import approvals_frame, fold_approvals

COLUMNS = ["line_id", "state", "quantity", "value", "order_id", "author", "approved_at", "reason", "edited"]


def approved_of(lake: Lake, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions that stand for the lines of a run.

    A decision belongs to a line and an order day, not to a run: planning again with the same order day
    keeps it.

    Returns
    -------
    DataFrame
        line_id, state ("approved", or "rejected": not to be ordered), quantity [each] and value [money] as
        decided, order_id ("" where rejected), author, approved_at [UTC], reason, edited (differs from the
        proposal).
    """
    events = read_events(lake)
    found = approvals_frame(fold_approvals(events).values()).drop(columns=["quantity", "value"])
    found = found.rename(columns={"approved_quantity": "quantity", "approved_value": "value"})
    found = found.assign(state="approved", day=found["order_by"].dt.strftime("%Y-%m-%d"))
    days = lines["order_by"].dt.strftime("%Y-%m-%d")
    keys = pd.DataFrame({"line_id": lines["line_id"], "day": days})
    approved = found.merge(keys, on=["line_id", "day"], how="inner").sort_values("approved_at")[COLUMNS]
    # a line may be ordered again once its first order is closed
    approved = approved.drop_duplicates("line_id", keep="last")
    undecided = set(zip(keys["line_id"], keys["day"], strict=True))
    undecided -= {key for key in undecided if key[0] in set(approved["line_id"])}
    rejected = [event for key, event in _rejections(events).items() if key in undecided]
    return pd.concat([approved, _rejected_rows(rejected, approved)], ignore_index=True)


def _rejections(events: list[Event]) -> dict[tuple[str, str], Event]:
    """Last rejection of each line and order day made in place of an order (a withdrawal names one)."""
    return {
        (event.data["line_id"], event.data["order_by"]): event
        for event in events
        if event.event_type == "plan_line.rejected" and not event.data.get("order_id")
    }


def _rejected_rows(events: list[Event], like: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"line_id": event.data["line_id"], "state": "rejected", "quantity": 0.0, "value": 0.0, "order_id": ""}
        | {"author": event.author, "approved_at": event.timestamp, "reason": event.reason, "edited": True}
        for event in events
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype(like.dtypes.to_dict())
