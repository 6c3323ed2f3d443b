"""Plan again what changed stock or orders touch: a run that equals a full plan of the same forecasts.

Frozen from the last full plan: forecasts and their models, how far stores are wrong together, what order
history said of sources, masters and settings. If anything else changed, a full plan is asked for.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import replace

from data_lake.lake import Lake
from data_lake.runs import (
    Run,
    current_number,
    current_run,
    make_current,
)
from jobs.errors import JobError
from jobs.replan_once import Replanned, replan_from, unplanned_of
from jobs.replan_reasons import is_behind

__all__ = ["Replanned", "made_current", "replan"]

ATTEMPTS = 8
"""Times that a re-plan starts anew because another run became current meanwhile."""


def replan(
    lake: Lake,
    changed: Iterable[tuple[str, str]] | None = None,
    *,
    at: dt.datetime,
) -> Replanned:
    """Plan again what changed since the current run, and make the result the current run.

    Every line whose stock or orders differ from what the run was planned on is planned again, named or not:
    a run shows one state of the lake. A line that is named but does not differ is left as it is.

    Parameters
    ----------
    lake : Lake
    changed : iterable of (sku, location), optional
        What the caller heard of; `unplanned` says which of it no plan line stands for.
    at : datetime
        Now, with its zone.

    Returns
    -------
    Replanned
        Of re-plans at once each starts from what the others committed; the current run never becomes one
        that saw less.

    Raises
    ------
    JobError
        There is no plan yet, or others kept committing first.
    """
    started = time.perf_counter()
    named = frozenset(changed or ())
    for _ in range(ATTEMPTS):
        number = current_number(lake)
        earlier = current_run(lake, number)
        if earlier is None:
            raise JobError("there is no plan to plan again: shelfcast plan")
        done = replan_from(lake, earlier, at=at)
        if done.run.run_id == earlier.run_id or make_current(lake, done.run.run_id, after=number):
            unplanned = {*done.unplanned, *unplanned_of(lake, done.run, named)}
            return replace(done, unplanned=tuple(sorted(unplanned)), seconds=time.perf_counter() - started)
    raise JobError(f"{ATTEMPTS} other plans were committed meanwhile; plan again")


def made_current(lake: Lake, run: Run, *, after: int, at: dt.datetime) -> Run:
    """Make a full plan the current run; if others were committed since it began to read, bring it up to date.

    So stock that a re-plan saw during the plan does not go back to what it was. Where the plan itself is
    behind (sales came in meanwhile, and another plan has them) that other one stays current.

    Parameters
    ----------
    lake : Lake
    run : stored full plan
    after : `current_number` before the plan read the lake
    at : instant before it read

    Returns
    -------
    Run
        The plan, or its re-plan with the stock and orders of now.
    """
    if make_current(lake, run.run_id, after=after):
        return run
    for _ in range(ATTEMPTS):
        number = current_number(lake)
        done = replan_from(lake, run, at=at)
        if done.needs_full_plan and is_behind(run, current_run(lake, number)):
            return run
        if make_current(lake, done.run.run_id, after=number):
            return done.run
    raise JobError(f"{ATTEMPTS} other plans were committed meanwhile; plan again")
