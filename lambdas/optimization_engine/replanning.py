"""Plan again what a batch of the re-plan queue names, each key once, in one run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.replan import Replanned, replan
from lambdas.messages import Replan, together


def plan_again(lake: Lake, messages: Iterable[Replan], *, at: datetime) -> Replanned | None:
    """Return what planning again came to; None: there is no plan yet, the schedule makes the first.

    What asks for a full plan (a setting, new sales) is named in the result and waits for the schedule: files
    that arrive one after the other must not become a plan, and alerts, of half of them each.
    """
    asked = together(messages)
    if latest_run(lake) is None:
        return None
    return replan(lake, None if asked.anything else asked.keys, at=at)
