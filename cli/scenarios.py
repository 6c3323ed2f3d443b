"""`shelfcast scenario`: plans under other terms, made, compared, promoted and undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import say, show_table, stages
from cli.options import AuthorOption, LakeOption, absolute, who

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.progress import Progress
    from jobs.scenario_base import ScenarioBase
    from jobs.scenario_changes import Change
    from jobs.scenario_plan import ScenarioResult

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; needed, and recorded.")]


@app.callback()
def scenario() -> None:
    """Plan under other terms: keep scenarios, compare them, promote one.

    Examples:

        shelfcast scenario new --name "98 % dairy" --change "service_target=98%@category:Dairy"
        --reason "asked by sales"

        shelfcast scenario compare 3f9c2a 77b01d

        shelfcast scenario promote 3f9c2a --reason "agreed in the monthly review"
    """


@app.command()
def new(
    name: Annotated[str, typer.Option("--name", help="What the scenario is called.")],
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--change",
            help="parameter=value, parameter*factor or parameter+number; then @scope:code. Repeat for more.",
        ),
    ] = None,
    copy: Annotated[
        str, typer.Option("--copy", help="Start from the changes of this scenario, on the latest plan.")
    ] = "",
    reason: ReasonOption = "",
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
) -> None:
    """Keep a scenario of the latest plan and plan it.

    Parameters: service_target, target_kind, demand, lead_time_mean, lead_time_sd, order_weekdays,
    review_days, moq, order_multiple, min_cover, max_cover, holding_cost_rate, stockout_cost, unit_cost,
    cash_budget.
    Scopes: all, category:…, supplier:…, location:…, class:AX, sku:…, line:sku|location.

    Examples:

        shelfcast scenario new --name "fair" --change "demand*1.3@location:S01 from 2026-12-01 to 2026-12-07"
        --reason "street fair"

        shelfcast scenario new --name "slow boats" --change "lead_time_mean+5@supplier:Acme"
        --change "lead_time_sd*2@supplier:Acme" --reason "strike at the port"

        shelfcast scenario new --name "fair, on today's plan" --copy 3f9c2a --reason "same as yesterday"
    """
    from data_lake.lake import Lake
    from jobs.errors import JobError
    from jobs.scenario_changes import change_faults
    from jobs.scenario_words import parse_change
    from jobs.scenarios import find_scenario, make_scenario

    opened = Lake(absolute(lake))
    base = _latest(opened)
    changes: list[Change] = list(find_scenario(opened, copy).changes) if copy else []
    faults: list[str] = []
    for text in change or ():
        read, wrong = parse_change(text)
        faults += wrong
        changes += [read] if read else []
    if faults:
        faults += change_faults(changes, base.codes) if changes else []
        raise JobError("the scenario was not kept:\n" + "\n".join(f"- {fault}" for fault in faults))
    made = make_scenario(base, changes, name=name, author=who(author), reason=reason, at=datetime.now(UTC))
    with stages() as progress:
        result = _result(base, made.changes, progress)
    _show(base, {made.scenario: result}, {made.scenario: made.name})
    say(f"Scenario {made.scenario} “{made.name}” kept. Next: shelfcast scenario compare {made.scenario}")


@app.command("list")
def list_all(
    lake: LakeOption = "./lake",
    every: Annotated[bool, typer.Option("--all", help="Retired ones too.")] = False,
) -> None:
    """List the scenarios, newest first.

    Examples:

        shelfcast scenario list --all
    """
    from data_lake.lake import Lake
    from data_lake.runs import latest_run
    from jobs.scenario_promote import finish_promotions
    from jobs.scenarios import list_scenarios

    opened = Lake(absolute(lake))
    finish_promotions(opened)
    run = latest_run(opened)
    found = [one for one in list_scenarios(opened)[::-1] if every or one.state != "retired"]
    if not found:
        say("No scenario: shelfcast scenario new")
        return
    show_table(
        ("scenario", "name", "state", "plan", "changes", "author", "reason"),
        (
            (
                one.scenario,
                one.name,
                one.state,
                "latest" if run and one.run_id == run.run_id else one.run_id,
                "; ".join(one.words),
                one.author,
                one.reason,
            )
            for one in found
        ),
    )


@app.command()
def compare(
    scenarios: Annotated[list[str], typer.Argument(help="Up to four scenarios of one plan.")],
    lake: LakeOption = "./lake",
    lines: Annotated[int, typer.Option("--lines", min=0, help="Lines that differ most, shown below.")] = 10,
) -> None:
    """Set scenarios beside the plan that they start from: money, service, and the lines that differ most.

    Examples:

        shelfcast scenario compare 3f9c2a 77b01d --lines 20
    """
    from data_lake.lake import Lake
    from data_lake.runs import read_run
    from jobs.errors import JobError
    from jobs.scenario_base import load_base
    from jobs.scenarios import MOST_COMPARED, find_scenario
    from jobs.views.scenarios import lines_that_differ

    opened = Lake(absolute(lake))
    found = [find_scenario(opened, one) for one in dict.fromkeys(scenarios)]
    if len(found) > MOST_COMPARED:
        raise JobError(f"at most {MOST_COMPARED} scenarios are compared at once, not {len(found)}")
    runs = {one.run_id for one in found}
    if len(runs) > 1:
        raise JobError(f"scenarios of one plan can be compared, these are of {', '.join(sorted(runs))}")
    base = load_base(opened, read_run(opened, found[0].run_id))
    with stages() as progress:
        results = {one.scenario: _result(base, one.changes, progress) for one in found}
    _show(base, results, {one.scenario: one.name for one in found})
    differ = lines_that_differ(results, base.lines).head(lines)
    if len(differ):
        say()
        names = {one.scenario: one.name for one in found}
        show_table(
            ("line", "scenario", "plan", "order", "value", "why"),
            (
                (
                    row["line_id"],
                    names[row["scenario"]],
                    f"{row['base_quantity']:,.0f}",
                    f"{row['quantity']:,.0f}",
                    f"{row['value_change']:+,.0f}",
                    row["why"],
                )
                for row in differ.to_dict("records")
            ),
            right=("plan", "order", "value"),
        )


@app.command()
def promote(
    scenario: Annotated[str, typer.Argument(help="The scenario, or the beginning of its identifier.")],
    reason: ReasonOption = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take an earlier promotion back.")] = False,
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
) -> None:
    """Apply a scenario's changes to the lake for good, or take them back; the next plan uses them.

    All or nothing, recorded with your name and reason; of two who promote at once, one wins.

    Examples:

        shelfcast scenario promote 3f9c2a --reason "agreed in the monthly review"

        shelfcast scenario promote 3f9c2a --undo --reason "sales fell"
    """
    from data_lake.lake import Lake
    from jobs.scenario_promote import promote_scenario, undo_promotion

    opened = Lake(absolute(lake))
    act = undo_promotion if undo else promote_scenario
    done = act(opened, scenario, author=who(author), reason=reason, at=datetime.now(UTC))
    rows = [f"{count:,} rows of {table}" for table, count in done.rows.items()]
    rows += [f"{done.overrides:,} overrides of the forecast"] if done.overrides else []
    say(f"{'Undone' if undo else 'Promoted'}: {', '.join(rows) or 'nothing to write'}. Next: shelfcast plan")
    for difference in done.differences:
        say(f"Note: {difference}.")


@app.command()
def retire(
    scenario: Annotated[str, typer.Argument(help="The scenario, or the beginning of its identifier.")],
    reason: ReasonOption = "",
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
) -> None:
    """Take a scenario off the list; it stays in the lake.

    Examples:

        shelfcast scenario retire 77b01d --reason "not wanted"
    """
    from data_lake.lake import Lake
    from jobs.scenarios import find_scenario, retire_scenario

    opened = Lake(absolute(lake))
    found = find_scenario(opened, scenario)
    retire_scenario(opened, found.scenario, author=who(author), reason=reason, at=datetime.now(UTC))
    say(f"Scenario {found.scenario} “{found.name}” retired.")


def _latest(opened: Lake) -> ScenarioBase:
    from data_lake.runs import latest_run
    from jobs.errors import JobError
    from jobs.scenario_base import load_base

    run = latest_run(opened)
    if run is None:
        raise JobError("no plan yet: shelfcast plan")
    return load_base(opened, run)


def _result(base: ScenarioBase, changes: tuple[Change, ...], progress: Progress) -> ScenarioResult:
    from jobs.scenario_plan import plan_scenario

    return plan_scenario(base, changes, progress=progress)


def _show(base: ScenarioBase, results: dict[str, ScenarioResult], names: dict[str, str]) -> None:
    from jobs.views.scenarios import BASE, compare

    currency = base.run.policy.get("settings", {}).get("currency", "")
    compared = compare(results)

    def written(value: float, unit: str) -> str:
        return f"{value:.2%}" if unit == "share" else f"{value:,.0f}"

    headers = [names[one] for one in results]
    show_table(
        ("", BASE, *headers),
        (
            (
                f"{row['label']}{f' [{currency}]' if row['unit'] == 'money' else ''}",
                written(row["base"], row["unit"]),
                *(written(row[one], row["unit"]) for one in results),
            )
            for row in compared.figures.to_dict("records")
        ),
        right=(BASE, *headers),
    )
    if compared.winner:
        say(
            f"“{names[compared.winner]}” costs least: {compared.saving:,.0f} {currency} below the plan "
            "(lost sales, write-off and holding)."
        )
    else:
        say("The plan as it is costs least (lost sales, write-off and holding).")
