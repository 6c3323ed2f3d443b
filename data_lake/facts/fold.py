"""The fold: stock is the latest snapshot, then the facts after it, in their order. Pure.

Stock of a product at a location depends on nothing else, so that one line can be folded alone. Lines without
batches, and moves of lines all of which name their batch, are folded as arrays, the others one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.facts.fold_batches import Lot, Shelf, shelf_after
from data_lake.facts.fold_moves import in_order, stock_moves
from data_lake.facts.fold_state import KEY, Stock, opened, rows_of, stock_rows, untold

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def fold_stock(
    facts: pl.DataFrame, opening: pl.DataFrame | None = None, perpetual: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Fold facts to stock by batch.

    Parameters
    ----------
    facts
        Columns of `data_lake.facts.fact.Fact`, in any order, with any copies.
    opening
        `OPENING_SCHEMA`: the latest snapshot; every row of a line has the same `since`.
    perpetual
        Columns sku, location: where sales and receipts move stock.

    Returns
    -------
    DataFrame
        `STOCK_SCHEMA`, of every line that has an opening or a fact, sorted; batches with nothing are left
        out, but a line has at least one row.
    """
    perpetual = (
        pl.DataFrame(schema={"sku": pl.String, "location": pl.String}) if perpetual is None else perpetual
    )
    return stock_rows(advanced(opened(opening), stock_moves(in_order(facts), perpetual)))


def advanced(stock: Stock, moves: pl.DataFrame) -> Stock:
    """Return the stock after moves.

    Parameters
    ----------
    stock
        Where to start.
    moves
        `data_lake.facts.fold_moves.MOVES_SCHEMA` in order, none of them before the last of its line in
        `stock`. Those before the line's `since` are passed over.
    """
    stock, moves, line = _with_lines(stock, moves)
    if moves.is_empty():
        return stock
    count = stock.lines.height
    fixes, value = moves["fixes"].to_numpy(), moves["value"].to_numpy()
    by_batch = np.zeros(count, dtype=bool)
    by_batch[
        line[moves.select((pl.col("batch") != "") | (pl.col("expiry") != "")).to_series().to_numpy()]
    ] = True
    lot_line = rows_of(stock.lots, stock.lines)
    by_batch[lot_line] = True
    by_batch |= stock.lines.select(pl.col("loose_expiry") != "").to_series().to_numpy()
    total_fix = fixes & moves.select(pl.col("batch") == "").to_series().to_numpy()
    last = _last(np.arange(len(line)), line, count)
    fixed = _last(np.flatnonzero(total_fix), line, count)
    loose = _summed(stock.lines["loose"].to_numpy(), line, fixes, value, fixed)
    untouched = by_batch | (last < 0)
    loose = np.where(untouched, stock.lines["loose"].to_numpy(), loose)
    expiry = stock.lines["loose_expiry"]
    lots = stock.lots
    concerned = by_batch[line]
    if concerned.any():
        mixed = np.zeros(count, dtype=bool)
        mixed[line[moves.select(pl.col("batch") == "").to_series().to_numpy()]] = True
        named = concerned & ~mixed[line]
        concerned &= ~named
        if concerned.any():
            loose, expiry, lots = _by_batch(stock, lot_line, moves.filter(concerned), line[concerned], loose)
        if named.any():  # what names its batch concerns no other: as arrays
            lots = _by_lot(lots, moves.filter(named))
    lines = stock.lines.with_columns(
        pl.Series("loose", loose),
        expiry,
        *_places(stock.lines, moves, last, ("at", "sequence", "event_id")),
        *_places(stock.lines, moves, fixed, ("fixed_at", "fixed_sequence", "fixed_id")),
    )
    return Stock(lines, lots)


def _with_lines(stock: Stock, moves: pl.DataFrame) -> tuple[Stock, pl.DataFrame, Ints]:
    """Return the stock with a line for every move that counts, these moves, and the line of each."""
    lines = stock.lines
    known = lines.select(*KEY, "since").with_row_index("line")
    placed = moves.join(known, on=KEY, how="left", maintain_order="left")
    if placed["line"].null_count():
        new = placed.filter(pl.col("line").is_null()).select(KEY).unique(maintain_order=True)
        lines = pl.concat([lines, untold(new)])
        known = lines.select(*KEY, "since").with_row_index("line")
        placed = moves.join(known, on=KEY, how="left", maintain_order="left")
    kept = (placed["at"] >= placed["since"]).to_numpy()
    line = placed["line"].to_numpy().astype(np.int64)
    if not kept.all():
        moves, line = moves.filter(kept), line[kept]
    return Stock(lines, stock.lots), moves, line


def _last(rows: Ints, line: Ints, count: int) -> Ints:
    """Return the last of some rows in each line, [count]; −1: none."""
    last = np.full(count, -1, dtype=np.int64)
    last[line[rows]] = rows  # rows ascend: of those of one line the last one stays
    return last


