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
    return _order_days(as_of, *_rules(weekdays, closures, review_days))


def order_days_until(
    as_of: dt.date,
    weekdays: Iterable[float] | None,
    closures: Iterable[str] | None,
    review_days: float,
    days: int,
) -> tuple[int, ...]:
    """Return the order days before `days` from `as_of` on, each as days from `as_of`.

    The other arguments are those of `order_days`.

    Examples
    --------
    >>> order_days_until(dt.date(2026, 11, 22), [1.0, 4.0], ["2026-11-27"], 7, 14)
    (2, 9, 12)
    """
    return _order_days_until(as_of, *_rules(weekdays, closures, review_days), days)


_Rules = tuple[frozenset[int], frozenset[str], int]
"""Open weekdays, closed dates, days between orders."""


def _rules(weekdays: Iterable[float] | None, closures: Iterable[str] | None, review_days: float) -> _Rules:
    open_days = frozenset(int(day) for day in weekdays) if weekdays is not None else frozenset()
    closed = frozenset(closures) if closures is not None else frozenset()
    return open_days, closed, max(1, round(review_days))


@lru_cache(maxsize=4096)
def _order_days(
    as_of: dt.date, weekdays: frozenset[int], closed: frozenset[str], review_days: int
) -> tuple[int, int]:
    rules = (weekdays, closed, review_days)
    first = _next_open(as_of, 0, rules)
    return first, _next_open(as_of, first + _gap(rules), rules)


@lru_cache(maxsize=4096)
def _order_days_until(
    as_of: dt.date, weekdays: frozenset[int], closed: frozenset[str], review_days: int, days: int
) -> tuple[int, ...]:
    rules = (weekdays, closed, review_days)
    day = _next_open(as_of, 0, rules)
    found = []
    while day < days:
        found.append(day)
        day = _next_open(as_of, day + _gap(rules), rules)
    return tuple(found)


def _gap(rules: _Rules) -> int:
    weekdays, _, review_days = rules
    return 1 if weekdays else review_days


def _next_open(as_of: dt.date, earliest: int, rules: _Rules) -> int:
    weekdays, closed, _ = rules
    for day in range(earliest, earliest + SEARCH_DAYS):
        date = as_of + dt.timedelta(days=day)
        if (not weekdays or date.weekday() in weekdays) and date.isoformat() not in closed:
            return day
    return earliest
