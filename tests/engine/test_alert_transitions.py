"""Changes of an alert's state: each rule by example, then any history against a slow, obvious judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts.transitions import (
    Book,
    Finding,
    Handled,
    Key,
    Transition,
    change_id,
    decide,
    fold,
    snoozed,
)

AT = datetime(2026, 11, 22, 7, tzinfo=UTC)
KEY = Key("stockout", "007", "S1", "Acme")


def finding(severity: float, key: Key = KEY, *, firm: bool = True, **more: Any) -> Finding:
    values: dict[str, Any] = {
        "level": "warning",
        "worsen_share": 0.5,
        "worsen_money": 25.0,
        "by_level": False,
        "cause": "Stock runs out.",
        "act": "Order 24.",
        "covered_by": "",
        "link": "item?sku=007&location=S1",
    }
    return Finding(key, severity, firm, **(values | more))


def step(book: Book, *found: Finding, **more: Any) -> tuple[Book, list[Transition]]:
    made = decide(found, book, more.pop("handled", {}), at=more.pop("at", AT), run_id="run-1", **more)
    return fold(book, made), made


def changes(made: list[Transition]) -> list[tuple[str, float, float]]:
    return [(each.change.change, each.change.severity, each.change.previous_severity) for each in made]


def test_an_alert_opens_once() -> None:
    book, made = step({}, finding(100))
    assert changes(made) == [("opened", 100, 0)]
    assert step(book, finding(100))[1] == []


def test_what_does_not_reach_its_thresholds_opens_nothing_but_keeps_an_alert_open() -> None:
    assert step({}, finding(100, firm=False))[1] == []
    book, _ = step({}, finding(100))
    assert step(book, finding(90, firm=False))[1] == []


@pytest.mark.parametrize(
    ("severity", "told"),
    [
        (149, False),  # less than half as dear again
        (150, True),  # half as dear again, and 50 more
        (50, False),  # cheaper
    ],
)
def test_it_worsens_by_the_stated_step(severity: float, told: bool) -> None:
    book, _ = step({}, finding(100))
    assert changes(step(book, finding(severity))[1]) == ([("worsened", severity, 100)] if told else [])


def test_a_share_of_little_money_is_no_step() -> None:
    book, _ = step({}, finding(20))
    assert step(book, finding(44))[1] == []  # more than twice, but 24 dearer only


def test_a_cheaper_alert_does_not_lower_what_was_told() -> None:
    book, _ = step({}, finding(100))
    book, made = step(book, finding(30))
    assert made == []
    assert step(book, finding(120))[1] == []


def test_where_money_says_little_a_higher_level_is_the_step() -> None:
    book, _ = step({}, finding(0, by_level=True, level="warning"))
    assert step(book, finding(500, by_level=True, level="warning"))[1] == []
    made = step(book, finding(0, by_level=True, level="critical"))[1]
    assert changes(made) == [("worsened", 0, 0)]


def test_it_is_resolved_when_its_cause_is_gone_and_opens_anew_when_it_is_back() -> None:
    book, _ = step({}, finding(100))
    book, made = step(book)
    assert changes(made) == [("resolved", 0, 100)]
    assert step(book)[1] == []
    book, again = step(book, finding(60))
    assert [(each.change.change, each.episode, each.step) for each in again] == [("opened", 2, 0)]


def test_a_line_whose_data_is_held_stays_as_it_stands() -> None:
    book, _ = step({}, finding(100))
    assert step(book, unknown=lambda key: key.sku == "007")[1] == []


def test_changes_are_named_by_key_episode_and_step() -> None:
    book, opened = step({}, finding(100))
    book, worsened = step(book, finding(200))
    _, resolved = step(book)
    made = [*opened, *worsened, *resolved]
    assert [each.change.change_id for each in made] == [change_id(KEY, 1, place) for place in range(3)]
    assert len({change_id(Key("a", "b", "c", "d"), 1, 0), change_id(Key("a", "b|c", "", "d"), 1, 0)}) == 2


def test_a_snooze_keeps_what_got_worse_until_its_day() -> None:
    book, _ = step({}, finding(100))
    handled = {KEY: Handled("snoozed", "ana", "", AT, date(2026, 11, 24))}
    assert step(book, finding(300), handled=handled)[1] == []
    later = AT + timedelta(days=2)
    assert changes(step(book, finding(300), handled=handled, at=later)[1]) == [("worsened", 300, 100)]
    assert changes(step(book, handled=handled)[1]) == [("resolved", 0, 100)]
    assert not snoozed(None, AT.date())


def test_a_snooze_until_the_next_change_tells_of_it() -> None:
    book, _ = step({}, finding(100))
    handled = {KEY: Handled("snoozed", "ana", "", AT)}
    assert changes(step(book, finding(300), handled=handled)[1]) == [("worsened", 300, 100)]


def test_a_closed_alert_ends_unsaid_and_opens_anew_only_when_it_got_worse() -> None:
    book, _ = step({}, finding(100))
    handled = {KEY: Handled("closed", "ana", "agreed with the supplier", AT)}
    assert step(book, finding(120), handled=handled)[1] == []
    (ended,) = step(book, handled=handled)[1]
    assert (ended.change.change, ended.told) == ("resolved", False)
    (again,) = step(book, finding(200), handled=handled)[1]
    assert (again.change.change, again.episode, again.told) == ("opened", 2, True)


def test_an_acknowledged_alert_is_still_told_when_it_gets_worse() -> None:
    book, _ = step({}, finding(100))
    handled = {KEY: Handled("in_progress", "ana", "", AT)}
    assert changes(step(book, finding(300), handled=handled)[1]) == [("worsened", 300, 100)]


def test_changes_come_dearest_first() -> None:
    keys = [Key("expiry", sku, "S1", "Acme") for sku in ("1", "2", "3")]
    book, made = step({}, *(finding(money, key) for money, key in zip((30, 90, 60), keys, strict=True)))
    assert [each.change.severity for each in made] == [90, 60, 30]
    _, made = step(book, finding(60, keys[0]))  # two are resolved, one is worse
    assert [each.change.sku for each in made] == ["2", "1", "3"]


def test_a_fold_takes_every_change_once() -> None:
    book, opened = step({}, finding(100))
    book, worse = step(book, finding(200))
    assert fold(book, [*opened, *worse, *opened]) == book


# Any history against a judge that knows nothing of books and findings.

_Seen = tuple[str, float]


def judge(history: list[_Seen]) -> list[tuple[str, float]]:
    """Tell one alert's changes from what was seen: ("firm" | "held" | "gone", money)."""
    told: list[tuple[str, float]] = []
    is_open, last = False, 0.0
    for what, money in history:
        if not is_open and what == "firm":
            is_open, last = True, money
            told.append(("opened", money))
        elif is_open and what == "gone":
            is_open = False
            told.append(("resolved", 0.0))
        elif is_open and what == "firm" and money >= 1.5 * last and money - last >= 25:
            last = money
            told.append(("worsened", money))
    return told


SEEN = st.tuples(st.sampled_from(["firm", "firm", "held", "gone"]), st.sampled_from([10.0, 30, 60, 100, 400]))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.tuples(st.lists(SEEN, min_size=2, max_size=2), st.integers(1, 3)),  # two alerts, seen so often
        max_size=12,
    )
)
def test_any_history_with_repeats_tells_each_change_once(history: list[tuple[list[_Seen], int]]) -> None:
    keys = [Key("stockout", sku, "S1", "Acme") for sku in ("007", "008")]
    book: Book = {}
    told: list[Transition] = []
    for seen, times in history:
        found = [
            finding(money, key, firm=what == "firm")
            for key, (what, money) in zip(keys, seen, strict=True)
            if what != "gone"
        ]
        for _ in range(times):
            book, made = step(book, *found)
            told += made
    for place, key in enumerate(keys):
        mine = [(each.change.change, each.change.severity) for each in told if each.key == key]
        assert mine == judge([seen[place] for seen, _ in history])
    ids = [each.change.change_id for each in told]
    assert len(ids) == len(set(ids))
    assert fold({}, told) == book
