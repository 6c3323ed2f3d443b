"""What is wrong with a file, said so that a planner can fix it: file, row, column, value, rule."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Severity = Literal["error", "warning"]

MOST_FAULTS = 100_000
"""Faults kept for the report; all are counted."""


@dataclass(frozen=True)
class Fault:
    """One fault. `row` is the row as a spreadsheet shows it: 1-based, header included; None: the whole file.

    An error keeps the whole file out; a warning is told and the file is loaded.
    """

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row is not None else self.file
        column = f", column {self.column!r}" if self.column else ""
        value = f": {self.value!r}" if self.value else ":"
        return f"{where}{column}{value} {self.rule}"


@dataclass
class FaultList:
    """Collects the faults of one file: keeps at most `MOST_FAULTS`, counts all of them."""

    file: str
    kept: list[Fault] = field(default_factory=list)
    counts: Counter[Severity] = field(default_factory=Counter)

    def add(
        self,
        rule: str,
        *,
        row: int | None = None,
        column: str = "",
        value: str = "",
        severity: Severity = "error",
    ) -> None:
        """Add one fault."""
        if self.room(severity):
            self.kept.append(Fault(self.file, row, column, value, rule, severity))
        self.counts[severity] += 1

    def add_rows(
        self,
        rule: str,
        rows: pl.Series,
        values: pl.Series,
        *,
        column: str = "",
        severity: Severity = "error",
    ) -> None:
        """Add the same fault for many rows [n] with their values [n]."""
        room = self.room(severity)
        for row, value in zip(rows.head(room), values.head(room), strict=True):
            self.add(
                rule, row=row, column=column, value="" if value is None else str(value), severity=severity
            )
        self.count(len(rows) - min(room, len(rows)), severity)

    def count(self, faults: int, severity: Severity) -> None:
        """Count faults without keeping them."""
        self.counts[severity] += faults

    def room(self, severity: Severity) -> int:
        """Return how many more faults can be kept. Warnings stop at half: an error is worth more."""
        return max(0, (MOST_FAULTS if severity == "error" else MOST_FAULTS // 2) - len(self.kept))

    @property
    def errors(self) -> int:
        """Number of errors, kept or not."""
        return self.counts["error"]

    @property
    def total(self) -> int:
        """Number of faults, kept or not."""
        return self.counts.total()

    def sorted(self) -> tuple[Fault, ...]:
        """Kept faults: errors first, then by row."""
        return tuple(sorted(self.kept, key=lambda f: (f.severity != "error", f.row or 0)))


def faults_csv(faults: Sequence[Fault], total: int | None = None) -> bytes:
    """Return the error report as CSV (UTF-8 with BOM, so that Excel opens it as it is).

    Parameters
    ----------
    faults : sequence of Fault
        What to list.
    total : int, optional
        How many faults there were; a last line says so where more than listed.

    Examples
    --------
    >>> print(faults_csv([Fault("a.csv", 3, "Qty", "x", "is not a number")]).decode("utf-8-sig"))
    severity,file,row,column,value,rule
    error,a.csv,3,Qty,x,is not a number
    <BLANKLINE>
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("severity", "file", "row", "column", "value", "rule"))
    for fault in faults:
        # A value that starts with = or + would be run as a formula by a spreadsheet.
        value = f"'{fault.value}" if fault.value[:1] in tuple("=+@\t") else fault.value
        row = "" if fault.row is None else fault.row
        writer.writerow((fault.severity, fault.file, row, fault.column, value, fault.rule))
    if total is not None and total > len(faults):
        writer.writerow(("", "", "", "", "", f"{total - len(faults)} more faults are not listed"))
    return out.getvalue().encode("utf-8-sig")
