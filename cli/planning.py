"""`shelfcast plan` and `shelfcast runs`."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated

import typer

from cli.alert_words import say_alerts
from cli.console import say, show_table, stages
from cli.options import LakeOption, absolute

DayOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Day to plan for. Default: the day after the last sales."
    ),
]


def plan(
    lake: LakeOption = "./lake",
    as_of: DayOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Fit every series with this model instead of choosing per series by backtest; "
            "`prophet-stan` is the prophet library itself (slow)."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the simulated demand; the same seed, the same plan.")
    ] = 7,
    force: Annotated[bool, typer.Option("--force", help="Compute again though nothing changed.")] = False,
) -> None:
    """Forecast demand and decide what to order, line by line, with the reason of every quantity.

    Nothing is ordered: approve the lines afterwards (in the dashboard, or with `shelfcast approve`).
    Subscribers are told of alerts that opened, got worse or were resolved, unless you choose the day.

    Examples:

        shelfcast plan

        shelfcast plan --as-of 2026-11-22 --model prophet-stan
    """
    from data_lake.lake import Lake
    from data_lake.runs import read_run_table
    from jobs.plan import plan as make_plan
    from jobs.react import follow
    from jobs.settings import settings

    opened = Lake(absolute(lake))
    with stages() as progress:
        run = make_plan(
            opened,
            as_of=as_of.date() if as_of else None,
            seed=seed,
            model=model,
            force=force,
            progress=progress,
        )
    lines = read_run_table(opened, run, "plan_lines", columns=["status", "value", "order_by"])
    proposed = lines[lines["status"] == "proposed"]
    due = proposed["order_by"] <= datetime.combine(run.as_of, time())
    held = int((lines["status"] == "held").sum())
    currency = settings(opened)["currency"]
    say(
        f"Run {run.run_id} for {run.as_of}: {due.sum():,} of {len(lines):,} lines to order now, "
        f"{proposed.loc[due, 'value'].sum():,.0f} {currency}; {(~due).sum():,} on a later order day, "
        f"{proposed.loc[~due, 'value'].sum():,.0f} {currency}; {held:,} held because of their data."
    )
    if as_of is None:  # a look at another day says nothing of what stands today
        say_alerts(follow(opened, (), at=datetime.now(UTC)))
    say(f"Next: shelfcast serve{', or shelfcast approve --all-due' if due.any() else ''}")


def runs(
    lake: LakeOption = "./lake",
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the plans in the lake, newest first."""
    from data_lake.lake import Lake
    from data_lake.runs import list_runs

    found = list_runs(Lake(absolute(lake)))[::-1]
    if not found:
        say("No plan yet: shelfcast plan")
        return
    show_table(
        ("run", "planned for", "made (UTC)", "seed", "code"),
        (
            (run.run_id, run.as_of, f"{run.created_at:%Y-%m-%d %H:%M}", run.seed, run.code_version)
            for run in found[:limit]
        ),
    )
    if len(found) > limit:
        say(f"… and {len(found) - limit} older")
