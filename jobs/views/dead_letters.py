"""Dead letters and quarantine: the reason beside each message, two contents of an id side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from data_lake.facts.settle import FactConflict
from jobs.dlq_states import DeadState
from jobs.views.lines import tags
from jobs.views.one_event import fact_text

STATUS_LABELS = {"open": "Waits", "repaired": "Repaired", "replayed": "Replayed", "discarded": "Discarded"}
"""States of a letter in planners' words."""

LIMIT = 200
"""Letters of the list: the page reads no more; acts on all of them go by name."""


@dataclass(frozen=True)
class Clash:
    """An event id that two systems used for different things."""

    event_id: str
    applies: str
    """The content that counts, JSON."""
    refused: tuple[str, ...]
    """The others."""


def letter_rows(states: Sequence[DeadState]) -> pd.DataFrame:
    """Return one row a letter: name, queue, label (a list of one), first_seen [UTC], reason, fault, more."""
    rows = [
        {
            "name": state.name,
            "queue": state.letter.queue,
            "status": STATUS_LABELS[state.status],
            "first_seen": state.letter.first_seen,
            "reason": state.reason or "repaired, not yet replayed",
            "fault": state.faults[0] if state.faults else "",
            "faults": float(len(state.faults)),
        }
        for state in states
    ]
    columns = ["name", "queue", "status", "first_seen", "reason", "fault", "faults"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["first_seen"] = pd.to_datetime(frame["first_seen"], utc=True)
    frame["label"] = tags(frame["status"].astype("str"))
    return frame


def history_rows(state: DeadState) -> pd.DataFrame:
    """Return what was done with a letter: at [UTC], act, author, note."""
    rows = [
        {
            "at": event.timestamp,
            "act": " ".join(
                part
                for part in (event.event_type.partition(".")[2], str(event.data.get("outcome", "")))
                if part
            ),
            "author": event.author,
            "note": event.reason or str(event.data.get("why", "")),
        }
        for event in state.history
    ]
    return pd.DataFrame(rows, columns=["at", "act", "author", "note"])


def clashes(conflicts: Sequence[FactConflict]) -> list[Clash]:
    """Return the ids in quarantine with their contents."""
    return [
        Clash(
            conflict.event_id,
            fact_text(conflict.kept),
            tuple(fact_text(fact) for fact in conflict.refused),
        )
        for conflict in conflicts
    ]
