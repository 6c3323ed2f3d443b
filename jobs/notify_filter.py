"""Which news a subscription wants: the same answer in process and by an SNS filter policy."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.alerts.change import Level
from jobs.errors import JobError
from jobs.notices.news import CONFIRMATIONS, LEVELS, NONE, News

MOST_KEYS = 5
MOST_COMBINATIONS = 150
"""Limits of an SNS filter policy: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html."""

MOST_MONEY = 1e9
"""SNS compares numbers from −10⁹ to 10⁹, to five decimals."""


@dataclass(frozen=True)
class Filter:
    """What a subscription wants; an empty part wants everything."""

    types: tuple[str, ...] = ()
    """Types of alert, and confirmations; none: every alert and no confirmation."""
    least_money: float = 0.0
    """[money]"""
    least_level: Level = "info"
    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    """Of confirmations: who did it."""

    def to_json(self) -> str:
        """Write it: equal filters give equal text; what wants everything is left out."""
        parts = {name: value for name, value in asdict(self).items() if value != getattr(EVERYTHING, name)}
        return json.dumps(parts, sort_keys=True, ensure_ascii=False)


EVERYTHING = Filter()
"""Every alert."""


def filter_of(text: str) -> Filter:
    """Read a filter as `Filter.to_json` wrote it; '' wants everything."""
    parts: dict[str, Any] = json.loads(text or "{}")
    for name in parts.keys() & {"types", "locations", "categories", "authors"}:
        parts[name] = tuple(parts[name])
    return Filter(**parts)


def filter_faults(wanted: Filter) -> list[str]:
    """Say what is wrong with a filter."""
    faults = []
    if not (math.isfinite(wanted.least_money) and 0 <= wanted.least_money <= MOST_MONEY):
        faults.append(f"least money is {wanted.least_money:g}; it must be from 0 to {MOST_MONEY:,.0f}")
    if wanted.least_level not in LEVELS:
        faults.append(f"least level is {wanted.least_level!r}; it must be one of {', '.join(LEVELS)}")
    for name in ("types", "locations", "categories", "authors"):
        faults += [f"{name} holds an empty value" for value in getattr(wanted, name) if not value.strip()]
    return faults


def matches(wanted: Filter, news: News) -> bool:
    """Whether a subscription wants to be told."""
    by_type = news.news_type in wanted.types if wanted.types else news.news_type not in CONFIRMATIONS
    return (
        by_type
        and (not wanted.least_money or _money(news.severity) >= _money(wanted.least_money))
        and LEVELS.index(news.level) >= LEVELS.index(wanted.least_level)
        and (not wanted.locations or (news.location or NONE) in wanted.locations)
        and (not wanted.categories or (news.category or NONE) in wanted.categories)
        and (not wanted.authors or (news.author or NONE) in wanted.authors)
    )


def attributes(news: News) -> dict[str, str | float]:
    """Return the message attributes that SNS filters by.

    Returns
    -------
    dict
        type, severity [money, number], level, location, category, author, change. '' is written `-`.
    """
    told = {
        "type": news.news_type,
        "level": news.level,
        "location": news.location,
        "category": news.category,
        "author": news.author,
        "change": news.turn,
    }
    return {**{name: value or NONE for name, value in told.items()}, "severity": _money(news.severity)}


def filter_policy(wanted: Filter) -> dict[str, list[Any]]:
    """Return the SNS filter policy, by message attributes, that lets through what `matches` lets through.

    Returns
    -------
    dict
        Attribute → values or conditions; attributes must all match, of values any.

    Raises
    ------
    JobError
        SNS allows fewer attributes or fewer combinations of values.

    Examples
    --------
    >>> filter_policy(Filter(types=("stockout",), least_money=100.0))
    {'type': ['stockout'], 'severity': [{'numeric': ['>=', 100.0]}]}
    """
    policy: dict[str, list[Any]] = {
        "type": list(wanted.types) or [{"anything-but": list(CONFIRMATIONS)}],
    }
    if wanted.least_money:
        policy["severity"] = [{"numeric": [">=", _money(wanted.least_money)]}]
    if wanted.least_level != LEVELS[0]:
        policy["level"] = list(LEVELS[LEVELS.index(wanted.least_level) :])
    for name, values in (
        ("location", wanted.locations),
        ("category", wanted.categories),
        ("author", wanted.authors),
    ):
        if values:
            policy[name] = list(values)
    faults = _policy_faults(policy)
    if faults:
        raise JobError("; ".join(faults))
    return policy


def _policy_faults(policy: Mapping[str, list[Any]]) -> list[str]:
    faults = []
    if len(policy) > MOST_KEYS:
        faults.append(
            f"SNS filters by at most {MOST_KEYS} attributes, this needs {len(policy)}: leave one out"
        )
    combinations = math.prod(len(values) for values in policy.values())
    if combinations > MOST_COMBINATIONS:
        faults.append(
            f"SNS allows {MOST_COMBINATIONS} combinations of values, this has {combinations:,}: "
            "name fewer types, locations or categories, or make two subscriptions"
        )
    return faults


def _money(value: float) -> float:
    return round(min(max(value, -MOST_MONEY), MOST_MONEY), 2)
