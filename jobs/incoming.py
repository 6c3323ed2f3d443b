"""A file dropped under `incoming/` is imported: all of it, or none and every fault in a report beside it.

`incoming/<kind>/sales.csv` says what it is; of `incoming/sales.csv` it is guessed, and a guess that leaves a
question is a fault, because nobody is there to ask. A file that is in the lake is moved to
`incoming/done/<date>/`. Which content was imported is remembered by its SHA-256 (`imports/<sha256>.json`,
written after the import, which itself changes nothing when repeated): a notification that comes twice, two
workers at once, or a kill midway load it once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data_lake import whole_files
from data_lake.errors import NoSuchObject
from jobs.import_file import KINDS, Fault, ImportResult, import_file, preview
from jobs.incoming_messages import DONE, FOLDER, REPORTS, dropped_keys, is_dropped
from jobs.incoming_report import fault_list

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.progress import Progress

Outcome = Literal["imported", "unchanged", "refused", "known", "changed", "gone"]
"""unchanged: its rows were in the lake already; known: this very content was imported before; changed: it was
written anew while it was read; gone: nothing is there (any more)."""

_FIRST = ("locations", "products", "suppliers", "sourcing", "lanes", "assortment", "policies")
"""Kinds that others refer to: of files that wait together these are taken first."""


@dataclass(frozen=True)
class Arrived:
    """What became of a dropped file."""

    key: str
    outcome: Outcome
    kind: str = ""
    tables: tuple[str, ...] = ()
    """Tables that it changed."""
    rows: int = 0
    faults: tuple[Fault, ...] = field(default=(), repr=False)
    errors: int = 0
    reports: tuple[str, ...] = ()
    """Keys of the error report."""
    moved_to: str = ""
    note: str = ""


def waiting(lake: Lake) -> list[str]:
    """Return the files that wait under `incoming/`, those that others refer to first."""
    keys = [key for key in lake.objects.list(FOLDER) if is_dropped(key)]
    return sorted(keys, key=lambda key: (_kind_of(key) not in _FIRST, key))


def take_message(lake: Lake, body: str, *, at: datetime) -> list[Arrived]:
    """Import the files that a message of S3 tells of; any number of times, each content once.

    Raises
    ------
    JobError
        The message is not one of S3, or of another bucket: it is poison.
    LakeUnavailable
        Storage failed: the message should come again.
    """
    return [take_file(lake, key, at=at) for key in dropped_keys(body, lake.uri)]


def take_file(lake: Lake, key: str, *, at: datetime, progress: Progress | None = None) -> Arrived:
    """Import one dropped file and put it, or the report of its faults, where it belongs.

    Parameters
    ----------
    lake
        Where it lies.
    key
        Its key, below `incoming/`.
    at
        Now.
    progress
        Called with (what is being done, share done).

    Returns
    -------
    Arrived
        What became of it. A refused file stays, with `<file>.errors.csv` and `<file>.errors.txt` beside it.
    """
    seen = whole_files.stamp(lake, key)
    kind = _kind_of(key)
    try:
        with whole_files.fetched(lake, key) as file:
            digest = _sha256(file)
            if whole_files.stamp(lake, key) != seen:
                return Arrived(key, "changed", kind, note="it was written anew while it was read")
            record = _read_record(lake, digest, kind)
            known = record is not None
            result = None
            if record is None:
                result = _import(lake, file, key, kind, at, progress)
                if not result.loaded:
                    return _refused(lake, key, result)
                record = _keep_record(lake, digest, kind, key, result, at)
    except NoSuchObject:
        return Arrived(key, "gone", kind, note="nothing is there; another worker may have taken it")
    whole_files.move(lake, key, record["done"], str(seen))
    lake.objects.delete([key + end for end in REPORTS])
    outcome: Outcome = "known" if known else "unchanged" if result and result.unchanged else "imported"
    return Arrived(
        key,
        outcome,
        record["kind"],
        tuple(record["tables"]) if outcome == "imported" else (),
        record["rows"],
        result.faults if result else (),
        moved_to=record["done"] if whole_files.stamp(lake, record["done"]) else "",
        note=f"this content was imported at {record['at'][:16]} UTC as {record['file']}" if known else "",
    )


def _refused(lake: Lake, key: str, result: ImportResult) -> Arrived:
    """Lay the faults beside the file; those of an earlier content under its name go."""
    reports = [key + end for end in REPORTS]
    for name, body in zip(reports, (result.report(), fault_list(result).encode()), strict=True):
        if not lake.objects.put_new(name, body) and lake.objects.get(name) != body:
            lake.objects.delete([name])
            lake.objects.put_new(name, body)
    return Arrived(key, "refused", result.kind, (), 0, result.faults, result.errors, tuple(reports))


def _kind_of(key: str) -> str:
    """Return the folder below `incoming/`, which says the kind; '' for a file that lies there itself."""
    folder, slash, _ = key.removeprefix(FOLDER).partition("/")
    return folder if slash else ""


def _import(
    lake: Lake, file: Path, key: str, kind: str, at: datetime, progress: Progress | None
) -> ImportResult:
    name = key.rpartition("/")[2]
    if kind and kind not in KINDS:
        rule = f"folder {kind!r} is no kind of file; known are {', '.join(KINDS)}"
        fault = Fault(name, None, "", "", rule)
        return ImportResult(name, "", None, (), 0, 0, (fault,), 1, 1, (), (), {}, False)
    today = at.astimezone(UTC).date()
    done = import_file(lake, file, name=name, kind=kind or None, today=today, progress=progress)
    if done.loaded or done.rows_read:
        return done
    # a question left open kept it from being read: what is wrong with its first rows is told at once too
    seen = preview(lake, file, name, kind or None, today=today)
    more = tuple(fault for fault in seen.faults if fault not in done.faults)
    return replace(
        done,
        faults=(*done.faults, *more),
        errors=done.errors + sum(fault.severity == "error" for fault in more),
        fault_count=done.fault_count + len(more),
    )


def _record_key(digest: str, kind: str) -> str:
    # the same bytes as another kind are another import
    return f"imports/{digest}{f'-{kind}' if kind else ''}.json"


def _read_record(lake: Lake, digest: str, kind: str) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(lake.objects.get(_record_key(digest, kind)))
    except NoSuchObject:
        return None
    return record


def _keep_record(
    lake: Lake, digest: str, kind: str, key: str, result: ImportResult, at: datetime
) -> dict[str, Any]:
    """Remember what was imported; of two workers at once the first one's word counts."""
    now = at.astimezone(UTC)
    stem, dot, end = key.removeprefix(FOLDER).rpartition(".")
    name = f"{stem}.{digest[:8]}.{end}" if dot else f"{end}.{digest[:8]}"
    record = {
        "file": key,
        "kind": result.kind,
        "tables": {table: version.number for table, version in result.versions.items()},
        "rows": result.rows_loaded,
        "at": now.isoformat(timespec="seconds"),
        "done": f"{DONE}{now:%Y-%m-%d}/{name}",
    }
    lake.objects.put_new(_record_key(digest, kind), json.dumps(record, indent=1).encode())
    return _read_record(lake, digest, kind) or record


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def in_words(arrived: Sequence[Arrived]) -> list[str]:
    """Say of each file what became of it."""
    words = {
        "imported": "{rows:,} rows loaded into {tables}; moved to {moved_to}",
        "unchanged": "all of it was in the lake already; moved to {moved_to}",
        "refused": "not loaded, nothing of it: {errors:,} faults, see {reports}",
        "known": "{note}; moved to {moved_to}",
        "changed": "{note}",
        "gone": "{note}",
    }
    return [
        f"{one.key}: "
        + words[one.outcome].format(
            rows=one.rows,
            tables=", ".join(one.tables),
            moved_to=one.moved_to or "nowhere, as it was written anew meanwhile",
            errors=one.errors,
            reports=" and ".join(one.reports),
            note=one.note,
        )
        for one in arrived
    ]
