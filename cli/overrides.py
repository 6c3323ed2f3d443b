"""`shelfcast override`: planners' changes of the forecast, listed, made and retired."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from cli.console import say, show_table
from cli.options import AuthorOption, LakeOption, absolute, who

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_DAY = ["%Y-%m-%d"]
FromOption = Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day.")]
ToOption = Annotated[datetime, typer.Option("--to", formats=_DAY, help="Last day, included.")]
ExpiryOption = Annotated[
    datetime | None, typer.Option("--expiry", formats=_DAY, help="Day after which no plan applies it.")
]


@app.callback()
def override() -> None:
    """Change the forecast at any level: list, make or retire overrides.

    Examples:

        shelfcast override list

        shelfcast override make --category Dairy --region West --from 2026-12-01 --to 2026-12-07 --factor 1.2
        --reason "street fair"

        shelfcast override retire 3f9c2a --reason "fair cancelled"
    """


@app.command("list")
def list_overrides(
    lake: LakeOption = "./lake",
    every: Annotated[bool, typer.Option("--all", help="Ended and retired ones too.")] = False,
) -> None:
    """List the overrides that the next plan applies, with what each has been worth so far.

    Units saved: error of the forecast before the override minus error after it, over the days that passed.

    Examples:

        shelfcast override list --all
    """
    from data_lake.lake import Lake
    from data_lake.runs import latest_run
    from jobs.forecast_value import forecast_value
    from jobs.forecast_value_scores import score_overrides
    from jobs.override_fold import all_overrides
    from jobs.override_scope import Scope

    opened = Lake(absolute(lake))
    run = latest_run(opened)
    found = all_overrides(opened, run.as_of if run else date.min)
    shown = found if every else found[found["state"] == "active"]
    if shown.empty:
        say("No override." if every or found.empty else "No active override; --all lists the others.")
        return
    saved: dict[str, float] = {}
    if run is not None:
        scores = score_overrides(forecast_value(opened, run).effects, "override", cluster="date")
        saved = dict(zip(scores["group"], scores["gain"], strict=True))
    show_table(
        ("override", "state", "what", "from", "to", "factor", "units saved", "author", "reason"),
        (
            (
                row["override"][:12],
                row["state"],
                Scope.of(row).words,
                f"{row['from_date']:%Y-%m-%d}",
                f"{row['to_date']:%Y-%m-%d}",
                f"{row['factor']:.3g}",
                f"{saved[row['override']]:+,.0f}" if row["override"] in saved else "",
                row["author"],
                row["reason"],
            )
            for row in shown.to_dict("records")
        ),
        right=("factor", "units saved"),
    )


@app.command()
def make(
    first: FromOption,
    last: ToOption,
    reason: Annotated[str, typer.Option(help="Why; needed, and scored later.")] = "",
    lake: LakeOption = "./lake",
    sku: Annotated[str, typer.Option(help="One product. Default: all.")] = "",
    category: Annotated[str, typer.Option(help="The products of a category.")] = "",
    location: Annotated[str, typer.Option(help="One location. Default: all.")] = "",
    region: Annotated[str, typer.Option(help="The locations of a region.")] = "",
    factor: Annotated[
        float | None, typer.Option(help="New forecast over the old: 1.2 is a fifth more.")
    ] = None,
    total: Annotated[
        float | None, typer.Option(help="New sum of all that it applies to, over the days [units].")
    ] = None,
    mean: Annotated[
        float | None, typer.Option(help="New mean a period of all that it applies to [units].")
    ] = None,
    expiry: ExpiryOption = None,
    author: AuthorOption = "",
) -> None:
    """Change the forecast of some days, at any level; the next plan uses it.

    The change is spread downwards in proportion to the forecast: every product and location keeps its share.
    Give --factor, --total or --mean.

    Examples:

        shelfcast override make --sku 007 --location S1 --from 2026-12-01 --to 2026-12-07 --total 500
        --reason "order of the school"

        shelfcast override make --category Dairy --from 2026-12-01 --to 2026-12-07 --factor 0.9
        --reason "price rise"
    """
    from data_lake.lake import Lake
    from jobs.override import override_forecast

    made = override_forecast(
        Lake(absolute(lake)),
        sku=sku,
        category=category,
        location=location,
        region=region,
        from_date=first.date(),
        to_date=last.date(),
        factor=factor,
        new_total=total,
        new_value=mean,
        author=who(author),
        reason=reason,
        expiry=expiry.date() if expiry else None,
        at=datetime.now(UTC),
    )
    say(f"Override {made[:12]} recorded. Next: shelfcast plan")


@app.command()
def retire(
    override: Annotated[list[str], typer.Argument(help="Overrides, or the beginning of their names.")],
    reason: Annotated[str, typer.Option(help="Why; needed.")] = "",
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
) -> None:
    """Retire overrides: the next plan leaves them out. All of them are retired, or none.

    Examples:

        shelfcast override retire 3f9c2a 77b01d --reason "fair cancelled"
    """
    from data_lake.lake import Lake
    from jobs.override import retire_overrides
    from jobs.override_fold import active_overrides

    opened = Lake(absolute(lake))
    standing = list(active_overrides(opened)["override"])
    named = [_whole_name(given, standing) for given in override]
    done = retire_overrides(opened, named, author=who(author), reason=reason, at=datetime.now(UTC))
    say(f"{len(done)} retired. Next: shelfcast plan")


def _whole_name(given: str, standing: list[str]) -> str:
    """Return the one override whose name begins as given; as given, if there is none or more than one."""
    found = [name for name in standing if name.startswith(given)]
    return found[0] if len(found) == 1 else given
