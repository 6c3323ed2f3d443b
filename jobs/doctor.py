"""Is everything there that a plan needs? Each check says what was seen and what to do.

Checks change nothing but one probe object, which is deleted again.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from data_lake.errors import LakeError
from data_lake.facts.quarantine import quarantined
from data_lake.lake import Lake
from data_lake.ledger import read_ledger
from data_lake.runs import latest_run
from jobs.dlq_states import names_of
from jobs.errors import JobError
from jobs.installation import Check, State, environment_checks
from jobs.scenario_promote import unfinished_promotions
from jobs.settings import setting_fault, settings

GIGABYTE = 1024**3
STALE_DAYS = 7
"""Data older than this are worth a word: planners work from yesterday's."""


_SLACK_DAYS = {"D": 1, "W": 13, "M": 61}
"""Days that sales may lie behind stock: a week or month has its first day as date and comes when over."""


def diagnose(uri: str, *, today: date, deep: bool = True) -> list[Check]:
    """Check the environment and the lake at an address.

    Parameters
    ----------
    uri
        Address of the lake: `s3://bucket/prefix`, `file:///path` or a path.
    today
        Day to measure the age of data from.
    deep
        Read every file of every table, not only the newest version's list.
    """
    return [*environment_checks(), *storage_checks(uri, today=today, deep=deep)]


def worst(checks: list[Check]) -> State:
    """Return the worst state among checks."""
    states = {check.state for check in checks}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"


def storage_checks(uri: str, *, today: date, deep: bool = True) -> list[Check]:
    """Check the lake at an address, from its disk to its newest plan; stops where nothing can be read."""
    try:
        lake = Lake(uri)
        lake.objects.list("runs/")
    except LakeError as error:
        return [Check("Lake", "fail", str(error), "correct --lake or SHELFCAST_LAKE, or what is said here")]
    checks = [_guarded("Disk", lambda: disk_check(uri)), _guarded("Lake", lambda: _writable(lake))]
    steps: dict[str, Callable[[], Check]] = {
        "Tables": lambda: _tables(lake, deep),
        "Freshness": lambda: _freshness(lake, today),
        "Settings": lambda: _settings(lake),
        "Ledger": lambda: _ledger(lake),
        "Messages": lambda: _messages(lake),
        "Plan": lambda: _plan(lake),
    }
    return [*checks, *(_guarded(name, step) for name, step in steps.items())]


def _guarded(name: str, step: Callable[[], Check]) -> Check:
    try:
        return step()
    except (LakeError, JobError) as error:
        return Check(name, "fail", str(error), "see above; `shelfcast doctor --debug` shows where")


def _messages(lake: Lake) -> Check:
    waiting, claimed = names_of(lake), quarantined(lake)
    if waiting:
        seen = f"{len(waiting):,} messages could not be read"
        return Check("Messages", "warn", seen, "shelfcast dlq: repair and replay them, or discard them")
    if claimed:
        ids = ", ".join(conflict.event_id for conflict in claimed[:3])
        seen = f"{len(claimed):,} event ids with a second content, which is not used: {ids}"
        return Check("Messages", "warn", seen, "find who sends events with these ids; page Events shows both")
    return Check("Messages", "ok", "none waits to be read, no event id has two contents")


def disk_check(uri: str, usage: Callable[[Path], shutil._ntuple_diskusage] = shutil.disk_usage) -> Check:
    """Check the free room of the disk that the lake is on."""
    if uri.startswith("s3://"):
        return Check("Disk", "ok", "the lake is on S3")
    folder = Path(uri.removeprefix("file://")).absolute()
    while not folder.exists():
        folder = folder.parent
    free = usage(folder).free
    seen = f"{free / GIGABYTE:.1f} GB free"
    if free < 0.2 * GIGABYTE:
        return Check("Disk", "fail", seen, f"free some room on the disk of {folder}")
    if free < 2 * GIGABYTE:
        return Check(
            "Disk", "warn", seen, f"a large import needs more; free some room on the disk of {folder}"
        )
    return Check("Disk", "ok", seen)


def _writable(lake: Lake) -> Check:
    key, body = f"doctor/probe-{uuid.uuid4().hex}", b"probe"
    lake.objects.put_new(key, body)
    try:
        back = lake.objects.get(key)
        again = lake.objects.put_new(key, b"other")
    finally:
        lake.objects.delete([key])
    if back != body:
        return Check("Lake", "fail", "an object did not read back as written", "check the storage")
    if again:
        return Check(
            "Lake",
            "fail",
            "the storage overwrites: two writers at once could lose data",
            "use storage that honours If-None-Match (Amazon S3 does), or a disk with hard links",
        )
    return Check("Lake", "ok", f"{lake.uri}: reads, writes, refuses to overwrite")


