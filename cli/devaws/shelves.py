"""Which shelves would be missed if they were empty: tried in process, on a copy of the lake."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from data_lake.facts.envelope import Record
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.errors import JobError
from jobs.event_text import stock_event
from jobs.notices.news import news_of
from jobs.notices.words import subject_of
from jobs.notify_channels import Channels
from jobs.react import react


class Shelf(NamedTuple):
    """A product at a location."""

    sku: str
    location: str
    name: str = ""
    """As a mail calls it."""


def empty(shelf: Shelf, at: datetime) -> Record:
    """Return the message that a shelf is empty."""
    return Record("", stock_event(sku=shelf.sku, location=shelf.location, quantity=0, at=at))


def missed_if_empty(folder: Path, *, at: datetime) -> list[Shelf]:
    """Return the shelves of shops for which an alert of a stockout opens when they are told empty.

    Parameters
    ----------
    folder
        A planned lake on disk whose standing alerts are recorded; it is not changed.
    at
        Now.
    """
    with tempfile.TemporaryDirectory(prefix="shelfcast-") as scratch:
        copy = shutil.copytree(folder, Path(scratch) / "lake")
        lake = Lake(copy)
        run = latest_run(lake)
        if run is None:
            return []
        lines = read_run_table(lake, run, "plan_lines", columns=["sku", "location", "on_hand"])
        full = lines[(lines["on_hand"] > 0) & lines["location"].str.startswith("S")]
        shelves = [Shelf(sku, location) for sku, location in zip(full["sku"], full["location"], strict=True)]
        reacted = react(lake, [empty(shelf, at) for shelf in shelves], at=at, channels=Channels())
        if reacted.followed is None or reacted.followed.replanned is None:
            return []
        if why := reacted.followed.replanned.needs_full_plan:
            raise JobError(f"{folder} needs a full plan: {'; '.join(why)}")
        told_empty = {(shelf.sku, shelf.location) for shelf in shelves}
        return sorted(
            Shelf(change.sku, change.location, subject_of(news_of(change)))
            for change in reacted.followed.changes
            if (change.change, change.alert_type) == ("opened", "stockout")
            and (change.sku, change.location) in told_empty
        )
