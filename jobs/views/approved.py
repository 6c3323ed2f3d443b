"""What is approved of the run that a page shows."""

from __future__ import annotations

import pandas as pd

from data_lake.lake import Lake
from jobs.approvals import approved_lines

COLUMNS = ["line_id", "quantity", "value", "order_id", "author", "approved_at", "reason", "edited"]


def approved_of(lake: Lake, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the approvals that stand for the lines of a run.

    An approval belongs to a line and an order day, not to a run: planning again with the same order day
    keeps it.

    Returns
    -------
    DataFrame
        line_id, quantity [each] and value [money] as approved, order_id, author, approved_at [UTC], reason,
        edited (differs from the proposal).
    """
    found = approved_lines(lake).drop(columns=["quantity", "value"])
    frame = found.merge(lines[["line_id", "order_by"]], on=["line_id", "order_by"], how="inner")
    frame = frame.rename(columns={"approved_quantity": "quantity", "approved_value": "value"})
    return frame[COLUMNS].reset_index(drop=True)
