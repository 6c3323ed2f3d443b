"""`shelfcast doctor`: what is wrong, and what to do."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cli.console import say, show_table
from cli.options import LakeOption, absolute

MARKS = {"ok": "ok", "warn": "WARN", "fail": "FAIL"}


def doctor(
    lake: LakeOption = "./lake",
    quick: Annotated[bool, typer.Option("--quick", help="Do not read every file of the lake.")] = False,
) -> None:
    """Check the installation, the lake, the age of the data and the plan; say what to fix.

    Exit code 1 if something does not work; warnings alone are exit code 0.

    Examples:

        shelfcast doctor

        shelfcast doctor --lake s3://planning/lake --quick
    """
    from jobs.doctor import diagnose, worst

    checks = diagnose(absolute(lake), today=date.today(), deep=not quick)
    show_table(("", "check", "seen"), ((MARKS[check.state], check.name, check.seen) for check in checks))
    for check in checks:
        if check.fix:
            say()
            say(f"{check.name}: {check.fix}")
    if worst(checks) == "fail":
        raise typer.Exit(1)
