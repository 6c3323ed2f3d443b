"""`shelfcast approve` and `shelfcast export`: from proposals to a file for the order system."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import complain, say, show_table, warn
from cli.options import AuthorOption, LakeOption, absolute, who
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run


class FileFormat(StrEnum):
    """What a file can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


def approve(
    lake: LakeOption = "./lake",
    all_due: Annotated[
        bool, typer.Option("--all-due", help="Every proposed line whose order day has come.")
    ] = False,
    line: Annotated[
        list[str] | None,
        typer.Option(
            "--line",
            metavar="SKU|LOCATION|SOURCE[=QTY]",
            help="One line, with another quantity than proposed if you like. May be given several times.",
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; needed where a quantity differs from the proposal.")] = "",
    author: AuthorOption = "",
    run_id: Annotated[str | None, typer.Option("--run", help="Which plan. Default: the latest.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take quantities that break the order multiple or minimum.")
    ] = False,
) -> None:
    """Approve proposed lines: they become orders, count as supply, and can be exported.

    Lines of one source share an order. A line is ordered once: what a colleague has approved is refused
    and named. Exit code 1 if any line was refused; the others are approved all the same.

    Examples:

        shelfcast approve --all-due --reason "weekly order"

        shelfcast approve --line "007|Store 1|Acme=36" --reason "street fair"
    """
    from data_lake.lake import Lake
    from jobs.approve import approve_lines

    if all_due == bool(line):
        raise typer.BadParameter("give --all-due, or --line for each line")
    opened = Lake(absolute(lake))
    run = _run(opened, run_id)
    chosen = _due(opened, run) if all_due else _named(opened, run, line or [])
    if not chosen:
        say(f"No line of run {run.run_id} is due and not yet approved.")
        return
    result = approve_lines(
        opened,
        run_id=run.run_id,
        lines=chosen,
        author=who(author),
        reason=reason,
        at=datetime.now(UTC),
        force=force,
    )
    if result.approved:
        _show_orders(opened, result.order_ids)
        say("Next: shelfcast export --format xlsx")
    for rejected in result.rejected:
        say(f"Not to be ordered: {rejected}")
    for refused in result.refused:
        warn(f"{refused['line_id']}: {refused['why']}")
    if result.refused:
        complain(f"{len(result.refused)} of {len(chosen)} lines were refused")
        raise typer.Exit(1)


def export(
    lake: LakeOption = "./lake",
    fmt: Annotated[FileFormat, typer.Option("--format", "-f", help="Kind of file.")] = FileFormat.CSV,
    out: Annotated[
        str,
        typer.Option("--out", "-o", help="File to write; - for standard output. Default: orders.<format>."),
    ] = "",
    order: Annotated[
        list[str] | None, typer.Option("--order", help="One order; may be given several times. Default: all.")
    ] = None,
    whole_plan: Annotated[
        bool, typer.Option("--plan", help="Every line of the latest plan instead of the approved orders.")
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin a CSV with a byte-order mark, for Excel.")
    ] = False,
    author: AuthorOption = "",
) -> None:
    """Write the approved orders, or the whole plan, to a file.

    CSV is RFC 4180 in UTF-8 for order systems; xlsx has filters, totals and the definition of every column.
    Exporting orders is recorded.

    Examples:

        shelfcast export --format xlsx --out monday.xlsx

        shelfcast export --order PO-20261122-Acme-1F3A --out -
    """
    from data_lake.lake import Lake
    from jobs.export import export_orders, export_plan

    opened = Lake(absolute(lake))
    if whole_plan:
        if order:
            raise typer.BadParameter("--order chooses orders; leave it out with --plan")
        body = export_plan(opened, _run(opened, None), fmt.value, bom=bom)
    else:
        at = datetime.now(UTC)
        body = export_orders(opened, fmt.value, order or "all", bom=bom, author=who(author), at=at)
    if out == "-":
        sys.stdout.buffer.write(body)
        return
    path = Path(out or f"{'plan' if whole_plan else 'orders'}.{fmt.value}")
    try:
        path.write_bytes(body)
    except OSError as error:
        raise JobError(f"cannot write {path}: {error.strerror}") from error
    say(f"{path} ({len(body):,} bytes)")


def _run(lake: Lake, run_id: str | None) -> Run:
    from data_lake.errors import NoSuchObject
    from data_lake.runs import latest_run, read_run

    if run_id is None:
        run = latest_run(lake)
        if run is None:
            raise JobError(f"{lake.uri} holds no plan yet: shelfcast plan")
        return run
    try:
        return read_run(lake, run_id)
    except NoSuchObject:
        raise JobError(f"run {run_id!r} is not in {lake.uri}; shelfcast runs lists them") from None


def _due(lake: Lake, run: Run) -> list[dict[str, Any]]:
    """Choose proposed lines whose order day has come and that nobody approved."""
    import pandas as pd

    from data_lake.runs import read_run_table
    from jobs.approve import approved_lines

    columns = ["line_id", "quantity", "order_by"]
    lines = read_run_table(lake, run, "plan_lines", columns=columns, where={"status": ["proposed"]})
    done = approved_lines(lake)
    ordered = set(zip(done["line_id"], done["order_by"], strict=True))
    due = lines[lines["order_by"] <= pd.Timestamp(run.as_of)]
    return [
        {"line_id": row.line_id, "quantity": row.quantity}
        for row in due.itertuples()
        if (row.line_id, row.order_by) not in ordered
    ]


def _named(lake: Lake, run: Run, given: list[str]) -> list[dict[str, Any]]:
    """Choose lines by name; the quantity is the proposed one where none is given."""
    from data_lake.runs import read_run_table

    lines = read_run_table(lake, run, "plan_lines", columns=["line_id", "quantity"])
    proposed = dict(zip(lines["line_id"], lines["quantity"], strict=True))
    chosen: list[dict[str, Any]] = []
    faults = []
    for text in given:
        name, equals, quantity = text.rpartition("=")
        if text in proposed or not equals:
            chosen.append({"line_id": text, "quantity": proposed.get(text, 0.0)})
            continue
        try:
            chosen.append({"line_id": name, "quantity": float(quantity)})
        except ValueError:
            faults.append(f"{text!r}: {quantity!r} is not a quantity")
    if faults:
        raise JobError("; ".join(faults))
    return chosen


def _show_orders(lake: Lake, order_ids: list[str]) -> None:
    from jobs.approve import approved_lines
    from jobs.settings import settings

    lines = approved_lines(lake)
    currency = settings(lake)["currency"]
    mine = lines[lines["order_id"].isin(order_ids)]
    show_table(
        ("order", "source", "lines", f"value [{currency}]", "expected"),
        (
            (name, part["source"].iloc[0], len(part), f"{part['approved_value'].sum():,.2f}", _span(part))
            for name, part in mine.groupby("order_id")
        ),
        right=("lines", f"value [{currency}]"),
    )


def _span(lines: Any) -> str:
    first, last = (f"{day:%Y-%m-%d}" for day in (lines["arrival_date"].min(), lines["arrival_date"].max()))
    return first if first == last else f"{first} to {last}"
