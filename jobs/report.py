"""Reports: what the pages show as files, kept in the lake under an id that names their very content.

`reports/<id>/<file>` and, written last, `reports/<id>/manifest.json`. The same run, decisions and formats
give the same bytes, so the same report again is the one that is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from data_lake.errors import NoSuchObject
from data_lake.runs import latest_run, read_run
from jobs.errors import JobError
from jobs.export import run_notes
from jobs.report_sheets import KINDS, source_of
from jobs.sheets import FORMATS, Format, Sheet, encode
from jobs.sheets_excel import encode_book

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run

__all__ = [
    "FORMATS",
    "KINDS",
    "Report",
    "Stored",
    "StoredFile",
    "build",
    "files_of",
    "list_reports",
    "make_report",
    "read_report",
    "run_of",
]

PREFIX = "reports/"
_MANIFEST = "manifest.json"
_READERS = 16


@dataclass(frozen=True)
class Report:
    """A report before it is a file."""

    kind: str
    title: str
    run: Run
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class StoredFile:
    """One file of a report."""

    name: str
    format: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Stored:
    """A report in the lake."""

    report_id: str
    kind: str
    title: str
    as_of: date
    """Day planned for."""
    run_id: str
    made_at: datetime
    author: str
    files: tuple[StoredFile, ...]
    notes: tuple[tuple[str, str], ...]
    """Currency and data versions."""

    def key(self, file: StoredFile) -> str:
        """Return where a file of it lies in the lake."""
        return f"{PREFIX}{self.report_id}/{file.name}"


def build(lake: Lake, kind: str, run: Run | None = None, *, at: datetime | None = None) -> Report:
    """Make a report of a run, of the latest without, as of an instant, now without.

    Raises
    ------
    JobError
        There is no such kind, no plan, or the run has nothing of what the report shows.
    """
    if kind not in KINDS:
        raise JobError(f"report {kind!r} is not known; known are {', '.join(KINDS)}")
    chosen = run or latest_run(lake)
    if chosen is None:
        raise JobError("there is no plan to report on: shelfcast plan")
    title, sheets_of = KINDS[kind]
    sheets = tuple(sheets_of(source_of(lake, chosen, run_notes(lake, [chosen]), at or datetime.now(UTC))))
    if not sheets:
        raise JobError(f"run {chosen.run_id} was made before plans held this: plan again for report {kind!r}")
    return Report(kind, title, chosen, sheets)


class File(NamedTuple):
    """One file of a report, before it is kept."""

    name: str
    format: Format
    rows: int
    body: bytes


def files_of(report: Report, fmt: Format) -> list[File]:
    """Return the files of a report: one workbook, or of other formats one file a sheet.

    Raises
    ------
    JobError
        The format is not known.
    """
    stem = f"{report.kind}-{report.run.as_of:%Y-%m-%d}"
    if fmt == "xlsx":
        rows = sum(len(sheet.frame) for sheet in report.sheets)
        return [File(f"{stem}.xlsx", fmt, rows, encode_book(report.sheets))]
    return [
        File(
            f"{stem}-{sheet.name.lower().replace(' ', '-')}.{fmt}",
            fmt,
            len(sheet.frame),
            encode(sheet, fmt, bom=fmt == "csv"),
        )
        for sheet in report.sheets
    ]


def make_report(
    lake: Lake,
    kind: str,
    *,
    formats: Sequence[Format] = ("xlsx",),
    at: datetime,
    author: str = "shelfcast",
    run: Run | None = None,
) -> Stored:
    """Make a report and keep it in the lake.

    Parameters
    ----------
    lake
        Where the plan is.
    kind
        One of `KINDS`.
    formats
        xlsx: one workbook; csv, json, parquet: one file a sheet.
    at, author
        When and for whom it is made.
    run
        Which plan; the latest without.

    Returns
    -------
    Stored
        The same report made before is returned as it was kept then.
    """
    unknown = [fmt for fmt in formats if fmt not in FORMATS]
    if unknown or not formats:
        raise JobError(f"format {', '.join(unknown) or 'none'} is not known; known are {', '.join(FORMATS)}")
    report = build(lake, kind, run, at=at)
    made = [file for fmt in dict.fromkeys(formats) for file in files_of(report, fmt)]
    files = tuple(
        StoredFile(file.name, file.format, file.rows, len(file.body), hashlib.sha256(file.body).hexdigest())
        for file in made
    )
    digest = hashlib.sha256("\n".join(f"{file.name} {file.sha256}" for file in files).encode())
    stored = Stored(
        f"{kind}-{report.run.as_of:%Y%m%d}-{digest.hexdigest()[:8]}",
        kind,
        report.title,
        report.run.as_of,
        report.run.run_id,
        at.astimezone(UTC),
        author,
        files,
        report.sheets[0].notes,
    )
    for kept, file in zip(files, made, strict=True):
        lake.objects.put_new(stored.key(kept), file.body)
    lake.objects.put_new(_manifest_key(stored.report_id), _to_json(stored))
    return read_report(lake, stored.report_id)


def read_report(lake: Lake, report_id: str) -> Stored:
    """Return one report that is kept.

    Raises
    ------
    JobError
        There is none of that id.
    """
    try:
        return _from_json(report_id, lake.objects.get(_manifest_key(report_id)))
    except NoSuchObject:
        raise JobError(f"there is no report {report_id!r}; `shelfcast report list` names them") from None


def list_reports(lake: Lake) -> list[Stored]:
    """Return the reports that are kept, newest first."""
    ids = [
        key[len(PREFIX) : -len(_MANIFEST) - 1]
        for key in lake.objects.list(PREFIX)
        if key.endswith(f"/{_MANIFEST}")
    ]
    with ThreadPoolExecutor(_READERS) as readers:
        found = list(readers.map(lambda report_id: read_report(lake, report_id), ids))
    return sorted(found, key=lambda stored: (stored.made_at, stored.report_id), reverse=True)


def run_of(lake: Lake, run_id: str) -> Run:
    """Return the run to report on by its id; JobError if there is none."""
    try:
        return read_run(lake, run_id)
    except NoSuchObject:
        raise JobError(f"there is no run {run_id!r}; `shelfcast runs` names them") from None


def _manifest_key(report_id: str) -> str:
    return f"{PREFIX}{report_id}/{_MANIFEST}"


def _to_json(stored: Stored) -> bytes:
    body = asdict(stored) | {"as_of": stored.as_of.isoformat(), "made_at": stored.made_at.isoformat()}
    return json.dumps(body, ensure_ascii=False, indent=1).encode()


def _from_json(report_id: str, content: bytes) -> Stored:
    try:
        body = json.loads(content)
        body["as_of"] = date.fromisoformat(body["as_of"])
        body["made_at"] = datetime.fromisoformat(body["made_at"])
        body["files"] = tuple(StoredFile(**file) for file in body["files"])
        body["notes"] = tuple((name, text) for name, text in body["notes"])
        return Stored(**body)
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"{_manifest_key(report_id)} is no manifest ({error}); restore it from a backup"
        ) from error
