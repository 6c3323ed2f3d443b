"""Which days a replay plays, and which min/max are tuned on, as periods of the lake's sales."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from data_lake.series import SalesPanel
from engine.forecast.panel import period_dates
from jobs.errors import JobError
from jobs.line_inputs import PERIOD_DAYS

LEAST_TUNING_DAYS = 182
"""Of sales before the first day: min/max are tuned on them."""
LEAST_PLAYED_DAYS = 28
WARM_UP_DAYS = 56
"""Of a tuning span without sales before it: they tell what sells."""


@dataclass(frozen=True)
class Span:
    """Days played, and the days that min/max are tuned on, as periods of the lake's sales."""

    first: int
    last: int
    tuned_from: int
    tuned_to: int
    """First period after it."""
    from_date: dt.date
    to_date: dt.date


def span_of(
    sales: SalesPanel,
    start: dt.date | None,
    end: dt.date | None,
    tuned_on: tuple[dt.date, dt.date] | None,
) -> Span:
    """Return what is played and what min/max are tuned on.

    Raises
    ------
    JobError
        Sales are missing; says how many are needed and what there is.
    """
    total = sales.quantity.shape[1]
    dates = period_dates(sales.start, sales.period, 0, total + 1)
    days = PERIOD_DAYS[sales.period]
    a_year = round(365 / days)
    least, played = round(LEAST_TUNING_DAYS / days), max(round(LEAST_PLAYED_DAYS / days), 1)

    def at(day: dt.date) -> int:
        return int(np.searchsorted(dates, np.datetime64(day, "D"), side="right")) - 1

    last = total if end is None else min(at(end) + 1, total)
    wanted = max(last - a_year, min(last - played, least))
    first = wanted if start is None else at(start)
    word = {"D": "days", "W": "weeks", "M": "months"}[sales.period]
    known = f"the lake's sales go from {dates[0]} to {dates[total - 1]}: {total:,} {word}"
    faults = []
    if end is not None and at(end) >= total:
        faults.append(f"--to {end} is after the last sales")
    if first < least:
        faults.append(
            f"min/max are tuned on at least {least} {word} of sales before the first day played"
            + (f", and --from {start} leaves {max(first, 0)}" if start else "")
        )
    if last - first < played:
        faults.append(f"at least {played} {word} are played, not {max(last - first, 0)}")
    if faults:
        raise JobError("a replay needs a longer history: " + "; ".join(faults) + f" ({known})")
    if tuned_on is None:
        tuned_from, tuned_to = max(first - a_year, 0), first
    else:
        tuned_from, tuned_to = max(at(tuned_on[0]), 0), at(tuned_on[1]) + 1
        if tuned_to > first or tuned_to - tuned_from < least:
            raise JobError(
                f"min/max are tuned on {tuned_on[0]} to {tuned_on[1]}: it must be at least {least} {word} "
                f"and end before the first day played, {dates[first]} ({known})"
            )
    from_date: dt.date = dates[first].item()
    to_date: dt.date = (dates[last : last + 1] - np.timedelta64(1, "D"))[0].item()
    return Span(first, last, tuned_from, tuned_to, from_date, to_date)


def tuning_start(span: Span, period_days: float) -> int:
    """Return the first period played when min/max are tuned."""
    return max(span.tuned_from, max(round(WARM_UP_DAYS / period_days), 1))
