"""A trial: one made-up alert to one subscription, so that a person sees whether and how it arrives."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from jobs.errors import JobError
from jobs.notices.news import News
from jobs.notify import letterhead
from jobs.notify_channels import Channels, Outgoing, channels_of
from jobs.subscriptions import Subscription, find_subscription
from messaging.delivery import DeliveryError

if TYPE_CHECKING:
    from data_lake.lake import Lake


def send_sample(lake: Lake, name: str, *, at: datetime, channels: Channels | None = None) -> Subscription:
    """Send a made-up alert to a subscription, now, whatever its schedule; nothing is recorded.

    Raises
    ------
    JobError
        The subscription is not known, or it could not be delivered: the message says what to check.
    """
    to = find_subscription(lake, name)
    by = channels_of() if channels is None else channels
    try:
        by.send(Outgoing(to, (_sample(at),), letterhead(lake), at, at))
    except DeliveryError as error:
        raise JobError(f"not delivered to {to.recipient} ({to.hidden_endpoint}): {error}") from error
    return to


def _sample(at: datetime) -> News:
    return News(
        news_id=f"sample-{at.isoformat()}",
        turn="opened",
        news_type="stockout",
        sku="000",
        location="S00",
        source="SUP0",
        category="Trial",
        product_name="Trial product",
        location_name="Trial store",
        severity=123.0,
        previous_severity=0.0,
        level="info",
        cause="This is a trial: somebody asked Shelfcast to show that notices arrive. Nothing is wrong.",
        act="Nothing to do.",
        covered_by="",
        link="settings",
        run_id="",
        author="",
        at=at,
    )