def _summed(start: Floats, line: Ints, fixes: npt.NDArray[np.bool_], value: Floats, fixed: Ints) -> Floats:
    """Return totals of lines (or of batches): what was fixed last, then what came after, one by one.

    `numpy.bincount` adds in the order of its input, so that folding in parts gives the same bits.
    """
    base = np.where(fixed >= 0, value[fixed], start)
    after = np.flatnonzero(~fixes & (np.arange(len(line)) > fixed[line]))
    lines = np.concatenate([np.arange(len(base)), line[after]])
    weights = np.concatenate([base, value[after]])
    return np.bincount(lines, weights=weights, minlength=len(base)).astype(np.float64, copy=False)


def _by_lot(lots: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Return batches after moves, each of which names its batch."""
    key = [*KEY, "batch"]
    place = rows_of(moves, lots, key).copy()
    if (place < 0).any():
        new = moves.filter(place < 0).select(key).unique(maintain_order=True)
        lots = pl.concat([lots, new.with_columns(pl.lit("").alias("expiry"), pl.lit(0.0).alias("on_hand"))])
        place[place < 0] = lots.height - new.height + rows_of(moves.filter(place < 0), new, key)
    fixes, value = moves["fixes"].to_numpy(), moves["value"].to_numpy()
    fixed = _last(np.flatnonzero(fixes), place, lots.height)
    dated = _last(np.flatnonzero((moves["expiry"] != "").to_numpy()), place, lots.height)
    rows = np.flatnonzero(dated >= 0)
    return lots.with_columns(
        lots["expiry"].scatter(rows, moves["expiry"].gather(dated[rows])),
        pl.Series("on_hand", _summed(lots["on_hand"].to_numpy(), place, fixes, value, fixed)),
    )


def _by_batch(
    stock: Stock, lot_line: Ints, moves: pl.DataFrame, line: Ints, loose: Floats
) -> tuple[Floats, pl.Series, pl.DataFrame]:
    """Fold lines with batches one by one; return what is loose, its expiry, and all batches."""
    concerned = np.unique(line)
    mine = np.zeros(len(loose), dtype=bool)
    mine[concerned] = True
    expiry: list[str] = stock.lines["loose_expiry"].gather(concerned).to_list()
    starting = zip(concerned.tolist(), loose[concerned].tolist(), expiry, strict=True)
    shelves = {row: Shelf(on_hand, day) for row, on_hand, day in starting}
    held = mine[lot_line]
    known = stock.lots.filter(held)
    lots = [Lot(*lot) for lot in zip(known["on_hand"].to_list(), known["expiry"].to_list(), strict=True)]
    for row, batch, lot in zip(lot_line[held].tolist(), known["batch"].to_list(), lots, strict=True):
        shelves[row].batches[batch] = lot
    order = np.argsort(line, kind="stable")
    starts = np.flatnonzero(np.diff(line[order], prepend=-1)).tolist()
    columns: list[list[Any]] = [
        moves[name].gather(order).to_list() for name in ("fixes", "value", "batch", "expiry")
    ]
    told = list(zip(*columns, strict=True))
    for row, start, end in zip(shelves, starts, [*starts[1:], len(order)], strict=True):
        shelf_after(shelves[row], told[start:end])
    loose = loose.copy()
    loose[concerned] = [shelf.loose for shelf in shelves.values()]
    days = stock.lines["loose_expiry"].scatter(concerned, [shelf.loose_expiry for shelf in shelves.values()])
    after = known.with_columns(
        pl.Series("expiry", [lot.expiry for lot in lots], dtype=pl.String),
        pl.Series("on_hand", [lot.on_hand for lot in lots], dtype=pl.Float64),
    )
    old = set(map(id, lots))
    new = [
        (row, batch, lot.expiry, lot.on_hand)
        for row, shelf in shelves.items()
        for batch, lot in shelf.batches.items()
        if id(lot) not in old
    ]
    rows = stock.lines.select(KEY)[[row for row, *_ in new]]
    new_lots = rows.with_columns(
        pl.Series("batch", [batch for _, batch, _, _ in new], dtype=pl.String),
        pl.Series("expiry", [day for _, _, day, _ in new], dtype=pl.String),
        pl.Series("on_hand", [on_hand for *_, on_hand in new], dtype=pl.Float64),
    )
    return loose, days, pl.concat([stock.lots.filter(~held), after, new_lots])


def _places(
    lines: pl.DataFrame, moves: pl.DataFrame, row: Ints, names: tuple[str, str, str]
) -> list[pl.Series]:
    """Return the place in the order of a move of each line, the old one where there is none (row −1)."""
    told = np.flatnonzero(row >= 0)
    columns = []
    for name, source in zip(names, ("at", "sequence", "event_id"), strict=True):
        columns.append(lines[name].scatter(told, moves[source].gather(row[told])).alias(name))
    return columns
