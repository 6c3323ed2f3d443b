"""From a checkpoint to now: fold only what is new, and fold again only the lines that need it.

A checkpoint holds the stock after every fact that it covers, the stock at an earlier instant (its `cut`), and
the facts since then. New facts apply to the former. A line is folded again if a new fact lies behind its
last one, or if its snapshot or its terms are others: from the cut where that reaches back far enough, else
from its facts in the ledger. The result has the same bits as folding everything.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from data_lake.facts.checkpoint_lookup import covered_facts
from data_lake.facts.checkpoint_store import Checkpoint, CheckpointError, fingerprints
from data_lake.facts.feed import Terms
from data_lake.facts.fetch import WORKERS, fetch
from data_lake.facts.fold_moves import in_order, stock_moves
from data_lake.facts.fold_state import KEY, LONG_AGO, OPENING_SCHEMA, Stock, opened
from data_lake.facts.listing import list_facts
from data_lake.facts.rows import FRAMES, Lines, parsed, unparsed
from data_lake.facts.settle import settle
from data_lake.ledger import HasObjects
from data_lake.local import LocalObjects

MOST_LINES = 2_000
"""Lines that are looked up in the ledger; for more all is folded anew."""

_PLACE = ["at", "sequence", "event_id"]
_FIXED = ["fixed_at", "fixed_sequence", "fixed_id"]
_NO_LINES = pl.DataFrame(schema={"sku": pl.String, "location": pl.String})


class News(NamedTuple):
    """What the ledger holds beyond a checkpoint."""

    names: tuple[str, ...]
    """All objects of the ledger."""
    read: int
    """Objects among them that the checkpoint does not cover."""
    facts: pl.DataFrame
    """Facts that the checkpoint does not cover, in order."""


class Path(NamedTuple):
    """Where every line starts, and what it is moved by from there."""

    start: Stock
    moves: pl.DataFrame


def news_since(lake: HasObjects, checkpoint: Checkpoint) -> News:
    """Read objects that a checkpoint does not cover; facts in them that it does cover are left out.

    Raises
    ------
    CheckpointError
        An id has another content now: which one applies only the whole ledger tells.
    """
    covered = set(checkpoint.about["names"])
    workers = (
        1 if isinstance(lake.objects, LocalObjects) else WORKERS
    )  # a disk answers before a thread starts
    held: dict[str, Lines | pl.DataFrame] = {}
    while True:
        names = list_facts(lake.objects)
        listed = [*names.landing, *names.parts]
        new = [name for name in listed if name not in covered]
        held = {name: held[name] for name in new if name in held}
        held |= fetch(lake.objects, [name for name in new if name not in held], unparsed, workers)
        if len(held) == len(new):
            break
    facts, conflicts = settle(FRAMES.union(parsed(held.values())))
    if conflicts:
        raise CheckpointError("an id has two contents")
    _, unseen, differ = _seen(in_order(facts), checkpoint)
    if differ:
        raise CheckpointError("an id has another content")
    return News(tuple(listed), len(held), unseen)


def _seen(facts: pl.DataFrame, checkpoint: Checkpoint) -> tuple[pl.DataFrame, pl.DataFrame, bool]:
    """Split facts into those that a checkpoint covers and the others; is among these an id that it covers."""
    (ids, content), (mine, told) = checkpoint.prints, fingerprints(facts)
    rising = np.argsort(mine)  # neighbours are looked up after each other
    place = np.empty(len(mine), dtype=np.int64)
    place[rising] = np.minimum(np.searchsorted(ids, mine[rising]), len(ids) - 1)
    known = ids[place] == mine
    same = known & (content[place] == told)
    return facts.filter(same), facts.filter(~same), bool((known & ~same).any())


def terms_then(checkpoint: Checkpoint) -> Terms:
    """Return what facts came on top of when a checkpoint was made."""
    return Terms(checkpoint.about["zones"], checkpoint.frame("perpetual"), lambda: checkpoint.frame("latest"))


def path_to_now(
    lake: HasObjects, checkpoint: Checkpoint, then: Terms, now: Terms, news: pl.DataFrame, *, from_cut: bool
) -> Path:
    """Return how to fold from a checkpoint to now.

    Parameters
    ----------
    lake
        Where the ledger is.
    checkpoint
        Where to start.
    then, now
        What facts came on top of when the checkpoint was made, and now; the same object if nothing changed.
    news
        Facts that the checkpoint does not cover, in order.
    from_cut
        Start every line at the cut or earlier, so that the next checkpoint can be made.

    Raises
    ------
    CheckpointError
        So much has changed that all must be folded anew.
    """
    cut = checkpoint.about["cut"]
    moves = stock_moves(news, now.perpetual)
    current = _stock(checkpoint, "")
    late = _late(moves, current)
    reopened, flipped = _NO_LINES, _NO_LINES
    if now is not then:
        reopened = _changed(then.opening, now.opening)
        flipped = _changed(then.perpetual, now.perpetual)
    if not from_cut:  # what has no effect where the line stays as it is may have one where it is folded again
        harmful = late.filter(~pl.col("harmless")).select(KEY)
        folded = pl.concat([harmful, reopened, flipped]).unique()
        harmless = late.join(folded, on=KEY, how="anti")
        moves = moves.join(harmless, on=[*KEY, *_PLACE], how="anti", maintain_order="left")
        late = late.join(folded, on=KEY, how="semi")
        if folded.is_empty():
            return Path(current, moves)
    opening = OPENING_SCHEMA.to_frame() if now is then and _before(late, cut).is_empty() else now.opening
    starts = reopened.join(opening, on=KEY, how="left").select(
        *KEY, pl.col("since").fill_null(LONG_AGO).alias("at")
    )
    deep = pl.concat([flipped, _before(late, cut), _before(starts, cut)]).unique()
    if deep.height > MOST_LINES:
        raise CheckpointError("too many lines have changed")
    again = pl.concat([late.select(KEY), reopened]).unique().join(deep, on=KEY, how="anti")
    anew = pl.concat([reopened, deep]).unique()
    opening = opening.join(anew, on=KEY, how="semi")
    at_cut, recent = _without(_stock(checkpoint, "cut_"), anew), checkpoint.frame("recent")
    if from_cut:
        parts = [at_cut, opened(opening)]
    else:
        parts = [_without(current, pl.concat([again, deep])), _only(at_cut, again), opened(opening)]
        recent = recent.filter(pl.col("sku").is_in(again["sku"].unique().implode()))
    passed = stock_moves(recent, now.perpetual)
    passed = passed.join(deep, on=KEY, how="anti") if from_cut else passed.join(again, on=KEY, how="semi")
    ways = [passed, moves]
    if deep.height:
        told = stock_moves(_from_ledger(lake, checkpoint, deep, opening), now.perpetual)
        ways.append(told.join(deep, on=KEY, how="semi", maintain_order="left"))
    start = Stock(pl.concat([part.lines for part in parts]), pl.concat([part.lots for part in parts]))
    return Path(start, pl.concat(ways).sort(_PLACE, maintain_order=True))


def _late(moves: pl.DataFrame, stock: Stock) -> pl.DataFrame:
    """Return the moves that lie behind the last one of their line, and whether that is `harmless`.

    A move of a line without batches has no effect if its whole stock was told later.
    """
    last = stock.lines.select(
        *KEY, "since", "loose_expiry", *(pl.col(name).alias(f"last_{name}") for name in _PLACE), *_FIXED
    )
    met = moves.join(last, on=KEY, how="inner")
    met = met.filter((pl.col("at") >= pl.col("since")) & ~_after(*(f"last_{name}" for name in _PLACE)))
    lots = stock.lots.join(met, on=KEY, how="semi").select(KEY).unique().with_columns(lots=True)
    plain = pl.col("lots").is_null() & (pl.col("loose_expiry") == "")
    plain &= (pl.col("batch") == "") & (pl.col("expiry") == "")
    met = met.join(lots, on=KEY, how="left")
    return met.select(*KEY, *_PLACE, (plain & ~_after(*_FIXED)).alias("harmless"))


def _after(at: str, sequence: str, event_id: str) -> pl.Expr:
    """Return whether a move comes after a place in the order."""
    later = pl.col("sequence") > pl.col(sequence)
    tied = (pl.col("sequence") == pl.col(sequence)) & (pl.col("event_id") > pl.col(event_id))
    return (pl.col("at") > pl.col(at)) | ((pl.col("at") == pl.col(at)) & (later | tied))


def _before(moves: pl.DataFrame, cut: int) -> pl.DataFrame:
    return moves.filter(pl.col("at") < cut).select(KEY)


def _changed(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Return the lines whose rows differ."""
    gone = then.join(now, on=then.columns, how="anti", nulls_equal=True)
    new = now.join(then, on=then.columns, how="anti", nulls_equal=True)
    return pl.concat([gone, new]).select(KEY).unique()


def _from_ledger(
    lake: HasObjects, checkpoint: Checkpoint, lines: pl.DataFrame, opening: pl.DataFrame
) -> pl.DataFrame:
    """Return the facts of lines that their openings do not cover, those that the checkpoint covers."""
    since = lines.join(opening, on=KEY, how="left")["since"].fill_null(LONG_AGO).min()
    assert isinstance(since, int)
    facts = covered_facts(lake.objects, set(checkpoint.about["names"]), lines, since)
    return _seen(facts, checkpoint)[0]


def _stock(checkpoint: Checkpoint, prefix: str) -> Stock:
    return Stock(checkpoint.frame(f"{prefix}lines"), checkpoint.frame(f"{prefix}lots"))


def _only(stock: Stock, lines: pl.DataFrame) -> Stock:
    return Stock(*(frame.join(lines, on=KEY, how="semi") for frame in (stock.lines, stock.lots)))


def _without(stock: Stock, lines: pl.DataFrame) -> Stock:
    if lines.is_empty():
        return stock
    return Stock(*(frame.join(lines, on=KEY, how="anti") for frame in (stock.lines, stock.lots)))
