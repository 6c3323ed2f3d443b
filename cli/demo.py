"""`shelfcast demo`: a grocer's three years, planned, in the dashboard."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from cli.console import say, stages
from cli.options import LakeOption, absolute
from cli.serve import HostOption, PortOption, check_port, serve_lake

SAID = {
    "built": "Demo lake built",
    "completed": "Demo lake completed (an earlier build had been stopped)",
    "reused": "Demo lake found and used as it is",
}


def demo(
    lake: LakeOption = "./demo-lake",
    open_dashboard: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the dashboard afterwards.")
    ] = True,
    port: PortOption = 8501,
    host: HostOption = "127.0.0.1",
    seed: Annotated[int, typer.Option(help="Another seed, another company.", min=0)] = 7,
    skus: Annotated[int, typer.Option(help="Products.", min=1)] = 150,
    stores: Annotated[int, typer.Option(help="Stores.", min=1)] = 12,
    dcs: Annotated[int, typer.Option(help="Distribution centres.", min=1)] = 2,
    days: Annotated[int, typer.Option(help="Days of history.", min=1)] = 1096,
) -> None:
    """Build a demo company, plan it and open the dashboard, in under a minute.

    Safe to repeat: what is there is used again, what was stopped halfway is finished, and a lake with
    other data is never touched.

    Examples:

        shelfcast demo

        shelfcast demo --no-serve --skus 20 --stores 3
    """
    from jobs.demo import build_demo

    if open_dashboard:
        check_port(host, port)  # better now than after half a minute
    start = time.monotonic()
    with stages() as progress:
        made = build_demo(
            absolute(lake), seed=seed, skus=skus, stores=stores, dcs=dcs, days=days, progress=progress
        )
    run = f", run {made.run.run_id} for {made.run.as_of}" if made.run else ""
    say(f"{SAID[made.state]}: {lake}{run} ({time.monotonic() - start:.1f} s)")
    if open_dashboard:
        serve_lake(lake, port, host)
