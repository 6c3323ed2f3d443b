"""A mapping laid over one file's header: which column is read as what, and what does not fit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from data_lake.importers.dates import parse_dates
from data_lake.importers.faults import FaultList
from data_lake.importers.mapping import Mapping, Wide
from data_lake.importers.synonyms import SYNONYMS


@dataclass(frozen=True)
class Layout:
    """What to read of a file."""

    mapping: Mapping
    header: tuple[str, ...]
    wide: tuple[tuple[str, date], ...]
    """Header and date of each column of a wide file."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Headers to read, in file order. The first is always read: totals are labelled there."""
        wanted = {self.header[0], *self.mapping.headers, *(header for header, _ in self.wide)}
        return tuple(header for header in self.header if header in wanted)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headers that nothing is mapped to."""
        used = {*self.mapping.headers, *(header for header, _ in self.wide)}
        return tuple(header for header in self.header if header not in used)


def lay_out(mapping: Mapping, header: Sequence[str], faults: FaultList) -> Layout:
    """Return what to read; a header that is not in the file, or a target that nothing fills, is a fault."""
    for target, wanted in mapping.columns.items():
        if wanted not in header:
            faults.add(
                f"is not in the file, but {target} is mapped to it{nearest(wanted, header)}", column=wanted
            )
    for wanted in mapping.headers:
        if wanted not in header and wanted not in mapping.columns.values():
            faults.add(
                f"is not in the file, but the mapping reads it{nearest(wanted, header)}", column=wanted
            )
    for target in mapping.spec.required:
        if target not in mapping.mapped:
            looked = ", ".join(SYNONYMS.get(target, (target,))[:6])
            faults.add(
                f"no column gives {target}, which {mapping.kind} needs (looked for: {looked}"
                f"{nearest(target, header)}). Map a column to it, or give a constant",
                column=target,
            )
    wide = wide_dates(mapping.wide, header) if mapping.wide else ()
    if mapping.wide and not wide:
        faults.add(f"no header matches the pattern of the wide columns, {mapping.wide.pattern!r}")
    return Layout(mapping, tuple(header), wide)


def wide_dates(wide: Wide, header: Sequence[str]) -> tuple[tuple[str, date], ...]:
    """Return the headers that name a period and the date of each."""
    pattern = re.compile(wide.pattern)
    found = [(name, match.group(1)) for name in header if (match := pattern.fullmatch(name))]
    if not found:
        return ()
    dates = parse_dates(pl.Series([text for _, text in found], dtype=pl.String), wide.style)
    return tuple((name, day) for (name, _), day in zip(found, dates, strict=True) if day is not None)


def nearest(wanted: str, header: Sequence[str]) -> str:
    """Return "; nearest: …" with the headers most like `wanted`, or nothing."""
    folded = {name.casefold(): name for name in header}
    close = difflib.get_close_matches(wanted.casefold(), list(folded), n=3, cutoff=0.5)
    return f"; nearest: {', '.join(repr(folded[name]) for name in close)}" if close else ""
