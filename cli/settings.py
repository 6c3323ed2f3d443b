"""`shelfcast settings`: show what the lake is set to, and change it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.console import say, show_table
from cli.options import AuthorOption, LakeOption, absolute, who


def settings(
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="What to change; without: list all.")
    ] = None,
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; recorded.")] = "",
) -> None:
    """Show the lake's settings (currency, service target, default lead time …), or change some.

    The next plan uses them. Who changed what, when and why is recorded.

    Examples:

        shelfcast settings

        shelfcast settings default_service_target=0.985 currency=GBP --reason "agreed with sales"
    """
    from data_lake.lake import Lake
    from jobs.settings import change_settings
    from jobs.settings import settings as read_settings

    opened = Lake(absolute(lake))
    if changes:
        wanted = {}
        for change in changes:
            name, equals, value = change.partition("=")
            if not equals:
                raise typer.BadParameter(f"{change!r} is not of the form NAME=VALUE")
            wanted[name.strip()] = value.strip()
        change_settings(opened, wanted, author=who(author), reason=reason, at=datetime.now(UTC))
        say(f"{', '.join(wanted)} changed; the next plan uses {'it' if len(wanted) == 1 else 'them'}.")
        return
    known = read_settings(opened)
    show_table(
        ("setting", "value", ""),
        ((name, value, "default" if name in known.defaulted else "") for name, value in known.items()),
    )
