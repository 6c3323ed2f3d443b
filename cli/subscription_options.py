"""Options of `shelfcast subscriptions` that several of its commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

NameArgument = Annotated[str, typer.Argument(help="Its id, or the beginning of it: see `list`.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded.")]
ToOption = Annotated[
    str | None, typer.Option("--to", help="E-mail address, +number, https address or queue URL.")
]
NamedOption = Annotated[str | None, typer.Option("--recipient", help="Who it is for.")]
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret",
        envvar="SHELFCAST_WEBHOOK_SECRET",
        help="Signs webhooks: 16 characters or more, or env:NAME. Asked for if left out.",
    ),
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option("--type", help="Type, also event.processed, order.approved …; again for more."),
]
MoneyOption = Annotated[float | None, typer.Option("--least-money", help="Money at risk from which to tell.")]
LevelOption = Annotated[str | None, typer.Option("--least-level", help="info, warning or critical.")]
LocationOption = Annotated[list[str] | None, typer.Option("--location", help="Only these; again for more.")]
CategoryOption = Annotated[list[str] | None, typer.Option("--category", help="Only these; again for more.")]
ByOption = Annotated[
    list[str] | None, typer.Option("--by", help="Of confirmations: who did it; again for more.")
]
DigestOption = Annotated[str | None, typer.Option("--digest", help="immediately, hourly or daily@HH:MM.")]
QuietOption = Annotated[
    str | None, typer.Option("--quiet", help="Nothing goes out then: 22:00-07:00; none: never quiet.")
]
ZoneOption = Annotated[str | None, typer.Option("--time-zone", help="Of those clocks, such as Europe/Paris.")]


def choices(**given: Any) -> dict[str, Any]:
    """Return what was given, in the names of `jobs.subscriptions.change_subscription`."""
    digest, quiet = given.pop("digest"), given.pop("quiet")
    chosen = {name: value for name, value in given.items() if value is not None}
    if digest is not None:
        chosen["digest"], _, at = digest.partition("@")
        chosen |= {"digest_at": at} if at else {}
    if quiet is not None:
        start, _, end = ("" if quiet == "none" else quiet).replace("–", "-").partition("-")
        chosen |= {"quiet_from": start.strip(), "quiet_to": end.strip()}
    return chosen
