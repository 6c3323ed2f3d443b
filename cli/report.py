"""`shelfcast report`: what the pages show as files, kept in the lake under an id."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import say, show_table
from cli.options import AuthorOption, LakeOption, absolute, who
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from jobs.report import Stored


class ReportFormat(StrEnum):
    """What a report can be written as."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


LIST = "list"


def report(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="reorder, stock, expiry, alerts or performance; list: what is kept."
        ),
    ],
    lake: LakeOption = "./lake",
    formats: Annotated[
        list[ReportFormat] | None,
        typer.Option("--format", help="May be given several times. Default: xlsx."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the files into this folder too.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Which plan. Default: the latest.")] = None,
    author: AuthorOption = "",
) -> None:
    """Make a report of the plan, with definitions and data versions, and keep it in the lake.

    reorder: the proposal by supplier and its lines. stock: every product and location with cover, excess and
    risk. expiry: what will be written off, by batch and week. alerts: what stands. performance: key figures,
    suppliers, forecast error. The numbers are those of the pages.

    Examples:

        shelfcast report reorder --out .

        shelfcast report stock --format parquet --format csv

        shelfcast report list
    """
    from data_lake.lake import Lake
    from jobs.report import list_reports, make_report, run_of

    opened = Lake(absolute(lake))
    if kind == LIST:
        _show(list_reports(opened))
        return
    stored = make_report(
        opened,
        kind,
        formats=[fmt.value for fmt in formats or [ReportFormat.XLSX]],
        at=datetime.now(UTC),
        author=who(author),
        run=run_of(opened, run_id) if run_id else None,
    )
    say(f"{stored.title}, plan for {stored.as_of}: {stored.report_id}")
    for file in stored.files:
        say(f"  {stored.key(file)}: {file.rows:,} rows, {file.bytes:,} bytes")
    if out:
        _write(opened, stored, out)


def _show(reports: list[Stored]) -> None:
    if not reports:
        say("No report is kept yet: shelfcast report reorder")
        return
    show_table(
        ("report", "what", "plan for", "made, UTC", "by", "files"),
        (
            (
                stored.report_id,
                stored.title,
                stored.as_of,
                f"{stored.made_at:%Y-%m-%d %H:%M}",
                stored.author,
                ", ".join(file.name for file in stored.files),
            )
            for stored in reports
        ),
    )


def _write(lake: Lake, stored: Stored, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in stored.files:
            (folder / file.name).write_bytes(lake.objects.get(stored.key(file)))
            say(f"{folder / file.name}")
    except OSError as error:
        raise JobError(f"cannot write into {folder}: {error.strerror}") from error
