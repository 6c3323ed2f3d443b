"""`shelfcast subscriptions`: who is told of alerts, how and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import say, show_table, warn
from cli.options import AuthorOption, LakeOption, absolute, who
from cli.subscription_options import (
    ByOption,
    CategoryOption,
    DigestOption,
    LevelOption,
    LocationOption,
    MoneyOption,
    NameArgument,
    NamedOption,
    QuietOption,
    ReasonOption,
    SecretOption,
    ToOption,
    TypeOption,
    ZoneOption,
    choices,
)
from cli.subscription_sending import due, policy, send_test

if TYPE_CHECKING:
    from data_lake.lake import Lake

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def subscriptions() -> None:
    """Choose who is told of alerts: by e-mail, SMS, webhook or queue; of what, how often, and when not.

    Examples:

        shelfcast subscriptions add email --to ana@example.com --recipient Ana --least-money 100
        --digest daily@07:30 --time-zone Europe/Paris

        shelfcast subscriptions test ana

        shelfcast subscriptions list
    """


def _open(lake: str) -> Lake:
    from data_lake.lake import Lake

    return Lake(absolute(lake))


@app.command("list")
def list_subscriptions(lake: LakeOption = "./lake") -> None:
    """List subscriptions: who is told of what and when, and whether it arrives.

    Examples:

        shelfcast subscriptions list
    """
    from jobs.settings import settings
    from jobs.views.subscriptions import CHANNEL_LABELS, filter_in_words, load, schedule_in_words

    opened = _open(lake)
    currency = settings(opened)["currency"]
    told = load(opened)
    if not told:
        say("Nobody is told yet: `shelfcast subscriptions add email --to ana@example.com --recipient Ana`.")
        return
    show_table(
        ("subscription", "for", "how", "where", "what", "when", "state", "waiting"),
        (
            (
                one.subscription.subscription,
                one.subscription.recipient,
                CHANNEL_LABELS[one.subscription.channel],
                one.subscription.hidden_endpoint,
                filter_in_words(one.subscription.wanted, currency),
                schedule_in_words(one.subscription.schedule),
                one.state,
                one.waiting + one.unsent or "",
            )
            for one in told
        ),
        right=("waiting",),
    )
    for one in told:
        if one.failure:
            warn(
                f"{one.subscription.subscription}: {one.failure.reason}. Tried {one.failure.tries} times, "
                f"again from {one.failure.retry_at:%d %b %H:%M} UTC on."
            )


@app.command()
def add(
    channel: Annotated[str, typer.Argument(help="email, sms, webhook or queue.")],
    to: Annotated[str, typer.Option("--to", help="E-mail address, +number, https address or queue URL.")],
    recipient: Annotated[str, typer.Option("--recipient", help="Who it is for.")],
    lake: LakeOption = "./lake",
    types: TypeOption = None,
    least_money: MoneyOption = None,
    least_level: LevelOption = None,
    locations: LocationOption = None,
    categories: CategoryOption = None,
    authors: ByOption = None,
    digest: DigestOption = None,
    quiet: QuietOption = None,
    time_zone: ZoneOption = None,
    secret: SecretOption = None,
    author: AuthorOption = "",
    reason: ReasonOption = "",
) -> None:
    """Subscribe somebody, or a system, to alerts from now on.

    Examples:

        shelfcast subscriptions add sms --to +33612345678 --recipient Bo --least-level critical
        --quiet 22:00-06:30 --time-zone Europe/Paris

        shelfcast subscriptions add webhook --to https://erp.example.com/alerts --recipient ERP
        --secret env:ERP_SECRET
    """
    from jobs.notify_filter import EVERYTHING
    from jobs.notify_schedule import AT_ONCE
    from jobs.subscriptions import add_subscription, parts_of

    if channel == "webhook" and secret is None:
        secret = typer.prompt("Secret that signs what is sent (16 characters or more)", hide_input=True)
    chosen = choices(
        types=types,
        least_money=least_money,
        least_level=least_level,
        locations=locations,
        categories=categories,
        authors=authors,
        digest=digest,
        quiet=quiet,
        time_zone=time_zone,
    )
    wanted, schedule = parts_of(EVERYTHING, AT_ONCE, chosen)
    made = add_subscription(
        _open(lake),
        channel=channel,  # type: ignore[arg-type]  # checked by the job, which names those that are known
        endpoint=to,
        recipient=recipient,
        wanted=wanted,
        schedule=schedule,
        secret=(secret or "") if channel == "webhook" else "",
        author=who(author),
        reason=reason,
        at=datetime.now(UTC),
    )
    say(
        f"{made.subscription}: {made.recipient} is told from now on. "
        f"Try it: `shelfcast subscriptions test {made.subscription}`."
    )


@app.command()
def change(
    name: NameArgument,
    lake: LakeOption = "./lake",
    to: ToOption = None,
    recipient: NamedOption = None,
    types: TypeOption = None,
    least_money: MoneyOption = None,
    least_level: LevelOption = None,
    locations: LocationOption = None,
    categories: CategoryOption = None,
    authors: ByOption = None,
    digest: DigestOption = None,
    quiet: QuietOption = None,
    time_zone: ZoneOption = None,
    secret: Annotated[
        str | None, typer.Option("--secret", help="A new one for a webhook, or env:NAME.")
    ] = None,
    active: Annotated[bool | None, typer.Option("--active/--pause", help="Paused: nothing goes out.")] = None,
    all_of: Annotated[
        list[str] | None, typer.Option("--all", help="Lift a limit: types, locations, categories or authors.")
    ] = None,
    author: AuthorOption = "",
    reason: ReasonOption = "",
) -> None:
    """Change what a subscription is told, how often, or where.

    Examples:

        shelfcast subscriptions change ana --least-money 250 --reason "too many"

        shelfcast subscriptions change ana --pause

        shelfcast subscriptions change ana --all locations
    """
    from jobs.subscriptions import change_subscription

    chosen = choices(
        endpoint=to,
        recipient=recipient,
        types=types or None,
        least_money=least_money,
        least_level=least_level,
        locations=locations or None,
        categories=categories or None,
        authors=authors or None,
        digest=digest,
        quiet=quiet,
        time_zone=time_zone,
        secret=secret,
        active=active,
    )
    chosen |= dict.fromkeys(all_of or [], ())
    made = change_subscription(
        _open(lake), name, chosen, author=who(author), reason=reason, at=datetime.now(UTC)
    )
    say(f"{made.subscription}: changed." if chosen else f"{made.subscription}: nothing was given to change.")


@app.command()
def remove(
    name: NameArgument, lake: LakeOption = "./lake", author: AuthorOption = "", reason: ReasonOption = ""
) -> None:
    """Take a subscription off: nothing more goes out, what waits for it is forgotten.

    Examples:

        shelfcast subscriptions remove ana --reason "left the company"
    """
    from jobs.subscriptions import remove_subscription

    gone = remove_subscription(_open(lake), name, author=who(author), reason=reason, at=datetime.now(UTC))
    say(f"{gone.subscription}: removed.")


app.command("test")(send_test)
app.command()(due)
app.command()(policy)
