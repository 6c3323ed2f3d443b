"""Replay stored facts, and prove that nothing comes of it: same stock, same orders, nothing told again.

Two ways. *Through the fold*: what every read computes, by checkpoints and all, is compared with a fold from
the beginning over the same facts in another order, the replayed ones twice. *Through ingest*: the facts are
stored once more, as if their senders had sent them again; then state, plan and alerts are computed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.facts.checkpoint import orders_now, stock_now
from data_lake.facts.checkpoint_known import known_facts
from data_lake.facts.fact import Fact
from data_lake.facts.feed import latest_snapshot, opening_stock, perpetual_lines, pinned, time_zones
from data_lake.facts.fold import fold_stock
from data_lake.facts.fold_state import stock_rows
from data_lake.facts.ingest import put_facts
from data_lake.facts.read import read_facts
from data_lake.facts.rows import to_facts
from data_lake.runs import latest_run
from jobs.event_tail import EVERYTHING, Wanted, fact_row
from jobs.notify import Channels
from jobs.react import follow

if TYPE_CHECKING:
    from data_lake.lake import Lake

BATCH = 1000
"""Facts of one object when they are stored again."""
SEED = 7
"""Of the other order: any gives the same state."""


@dataclass(frozen=True)
class Replay:
    """What a replay came to."""

    replayed: int
    """Facts that were replayed."""
    facts: int
    """Facts of the ledger, before and after."""
    differences: tuple[str, ...]
    """What is not as before; empty: nothing."""


def replay_through_fold(lake: Lake, *, wanted: Wanted = EVERYTHING, until: datetime | None = None) -> Replay:
    """Fold all facts from the beginning, the wanted ones twice and all in another order, and compare.

    Parameters
    ----------
    lake
        The lake; nothing is written.
    wanted, until
        Which facts are given twice; `until` [UTC]: not later than this.
    """
    stored = read_facts(lake).frame
    again = _wanted(stored, wanted, until)
    if stored.is_empty():
        return Replay(0, 0, ())
    ids = {fact.event_id for fact in again}
    twice = stored.filter(stored["event_id"].is_in(list(ids)))
    shuffled = stored.vstack(twice).sample(fraction=1.0, shuffle=True, seed=SEED)
    zones = time_zones(lake, pinned(lake, "locations", None))
    opening = opening_stock(latest_snapshot(lake, pinned(lake, "inventory_snapshot", None)), zones)
    perpetual = perpetual_lines(lake, pinned(lake, "assortment", None))
    known = known_facts(lake)
    read: Any = None if known is None else stock_rows(known.stock)
    folded = fold_stock(shuffled, opening, perpetual)
    differences = () if read is not None and folded.equals(read) else stock_differences(read, folded)
    return Replay(len(again), stored.height, differences)


def replay_through_ingest(
    lake: Lake,
    *,
    wanted: Wanted = EVERYTHING,
    until: datetime | None = None,
    at: datetime,
    channels: Channels | None = None,
) -> Replay:
    """Store the wanted facts once more, then read, plan and judge again: each must come out as it was.

    What was not planned or told yet is, first: then whatever happens is the replay's doing.

    Parameters
    ----------
    lake
        The lake; copies of facts are written, which the next compaction unites.
    wanted, until
        Which facts.
    at
        Now.
    channels
        How subscribers would be told, if anybody had to be.
    """
    follow(lake, at=at, channels=channels)
    run, before = latest_run(lake), _state(lake)
    stored = read_facts(lake).frame
    again = _wanted(stored, wanted, until)
    for first in range(0, len(again), BATCH):
        put_facts(lake.objects, again[first : first + BATCH])
    after = _state(lake)
    differences = [f"{name} differs" for name in before if not before[name].equals(after[name])]
    count = read_facts(lake).frame.height
    if count != stored.height:
        differences.append(f"the ledger holds {count:,} facts, before {stored.height:,}")
    followed = follow(lake, {(fact.sku, fact.location) for fact in again}, at=at, channels=channels)
    made = latest_run(lake)
    if run and made and run.run_id != made.run_id:
        differences.append(f"plan {made.run_id} was made where {run.run_id} stood")
    differences += [f"alert {change.change} again: {change.cause}" for change in followed.changes]
    if followed.notified.sent:
        differences.append(f"{followed.notified.sent} messages were sent again")
    return Replay(len(again), stored.height, tuple(differences))


def _wanted(stored: Any, wanted: Wanted, until: datetime | None) -> list[Fact]:
    last = None if until is None else (until - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    facts = to_facts(stored)
    return [fact for fact in facts if wanted.wants(fact_row(fact)) and (last is None or fact.at <= last)]


def _state(lake: Lake) -> dict[str, pd.DataFrame]:
    return {"stock": stock_now(lake), "orders": orders_now(lake)}


def stock_differences(read: Any, folded: Any) -> tuple[str, ...]:
    """Name what stock as reads compute it and stock folded from the beginning do not agree on."""
    if read is None:
        return ("reads see no facts at all",)
    key = ["sku", "location", "batch"]
    one, other = (frame.to_pandas().set_index(key)["on_hand"] for frame in (read, folded))
    both = pd.concat([one.rename("read"), other.rename("folded")], axis=1)
    differ = both[both["read"].fillna(0) != both["folded"].fillna(0)]
    named: Sequence[Any] = list(differ.head(20).itertuples())
    if not named:
        return ("stock is the same, instants of last facts differ",)
    return tuple(
        f"stock of {' '.join(filter(None, row.Index))}: reads say {row.read:g}, the fold {row.folded:g}"
        for row in named
    )
