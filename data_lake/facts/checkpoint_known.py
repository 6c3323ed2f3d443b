"""All that was told, folded: from the newest checkpoint, or from the first fact; the next checkpoint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.facts.checkpoint_resume import Path, news_since, path_to_now, terms_then
from data_lake.facts.checkpoint_store import (
    Checkpoint,
    CheckpointError,
    fingerprints,
    newest_checkpoint,
    write_checkpoint,
)
from data_lake.facts.feed import TERMS, Terms, pinned, read_terms
from data_lake.facts.fold import advanced
from data_lake.facts.fold_days import local_days
from data_lake.facts.fold_moves import in_order, moving, stock_moves
from data_lake.facts.fold_state import KEY, LONG_AGO, Stock, opened
from data_lake.facts.orders_fold import ORDER_KINDS
from data_lake.facts.read import read_facts
from data_lake.lake import Lake

RECENT = 48 * 3_600_000_000
"""A checkpoint keeps the facts of this time [µs] before its newest one; what comes still later is rare."""
MOST_RECENT = 200_000
"""Facts that it keeps at most."""
WORTH_KEEPING = 20_000
"""New facts from which a reader makes the next checkpoint itself."""
MANY_OBJECTS = 500
"""New objects from which it does: each takes as long to read as many facts."""


@dataclass(frozen=True)
class Known:
    """What was told, folded."""

    stock: Stock
    terms: Terms
    read_order_facts: Callable[[], pl.DataFrame]

    @cached_property
    def order_facts(self) -> pl.DataFrame:
        """Facts of orders, in order."""
        return self.read_order_facts()


def known_facts(
    lake: Lake,
    *,
    until: dt.date | None = None,
    versions: Mapping[str, int] | None = None,
    snapshots_until: dt.date | None = None,
) -> Known | None:
    """Fold all that was told on top of the tables; None: nothing was told.

    Parameters
    ----------
    lake
        Where tables and facts are.
    until
        Last day of facts (it ends where the stock lies); default: all.
    versions
        Version of each table; the newest of those that it does not name.
    snapshots_until
        Last day of snapshots; default: `until`.
    """
    snapshots_until = snapshots_until or until
    checkpoint = newest_checkpoint(lake) if until is None else None
    if checkpoint is not None:
        with suppress(CheckpointError):
            return _resumed(lake, checkpoint, versions, snapshots_until)
    read = read_facts(lake)
    facts = in_order(read.frame)
    if facts.is_empty():
        return None
    terms = read_terms(lake, versions, snapshots_until)
    if until is not None:
        facts = facts.filter(local_days(facts, terms.zones) <= until)
    stock = advanced(opened(terms.opening), stock_moves(facts, terms.perpetual))
    if until is None:
        _keep_if_much(lake, facts, len(read.names))
    return Known(stock, terms, lambda: _of_orders(facts))


def _resumed(
    lake: Lake, checkpoint: Checkpoint, versions: Mapping[str, int] | None, until: dt.date | None
) -> Known:
    then, now = _terms(lake, checkpoint, versions, until)
    _, read, news = news_since(lake, checkpoint)
    path = path_to_now(lake, checkpoint, then, now, news, from_cut=False)
    _keep_if_much(lake, news, read)
    stock = advanced(path.start, path.moves)

    # by the time that these are asked for, newer checkpoints may have been made and this one forgotten
    def order_facts() -> pl.DataFrame:
        try:
            return in_order(pl.concat([checkpoint.frame("orders"), _of_orders(news)]))
        except CheckpointError:
            return _of_orders(in_order(read_facts(lake).frame))

    def latest() -> pl.DataFrame:
        try:
            return now.latest
        except CheckpointError:
            return read_terms(lake, versions, until).latest

    return Known(stock, Terms(now.zones, now.perpetual, latest), order_facts)


def _terms(
    lake: Lake, checkpoint: Checkpoint, versions: Mapping[str, int] | None, until: dt.date | None
) -> tuple[Terms, Terms]:
    """Return what facts came on top of then and now: one object if nothing changed."""
    then = terms_then(checkpoint)
    numbers = [
        version.number if version else 0 for version in (pinned(lake, name, versions) for name in TERMS)
    ]
    newest = checkpoint.about["newest_snapshot"]
    same = numbers == checkpoint.about["terms"] and (until is None or newest <= until.isoformat())
    return then, then if same else read_terms(lake, versions, until)


def _keep_if_much(lake: Lake, facts: pl.DataFrame, objects: int) -> None:
    if facts.height >= WORTH_KEEPING or objects >= MANY_OBJECTS:
        checkpoint_now(lake)


def checkpoint_now(lake: Lake) -> str | None:
    """Make a checkpoint of all that was told; None: nothing is new, or another was made meanwhile.

    Any number may do it at once: of those who start from the same one, one is kept.
    """
    checkpoint = newest_checkpoint(lake)
    numbers = [version.number if version else 0 for version in (pinned(lake, name, None) for name in TERMS)]
    if checkpoint is not None:
        try:
            news = news_since(lake, checkpoint)
            covers = sorted(news.names), numbers
            if not len(news.facts) and covers == (checkpoint.about["names"], checkpoint.about["terms"]):
                return None
            then, now = _terms(lake, checkpoint, None, None)
            path = path_to_now(lake, checkpoint, then, now, news.facts, from_cut=True)
            recent = in_order(pl.concat([checkpoint.frame("recent"), moving(news.facts)]))
            orders = in_order(pl.concat([checkpoint.frame("orders"), _of_orders(news.facts)]))
            prints = np.hstack([checkpoint.prints, fingerprints(news.facts)])
            return _written(
                lake, news.names, numbers, now, path, recent, orders, prints, checkpoint.about["cut"]
            )
        except CheckpointError:
            pass
    read = read_facts(lake)
    facts = in_order(read.frame)
    if facts.is_empty():
        return None
    now = read_terms(lake, None, None)
    path = Path(opened(now.opening), stock_moves(facts, now.perpetual))
    return _written(
        lake, read.names, numbers, now, path, facts, _of_orders(facts), fingerprints(facts), LONG_AGO
    )


def _written(
    lake: Lake,
    names: Sequence[str],
    numbers: list[int],
    terms: Terms,
    path: Path,
    recent: pl.DataFrame,
    orders: pl.DataFrame,
    prints: npt.NDArray[np.uint64],
    earliest_cut: int,
) -> str | None:
    at = recent["at"]
    cut = max(earliest_cut, at[-1] - RECENT, at[-min(MOST_RECENT, len(at))]) if len(at) else earliest_cut
    before = advanced(path.start, path.moves.filter(pl.col("at") < cut))
    stock = advanced(before, path.moves.filter(pl.col("at") >= cut))
    frames = {
        "lines": stock.lines.sort(KEY),  # who lays it out sorts it in less time
        "lots": stock.lots.sort(KEY),
        "cut_lines": before.lines,
        "cut_lots": before.lots,
        "recent": moving(recent.filter(pl.col("at") >= cut)),
        "orders": orders,
        "latest": terms.latest,
        "perpetual": terms.perpetual,
    }
    newest = terms.latest["date"].max()
    about = {"names": sorted(names), "terms": numbers, "zones": dict(terms.zones), "cut": cut}
    about["newest_snapshot"] = newest.isoformat() if isinstance(newest, dt.date) else ""
    return write_checkpoint(lake, frames, prints, about)


def _of_orders(facts: pl.DataFrame) -> pl.DataFrame:
    return facts.filter(pl.col("kind").is_in(ORDER_KINDS))
