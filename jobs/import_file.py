"""Import a file: preview what it is, then load all of it or nothing.

Examples
--------
>>> import tempfile
>>> from data_lake.lake import Lake
>>> lake = Lake(tempfile.mkdtemp())
>>> csv = b"date,sku,store,units\\n2026-01-30,007,A,3\\n2026-01-31,007,A,4\\n"
>>> seen = preview(lake, csv, "sales.csv")
>>> seen.kind, seen.mapping.columns["location"], seen.faults
('sales', 'store', ())
>>> import_file(lake, csv, name="sales.csv").rows_loaded
2
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from data_lake.importers import look
from data_lake.importers.estimate import ESTIMATE_NOTE, stock_estimate
from data_lake.importers.faults import Fault, faults_csv
from data_lake.importers.fitting import Finding
from data_lake.importers.kinds import KINDS, write_template
from data_lake.importers.load import load
from data_lake.importers.mapping import Mapping, MappingError
from data_lake.importers.mapping_yaml import EXAMPLE, from_yaml, to_yaml
from data_lake.lake import Lake, Version
from data_lake.progress import Progress

__all__ = [
    "ESTIMATE_NOTE",
    "EXAMPLE",
    "KINDS",
    "Fault",
    "ImportResult",
    "Mapping",
    "MappingError",
    "Preview",
    "estimate_stock",
    "faults_csv",
    "from_yaml",
    "import_file",
    "preview",
    "stock_estimate",
    "to_yaml",
    "write_template",
]


@dataclass(frozen=True)
class Preview:
    """What a file is taken for, before anything is loaded."""

    name: str
    kind: str
    mapping: Mapping
    mapping_yaml: str
    remembered: bool
    """The mapping was confirmed before, for a file with the same header."""
    confidence: float
    findings: tuple[Finding, ...]
    """What was guessed from which column, how sure, and why."""
    to_confirm: tuple[str, ...]
    """Questions for a person; empty: nothing to ask."""
    kinds: dict[str, float]
    """Score of each kind, best first."""
    header: tuple[str, ...]
    ignored: tuple[str, ...]
    """Columns that nothing is mapped to."""
    rows: pd.DataFrame
    """First rows as the file has them (text)."""
    parsed: pd.DataFrame
    """The same rows as they would be loaded."""
    faults: tuple[Fault, ...]
    """Faults of the rows that were checked, errors first."""
    rows_checked: int


@dataclass(frozen=True)
class ImportResult:
    """What came of an import. With an error among `faults` nothing was loaded."""

    file: str
    kind: str
    mapping: Mapping | None
    tables: tuple[str, ...]
    rows_read: int
    rows_loaded: int
    faults: tuple[Fault, ...]
    """Errors first; at most 100,000."""
    errors: int
    fault_count: int
    """All faults, listed or not."""
    ignored: tuple[str, ...]
    notes: tuple[str, ...]
    versions: dict[str, Version]
    unchanged: bool
    """Everything in the file was in the lake already."""

    @property
    def loaded(self) -> bool:
        """Whether the file is in the lake."""
        return not self.errors

    def report(self) -> bytes:
        """Return the faults as CSV for download."""
        return faults_csv(self.faults, self.fault_count)


def preview(
    lake: Lake,
    path: str | Path | bytes,
    name: str = "",
    kind: str | None = None,
    *,
    mapping: Mapping | str | None = None,
    today: date | None = None,
) -> Preview:
    """Say what a file is taken for; nothing is written.

    Parameters
    ----------
    path : path or bytes
        The file, or its content as an upload gives it.
    name : str
        What the person calls it; a path's own name without.
    kind : str, optional
        One of `KINDS`, where the person knows it.
    mapping : Mapping or YAML text, optional
        A mapping to check instead of guessing one.
    today : date, optional
        The day of the import; the clock's without.

    Raises
    ------
    MappingError
        If the mapping given cannot be used.
    """
    with _on_disk(path, name) as (file, called):
        seen = look.look(lake, file, called, kind, _mapping(mapping), today=today or date.today())
    return Preview(
        name=called,
        kind=seen.mapping.kind,
        mapping=seen.mapping,
        mapping_yaml=to_yaml(seen.mapping),
        remembered=seen.remembered,
        confidence=seen.confidence,
        findings=seen.findings,
        to_confirm=seen.to_confirm,
        kinds=seen.kinds,
        header=seen.header,
        ignored=seen.ignored,
        rows=seen.rows,
        parsed=seen.parsed,
        faults=seen.faults,
        rows_checked=seen.rows_checked,
    )


def import_file(
    lake: Lake,
    path: str | Path | bytes,
    *,
    name: str = "",
    kind: str | None = None,
    mapping: Mapping | str | None = None,
    accept_guess: bool = False,
    today: date | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Load a file: all of it, or nothing and every reason why.

    Parameters
    ----------
    path : path or bytes
        The file, or its content as an upload gives it.
    mapping : Mapping or YAML text, optional
        How to read it. Without: the one remembered for this header, else a guess. A guess with questions left
        (`Preview.to_confirm`) is refused, each question a fault, unless `accept_guess`.
    today : date, optional
        The day of the import; the clock's without.
    progress : callable, optional
        Called with (share done, what is being done).

    Raises
    ------
    MappingError
        If the mapping given cannot be used with any file.
    LakeUnavailable
        If the lake cannot be written.
    """
    day = today or date.today()
    with _on_disk(path, name) as (file, called):
        chosen = _mapping(mapping)
        if chosen is None:
            seen = look.look(lake, file, called, kind, None, today=day, check=False)
            chosen = seen.mapping
            questions = seen.faults if accept_guess else (*seen.faults, *look.questions(seen, called))
            if any(fault.severity == "error" for fault in questions):
                return ImportResult(
                    called,
                    chosen.kind,
                    chosen,
                    (),
                    0,
                    0,
                    questions,
                    len(questions),
                    len(questions),
                    seen.ignored,
                    (),
                    {},
                    False,
                )
        done = load(lake, file, called, chosen, today=day, progress=progress)
    return ImportResult(
        called,
        chosen.kind,
        chosen,
        tuple(done.versions),
        done.rows_read,
        done.rows_loaded,
        done.faults,
        done.errors,
        done.fault_count,
        done.ignored,
        done.notes,
        done.versions,
        done.unchanged,
    )


def estimate_stock(lake: Lake, cover_days: float) -> Version:
    """Write an estimated stock snapshot (see `stock_estimate`), for whoever has no stock export yet.

    Raises
    ------
    ValueError
        If the lake has no sales, or `cover_days` is negative.
    """
    if lake.current("sales") is None:
        raise ValueError("the lake has no sales to estimate stock from: import sales first")
    stock = stock_estimate(lake, cover_days)
    return lake.upsert("inventory_snapshot", stock, inputs={"cover_days": cover_days}, note=ESTIMATE_NOTE)


def _mapping(given: Mapping | str | None) -> Mapping | None:
    return from_yaml(given) if isinstance(given, str) else given


@contextmanager
def _on_disk(path: str | Path | bytes, name: str) -> Iterator[tuple[Path, str]]:
    """The readers stream from a file: an upload is put into a temporary one."""
    if not isinstance(path, bytes):
        yield Path(path), name or Path(path).name
        return
    with tempfile.TemporaryDirectory(prefix="shelfcast-upload-") as folder:
        file = Path(folder) / "upload"
        file.write_bytes(path)
        yield file, name or "upload"
