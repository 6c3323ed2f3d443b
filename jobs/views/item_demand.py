"""The demand behind an item's stockouts: what sold, what would have, and what planners know better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from engine.contracts import PERIOD_WORDS
from jobs.demand_corrections import Correction, corrections, period_of
from jobs.views.product_history import ProductHistory, read_history


@dataclass(frozen=True)
class ItemDemand:
    """What the section "Demand behind stockouts" shows; frames are ready to draw."""

    period_word: str
    """day, week or month."""
    periods: pd.DataFrame
    """Periods out of stock in whole or part, or corrected; latest first: date, sold, estimate, low, high
    [each/period], in_stock [share], corrected [each/period, null: not], note (why, and by whom)."""
    corrections: tuple[Correction, ...]
    """Those that stand for this item, earliest first."""
    summary: str
    """All of it in a sentence."""
    first_day: pd.Timestamp | None
    last_day: pd.Timestamp | None
    """Of the history that can be corrected; None where nothing is sold: correct the places supplied."""


def load(lake: Lake, run: Run, line: Mapping[str, Any], *, history_days: int | None = 92) -> ItemDemand:
    """Read the demand behind a line's stockouts.

    Parameters
    ----------
    lake, run
        The run that planned the line; corrections are those that stand now.
    line : mapping
        One row of `jobs.views.lines.load`.
    history_days : int or None
        How far back periods are listed [days]; None lists all.
    """
    sku, location = line["sku"], line["location"]
    made = corrections(lake, sku, location)
    # The estimate that is shown beside a correction is the one without it.
    read = read_history(lake, run, sku, [])
    word = PERIOD_WORDS[run.period]
    if read is None or location not in read.places:
        return ItemDemand(word, _no_periods(), tuple(made), "", None, None)
    since = None if history_days is None else pd.Timestamp(run.as_of) - pd.Timedelta(days=history_days)
    periods = _periods(read, read.places.index(location), made, run.period, since)
    return ItemDemand(word, periods, tuple(made), _summary(periods, word), read.dates[0], read.dates[-1])


def _no_periods() -> pd.DataFrame:
    names = ("sold", "in_stock", "estimate", "low", "high", "corrected")
    numbers = {name: pd.Series([], dtype="float64") for name in names}
    dates = pd.Series([], dtype="datetime64[us]")
    return pd.DataFrame({"date": dates, **numbers, "note": pd.Series([], dtype="str")})


def _periods(
    read: ProductHistory, row: int, made: list[Correction], period: str, since: pd.Timestamp | None
) -> pd.DataFrame:
    corrected = np.full(len(read.dates), np.nan)
    note = np.full(len(read.dates), "", dtype=object)
    start = np.datetime64(read.dates[0].date(), "D")
    for each in made:
        first, last = (period_of(day, start, period) for day in (each.from_date, each.to_date))
        corrected[max(first, 0) : max(last + 1, 0)] = each.demand
        note[max(first, 0) : max(last + 1, 0)] = f"{each.reason} · {each.author}"
    frame = pd.DataFrame(
        {
            "date": read.dates,
            "sold": read.sold[row],
            "in_stock": read.in_stock[row],
            "estimate": read.demand[row],
            "low": read.low[row],
            "high": read.high[row],
            "corrected": corrected,
            "note": note.astype(str),
        }
    )
    shown = (frame["in_stock"] < 1.0) | frame["corrected"].notna()
    if since is not None:
        shown &= frame["date"] >= since
    return frame[shown].sort_values("date", ascending=False).reset_index(drop=True)


def _summary(periods: pd.DataFrame, word: str) -> str:
    short = periods[periods["in_stock"] < 1.0]
    if short.empty:
        return f"Stock never ran out in the {word}s shown: demand is what sold."
    count = f"{len(short):,} {word}{'' if len(short) == 1 else 's'}"
    lost = (short["estimate"] - short["sold"]).clip(lower=0).sum()
    return (
        f"Stock was out in whole or part on {count}: {short['sold'].sum():,.0f} sold, "
        f"about {lost:,.0f} more were wanted."
    )
