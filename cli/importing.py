"""`shelfcast import` and `shelfcast template`: files into the lake, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import complain, say, show_table, stages, warn
from cli.import_views import show_faults, show_guess, show_result
from cli.options import LakeOption, absolute
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from jobs.import_file import Fault, Preview

MAPPING_PARTS = (
    *("dates", "numbers", "money", "period", "unit_factor", "duplicates", "missing_stock"),
    *("file", "split", "wide", "values", "exclude", "returns"),
)
"""What a mapping says beside columns and constants; docs/importing.md describes each."""

KindOption = Annotated[
    str | None,
    typer.Option(
        "--kind", help="What the file is: see `shelfcast template --help`. Guessed from its columns without."
    ),
]


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, Excel or Parquet.")],
    lake: LakeOption = "./lake",
    kind: KindOption = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", help="YAML that says how to read the file; --dry-run prints the guessed one."
        ),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Correct the guess: a column (`sku=StockCode`), one value for every row (`location=Web`), "
            "nothing (`promo=`), or how it is written (`dates.form=dd/mm/yyyy`, `period=W`, "
            "`unit_factor=12`). May be given several times.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the guess, the mapping and the first faults; load nothing."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the guess without asking.")] = False,
    errors: Annotated[
        Path | None, typer.Option("--errors", help="Write every fault to this CSV, to be worked through.")
    ] = None,
) -> None:
    """Import files: sales, stock, products, suppliers and more, from any CSV, Excel or Parquet file.

    What the columns mean is guessed, shown and confirmed once; the next file with the same header is read
    the same way. A file with a fault is not loaded at all, and every fault is listed: row, column, value,
    rule. Importing a file again changes nothing. Exit code 1 if a file was refused.

    Examples:

        shelfcast import sales.csv stock.xlsx

        shelfcast import lines.csv --kind order_lines --set sku=StockCode --set location=Web --yes

        shelfcast import sales.csv --dry-run --errors faults.csv
    """
    from data_lake.lake import Lake

    opened = Lake(absolute(lake))
    given = _text_of(mapping) if mapping else None
    faults: list[Fault] = []
    total = refused = 0
    for file in files:
        found, count, loaded = _import_one(opened, file, kind, given, change or [], dry_run=dry_run, yes=yes)
        faults += found
        total += count
        refused += not loaded
    if errors:
        _write_report(errors, faults, total)
    if refused:
        raise typer.Exit(1)


def template(
    kind: Annotated[
        str | None, typer.Argument(help="sales, order_lines, stock, products, locations, suppliers, …")
    ] = None,
    lake: LakeOption = "./lake",
    filled: Annotated[
        bool,
        typer.Option("--filled", help="A row for everything that the lake has sales of, not one example."),
    ] = False,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="With --filled: one value for every row. May be given several times.",
        ),
    ] = None,
    cover_days: Annotated[
        float | None,
        typer.Option(
            "--days-of-cover",
            help="With stock --filled: estimate the stock, as this many days of recent mean sales.",
        ),
    ] = None,
) -> None:
    """Print a CSV to fill in: columns and one example row. Without KIND: list the kinds of file.

    Your own files need not look like this: `shelfcast import` reads them as they are. For what you have no
    file of, --filled writes one to start from.

    Examples:

        shelfcast template

        shelfcast template stock > stock.csv

        shelfcast template stock --filled --days-of-cover 10 > stock.csv

        shelfcast template sourcing --filled --set source=Acme --set lead_time_mean=5 > sourcing.csv
    """
    from jobs.import_file import ESTIMATE_NOTE, KINDS, write_template

    if kind is None:
        show_table(
            ("kind", "what it is", "needed"), ((k.name, k.doc, ", ".join(k.required)) for k in KINDS.values())
        )
        return
    if kind not in KINDS:
        raise JobError(f"kind {kind!r} is not known; known are {', '.join(KINDS)}")
    if not filled:
        if values or cover_days is not None:
            raise typer.BadParameter("--set and --days-of-cover go with --filled")
        sys.stdout.buffer.write(write_template(kind))
        return
    from data_lake.lake import Lake
    from jobs.templates import filled_template

    given = dict(_name_and_value(change) for change in values or ())
    sys.stdout.buffer.write(filled_template(Lake(absolute(lake)), kind, given, cover_days=cover_days))
    if cover_days is not None:
        warn(f"on_hand is {ESTIMATE_NOTE}")


def _name_and_value(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals:
        raise JobError(f"--set {change}: write NAME=VALUE")
    return name, value


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise JobError(f"cannot read {path}: {error}") from error


def _import_one(
    lake: Lake,
    file: Path,
    kind: str | None,
    mapping: str | None,
    changes: Sequence[str],
    *,
    dry_run: bool,
    yes: bool,
) -> tuple[Sequence[Fault], int, bool]:
    """Import one file; return its faults, how many there are, and whether it was (or would be) loaded."""
    from jobs.import_file import KINDS, import_file, preview

    if not file.is_file():
        raise JobError(f"there is no file {str(file)!r}")
    if kind is not None and kind not in KINDS:
        raise JobError(f"kind {kind!r} is not known; known are {', '.join(KINDS)}")
    seen = preview(lake, file, kind=kind, mapping=mapping)
    if changes:
        seen = preview(lake, file, kind=kind, mapping=changed_mapping(seen, changes))
    say()
    show_guess(seen, asked=mapping is not None or bool(changes))
    if dry_run:
        say(seen.mapping_yaml)
        _ask(seen)
        show_faults(seen.faults, len(seen.faults))
        say(f"{seen.rows_checked:,} rows were checked; nothing was loaded.")
        return seen.faults, len(seen.faults), not any(fault.severity == "error" for fault in seen.faults)
    guessed = mapping is None and not changes and not seen.remembered
    if not yes and (guessed or seen.to_confirm) and not _confirmed(seen):
        complain(
            f"{seen.name} was not loaded. Correct the guess with --set or --mapping, or take it with --yes"
        )
        return (), 0, False
    with stages() as progress:

        def tell(text: str, share: float) -> None:
            # "1,000,000 rows read" is one stage, however often the number changes
            progress("reading" if text.endswith("rows read") else text, share, text)

        done = import_file(lake, file, mapping=seen.mapping, progress=tell)
    show_result(done)
    return done.faults, done.fault_count, done.loaded


def _confirmed(seen: Preview) -> bool:
    """Ask a person on a terminal; elsewhere a guess that leaves no question is taken."""
    _ask(seen)
    if not sys.stdin.isatty():
        return not seen.to_confirm
    return typer.confirm(f"Load {seen.name} like this?", default=not seen.to_confirm)


def _ask(seen: Preview) -> None:
    for question in seen.to_confirm:
        say(f"  ? {question}")


def changed_mapping(seen: Preview, changes: Iterable[str]) -> str:
    """Return the YAML of a guess with `NAME=VALUE` changes.

    A name of the kind's columns takes a header of the file, or else one value for every row; empty: nothing.
    Any other name is a path in the mapping (`dates.form`).
    """
    import yaml

    body: dict[str, Any] = yaml.load(seen.mapping_yaml, Loader=yaml.BaseLoader)
    targets = seen.mapping.spec.names
    for change in changes:
        name, value = _name_and_value(change)
        if name in targets:
            for part in ("columns", "constants"):
                body.setdefault(part, {}).pop(name, None)
            if value:
                body["columns" if value in seen.header else "constants"][name] = value
            continue
        *folders, leaf = name.split(".")
        if (folders or [leaf])[0] not in MAPPING_PARTS:
            raise JobError(
                f"--set {change}: {name!r} is no field of {seen.kind} ({', '.join(targets)}). "
                f"Is the file of another kind? Say so with --kind"
            )
        place = body
        for folder in folders:
            place = place.setdefault(folder, {})
            if not isinstance(place, dict):
                raise JobError(f"--set {change}: {folder!r} has no parts")
        place[leaf] = value
    return str(yaml.safe_dump(body, allow_unicode=True, sort_keys=False))


def _write_report(path: Path, faults: Sequence[Fault], total: int) -> None:
    from jobs.import_file import faults_csv

    try:
        path.write_bytes(faults_csv(faults, total))
    except OSError as error:
        raise JobError(f"cannot write {path}: {error.strerror}") from error
    say(f"{total:,} faults in {path}")
