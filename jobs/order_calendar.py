"""When a line can be ordered: order weekdays, closures and review interval as day offsets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache

SEARCH_DAYS = 400
"""A source that takes no order for longer than this is treated as open on every day."""


def order_days(
    as_of: dt.date, weekdays: Iterable[float] | None, closures: Iterable[str] | None, review_days: float
) -> tuple[int, int]:
    """Return days from `as_of` to the next two order days.

    Parameters
    ----------
    as_of : date
    weekdays : weekdays 0 (Monday) … 6 on which the source takes orders; None or empty: any day
    closures : ISO dates on which it takes none
    review_days : days between orders where no weekdays are given; at least 1

    Examples
    --------
    >>> order_days(dt.date(2026, 11, 22), [1.0, 4.0], None, 7)  # a Sunday; orders on Tuesday and Friday
    (2, 5)
    >>> order_days(dt.date(2026, 11, 22), None, None, 3)
    (0, 3)
    """
    open_days = frozenset(int(day) for day in weekdays) if weekdays is not None else frozenset()
    closed = frozenset(closures) if closures is not None else frozenset()
    return _order_days(as_of, open_days, closed, max(1, round(review_days)))


@lru_cache(maxsize=4096)
def _order_days(
    as_of: dt.date, weekdays: frozenset[int], closed: frozenset[str], review_days: int
) -> tuple[int, int]:
    def open_on(day: int) -> bool:
        date = as_of + dt.timedelta(days=day)
        return (not weekdays or date.weekday() in weekdays) and date.isoformat() not in closed

    first = next((day for day in range(SEARCH_DAYS) if open_on(day)), 0)
    earliest = first + (1 if weekdays else review_days)
    second = next((day for day in range(earliest, earliest + SEARCH_DAYS) if open_on(day)), earliest)
    return first, second
