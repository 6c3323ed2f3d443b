"""The faults of a refused file as text that a person reads; the same faults are a CSV to work through."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.import_file import Fault, ImportResult

LISTED = 1000
"""Faults in the text; the CSV has up to 100,000."""


def fault_list(result: ImportResult) -> str:
    """Return what is wrong with a file, one fault a line, and what to do next."""
    count = f"{result.errors:,} fault{'' if result.errors == 1 else 's'}"
    lines = [f"{result.file} was not loaded, nothing of it: {count}.", ""]
    lines += [_line(fault) for fault in result.faults[:LISTED]]
    if result.fault_count > LISTED:
        lines.append(f"… and {result.fault_count - LISTED:,} more; {result.file}.errors.csv lists them.")
    lines += [
        "",
        "Correct the file and drop it again under the same name; it is looked at whole, and this report",
        "goes. Where a question is open (which column, which kind), answer it once on the dashboard's page",
        "Import or with `shelfcast import`: the answer is kept for every file with the same header. A folder",
        "incoming/<kind>/ says what a file is.",
        "",
    ]
    return "\n".join(lines)


def _line(fault: Fault) -> str:
    where = [f"row {fault.row}"] if fault.row is not None else []
    where += [f"column {fault.column}"] if fault.column else []
    value = f" is {fault.value!r}" if fault.value else ""
    place = ", ".join(where) or "file"
    mark = "" if fault.severity == "error" else "(warning) "
    return f"{mark}{place}{value}: {fault.rule}"
