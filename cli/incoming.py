"""`shelfcast incoming`: import what was dropped into the lake's folder `incoming/`, now or when it comes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import complain, say
from cli.options import LakeOption, absolute

if TYPE_CHECKING:
    from jobs.incoming import Arrived


def incoming(
    lake: LakeOption = "./lake",
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until stopped.")] = False,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="With --watch: seconds between looks.")
    ] = 5,
) -> None:
    """Import the files under `incoming/` in the lake: all of each, or none of it and a report beside it.

    A file in `incoming/KIND/` is of that kind; of one in `incoming/` itself it is guessed, and a question
    that the guess leaves open is a fault. What is imported moves to `incoming/done/`. A refused file stays,
    with its faults in FILE.errors.csv and FILE.errors.txt; correct it and drop it again. With --watch a
    file is taken when it has not been written to between two looks. Exit code 1 if a file was refused.

    Examples:

        cp sales.csv lake/incoming/sales/ && shelfcast incoming

        shelfcast incoming --watch
    """
    from data_lake.lake import Lake
    from jobs.incoming import take_file, waiting
    from jobs.incoming_watch import Watch

    opened = Lake(absolute(lake))
    if not watch:
        found = [take_file(opened, key, at=datetime.now(UTC)) for key in waiting(opened)]
        if not found:
            say(f"Nothing waits under incoming/ in {opened.uri}.")
        _tell(found)
        if any(one.outcome == "refused" for one in found):
            raise typer.Exit(1)
        return
    say(f"Watching incoming/ in {opened.uri}; Ctrl-C stops.")
    looking = Watch(opened)
    try:
        while True:
            _tell(looking.look(datetime.now(UTC)))
            time.sleep(every)
    except KeyboardInterrupt:
        say("Stopped.")


def _tell(found: list[Arrived]) -> None:
    from jobs.incoming import in_words

    for one, words in zip(found, in_words(found), strict=True):
        if one.outcome == "refused":
            complain(words)
        else:
            say(words)
    if any(one.outcome == "imported" for one in found):
        say("Next: shelfcast plan")
