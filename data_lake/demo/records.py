"""From what was played to what a company would export: sales, stock snapshots, truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.seasons import Seasons
from data_lake.demo.stock import Played
from data_lake.demo.text import names

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SNAPSHOT_EVERY_DAYS = 7
RESERVED_SHARE, BLOCKED_SHARE = 0.01, 0.006
"""Lines of the last snapshot with stock reserved or blocked."""


def sales_table(what: Catalogue, where: Geography, when: Seasons, played: Played) -> pl.DataFrame:
    """Return `sales`: one row a day, store and product on sale, zeros included; none on closed days."""
    sold_here = np.broadcast_to(when.active[:, None, :], played.sales.shape)
    day, store, sku = np.nonzero(sold_here)
    quantity = played.sales[sold_here]
    depth = when.depth[sold_here]
    price = np.round(when.price[day, sku] * (1 - depth), 2)
    in_stock = np.round(played.in_stock[sold_here], 3)
    return pl.DataFrame(
        {
            "date": pl.Series(when.days[day]).cast(pl.Date),
            "sku": names(what.sku, sku),
            "location": names(where.store, store),
            "quantity": quantity,
            "revenue": np.round(quantity * price, 2),
            "price": price,
            "promo": depth > 0,
            "in_stock": in_stock,
            "lost_sales": pl.repeat(None, len(day), dtype=pl.Boolean, eager=True),
        }
    )


def truth_table(what: Catalogue, where: Geography, when: Seasons, demand: Floats) -> pl.DataFrame:
    """Return `demand_truth`: what was wanted on every day on sale."""
    sold_here = np.broadcast_to(when.active[:, None, :], demand.shape)
    day, store, sku = np.nonzero(sold_here)
    return pl.DataFrame(
        {
            "date": pl.Series(when.days[day]).cast(pl.Date),
            "sku": names(what.sku, sku),
            "location": names(where.store, store),
            "demand": demand[sold_here],
        }
    )


def snapshot_table(
    what: Catalogue, where: Geography, when: Seasons, played: Played, rng: np.random.Generator
) -> pl.DataFrame:
    """Return `inventory_snapshot`: totals every seven days, and batches on the last day."""
    length = len(when.days)
    history = np.arange(length - 1, -1, -SNAPSHOT_EVERY_DAYS)[:0:-1]  # without the last day
    listed = np.isnat(when.launch) | (when.days[:, None] >= when.launch - 7)
    there = listed[history][:, None, :] & np.ones((1, len(where.location), 1), dtype=bool)
    at, location, sku = np.nonzero(there)
    past = pl.DataFrame(
        {
            "date": pl.Series(when.days[history[at]]).cast(pl.Date),
            "sku": names(what.sku, sku),
            "location": names(where.location, location),
            "batch": pl.repeat("", len(at), dtype=pl.String, eager=True),
            "status": pl.repeat("available", len(at), dtype=pl.String, eager=True),
            "on_hand": played.closing[history][there],
            "expiry_date": pl.repeat(None, len(at), dtype=pl.Date, eager=True),
            "unit_cost": what.unit_cost[sku],
        }
    )
    return pl.concat([past, _last_day(what, where, when, played, rng)])


def _last_day(
    what: Catalogue, where: Geography, when: Seasons, played: Played, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the last day's stock by batch; fresh from the simulation, the rest from the latest receipts."""
    rows = [_fresh_batches(what, played), _lasting_batches(what, when, played)]
    location, sku, life, on_hand = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    order = np.lexsort((life, sku, location))
    location, sku, life, on_hand = location[order], sku[order], life[order], on_hand[order]
    draw = rng.random(len(sku))
    aside = np.where(on_hand >= 4, np.floor(on_hand * 0.3), 0.0)
    reserved = np.where(draw < RESERVED_SHARE, aside, 0.0)
    blocked = np.where(draw > 1 - BLOCKED_SHARE, aside, 0.0)
    last = when.days[-1]
    frames = []
    for status, quantity in (
        ("available", on_hand - reserved - blocked),
        ("reserved", reserved),
        ("blocked", blocked),
    ):
        kept = (quantity > 0) | ((status == "available") & (on_hand == 0))
        expiry = np.full(int(kept.sum()), np.datetime64("NaT"), dtype="datetime64[D]")
        dated = ~np.isnan(life[kept])
        expiry[dated] = last + life[kept][dated].astype(np.int64)
        batch = np.where(np.isnat(expiry), "", np.datetime_as_string(expiry))
        frames.append(
            pl.DataFrame(
                {
                    "date": pl.repeat(last.astype(date), len(expiry), dtype=pl.Date, eager=True),
                    "sku": names(what.sku, sku[kept]),
                    "location": names(where.location, location[kept]),
                    "batch": pl.Series(batch.tolist(), dtype=pl.String),
                    "status": pl.repeat(status, len(expiry), dtype=pl.String, eager=True),
                    "on_hand": quantity[kept],
                    "expiry_date": pl.Series(expiry).cast(pl.Date),
                    "unit_cost": what.unit_cost[sku[kept]],
                }
            )
        )
    return pl.concat(frames)


