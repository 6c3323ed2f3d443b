"""Entry point of `shelfcast`: the list of commands, and what happens when one fails."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import (
    alerts,
    compacting,
    demo,
    dev_aws,
    dlq,
    doctor,
    events,
    importing,
    incoming,
    orders,
    overrides,
    planning,
    replay,
    report,
    scenarios,
    serve,
    settings,
    subscriptions,
    transfers,
)
from cli.console import complain
from data_lake.errors import LakeError
from engine.errors import EngineError
from jobs.errors import JobError

EXPECTED = (LakeError, EngineError, JobError)
"""Errors whose message is for the person who ran the command."""


class Commands(TyperGroup):
    """The commands: an expected error is one message and exit code 1; with --debug it is a stack trace."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        """Return commands in the order in which a person meets them."""
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            if ctx.params.get("debug"):
                raise
            complain(str(error))
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # boxes cost 0.3 s, and help is read in pipes too
    pretty_exceptions_enable=False,
    epilog="Start with `shelfcast demo`. With your own files: `shelfcast import sales.csv stock.csv`, "
    "`shelfcast plan`, `shelfcast serve`.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"shelfcast {version('shelfcast')}")
        raise typer.Exit


@app.callback()
def shelfcast(
    debug: Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")] = False,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Shelfcast tells a planner what to buy, what to move, what will expire and why, in money."""


app.command()(demo.demo)
app.command("import")(importing.import_files)
app.command()(importing.template)
app.command()(incoming.incoming)
app.command()(planning.plan)
app.command()(orders.approve)
app.command()(orders.export)
app.command()(transfers.transfers)
app.command()(serve.serve)
app.command()(doctor.doctor)
app.command()(planning.runs)
app.command()(report.report)
app.command()(replay.replay)
app.command()(settings.settings)
app.add_typer(alerts.app, name="alerts")
app.add_typer(dlq.app, name="dlq")
app.command("dev-aws")(dev_aws.dev_aws)
app.add_typer(events.app, name="events")
app.command()(compacting.compact)
app.add_typer(overrides.app, name="override")
app.add_typer(scenarios.app, name="scenario")
app.add_typer(subscriptions.app, name="subscriptions")


def run() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    run()
