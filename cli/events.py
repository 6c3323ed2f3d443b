"""`shelfcast events`: tell Shelfcast what happened, see what it was told, replay it."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import complain, count, say, show_table
from cli.event_words import show
from cli.options import LakeOption, absolute
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.facts.envelope import Record
    from jobs.event_tail import TailRow

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What systems and people told: send, tail, replay."
)

FOLLOW_SECONDS = 1.0
"""Between two looks of `tail --follow`."""
_INSTANT = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

FromOption = Annotated[datetime | None, typer.Option("--from", formats=_INSTANT, help="First instant, UTC.")]
ToOption = Annotated[
    datetime | None, typer.Option("--to", formats=_INSTANT, help="Last instant, UTC; a day: its beginning.")
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option("--types", metavar="TYPE", help="Of this type; `order.` all of orders. May be repeated."),
]


@app.command()
def send(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|-|JSON]", help="A file, - for standard input, or the event itself as JSON."
        ),
    ] = "",
    lake: LakeOption = "./lake",
    sku: Annotated[str, typer.Option(help="One event without JSON: the product.")] = "",
    location: Annotated[str, typer.Option(help="Where.")] = "",
    quantity: Annotated[float | None, typer.Option(help="So much is there now.")] = None,
    delta: Annotated[float | None, typer.Option(help="So much came (or, below 0, went).")] = None,
    batch: Annotated[str, typer.Option(help="Of this batch.")] = "",
    expiry: Annotated[str, typer.Option(help="Last day of its life, such as 2026-12-31.")] = "",
    event_type: Annotated[str, typer.Option("--type", help="Type of event.")] = "inventory.updated",
    plan: Annotated[
        bool, typer.Option("--plan/--no-plan", help="Plan again what changed, and tell of alerts.")
    ] = True,
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="Publish to a running `shelfcast dev-aws` instead.")
    ] = "",
) -> None:
    """Send events: stock, sales, orders, decisions; one, a batch, or one a line (NDJSON).

    Facts are stored, what changed is planned again, and who subscribed is told of alerts that opened, got
    worse or were resolved. Sending the same text again adds nothing. What cannot be read is kept with every
    fault (`shelfcast dlq`) and never blocks the rest; exit code 1 then.

    Examples:

        shelfcast events send --sku 007 --location "Store 1" --quantity 12

        shelfcast events send --sku 007 --location "Store 1" --delta -3 --type inventory.updated

        shelfcast events send deliveries.ndjson
    """
    from jobs.event_text import records_of, stock_event

    flags = bool(sku or location) or quantity is not None or delta is not None
    if flags == bool(source):
        raise typer.BadParameter(
            "give a FILE, - or JSON, or else --sku, --location and --quantity or --delta"
        )
    now = datetime.now(UTC)
    text = (
        stock_event(
            sku=sku,
            location=location,
            quantity=quantity,
            delta=delta,
            batch=batch,
            expiry=expiry,
            event_type=event_type,
            at=now,
        )
        if flags
        else _text(source)
    )
    if endpoint:
        _publish(endpoint, records_of(text))
        return
    from data_lake.lake import Lake
    from jobs.react import react

    reacted = react(Lake(absolute(lake)), records_of(text), at=now, plan=plan)
    show(reacted)
    if reacted.poison or reacted.refused:
        raise typer.Exit(1)


@app.command()
def tail(
    lake: LakeOption = "./lake",
    most: Annotated[int, typer.Option("--lines", "-n", help="So many events.", min=1)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    types: TypesOption = None,
    sku: Annotated[str, typer.Option(help="Of this product.")] = "",
    location: Annotated[str, typer.Option(help="Of this location.")] = "",
    order: Annotated[str, typer.Option(help="Of this order.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=_INSTANT, help="From this instant on, UTC.")
    ] = None,
) -> None:
    """List the last events, newest last: facts of systems and acts of people.

    Examples:

        shelfcast events tail --sku 007

        shelfcast events tail --types order. --follow
    """
    from data_lake.lake import Lake
    from jobs import event_tail

    opened = Lake(absolute(lake))
    wanted = event_tail.Wanted(tuple(types or ()), sku, location, order, _utc(since))
    seen: set[tuple[str, str]] = set()
    rows = event_tail.tail(opened, most=most, wanted=wanted, now=datetime.now(UTC))
    if not rows and not follow:
        say("Nothing was told yet." if wanted == event_tail.EVERYTHING else "No such event.")
    _list(event_tail.not_seen(rows, seen))
    try:
        while follow:
            time.sleep(FOLLOW_SECONDS)
            rows = event_tail.tail(opened, most=1000, wanted=wanted, now=datetime.now(UTC))
            _list(event_tail.not_seen(rows, seen))
    except KeyboardInterrupt:
        return


@app.command()
def replay(
    lake: LakeOption = "./lake",
    start: FromOption = None,
    end: ToOption = None,
    types: TypesOption = None,
    through_ingest: Annotated[
        bool,
        typer.Option(
            "--through-ingest", help="Store them once more, as if sent again; plan and judge again."
        ),
    ] = False,
) -> None:
    """Replay stored facts and prove that nothing comes of it: same stock and orders, nothing told again.

    Without --through-ingest nothing is written: what reads compute is compared with a fold from the beginning
    over the same facts in another order, the replayed ones twice. Exit code 1 if anything differs.

    Examples:

        shelfcast events replay

        shelfcast events replay --from 2026-11-01 --types order. --through-ingest
    """
    from data_lake.lake import Lake
    from jobs.event_tail import Wanted
    from jobs.replay_facts import replay_through_fold, replay_through_ingest

    opened, last = Lake(absolute(lake)), _utc(end)
    wanted = Wanted(types=tuple(types or ()), since=_utc(start))
    if through_ingest:
        done = replay_through_ingest(opened, wanted=wanted, until=last, at=datetime.now(UTC))
    else:
        done = replay_through_fold(opened, wanted=wanted, until=last)
    way = "stored once more" if through_ingest else "folded twice, in another order"
    say(f"{count(done.replayed, 'fact')} of {done.facts:,} {way}")
    if done.differences:
        for difference in done.differences:
            say(f"- {difference}")
        complain("the replay changed something; run `shelfcast doctor`")
        raise typer.Exit(1)
    say("Same state; nothing was told again." if through_ingest else "Same state.")


def _text(source: str) -> str:
    if source == "-":
        return sys.stdin.read()
    if source.lstrip()[:1] in ("{", "["):
        return source
    try:
        return Path(source).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise JobError(f"cannot read {source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise JobError(f"{source} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _publish(endpoint: str, records: list[Record]) -> None:
    from cli.devaws.publishing import endpoint_of, publish

    for topic, number in publish(endpoint_of(endpoint), records).items():
        say(f"{count(number, 'message')} published to {topic}")


def _list(rows: list[TailRow]) -> None:
    if rows:
        show_table(
            ("when, UTC", "event", "what", "who", "why"),
            (
                (f"{row.at:%Y-%m-%d %H:%M:%S}", row.event_type, row.about, row.author, row.reason)
                for row in rows
            ),
        )
        sys.stdout.flush()


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
