"""Compact: many small objects of facts become few, and the next reader of stock starts from here.

Any number may run at once and may die anywhere; nothing is lost, nothing counted twice.
"""

from __future__ import annotations

from typing import NamedTuple

from data_lake.facts import compact as facts_compact
from data_lake.facts.checkpoint_known import checkpoint_now
from data_lake.lake import Lake


class Compaction(NamedTuple):
    """What one run did."""

    landing: int
    """Objects of landing that are compacted now."""
    written: int
    """Compacted objects written."""
    deleted: int
    """Objects deleted, those of landing included."""
    checkpoint: str | None
    """Checkpoint that was made; None: the last one says it all, or another run made one meanwhile."""


def compact(lake: Lake, *, most_objects: int = facts_compact.MOST_OBJECTS) -> Compaction:
    """Compact all facts that have landed, `most_objects` objects at a time, then make a checkpoint.

    Again at once it does nothing.
    """
    landing = written = deleted = 0
    while True:
        done = facts_compact.compact(lake, most_objects=most_objects)
        landing, written, deleted = landing + done.landing, written + done.written, deleted + done.deleted
        if done.landing < most_objects:
            return Compaction(landing, written, deleted, checkpoint_now(lake))
