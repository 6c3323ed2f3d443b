"""Plan runs: `runs/<run_id>.json` names every input and output version; `current_runs/<20 digits>`, written
last, names the run that counts now.

Pages, reports and alerts read through one run, so a screen never mixes two states of the lake. A run may
become current again: planning a state of the lake that was planned before gives the run that exists.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from data_lake.errors import Conflict, CorruptObject, LakeError
from data_lake.lake import Lake

_FOLDER = "runs/"
_CURRENT = "current_runs/"
_seen: WeakKeyDictionary[Lake, dict[str, Run]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Run:
    """One plan run. A version number 0 in `inputs` says that the table was empty and never written."""

    run_id: str
    as_of: date
    created_at: datetime
    inputs: dict[str, int]
    outputs: dict[str, int]
    policy: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    code_version: str = ""
    period: str = "D"
    summary: dict[str, Any] = field(default_factory=dict)


def commit_run(lake: Lake, run: Run) -> Run:
    """Store a run, exactly once, and make it the current one.

    Returns
    -------
    Run
        The run as stored: the earlier one if the same run (whatever its `created_at`) was committed before.

    Raises
    ------
    Conflict
        Another run has this id.
    """
    stored = store_run(lake, run)
    while not make_current(lake, run.run_id, after=current_number(lake)):
        pass  # of two writers one gets the number; the other comes after it
    return stored


def store_run(lake: Lake, run: Run) -> Run:
    """Store a run, exactly once, without making it the current one; as for `commit_run`."""
    key = _key(run.run_id)
    if lake.objects.put_new(key, _encode(run)):
        return run
    stored = _read(lake, key)
    # through JSON, so that tuples and lists compare alike
    if _encode(replace(run, created_at=stored.created_at)) != _encode(stored):
        raise Conflict(f"run {run.run_id!r} exists with other content; choose another run id")
    return stored


def current_number(lake: Lake) -> int:
    """Return how often a run was made the current one; 0: never."""
    names = lake.objects.list(_CURRENT)
    return int(names[-1].removeprefix(_CURRENT)) if names else 0


def current_run(lake: Lake, number: int) -> Run | None:
    """Return the run that was made the current one as the `number`-th; None for 0."""
    return read_run(lake, lake.objects.get(f"{_CURRENT}{number:020d}").decode()) if number else None


def make_current(lake: Lake, run_id: str, *, after: int) -> bool:
    """Make a stored run the current one, unless another was made current after the `after`-th.

    Who reads `current_number` before it looks at the lake so never replaces what was seen later by what was
    seen earlier.

    Returns
    -------
    bool
        False: another one was; look at the lake again.
    """
    current = current_number(lake)
    if current and lake.objects.get(f"{_CURRENT}{current:020d}").decode() == run_id:
        return True
    return current == after and lake.objects.put_new(f"{_CURRENT}{after + 1:020d}", run_id.encode())


def list_runs(lake: Lake) -> list[Run]:
    """Return all runs, oldest first."""
    keys = lake.objects.list(_FOLDER)
    # a run never changes, so a page that asks again reads only runs that are new
    seen = _seen.setdefault(lake, {})
    new = [key for key in keys if key not in seen]
    with ThreadPoolExecutor(8) as pool:
        seen.update(zip(new, pool.map(lambda key: _read(lake, key), new), strict=True))
    return sorted((seen[key] for key in keys), key=lambda run: (run.created_at, run.run_id))


def latest_run(lake: Lake) -> Run | None:
    """Return the run made current last; None before the first."""
    names = lake.objects.list(_CURRENT)
    return read_run(lake, lake.objects.get(names[-1]).decode()) if names else None


def run_ids(lake: Lake, first: date, last: date) -> list[str]:
    """Return the names of the runs planned for days from `first` to `last`, by day: one listing, no read."""
    start, end = f"{first:%Y%m%d}", f"{last:%Y%m%d}-~"
    keys = lake.objects.list(_FOLDER, start_after=f"{_FOLDER}{start}")
    names = [key.removeprefix(_FOLDER).removesuffix(".json") for key in keys]
    return [name for name in names if name[:8].isdigit() and name <= end]


def read_run(lake: Lake, run_id: str) -> Run:
    """Return one run by its id; `NoSuchObject` if there is none."""
    return _read(lake, _key(run_id))


def read_run_table(lake: Lake, run: Run, table: str, **selection: Any) -> pd.DataFrame:
    """Return rows of a table as the run wrote or saw it; `selection` is that of `Lake.read`."""
    if table in run.outputs:
        rows = lake.read(table, version=run.outputs[table], **selection)
        # what did not change may have been written by the run that this one started from
        return rows.assign(run_id=run.run_id) if "run_id" in rows else rows
    if table in run.inputs:
        return lake.read(table, version=run.inputs[table], **selection)
    raise LakeError(f"run {run.run_id!r} neither read nor wrote table {table!r}")


def _key(run_id: str) -> str:
    if not run_id or "/" in run_id:
        raise LakeError(f"run id {run_id!r} must be a name without '/'")
    return f"{_FOLDER}{run_id}.json"


def _encode(run: Run) -> bytes:
    record = asdict(run) | {"as_of": run.as_of.isoformat(), "created_at": run.created_at.isoformat()}
    return json.dumps(record, sort_keys=True, indent=1).encode()


def _read(lake: Lake, key: str) -> Run:
    body = lake.objects.get(key)
    try:
        record = json.loads(body)
        record["as_of"] = date.fromisoformat(record["as_of"])
        record["created_at"] = datetime.fromisoformat(record["created_at"])
        return Run(**record)
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptObject("runs", 0, key, f"is not a run record ({error})") from error
