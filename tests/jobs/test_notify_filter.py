"""What a subscription wants: the same in process and by its SNS policy, read by a small evaluator."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from engine.contracts.vocabulary import ALERT_TYPES
from jobs.errors import JobError
from jobs.notices.news import CONFIRMATIONS, LEVELS, News, Turn
from jobs.notify_filter import (
    MOST_COMBINATIONS,
    Filter,
    attributes,
    filter_faults,
    filter_of,
    filter_policy,
    matches,
)

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def passes(policy: Mapping[str, list[Any]], told: Mapping[str, str | float]) -> bool:
    """Evaluate a policy as SNS documents it: every attribute must be there and meet one of its conditions."""
    return all(
        name in told and any(_meets(condition, told[name]) for condition in conditions)
        for name, conditions in policy.items()
    )


def _meets(condition: Any, value: str | float) -> bool:
    if not isinstance(condition, dict):
        return bool(condition == value)
    ((kind, wanted),) = condition.items()
    if kind == "anything-but":
        return value not in wanted
    assert kind == "numeric"
    assert wanted[0] == ">="
    return isinstance(value, float) and value >= wanted[1]


def news(**changed: Any) -> News:
    told: dict[str, Any] = {
        "news_id": "n1", "turn": "opened", "news_type": "stockout", "sku": "007", "location": "S01",
        "source": "Acme", "category": "Dairy", "product_name": "Yoghurt", "location_name": "Lyon",
        "severity": 820.0, "previous_severity": 0.0, "level": "critical", "cause": "", "act": "",
        "covered_by": "", "link": "", "run_id": "r", "author": "", "at": AT,
    }  # fmt: skip
    return News(**{**told, **changed})


@pytest.mark.parametrize(
    ("wanted", "told", "expected"),
    [
        (Filter(), news(), True),
        (Filter(), news(news_type="event.processed", turn="confirmed"), False),
        (Filter(types=("event.processed",)), news(news_type="event.processed"), True),
        (Filter(types=("expiry",)), news(), False),
        (Filter(least_money=820.0), news(), True),
        (Filter(least_money=820.01), news(), False),
        (Filter(least_money=820.0), news(severity=819.996), True),  # both in cents
        (Filter(least_level="critical"), news(level="warning"), False),
        (Filter(least_level="warning"), news(level="warning"), True),
        (Filter(locations=("007",)), news(location="007"), True),
        (Filter(locations=("007",)), news(location="7"), False),
        (Filter(categories=("-",)), news(category=""), True),
        (Filter(authors=("ana",)), news(author=""), False),
        (Filter(types=("order.sent",), authors=("ana",)), news(news_type="order.sent", author="ana"), True),
    ],
)
def test_samples(wanted: Filter, told: News, expected: bool) -> None:
    assert matches(wanted, told) is expected
    assert passes(filter_policy(wanted), attributes(told)) is expected


NAMES = st.sampled_from(["", "S01", "007", "7", "Dairy", "Käse & Co", "-"])
FEW = st.lists(NAMES.filter(bool), max_size=3, unique=True).map(tuple)
TYPES = [*ALERT_TYPES, *CONFIRMATIONS]
MONEY = st.one_of(st.floats(0, 1e6), st.sampled_from([0.0, 0.004, 0.005, 0.01, 1e9, 820.0]))
FILTERS = st.builds(
    Filter,
    types=st.lists(st.sampled_from(TYPES), max_size=3, unique=True).map(tuple),
    least_money=MONEY,
    least_level=st.sampled_from(LEVELS),
    locations=FEW,
    categories=FEW,
    authors=FEW,
)
NEWS = st.builds(
    lambda kind, turn, place, category, author, money, level: news(
        news_type=kind,
        turn=turn,
        location=place,
        category=category,
        author=author,
        severity=money,
        level=level,
    ),
    st.sampled_from(TYPES),
    st.sampled_from(get_args(Turn)),
    NAMES,
    NAMES,
    NAMES,
    st.one_of(MONEY, st.just(2e9)),
    st.sampled_from(LEVELS),
)


@given(FILTERS, st.lists(NEWS, min_size=1, max_size=5))
@effort(max_examples=400)
@example(Filter(("stockout", "excess", "expiry"), 0.0, "warning", *3 * [("S01", "007", "7")]), [news()])
def test_sns_lets_through_what_matches_in_process(wanted: Filter, told: list[News]) -> None:
    parts = (
        wanted.least_money,
        wanted.least_level != "info",
        wanted.locations,
        wanted.categories,
        wanted.authors,
    )
    if all(parts):
        with pytest.raises(JobError, match="SNS filters by at most 5 attributes"):
            filter_policy(wanted)
        return
    levels = () if wanted.least_level == LEVELS[0] else LEVELS[LEVELS.index(wanted.least_level) :]
    listed = (wanted.types, levels, wanted.locations, wanted.categories, wanted.authors)
    if math.prod(max(len(values), 1) for values in listed) > MOST_COMBINATIONS:
        with pytest.raises(JobError, match="combinations of values"):
            filter_policy(wanted)
        return
    policy = filter_policy(wanted)
    policy = json.loads(json.dumps(policy))  # as it travels
    for one in told:
        assert passes(policy, attributes(one)) == matches(wanted, one)


@given(FILTERS)
def test_a_filter_is_kept_as_text(wanted: Filter) -> None:
    assert filter_of(wanted.to_json()) == wanted


def test_what_sns_cannot_filter_is_refused() -> None:
    many = Filter(types=ALERT_TYPES, locations=tuple(f"S{number}" for number in range(20)))
    with pytest.raises(JobError, match="150 combinations of values, this has 180"):
        filter_policy(many)
    assert matches(many, news(location="S7"))


def test_no_attribute_is_empty() -> None:
    told = attributes(news(location="", category="", author=""))
    assert all(value != "" for value in told.values())
    assert {"type", "severity", "level", "location", "category", "author", "change"} == set(told)


def test_what_is_wrong_with_a_filter_is_said_at_once() -> None:
    wrong = Filter(least_money=-1.0, least_level="loud", locations=(" ",))  # type: ignore[arg-type]
    assert len(filter_faults(wrong)) == 3
