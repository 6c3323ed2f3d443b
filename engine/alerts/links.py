"""Where the dashboard shows what an alert is about: page and query, without host."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote_plus


def link(kind: str, sku: str, location: str, source: str) -> str:
    """Return the address of an alert's page.

    Examples
    --------
    >>> link("stockout", "007", "S 1", "Acme")
    'item?sku=007&location=S+1'
    >>> link("late_order", "007", "S1", "Acme & Co")
    'suppliers?supplier=Acme+%26+Co&sources=all'
    """
    page, query = _PAGES.get(kind, ("item", ("sku", "location")))
    values = {"sku": sku, "location": location, "locations": location, "supplier": source}
    asked: Mapping[str, str] = {name: values.get(name, _FIXED.get(name, "")) for name in query}
    told = "&".join(f"{name}={quote_plus(value)}" for name, value in asked.items() if value)
    return f"{page}?{told}" if told else page


_FIXED = {"sources": "all", "view": "dead"}
"""Suppliers shows locations that supply others only when asked; Events shows dead letters when asked."""

_PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "expiry": ("expiry", ("locations",)),
    "late_order": ("suppliers", ("supplier", "sources")),
    "data_stale": ("data_health", ()),
    "dead_letters": ("events", ("view",)),
}
"""All others are of an item: why, what-if, and its order."""
