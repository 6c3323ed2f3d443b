"""How commands speak: lines, tables, progress with stage times, one clear message for what went wrong."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

# rich is imported where it is used: `shelfcast --help` must not wait for it.
if TYPE_CHECKING:
    from rich.progress import Progress

WIDTH_OF_A_LOG = 200
"""Columns of a table that goes to a file or a pipe."""


def say(text: str = "") -> None:
    """Print a line."""
    typer.echo(text)


def complain(text: str) -> None:
    """Print an error to standard error."""
    typer.echo(typer.style("Error: ", fg=typer.colors.RED, bold=True) + text, err=True)


def warn(text: str) -> None:
    """Print a warning to standard error."""
    typer.echo(typer.style("Warning: ", fg=typer.colors.YELLOW) + text, err=True)


def show_table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """Print rows as a table; headers in `right` head numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG).print(table)


class Stages:
    """A progress callback: a bar on a terminal, one line a stage in a log; every stage with its seconds."""

    def __init__(self, bar: Progress | None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=1.0) if bar else None
        self._stage = ""
        self._since = time.monotonic()

    def __call__(self, stage: str, share: float, detail: str = "") -> None:
        """Take what is being done, the share that is done (0 to 1), and what only a terminal needs to see."""
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=share, description=detail or stage)
        if stage != self._stage:
            self.finish()
            # At the end the text says what came of it, which the command says better.
            self._stage = stage if share < 1 else ""

    def finish(self) -> None:
        """Close the running stage and print its time."""
        now = time.monotonic()
        if self._stage:
            line = f"{now - self._since:6.1f} s  {self._stage}"
            if self._bar:
                self._bar.console.print(line, markup=False, highlight=False)
            else:
                typer.echo(line)
        self._stage, self._since = "", now


@contextmanager
def stages() -> Iterator[Stages]:
    """Show progress while the block runs."""
    if not sys.stdout.isatty():
        shown = Stages(None)
        yield shown
        shown.finish()
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, transient=True) as bar:
        shown = Stages(bar)
        yield shown
        shown.finish()


def count(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
