"""The state of the last re-plan, kept between calls of one process: the next re-plan need not read it back.

One state in all, so memory is bounded. It is served to the same `Lake` object only, and only for the run that
it is of: same name, same versions of every table. Whatever else is asked for is read.
"""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from engine.contracts import TABLES
from jobs.known_orders import KnownOrders
from jobs.plan_orders import PlannedOrders
from jobs.run_state import RunState, run_state, shared_plans

_kept: tuple[weakref.ref[Lake], RunState] | None = None


def known_state(lake: Lake, run: Run) -> RunState:
    """Return the state of a run: as kept, or read."""
    kept = _kept
    if kept is not None and kept[0]() is lake and _is_of(kept[1].run, run):
        return replace(kept[1], run=run)
    return run_state(lake, run)


def keep_state(lake: Lake, state: RunState) -> None:
    """Keep a state instead of the one kept before; arrays of it are never written to again."""
    global _kept  # one slot for the process
    _kept = (weakref.ref(lake), state)


def next_state(
    run: Run,
    lines: pd.DataFrame,
    figures: pd.DataFrame,
    supply: list[str],
    planned: PlannedOrders,
) -> RunState:
    """Return the state of a run that was just planned, as `run_state` would read it.

    Parameters
    ----------
    run : that was planned
    lines, figures, supply, planned : of all lines, as they are now
    """
    own, final = planned.own, planned.plans
    order = [name for name in TABLES["allocations"].names if name not in ("run_id", "order_by")]
    shares = planned.allocations.table.reindex(columns=[*order, "period"])
    shares = shares.sort_values("line_id", ignore_index=True)
    shared, is_known = shared_plans(own, final, shares, lines)
    return RunState(
        run,
        lines.assign(run_id=run.run_id),
        figures.assign(run_id=run.run_id),
        np.array(supply, dtype=object),
        planned.line_inputs,
        KnownOrders(
            changed=np.zeros(len(lines), dtype=np.bool_),
            own=own,
            curves=planned.curves,
            shared=shared,
            is_shared_known=is_known,
            allocations=shares,
            final=final,
            answers=planned.joint.answers,
        ),
    )


def _is_of(kept: Run, run: Run) -> bool:
    return kept.run_id == run.run_id and kept.outputs == run.outputs
