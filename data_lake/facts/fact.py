"""One fact: what a system tells of stock, a sale or an order. Standard library only."""

from __future__ import annotations

from typing import Literal, NamedTuple

FactKind = Literal[
    "set",
    "delta",
    "count",
    "transfer",
    "write_off",
    "sale",
    "order_placed",
    "order_changed",
    "order_sent",
    "order_received",
    "order_cancelled",
]
"""`set` and `count` fix a total, `delta` moves it; a transfer leaves `location` for `to_location`."""


class Fact(NamedTuple):
    """One fact; its id has one content for ever. Empty text: not told."""

    event_id: str
    at: int
    """Instant [µs since 1970, UTC]."""
    sequence: int
    """Order of facts of one instant, as the sender counts."""
    kind: FactKind
    sku: str
    location: str
    quantity: float
    """[each]; a `delta` may be negative. NaN where the kind needs none (an order cancelled)."""
    batch: str = ""
    expiry: str = ""
    """Last day of life, ISO date."""
    to_location: str = ""
    order_id: str = ""
    line: str = ""
    details: str = ""
    """All else that was told, canonical JSON: dates, costs, source, author, reason, status."""

    @property
    def order(self) -> tuple[int, int, str]:
        """Facts apply in this order."""
        return self.at, self.sequence, self.event_id
