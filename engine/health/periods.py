"""Days, weeks and months: how they are counted, and what is long in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Cadence:
    """Lengths in periods that depend on whether the lake counts days, weeks or months."""

    window: int
    """History that the sales checks look at."""
    recent: int
    """Part of it that a plan feels most."""
    gap: int
    """Missing periods in a row that are worth a word."""
    late: int
    """Periods that a feed may lag behind."""
    silence: int
    """Least periods without a sale before stock is doubted."""
    stretch: int
    """Periods in a row that make a pattern."""


CADENCES: dict[str, Cadence] = {
    "D": Cadence(window=364, recent=91, gap=7, late=2, silence=7, stretch=5),
    "W": Cadence(window=104, recent=13, gap=3, late=1, silence=3, stretch=4),
    "M": Cadence(window=36, recent=4, gap=2, late=1, silence=2, stretch=3),
}


def period_number(days: Days, period: str) -> Integers:
    """Return the number of the period that holds each day; consecutive periods differ by 1.

    >>> period_number(np.array(["2026-11-22", "2026-11-23"], dtype="datetime64[D]"), "W").tolist()
    [2968, 2969]
    """
    if period == "M":
        return np.asarray(days.astype("datetime64[M]").astype(np.int64))
    number = days.astype("datetime64[D]").astype(np.int64)
    # 1970-01-01 was a Thursday: Monday-based weeks start three days earlier.
    return np.asarray(number if period == "D" else (number + 3) // 7)


def period_start(number: int, period: str) -> date:
    """Return the first day of a period; the inverse of `period_number`."""
    if period == "M":
        day = np.datetime64(number, "M").astype("datetime64[D]")
    else:
        day = np.datetime64(number if period == "D" else 7 * number - 3, "D")
    found = day.astype(date)
    assert isinstance(found, date)
    return found


def longest_run(flags: Flags) -> tuple[int, int]:
    """Return (start, length) of the longest run of True, the first of equals; length 0 if there is none.

    >>> longest_run(np.array([True, False, True, True, False]))
    (2, 2)
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    if edges.size == 0:
        return 0, 0
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    best = int(np.argmax(lengths))
    return int(starts[best]), int(lengths[best])
