"""News for people: one line an alert, grouped by what became of it, dearest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.alerts.money import money_at_risk
from jobs.notices.news import LEVELS, News, Turn

ORDER: tuple[Turn, ...] = ("opened", "worsened", "resolved", "confirmed")

TITLES: dict[Turn, str] = {
    "opened": "New",
    "worsened": "Worse",
    "resolved": "Resolved",
    "confirmed": "Done",
}


@dataclass(frozen=True)
class Group:
    """News of one kind of change, dearest first."""

    turn: Turn
    news: tuple[News, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES[self.turn]

    @property
    def money(self) -> float:
        """What it comes to [money]."""
        return money_of(self.news)


def settle(news: Iterable[News]) -> list[News]:
    """Return one piece of news an alert: what became of it in the end, since it was last told.

    What opened and worsened meanwhile is new; what opened and was resolved is resolved; what was resolved and
    opened again is new; what worsened twice is worse than it was before the first time.
    """
    last: dict[tuple[str, str, str, str], News] = {}
    for one in sorted(news, key=lambda each: (each.at, ORDER.index(each.turn), each.news_id)):
        before = last.get(one.about)
        if before is not None and one.turn == "worsened":
            if before.turn == "opened":
                one = replace(one, turn="opened", previous_severity=0.0)
            elif before.turn == "worsened":
                one = replace(one, previous_severity=before.previous_severity)
        last[one.about] = one
    return list(last.values())


def grouped(news: Iterable[News]) -> list[Group]:
    """Return settled news by what became of it, most urgent and dearest first; no empty groups."""
    settled = settle(news)
    groups = (Group(turn, tuple(ranked([one for one in settled if one.turn == turn]))) for turn in ORDER)
    return [group for group in groups if group.news]


def ranked(news: Sequence[News]) -> list[News]:
    """Sort by money, then level; equal ones by name, so that the order is always the same."""
    return sorted(news, key=lambda one: (-one.severity, -LEVELS.index(one.level), one.about, one.news_id))


def at_risk(news: Iterable[News]) -> float:
    """Return the money at risk in what is new or worse [money]."""
    return money_of(one for one in settle(news) if one.turn in ("opened", "worsened"))


def money_of(news: Iterable[News]) -> float:
    """Return what news come to [money], a shortage with several alerts once."""
    return money_at_risk((*one.about[:3], one.severity) for one in news)
