"""Numbers, money, days and names in notices, as the pages write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.alerts.kinds import KINDS
from jobs.notices.news import News

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "PLN": "PLN "}
"""As on the pages (`app.columns`): what stands before an amount; any other currency by its code."""

_CONFIRMED = {
    "event.processed": "Event processed",
    "order.approved": "Order approved",
    "order.sent": "Order sent",
    "order.received": "Order received",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Letterhead:
    """What every notice of a lake says the same way."""

    currency: str = "EUR"
    company: str = ""
    dashboard_url: str = ""
    """Where the dashboard is; '': notices carry no links."""


def money(value: float, currency: str) -> str:
    """Write an amount with currency and thousands, whole.

    Examples
    --------
    >>> money(1240.4, "EUR"), money(-3.0, "SEK")
    ('€1,240', '−SEK 3')
    """
    sign = "−" if value < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, f'{currency} ')}{abs(value):,.0f}"


def count(number: int, thing: str) -> str:
    """Write a number of things: 1 alert, 2 alerts."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def instant(at: datetime) -> str:
    """Write an instant with its time zone: 23 Nov 2026 09:30 CET."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M} {at.tzname() or ''}".rstrip()


def label(news_type: str) -> str:
    """Name a type of news in planners' words."""
    if news_type in KINDS:
        return KINDS[news_type].label
    return _CONFIRMED.get(news_type, news_type.replace("_", " ").capitalize())


def subject_of(news: News) -> str:
    """Name what news is about: product at location, or source, or nothing."""
    product = news.product_name or news.sku
    place = news.location_name or news.location
    if product and place:
        return f"{product} at {place}"
    return product or place or news.source


def amounts(news: News, currency: str) -> str:
    """Write the money at risk; of what worsened also what it was."""
    now = money(news.severity, currency)
    if news.turn == "worsened":
        return f"{now}, was {money(news.previous_severity, currency)}"
    return now


def address(head: Letterhead, link: str) -> str:
    """Return the full address of a page; '' if nobody said where the dashboard is."""
    if not head.dashboard_url:
        return ""
    return f"{head.dashboard_url.rstrip('/')}/{link.lstrip('/')}" if link else head.dashboard_url
