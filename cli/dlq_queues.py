"""Queues on AWS as `shelfcast dlq` is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from cli.console import say

if TYPE_CHECKING:
    from data_lake.lake import Lake


def look(lake: Lake, sqs: Sequence[str] | None) -> None:
    """Look into dead-letter queues given as QUEUE=URL, and say what is in them."""
    from jobs.dlq_queue import SqsDeadQueue, look_into

    for queue, url in addresses(sqs, "--sqs").items():
        found = look_into(lake, SqsDeadQueue(queue, url), at=datetime.now(UTC))
        say(
            f"{queue}: {found.waiting} in its dead-letter queue, {found.kept} of them never refused; "
            f"{found.deleted} done with and deleted"
        )


def addresses(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """Read QUEUE=URL, as often as it was given."""
    found = {}
    for one in given or ():
        queue, equals, url = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option} {one}: write QUEUE=URL")
        found[queue] = url
    return found
