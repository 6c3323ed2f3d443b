"""Write-offs of fresh stock and cycle counts, as the company's stock system would export them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.seasons import Seasons
from data_lake.demo.stock import Played
from data_lake.demo.text import names

Integers = npt.NDArray[np.int64]

HISTORY_DAYS = 365
COUNT_EVERY_DAYS = 91
"""Each product and location is counted once a quarter."""
WRONG_SHARE = 0.07
"""Counts that find something else than the books say, by one or two units."""
CLOSING_HOUR = np.timedelta64(21, "h")


def movements_table(
    what: Catalogue, where: Geography, when: Seasons, played: Played, rng: np.random.Generator
) -> pl.DataFrame:
    """Return `movements`: what expired and what was counted in the last year."""
    first = max(len(when.days) - HISTORY_DAYS, 0)
    fresh = np.flatnonzero(what.fresh)
    day, location, column = np.nonzero(played.waste[first:])
    written_off = _frame(
        "write_off",
        what,
        where,
        when,
        day + first,
        location,
        fresh[column],
        -played.waste[day + first, location, column],
    )
    turn = rng.integers(0, COUNT_EVERY_DAYS, played.closing.shape[1:])
    due = (np.arange(first, len(when.days))[:, None, None] - turn) % COUNT_EVERY_DAYS == 0
    day, location, sku = np.nonzero(due)
    wrong = rng.random(len(day)) < WRONG_SHARE
    found = np.where(wrong, rng.choice([-2.0, -1.0, -1.0, 1.0], len(day)), 0.0)
    counted = _frame("count", what, where, when, day + first, location, sku, found)
    return pl.concat([written_off, counted]).sort("movement")


def _frame(
    kind: str,
    what: Catalogue,
    where: Geography,
    when: Seasons,
    day: Integers,
    location: Integers,
    sku: Integers,
    quantity: npt.NDArray[np.float64],
) -> pl.DataFrame:
    prefix = pl.lit({"write_off": "WO", "count": "CC"}[kind])
    at = (when.days[day] + CLOSING_HOUR).astype("datetime64[us]")
    frame = pl.DataFrame(
        {
            "kind": pl.repeat(kind, len(day), dtype=pl.String, eager=True),
            "sku": names(what.sku, sku),
            "location": names(where.location, location),
            "batch": pl.repeat("", len(day), dtype=pl.String, eager=True),
            "quantity": quantity,
            "at": pl.Series(at).dt.replace_time_zone("UTC"),
        }
    )
    parts = (prefix, pl.col("at").dt.strftime("%Y%m%d"), "location", "sku")
    return frame.select(pl.concat_str(*parts, separator="-").alias("movement"), *frame.columns)
