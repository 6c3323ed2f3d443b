"""What was changed since a plan was made: overrides, approvals aside, and newer inputs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.demand_corrections import corrections
from jobs.markdowns import changed_since
from jobs.override_fold import active_overrides
from jobs.override_scope import Scope, with_groups
from jobs.views.lines import records


@dataclass(frozen=True)
class Override:
    """A planner's change of the forecast, as a page shows it."""

    override: str
    per_cent: float
    """Change of the mean forecast [%]."""
    from_date: date
    to_date: date
    author: str
    reason: str
    created_at: datetime


def overrides_of(lake: Lake, run: Run, sku: str, location: str) -> list[Override]:
    """Return the overrides that the next plan applies to an item, earliest first."""
    found = active_overrides(lake, run.as_of)
    item = with_groups(
        pd.DataFrame({"sku": [sku], "location": [location]}),
        read_run_table(lake, run, "products", where={"sku": [sku]}),
        read_run_table(lake, run, "locations", where={"location": [location]}),
    )
    return [_override(row) for row in records(found) if Scope.of(row).covers(item).all()]


def is_behind(lake: Lake, run: Run) -> bool:
    """Return whether inputs, corrected demand, markdowns or overrides changed after the plan was made."""
    if any(
        (current := lake.current(table)) is not None and current.number != number
        for table, number in run.inputs.items()
    ):
        return True
    if corrections(lake) != corrections(lake, until=run.created_at) or changed_since(lake, run.created_at):
        return True
    active = active_overrides(lake, run.as_of)
    if "overrides" not in run.outputs:  # a run made before runs kept what they applied
        return bool((active["created_at"] > pd.Timestamp(run.created_at)).any())
    applied = read_run_table(lake, run, "overrides", columns=["override"])
    return set(active["override"]) != set(applied["override"])


def _override(row: dict[str, Any]) -> Override:
    return Override(
        override=row["override"],
        per_cent=100 * (float(row["factor"]) - 1),
        from_date=row["from_date"].date(),
        to_date=row["to_date"].date(),
        author=row["author"],
        reason=row["reason"],
        created_at=row["created_at"],
    )
