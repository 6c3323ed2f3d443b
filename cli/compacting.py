"""`shelfcast compact`: many small objects of facts become few, and stock is read from a checkpoint."""

from __future__ import annotations

import typer

from cli.console import say
from cli.options import LakeOption, absolute


def compact(lake: LakeOption = "./lake") -> None:
    """Unite the facts that have landed and leave a checkpoint for who reads stock next.

    Nothing that is told changes: run it whenever, as often and at as many places as you like. Worth doing
    every hour where systems send events all day; the AWS stack does.

    Examples:

        shelfcast compact
    """
    from data_lake.lake import Lake
    from jobs.compact import compact as compact_facts

    done = compact_facts(Lake(absolute(lake)))
    if not (done.landing or done.deleted or done.checkpoint):
        say("Nothing has landed since the last time.")
        raise typer.Exit
    say(f"{done.landing:,} batches of facts united into {done.written:,} objects.")
    if done.checkpoint:
        say("Stock is read from a new checkpoint.")