NEEDED = {
    "sales": "there is nothing to forecast",
    "inventory_snapshot": "stock counts as 0",
    "products": "costs, prices and shelf lives are not known",
    "sourcing": "suppliers and lead times are not known",
}
"""What a plan misses without a table; only sales are indispensable."""


def _tables(lake: Lake, deep: bool) -> Check:
    damaged = lake.verify() if deep else []
    if damaged:
        shown = "; ".join(str(fault) for fault in damaged[:3])
        return Check("Tables", "fail", shown, "restore the objects named, or import the data again")
    missing = [name for name in NEEDED if lake.current(name) is None]
    if missing:
        seen = "; ".join(f"no {name}: {NEEDED[name]}" for name in missing)
        state: State = "fail" if "sales" in missing else "warn"
        fix = "shelfcast import FILE …; for what you have no file of: shelfcast template KIND --filled"
        return Check("Tables", state, seen, fix)
    rows = ", ".join(
        f"{name} {current.rows:,}" for name in NEEDED if (current := lake.current(name)) is not None
    )
    return Check("Tables", "ok", f"rows: {rows}{', every file read' if deep else ''}")


def _newest(lake: Lake, table: str) -> date | None:
    """Newest date of a table; reads its last month only."""
    current = lake.current(table)
    months = sorted(file.partition for file in current.files) if current else []
    if not months:
        return None
    since = date.fromisoformat(f"{months[-1]}-01")
    newest = lake.read(table, columns=["date"], since=since)["date"].max()
    return None if newest is None or newest != newest else newest.date()


def _freshness(lake: Lake, today: date) -> Check:
    found = {"sales": _newest(lake, "sales"), "stock": _newest(lake, "inventory_snapshot")}
    dates = {name: day for name, day in found.items() if day is not None}
    if not dates:
        return Check("Freshness", "warn", "neither sales nor stock", "shelfcast import FILE …")
    seen = ", ".join(f"{name} until {day}" for name, day in dates.items())
    newest = max(dates.values())
    slack = _SLACK_DAYS.get(settings(lake)["period"], 1)
    behind = [name for name, day in dates.items() if newest - day > timedelta(days=slack)]
    if behind:
        fix = f"import the latest {' and '.join(behind)}: the plan would mix two states"
        return Check("Freshness", "warn", f"{seen}; {' and '.join(behind)} lags behind", fix)
    age = (today - newest).days
    if age > STALE_DAYS + slack:
        return Check("Freshness", "warn", f"{seen}: {age} days ago", "import the latest sales and stock")
    return Check("Freshness", "ok", f"{seen}: {age} days ago")


def _settings(lake: Lake) -> Check:
    known = settings(lake)
    stated = {name: value for name, value in known.items() if name not in known.defaulted}
    faults = [fault for name, value in stated.items() if (fault := setting_fault(name, value))]
    wrong = [fault for fault in faults if "is not known" not in fault]
    if wrong:
        return Check("Settings", "fail", "; ".join(wrong), "correct the settings table")
    if known.defaulted:
        defaults = ", ".join(f"{name}={known[name]!r}" for name in known.defaulted)
        return Check("Settings", "ok", f"defaults taken: {defaults}")
    return Check("Settings", "ok", "all stated")


def _ledger(lake: Lake) -> Check:
    ledger = read_ledger(lake)
    if ledger.conflicts:
        ids = ", ".join(conflict.event_id for conflict in ledger.conflicts[:5])
        return Check(
            "Ledger",
            "warn",
            f"{len(ledger.conflicts)} event ids with a second content, which is not used: {ids}",
            "find who writes events with these ids",
        )
    cut_off = unfinished_promotions(ledger.events)
    if cut_off:
        return Check(
            "Ledger",
            "warn",
            f"{len(cut_off)} promoted scenarios are not written to the tables yet",
            "shelfcast scenario list finishes them",
        )
    return Check("Ledger", "ok", f"{len(ledger.events)} events")


def _newer(lake: Lake, inputs: Mapping[str, int]) -> Iterator[str]:
    for table, number in sorted(inputs.items()):
        current = lake.current(table)
        if current is not None and current.number != number:
            yield table


def _plan(lake: Lake) -> Check:
    run = latest_run(lake)
    if run is None:
        return Check("Plan", "warn", "no plan yet", "shelfcast plan")
    seen = f"run {run.run_id} for {run.as_of}"
    newer = list(_newer(lake, run.inputs))
    if newer:
        return Check("Plan", "warn", f"{seen}; newer data: {', '.join(newer)}", "shelfcast plan")
    return Check("Plan", "ok", f"{seen}, made from the newest data")
