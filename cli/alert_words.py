"""What a look at the alerts came to, in a few lines; `shelfcast alerts list` has all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cli.console import count, say, warn

if TYPE_CHECKING:
    from jobs.react import Followed

MOST_NAMED = 3


def say_alerts(followed: Followed) -> None:
    """Say how many alerts changed, the dearest in full, and what subscribers were sent."""
    changes = sorted(followed.changes, key=lambda change: -change.severity)
    number = Counter(change.change for change in changes)
    words = [f"{number[name]:,} {name}" for name in ("opened", "worsened", "resolved") if number[name]]
    say(f"Alerts: {', '.join(words) or 'nothing changed'}.")
    for change in changes[:MOST_NAMED]:
        where = ", ".join(part for part in (change.product_name or change.sku, change.location_name) if part)
        of = f" ({where})" if where else ""
        kind = change.alert_type.replace("_", " ")
        say(f"- {change.change} {kind}{of}: {change.cause} {change.act}".rstrip())
    if len(changes) > MOST_NAMED:
        say(f"- … {len(changes) - MOST_NAMED:,} more: shelfcast alerts list")
    if followed.notified.sent:
        say(f"{count(followed.notified.sent, 'message')} sent to subscribers.")
    for failure in followed.notified.failures:
        warn(f"not delivered yet: {failure.reason}")
