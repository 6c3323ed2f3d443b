"""`shelfcast replay`: what the past would have cost."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import say, show_table, stages
from cli.options import LakeOption, absolute

if TYPE_CHECKING:
    import pandas as pd


class AgainstChoice(StrEnum):
    """What Shelfcast's policy is compared with."""

    min_max = "min_max"
    orders = "orders"


class TargetChoice(StrEnum):
    """What Shelfcast orders for."""

    cost = "cost"
    policy = "policy"


_DAY = ["%Y-%m-%d"]
_ROWS = (
    ("Margin lost", "lost_cost"),
    ("Stock held", "holding_cost"),
    ("Written off", "waste_cost"),
    ("Order lines", "orders_cost"),
    ("Total cost", "cost"),
)


def replay(
    lake: LakeOption = "./lake",
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="First day played. Default: a year before the last sales."),
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Last day played. Default: the last sales.")
    ] = None,
    against: Annotated[
        AgainstChoice,
        typer.Option(
            help="min_max: minimum and maximum tuned by ABC/XYZ class on the year before; "
            "orders: what was really ordered."
        ),
    ] = AgainstChoice.min_max,
    target: Annotated[
        TargetChoice,
        typer.Option(
            help="cost: Shelfcast orders what costs least; policy: what the lake's policies ask for."
        ),
    ] = TargetChoice.cost,
    lines: Annotated[
        int | None,
        typer.Option(min=1, help="Play so many lines, every class with its share. Default: all."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Forecast every line with this model instead of the tournament: faster."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of lead times and sample.")] = 7,
) -> None:
    """Play your own last year again, with Shelfcast's policy and with another, and compare them in money.

    On every order day each knows only what was known then. Both meet the same demand (estimated where stock
    was out) and lead times. The result is kept in the lake and shown on the page Replay.

    Examples:

        shelfcast replay --lines 300

        shelfcast replay --from 2026-05-01 --to 2026-10-31 --against orders
    """
    from data_lake.lake import Lake
    from jobs.replay import replay as play_again
    from jobs.settings import settings

    opened = Lake(absolute(lake))
    with stages() as progress:
        found = play_again(
            opened,
            start=_date(start),
            end=_date(end),
            against=against.value,
            target=target.value,
            sample=lines,
            model=model,
            seed=seed,
            progress=progress,
        )
    _show(found.total, settings(opened)["currency"])


def _date(given: datetime | None) -> date | None:
    return given.date() if given else None


def _show(total: pd.Series, currency: str) -> None:
    theirs = "as ordered" if total["against"] == "orders" else "min/max"
    rows: list[tuple[str, str, str, str]] = [
        (
            "Fill rate",
            f"{100 * total['theirs_fill_rate']:.1f} %",
            f"{100 * total['ours_fill_rate']:.1f} %",
            f"{100 * (total['ours_fill_rate'] - total['theirs_fill_rate']):+.1f} points",
        )
    ]
    for label, name in (("Average stock at cost", "stock_value"), *_ROWS):
        before, after = total[f"theirs_{name}"], total[f"ours_{name}"]
        rows.append((label, f"{before:,.0f}", f"{after:,.0f}", f"{after - before:+,.0f}"))
    show_table((currency, theirs, "Shelfcast", "difference"), rows, right=(theirs, "Shelfcast", "difference"))
    count = f"{total['lines']:,}"
    if total["lines"] < total["lines_of"]:
        count += f" of {total['lines_of']:,}"
    saved, low, high = (f"{total[name]:,.0f}" for name in ("saved", "saved_low", "saved_high"))
    say(
        f"{total['from_date']:%Y-%m-%d} to {total['to_date']:%Y-%m-%d}, {count} lines: "
        f"Shelfcast would have saved {saved} {currency} ({100 * (1 - total['ratio']):.0f} % of the cost); "
        f"90 % interval {low} to {high}."
    )
    say(f"{total['said']}.")
    if total["assumed_stock"]:
        say(f"Opening stock had to be assumed for {total['assumed_stock']:,} lines.")
    say(f"Replay {total['replay_id']}; shelfcast serve shows it on the page Replay.")
