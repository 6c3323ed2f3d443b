"""News as JSON for machines: webhooks, queues, topics; its schema: `docs/events/alert.notification.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from jobs.notices.news import News
from jobs.notices.words import Letterhead, address

SCHEMA_VERSION = 1
EVENT_TYPE = "alert.notification"


def payload(
    news: Sequence[News], head: Letterhead, *, message: str, subscription: str, at: datetime
) -> dict[str, Any]:
    """Return what a machine is told: every change, none summed up.

    Parameters
    ----------
    message
        Its name: the same on every try, so a receiver passes over what it has seen.
    at
        When it was decided to tell.
    """
    return {
        "schemaVersion": SCHEMA_VERSION,
        "eventId": message,
        "eventType": EVENT_TYPE,
        "timestamp": _instant(at),
        "data": {
            "subscription": subscription,
            "currency": head.currency,
            "changes": [_change(one, head) for one in news],
        },
    }


def body(content: dict[str, Any]) -> str:
    """Write it: equal content gives equal text."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _change(news: News, head: Letterhead) -> dict[str, Any]:
    return {
        "changeId": news.news_id,
        "change": news.turn,
        "type": news.news_type,
        "level": news.level,
        "severity": round(news.severity, 2),
        "previousSeverity": round(news.previous_severity, 2),
        "productId": news.sku,
        "productName": news.product_name,
        "location": news.location,
        "locationName": news.location_name,
        "source": news.source,
        "category": news.category,
        "cause": news.cause,
        "act": news.act,
        "coveredBy": news.covered_by,
        "link": address(head, news.link) or news.link,
        "runId": news.run_id,
        "author": news.author,
        "at": _instant(news.at),
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
