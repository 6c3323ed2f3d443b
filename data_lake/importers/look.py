"""A first look at a file: what it is taken for and what its first rows would become. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl

from data_lake.importers.cells import read_text
from data_lake.importers.convert import HEADER, Converter
from data_lake.importers.faults import Fault, FaultList
from data_lake.importers.fitting import Finding
from data_lake.importers.guess import SAMPLE_ROWS, guess
from data_lake.importers.layout import lay_out
from data_lake.importers.load import lake_settings
from data_lake.importers.mapping import FileStyle, Mapping, check_mapping
from data_lake.importers.reading import open_table
from data_lake.importers.remembered import recall
from data_lake.importers.table_file import ROW, TableFile
from data_lake.importers.text_dialect import UnreadableFileError
from data_lake.importers.zones import location_zones
from data_lake.lake import Lake

SHOWN_ROWS = 20
_WIDEST = 60


@dataclass(frozen=True)
class Look:
    """See `jobs.import_file.Preview`, which is this."""

    mapping: Mapping
    remembered: bool = False
    confidence: float = 0.0
    findings: tuple[Finding, ...] = ()
    to_confirm: tuple[str, ...] = ()
    kinds: dict[str, float] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    parsed: pd.DataFrame = field(default_factory=pd.DataFrame)
    faults: tuple[Fault, ...] = ()
    rows_checked: int = 0


def look(
    lake: Lake,
    path: Path,
    name: str,
    kind: str | None,
    mapping: Mapping | None,
    *,
    today: date,
    check: bool = True,
) -> Look:
    """Open a file, recall or guess its mapping, and check its first rows (unless told not to)."""
    faults, ragged = FaultList(name), FaultList(name)
    if mapping:
        check_mapping(mapping)
    try:
        file = open_table(path, name, mapping.file if mapping else FileStyle())
        sample = next(iter(file.chunks(file.header, ragged, rows=SAMPLE_ROWS)))
    except (UnreadableFileError, StopIteration) as error:
        faults.add(str(error) or "has a header and no rows")
        return Look(mapping or Mapping(kind or "sales"), faults=faults.sorted())
    sample = sample.head(SAMPLE_ROWS)
    kept = None if mapping else recall(lake, file, kind)
    guessed = None if mapping or kept else guess(file, sample, kind)
    chosen = mapping or kept or (guessed.mapping if guessed else Mapping("sales"))
    layout = lay_out(chosen, file.header, faults)
    parsed = pl.DataFrame()
    if check and not faults.errors:
        converter = Converter(
            layout,
            faults,
            today=today,
            lake_currency=lake_settings(lake).get("currency"),
            zones=location_zones(lake),
        )
        parsed = converter.convert(sample.select(*layout.columns, ROW))
    last = sample[ROW].max()
    for fault in ragged.kept:
        if check and fault.row is not None and isinstance(last, int) and fault.row <= max(last, SAMPLE_ROWS):
            faults.add(fault.rule, row=fault.row, column=fault.column, value=fault.value)
    return Look(
        chosen,
        remembered=kept is not None,
        confidence=guessed.confidence if guessed else 1.0,
        findings=guessed.findings if guessed else (),
        to_confirm=guessed.to_confirm if guessed else (),
        kinds=guessed.kinds if guessed else {},
        header=file.header,
        ignored=layout.ignored,
        rows=_shown(sample, file),
        parsed=parsed.drop(ROW, HEADER, strict=False).head(SHOWN_ROWS).to_pandas()
        if parsed.width
        else pd.DataFrame(),
        faults=faults.sorted(),
        rows_checked=sample.height if check else 0,
    )


def questions(seen: Look, name: str) -> tuple[Fault, ...]:
    """Return what a guess leaves open as faults, for an import that nobody has confirmed."""
    rule = "must be confirmed: give a mapping, or accept the guess"
    return tuple(Fault(name, None, "", question, rule) for question in seen.to_confirm)


def _shown(sample: pl.DataFrame, file: TableFile) -> pd.DataFrame:
    rows = sample.head(SHOWN_ROWS)
    shown = [read_text(rows[column]) for column in file.header[:_WIDEST]]
    return pl.DataFrame([rows[ROW].alias("row"), *shown]).to_pandas()
