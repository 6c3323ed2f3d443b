"""`shelfcast alerts`: what needs somebody, in money; acts on it; and the thresholds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.alert_words import say_alerts
from cli.console import say, show_table
from cli.options import AuthorOption, LakeOption, absolute, who

if TYPE_CHECKING:
    import pandas as pd

    from data_lake.lake import Lake
    from engine.alerts.transitions import Key

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

KeyArgument = Annotated[
    list[str],
    typer.Argument(metavar="ALERT...", help="Alerts as `list` names them: TYPE|SKU|LOCATION|SOURCE."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded.")]


@app.callback()
def alerts() -> None:
    """See what needs somebody, dearest first; acknowledge, snooze or close it; set thresholds.

    Examples:

        shelfcast alerts check

        shelfcast alerts list --level critical

        shelfcast alerts snooze "stockout|007|S1|Acme" --until 2026-12-01

        shelfcast alerts rules --type expiry --category Dairy --set least_money=50
    """


@app.command()
def check(lake: LakeOption = "./lake") -> None:
    """Judge the current plan now, record what opened, got worse or was resolved, and tell subscribers.

    The same plan again changes nothing and tells nobody; what could not be delivered before is tried again.
    After `shelfcast plan`, or every morning. How people are told: `shelfcast subscriptions`.
    """
    from data_lake.lake import Lake
    from jobs.react import follow

    say_alerts(follow(Lake(absolute(lake)), (), at=datetime.now(UTC)))


@app.command("list")
def list_alerts(
    lake: LakeOption = "./lake",
    kind: Annotated[list[str] | None, typer.Option("--type", help="Only of this type.")] = None,
    level: Annotated[list[str] | None, typer.Option(help="critical, warning or info.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="open, in_progress, snoozed, closed or resolved. Default: open and in_progress."),
    ] = None,
    location: Annotated[list[str] | None, typer.Option(help="Only of this location.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only of this category.")] = None,
    most: Annotated[int, typer.Option(help="Most rows; 0: all.")] = 50,
) -> None:
    """List alerts, dearest first: money at risk, cause, and the act that fixes it.

    Examples:

        shelfcast alerts list --type stockout --location S01
    """
    from data_lake.lake import Lake
    from jobs.views.alerts import AlertsWanted, at_risk, load, narrow

    frame = load(Lake(absolute(lake)), datetime.now(UTC))
    wanted = AlertsWanted(*(tuple(chosen or ()) for chosen in (kind, level, state, location, category)))
    found = narrow(frame, wanted)
    if found.empty:
        say(
            "No alert matches."
            if wanted.active
            else "No alert needs anybody. `shelfcast alerts check` looks anew."
        )
        return
    shown = found.head(most) if most else found
    show_table(
        ("alert", "level", "state", "money", "cause", "act", "covered"),
        (_cells(row) for row in shown.to_dict("records")),
        right=("money",),
    )
    say(f"{len(shown):,} of {len(found):,}; {at_risk(found):,.2f} at risk in all.")


def _cells(row: dict[Any, Any]) -> tuple[object, ...]:
    return (
        row["alert"],
        row["level"],
        row["state"],
        f"{row['severity']:,.2f}",
        row["cause"],
        row["act"],
        row["covered_by"],
    )


@app.command()
def acknowledge(
    alert: KeyArgument, lake: LakeOption = "./lake", author: AuthorOption = "", reason: ReasonOption = ""
) -> None:
    """Say that somebody works on alerts."""
    from jobs.alert_people import acknowledge as act

    opened, keys = _opened(lake, alert)
    say(f"{act(opened, keys, author=who(author), reason=reason, at=datetime.now(UTC))} acknowledged.")


@app.command()
def snooze(
    alert: KeyArgument,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day on which it is back. Default: with its next change."),
    ] = None,
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
    reason: ReasonOption = "",
) -> None:
    """Hide alerts until a day, or until they change."""
    from jobs.alert_people import snooze as act

    opened, keys = _opened(lake, alert)
    day = until.date() if until else None
    done = act(opened, keys, until=day, author=who(author), reason=reason, at=datetime.now(UTC))
    say(f"{done} snoozed {f'until {day:%Y-%m-%d}' if day else 'until the next change'}.")


@app.command()
def close(
    alert: KeyArgument, lake: LakeOption = "./lake", author: AuthorOption = "", reason: ReasonOption = ""
) -> None:
    """Close alerts for a reason: told again only if they get worse, or come back."""
    from jobs.alert_people import close as act

    opened, keys = _opened(lake, alert)
    say(f"{act(opened, keys, author=who(author), reason=reason, at=datetime.now(UTC))} closed.")


def _opened(lake: str, named: list[str]) -> tuple[Lake, list[Key]]:
    from data_lake.lake import Lake
    from jobs.alert_people import keys_named

    opened = Lake(absolute(lake))
    return opened, keys_named(opened, named)


@app.command()
def rules(
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A threshold; an empty value: as the wider segment."
        ),
    ] = None,
    kind: Annotated[str, typer.Option("--type", help="Type of alert. Default: all.")] = "",
    category: Annotated[str, typer.Option(help="Category. Default: all.")] = "",
    abc: Annotated[str, typer.Option("--class", help="A, B or C by turnover. Default: all.")] = "",
    location: Annotated[str, typer.Option(help="Location. Default: all.")] = "",
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
    reason: ReasonOption = "",
) -> None:
    """Show the thresholds, or set some for a segment. Of each value the most specific segment counts.

    Thresholds: enabled, limit (of one type), least_money, warning_money, critical_money, worsen_share,
    worsen_money, release_share, ahead_days.

    Examples:

        shelfcast alerts rules

        shelfcast alerts rules --type excess --class C --set limit=30 --set least_money=100

        shelfcast alerts rules --type forecast_drift --set enabled=no --reason "new range"
    """
    from data_lake.lake import Lake
    from jobs.alert_rules import change_rule, default_rules, read_rules, values_named

    opened = Lake(absolute(lake))
    if not changes:
        _show_rules(default_rules(), read_rules(opened))
        return
    change_rule(
        opened,
        alert_type=kind,
        category=category,
        abc=abc,
        location=location,
        values=values_named(changes),
        author=who(author),
        reason=reason,
        at=datetime.now(UTC),
    )
    say("Changed; `shelfcast alerts check` uses it.")


def _show_rules(defaults: pd.DataFrame, stated: pd.DataFrame) -> None:
    from engine.alerts.limits import VALUES

    show_table(
        ("type", *VALUES, "limit counts"),
        (
            (row["alert_type"], *(f"{row[name]:g}" for name in VALUES), row["limit_unit"])
            for row in defaults.to_dict("records")
        ),
        right=VALUES,
    )
    if stated.empty:
        say("No segment has thresholds of its own.")
        return
    say()
    show_table(
        ("type", "category", "class", "location", "enabled", *VALUES),
        (
            (
                row["alert_type"] or "all",
                row["category"] or "all",
                row["abc"] or "all",
                row["location"] or "all",
                {True: "yes", False: "no"}.get(row["enabled"], ""),
                *("" if row[name] != row[name] else f"{row[name]:g}" for name in VALUES),
            )
            for row in stated.astype(object).where(stated.notna(), float("nan")).to_dict("records")
        ),
        right=VALUES,
    )
