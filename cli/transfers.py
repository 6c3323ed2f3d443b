"""`shelfcast transfers`: what the plan would move between places; approve it, or withdraw it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import complain, say, show_table, warn
from cli.options import AuthorOption, LakeOption, absolute, who
from jobs.errors import JobError

if TYPE_CHECKING:
    import pandas as pd

    from data_lake.lake import Lake
    from data_lake.runs import Run


def transfers(
    lake: LakeOption = "./lake",
    approve: Annotated[
        list[str] | None,
        typer.Option(
            "--approve", metavar="SKU|FROM|TO", help="Approve one proposal. May be given several times."
        ),
    ] = None,
    approve_all: Annotated[
        bool, typer.Option("--approve-all", help="Approve every proposal that is still open.")
    ] = False,
    withdraw: Annotated[
        str, typer.Option("--withdraw", metavar="ORDER", help="Withdraw an approved order of transfers.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; needed to withdraw.")] = "",
    author: AuthorOption = "",
) -> None:
    """List what the latest plan would move between places, most money first; approve it or withdraw it.

    An approved transfer is an order: the next plan takes it off the stock of its origin and expects it at its
    destination, and `shelfcast export` writes it with the other orders.

    Examples:

        shelfcast transfers

        shelfcast transfers --approve "007|Store 1|Store 2" --reason "agreed by phone"

        shelfcast transfers --withdraw TO-20261122-Store-1-Store-2-1F3A --reason "van broke down"
    """
    from data_lake.lake import Lake

    if sum(map(bool, (approve, approve_all, withdraw))) > 1:
        raise typer.BadParameter("give one of --approve, --approve-all and --withdraw")
    opened = Lake(absolute(lake))
    if withdraw:
        from jobs.approve_transfers import withdraw_transfers

        done = withdraw_transfers(
            opened, order_id=withdraw, author=who(author), reason=reason, at=datetime.now(UTC)
        )
        say(f"{len(done.rejected)} withdrawn; the next plan counts the stock where it is")
        return
    run, proposed = _proposed(opened)
    if approve or approve_all:
        _approve(opened, run, approve or proposed["transfer_id"].tolist(), reason, who(author))
        return
    _show(opened, run, proposed)


def _proposed(lake: Lake) -> tuple[Run, pd.DataFrame]:
    """Return the latest run and its transfers that nobody has approved."""
    from data_lake.runs import latest_run, read_run_table
    from jobs.transfer_approvals import approved_transfers

    run = latest_run(lake)
    if run is None:
        raise JobError(f"{lake.uri} holds no plan yet: shelfcast plan")
    if "transfers" not in run.outputs:
        raise JobError(f"run {run.run_id} was made before plans proposed transfers: shelfcast plan")
    frame = read_run_table(lake, run, "transfers").sort_values(
        ["money", "transfer_id"], ascending=[False, True]
    )
    done = approved_transfers(lake)
    taken = set(done.loc[done["run_id"] == run.run_id, "transfer_id"])
    return run, frame[~frame["transfer_id"].isin(taken)]


def _show(lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    if lake.read("lanes").empty:
        say("No lanes: import the ways between your locations (shelfcast template lanes), then plan again.")
        return
    if frame.empty:
        say(f"Run {run.run_id} has nothing (more) to move: no other lane earns its cost.")
        return
    from jobs.settings import settings

    show_table(
        ("transfer", "units", f"earns [{settings(lake)['currency']}]", "leaves", "arrives", "for"),
        (
            (
                row.transfer_id,
                f"{row.quantity:,.0f}",
                f"{row.money:,.2f}",
                f"{row.ship_date:%Y-%m-%d}",
                f"{row.arrival_date:%Y-%m-%d}",
                row.reason,
            )
            for row in frame.itertuples()
        ),
        right=("units", f"earns [{settings(lake)['currency']}]"),
    )
    say("Next: shelfcast transfers --approve-all")


def _approve(lake: Lake, run: Run, chosen: list[str], reason: str, author: str) -> None:
    from jobs.approve_transfers import approve_transfers

    if not chosen:
        say(f"No transfer of run {run.run_id} is open.")
        return
    result = approve_transfers(
        lake, run_id=run.run_id, transfer_ids=chosen, author=author, reason=reason, at=datetime.now(UTC)
    )
    if result.approved:
        names = ", ".join(result.order_ids)
        say(f"{len(result.approved)} approved as {names}")
        say("Next: shelfcast export --format xlsx")
    for refused in result.refused:
        warn(f"{refused['line_id']}: {refused['why']}")
    if result.refused:
        complain(f"{len(result.refused)} of {len(chosen)} transfers were refused")
        raise typer.Exit(1)
