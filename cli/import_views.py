"""What `shelfcast import` shows of a file: the guess, its faults, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.console import complain, say, show_table, warn

if TYPE_CHECKING:
    from jobs.import_file import Fault, ImportResult, Preview

FAULTS_SHOWN = 40
ROWS_SHOWN = 5


def show_guess(seen: Preview, *, asked: bool) -> None:
    """Print the kind, what each field is read from, and the first rows."""
    how = (
        "as told" if asked else "as last time" if seen.remembered else f"guessed, {seen.confidence:.0%} sure"
    )
    say(f"{seen.name}: {seen.kind} ({how})")
    mapping = seen.mapping
    rows = [(target, "column", header) for target, header in mapping.columns.items()]
    rows += [(target, "every row", value) for target, value in mapping.constants.items()]
    if mapping.split:
        rows.append((mapping.split.pattern, "parts of", mapping.split.column))
    if mapping.wide:
        rows.append(("date, quantity", "columns like", mapping.wide.pattern))
    show_table(("field", "from", ""), rows)
    if seen.ignored:
        shown = ", ".join(seen.ignored[:12]) + (" …" if len(seen.ignored) > 12 else "")
        say(f"Not used: {shown}")
    if len(seen.parsed):
        say("First rows as they would be loaded:")
        first = seen.parsed.head(ROWS_SHOWN).dropna(axis="columns", how="all")
        cells = first.astype(str).mask(first.isna(), "")
        show_table(list(first.columns), cells.to_numpy().tolist())


def show_faults(faults: Sequence[Fault], total: int) -> None:
    """Print the first faults, and how many more there are."""
    if not faults:
        return
    show_table(
        ("", "row", "column", "value", "rule"),
        (
            ("warn" if f.severity == "warning" else "FAULT", f.row or "", f.column, f.value[:40], f.rule)
            for f in faults[:FAULTS_SHOWN]
        ),
        right=("row",),
    )
    if total > FAULTS_SHOWN:
        more = total - min(FAULTS_SHOWN, len(faults))
        say(f"… and {more:,} more; --errors faults.csv writes them to a file")


def show_result(done: ImportResult) -> None:
    """Print what came of an import."""
    show_faults(done.faults, done.fault_count)
    for note in done.notes:
        say(f"  {note}")
    if not done.loaded:
        complain(f"{done.file}: {done.errors:,} faults, nothing was loaded")
    elif done.unchanged:
        say(f"{done.file}: {done.rows_read:,} rows read; all of it was in the lake already")
    else:
        where = ", ".join(done.tables)
        say(f"{done.file}: {done.rows_read:,} rows read, {done.rows_loaded:,} loaded into {where}")
    if done.loaded and done.fault_count:
        warn(f"{done.file}: {done.fault_count:,} warnings above")
