"""The sentences that a mail has in every form: subject, opening, headings, what is left out, why it came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jobs.notices.groups import Group, at_risk, grouped, money_of
from jobs.notices.news import News
from jobs.notices.words import Letterhead, address, amounts, count, instant, label, money, subject_of

MOST_LINES = 20
"""Of a group; the rest is counted, summed and one click away."""

_PER_SUBJECT = 120
_COUNTED = (("opened", "new"), ("worsened", "worse"), ("resolved", "resolved"), ("confirmed", "done"))


def subject(news: Sequence[News], head: Letterhead) -> str:
    """Say in one line what it is about: one alert by its name, several by money and number."""
    groups = grouped(news)
    if sum(len(group.news) for group in groups) == 1:
        words = _single(groups[0].news[0], head)
        return words if len(words) <= _PER_SUBJECT else f"{words[: _PER_SUBJECT - 1]}…"
    counts = {group.turn: len(group.news) for group in groups}
    said = ", ".join(f"{counts[turn]:,} {word}" for turn, word in _COUNTED if turn in counts)
    risk = at_risk(news)
    return f"{money(risk, head.currency)} at risk: {said}" if risk > 0 else f"Shelfcast: {said}"


def _single(news: News, head: Letterhead) -> str:
    if news.turn == "confirmed":
        return what(news)
    if news.turn == "resolved":
        return f"Resolved: {what(news)}"
    worse = "Worse, " if news.turn == "worsened" else ""
    risk = f"{money(news.severity, head.currency)} at risk: " if news.severity > 0 else ""
    return f"{worse}{risk}{what(news)}"


def what(news: News) -> str:
    """Name the kind of news and what it is about."""
    return " · ".join(part for part in (label(news.news_type), subject_of(news)) if part)


def worth(news: News, head: Letterhead) -> str:
    """Write the money of a piece of news; '' where it has none."""
    return amounts(news, head.currency) if news.severity or news.previous_severity else ""


def remedy(news: News) -> list[str]:
    """Return what to do about it, and what would cover it: nothing for what is over."""
    if news.turn not in ("opened", "worsened"):
        return []
    return [said for said in (news.act, sentence(news.covered_by)) if said]


def intro(news: Sequence[News], head: Letterhead, *, at: datetime) -> str:
    """Say whose it is, as of when, and what is at risk."""
    whose = f"{head.company}, as" if head.company else "As"
    risk = at_risk(news)
    said = f" {money(risk, head.currency)} at risk in what is new or worse." if risk > 0 else ""
    return f"{whose} of {instant(at)}.{said}"


def heading(group: Group, head: Letterhead) -> str:
    """Head a group with its number and money."""
    if group.turn == "confirmed":
        return f"{group.title}: {len(group.news):,}"
    risk = f", {money(group.money, head.currency)}" if group.money else ""
    return f"{group.title}: {count(len(group.news), 'alert')}{risk}"


def left_out(group: Group, head: Letterhead) -> str:
    """Say what is not listed; '' if all is."""
    rest = group.news[MOST_LINES:]
    if not rest:
        return ""
    total = money_of(rest)
    return f"… and {len(rest):,} more" + (f", {money(total, head.currency)}" if total else "")


def footer(head: Letterhead, *, recipient: str) -> str:
    """Say why it came and where to change that."""
    settings = address(head, "settings")
    where = f": {settings}" if settings else " on the page Settings."
    return (
        f"For {recipient}, from Shelfcast. You are told of each change once. Choose what you are told{where}"
    )


def sentence(words: str) -> str:
    """Write words as a sentence; '' stays ''."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""
