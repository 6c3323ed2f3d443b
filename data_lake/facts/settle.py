"""One content an id: which of several applies, and which are refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from data_lake.facts.fact import Fact
from data_lake.facts.landing import to_line
from data_lake.facts.rows import to_facts, to_frame


class FactConflict(NamedTuple):
    """An id with several contents: the first in (order, canonical line) applies, the others never do."""

    event_id: str
    kept: Fact
    refused: tuple[Fact, ...]


def settle(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[FactConflict]]:
    """Keep one content of each id; distinct rows in, each id once out.

    The result depends on the set of rows alone.
    """
    several = frame["event_id"].is_duplicated()
    if not several.any():
        return frame, []
    conflicts = conflicts_of(to_facts(frame.filter(several)))
    kept = to_frame([conflict.kept for conflict in conflicts])
    return pl.concat([frame.filter(~several), kept]), conflicts


def conflicts_of(facts: Iterable[Fact]) -> list[FactConflict]:
    """Return the conflicts among facts, by id."""
    by_id: dict[str, dict[bytes, Fact]] = {}
    for fact in facts:
        by_id.setdefault(fact.event_id, {})[to_line(fact)] = fact
    conflicts = []
    for event_id, contents in sorted(by_id.items()):
        if len(contents) > 1:
            first, *others = sorted(contents.items(), key=lambda item: (item[1].order, item[0]))
            conflicts.append(FactConflict(event_id, first[1], tuple(fact for _, fact in others)))
    return conflicts
