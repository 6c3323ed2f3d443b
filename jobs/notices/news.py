"""One piece of news: a change of an alert, or a confirmation. All that a subscription may be told."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from engine.alerts.change import AlertChange, Level

Turn = Literal["opened", "worsened", "resolved", "confirmed"]
"""What became of it; `confirmed`: what somebody did has arrived."""

LEVELS: tuple[Level, ...] = get_args(Level)
"""Least to most urgent."""

CONFIRMATIONS = ("event.processed", "order.approved", "order.sent", "order.received")
"""News that confirm: told only to subscriptions that name them."""

NONE = "-"
"""What a filter calls an attribute that is empty: SNS takes no empty attribute."""


@dataclass(frozen=True)
class News:
    """One piece of news; the same news has the same id for ever."""

    news_id: str
    turn: Turn
    news_type: str
    sku: str
    location: str
    source: str
    category: str
    product_name: str
    location_name: str
    severity: float
    """Money at risk; of an order its worth [money]."""
    previous_severity: float
    """When last told [money]."""
    level: Level
    cause: str
    act: str
    covered_by: str
    link: str
    """Page and query, without host."""
    run_id: str
    author: str
    """Who did what is confirmed; '' of an alert."""
    at: datetime

    @property
    def about(self) -> tuple[str, str, str, str]:
        """What it is about: news of one alert share it. A confirmation stands for itself."""
        if self.turn == "confirmed":
            return self.news_type, self.news_id, "", ""
        return self.news_type, self.sku, self.location, self.source


def news_of(change: AlertChange) -> News:
    """Return the news of a change of an alert; money that is not known counts as none."""
    body = asdict(change)
    for name in ("severity", "previous_severity"):
        body[name] = float(body[name]) if math.isfinite(body[name]) else 0.0
    body["news_id"], body["turn"] = body.pop("change_id"), body.pop("change")
    body["news_type"] = body.pop("alert_type")
    return News(**body, author="")


def confirmation(
    news_type: str,
    *,
    of: str,
    cause: str,
    at: datetime,
    author: str,
    sku: str = "",
    location: str = "",
    source: str = "",
    worth: float = 0.0,
    link: str = "",
) -> News:
    """Return the news that something somebody did has arrived.

    Parameters
    ----------
    news_type
        One of `CONFIRMATIONS`.
    of
        What makes it one of its kind: the id of the event, or the order and its act.
    cause
        What is confirmed, in one sentence.
    worth
        Of an order [money].
    """
    digest = hashlib.sha256(f"{news_type}\n{of}".encode()).hexdigest()[:32]
    return News(
        news_id=digest,
        turn="confirmed",
        news_type=news_type,
        sku=sku,
        location=location,
        source=source,
        category="",
        product_name=sku,
        location_name=location,
        severity=worth,
        previous_severity=0.0,
        level="info",
        cause=cause,
        act="",
        covered_by="",
        link=link,
        run_id="",
        author=author,
        at=at,
    )


def to_record(news: News) -> dict[str, Any]:
    """Write news as JSON-like data."""
    return {**asdict(news), "at": news.at.astimezone(UTC).isoformat(timespec="microseconds")}


def from_record(record: dict[str, Any]) -> News:
    """Read news as `to_record` wrote it; fields that a later version added are passed over."""
    known = {field.name: record[field.name] for field in fields(News)}
    return News(**{**known, "at": datetime.fromisoformat(record["at"])})


def canonical(news: News) -> str:
    """Write news so that equal news give equal text."""
    return json.dumps(to_record(news), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