def _fresh_batches(what: Catalogue, played: Played) -> tuple[Integers, Integers, Floats, Floats]:
    """Return (location, sku, days of life left, on hand); one row of 0 where nothing is left.

    What column 0 holds in the evening can still be sold on the next day.
    """
    fresh = np.flatnonzero(what.fresh)
    location, column, life = np.nonzero(played.fresh_batches)
    empty_location, empty_column = np.nonzero(played.fresh_batches.sum(axis=2) == 0)
    return (
        np.concatenate([location, empty_location]),
        fresh[np.concatenate([column, empty_column])],
        np.concatenate([life + 1.0, np.full(len(empty_location), np.nan)]),
        np.concatenate([played.fresh_batches[location, column, life], np.zeros(len(empty_location))]),
    )


def _lasting_batches(
    what: Catalogue, when: Seasons, played: Played
) -> tuple[Integers, Integers, Floats, Floats]:
    """Attribute the stock on hand to the latest receipts (first in, first out), 80 % of life on receipt.

    A product that does not expire has one row without a life.
    """
    length = len(when.days)
    lasting = np.flatnonzero(~what.fresh)
    left = played.closing[-1][:, lasting].copy()
    found: list[tuple[Integers, Integers, Floats, Floats]] = []
    arrivals = _arrivals(played, min(length, 120))[:, :, lasting]
    life = np.floor(what.shelf_life[lasting] * 0.8)
    endless = np.isnan(life)

    def keep(taken: Floats, age: int) -> None:
        rows, columns = np.nonzero(taken)
        found.append((rows, lasting[columns], np.maximum(life[columns] - age, 3), taken[rows, columns]))

    keep(np.where(endless, left, 0.0), 0)
    left[:, endless] = 0.0
    for age in range(arrivals.shape[0]):
        taken = np.minimum(left, arrivals[-1 - age])
        keep(taken, age)
        left -= taken
    keep(left, arrivals.shape[0])  # older than what is looked at
    nothing = np.nonzero(played.closing[-1][:, lasting] == 0)
    found.append(
        (nothing[0], lasting[nothing[1]], np.full(len(nothing[0]), np.nan), np.zeros(len(nothing[0])))
    )
    location, sku, days, on_hand = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # The floor of three days can make two old receipts one batch.
    frame = (
        pl.DataFrame({"location": location, "sku": sku, "life": days, "on_hand": on_hand})
        .group_by("location", "sku", "life", maintain_order=True)
        .agg(pl.col("on_hand").sum())
    )
    columns = (frame[name].to_numpy() for name in ("location", "sku", "life", "on_hand"))
    return next(columns), next(columns), next(columns), next(columns)


def _arrivals(played: Played, window: int) -> Floats:
    """Return what arrived on each of the last `window` days, shape (window, L, skus)."""
    length = len(played.delivered)
    result = np.zeros((window, *played.delivered.shape[1:]))
    day, location, sku = np.nonzero(played.delivered)
    arrival = day + played.lead[day, location, sku] - (length - window)
    inside = (arrival >= 0) & (arrival < window)
    target = (arrival[inside], location[inside], sku[inside])
    np.add.at(result, target, played.delivered[day[inside], location[inside], sku[inside]])
    return result
