"""Which news goes into which message now: a pure function of what was decided before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from jobs.notices.news import News
from jobs.notify_filter import matches
from jobs.notify_log import MEMORY, Decision, State
from jobs.notify_schedule import release_at
from jobs.subscriptions import TOPIC, Subscription

MOST_NEWS: dict[str, int] = {"webhook": 100, "queue": 100, "topic": 10}
"""News in one message to machines: what a queue takes, and the topic in a request. People get one message."""


def decide(
    state: State,
    news: Iterable[News],
    subscriptions: Sequence[Subscription],
    *,
    at: datetime,
) -> Decision:
    """Decide what is heard for the first time, who wants it, and what goes out now.

    Parameters
    ----------
    state
        What the log says.
    news
        As it came: copies and what was heard before are passed over.
    subscriptions
        All that stand. Nothing is kept for, or goes to, one that is not active.
    """
    active = [one for one in subscriptions if one.active]
    heard = {
        one.news_id: one
        for one in news
        if one.news_id not in state.heard and one.at >= at - MEMORY and _remembered(one, active)
    }
    wanted_by: dict[str, tuple[str, ...]] = {}
    messages: list[tuple[str, tuple[str, ...]]] = []
    for who in active:
        wanted = tuple(one.news_id for one in heard.values() if _wants(who, one))
        if wanted:
            wanted_by[who.subscription] = wanted
        waited = state.waiting.get(who.subscription, {})
        now = [one for one, kept in waited.items() if release_at(kept.arrived, who.schedule) <= at]
        if wanted and release_at(at, who.schedule) <= at:
            now += wanted
        most = MOST_NEWS.get(who.channel, len(now) or 1)
        messages += [
            (who.subscription, tuple(now[start : start + most])) for start in range(0, len(now), most)
        ]
    return Decision(
        at, tuple(heard.values()), wanted_by, tuple(messages), _gone(state.waiting, subscriptions)
    )


def _wants(who: Subscription, news: News) -> bool:
    """What was done before somebody subscribed is not confirmed to them."""
    early = news.turn == "confirmed" and who.created_at is not None and news.at < who.created_at
    return not early and matches(who.wanted, news)


def _remembered(news: News, active: Sequence[Subscription]) -> bool:
    """Confirmations come by the thousand: only those that somebody wants are kept."""
    return news.turn != "confirmed" or any(_wants(who, news) for who in active)


def _gone(waiting: Collection[str], subscriptions: Sequence[Subscription]) -> tuple[str, ...]:
    standing = {TOPIC} | {one.subscription for one in subscriptions}
    return tuple(sorted(set(waiting) - standing))
