"""The demo lake, planned: built once, found again, finished if something stopped it halfway."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Literal

from data_lake.lake import Lake
from data_lake.progress import Progress
from engine.contracts import TABLES
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.runs import Run

MARKER = "demo/complete.json"
"""Written last, so that a demo lake without it was not finished."""

NOTE = "demo"
"""Note of every version that the demo writes: tables with another note are somebody's own."""


@dataclass(frozen=True)
class Demo:
    """A demo lake and how it came about."""

    lake: Lake
    state: Literal["built", "completed", "reused"]
    """completed: an earlier build had been stopped halfway."""
    run: Run | None
    """Its plan, if asked for."""


def build_demo(
    uri: str,
    *,
    seed: int = 7,
    skus: int = 150,
    stores: int = 12,
    dcs: int = 2,
    days: int = 1096,
    plan: bool = True,
    progress: Progress | None = None,
) -> Demo:
    """Build the demo lake if it is not there, and plan it.

    Parameters
    ----------
    uri
        Address of the lake.
    seed, skus, stores, dcs, days
        What to generate; `data_lake.demo.build` describes them.
    plan
        Plan it too, and once as of three weeks before, and look at the alerts; an unchanged lake keeps its
        plans.
    progress
        Told what is being done.

    Raises
    ------
    JobError
        The lake holds other data, or a demo of another size or seed: nothing is mixed into it.
    """
    tell = progress or (lambda _text, _share: None)
    wanted = {"seed": seed, "skus": skus, "stores": stores, "dcs": dcs, "days": days}
    lake = Lake(uri)
    state = _state(lake, wanted)
    if state != "reused":
        from data_lake.demo import build

        def told(what: str, share: float) -> None:
            # a table takes a fraction of a second: one stage for all of them
            if share < 1:
                tell("Writing its tables" if what.startswith("writing") else "Inventing a company", share)

        build(lake, seed=seed, skus=skus, stores=stores, dcs=dcs, days=days, progress=told)
        lake.objects.put_new(MARKER, json.dumps(wanted, sort_keys=True).encode())
    run = None
    if plan:
        tell("Loading the planning engine", 0.0)
        from jobs.alert import alert
        from jobs.demo_history import plan_history
        from jobs.plan import plan as make_plan

        plan_history(lake, tell)
        run = make_plan(lake, progress=tell)
        if state != "reused":  # of that morning, so that the demo has the same alerts whenever it is built
            alert(lake, at=datetime.combine(run.as_of, time(6), UTC), run=run)
    return Demo(lake, state, run)


def _state(lake: Lake, wanted: dict[str, int]) -> Literal["built", "completed", "reused"]:
    if lake.objects.list(MARKER):
        there: dict[str, int] = json.loads(lake.objects.get(MARKER))
        if there != wanted:
            differing = ", ".join(
                f"{name} {there.get(name)} instead of {value}"
                for name, value in wanted.items()
                if there.get(name) != value
            )
            raise JobError(f"{lake.uri} holds a demo with {differing}; delete it or choose another --lake")
        return "reused"
    versions = {name: current for name in TABLES if (current := lake.current(name)) is not None}
    own = [name for name, current in versions.items() if current.note != NOTE]
    if own:
        raise JobError(
            f"{lake.uri} holds data that are not the demo's ({', '.join(own)}); choose another --lake"
        )
    return "completed" if versions else "built"
