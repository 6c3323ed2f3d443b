"""Filters shared by pages; every choice is in the URL, so a view can be sent as a link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import address, data
from app.data import Wanted


def worklist_filters() -> Wanted:
    """Show the filters of the worklist and return what is chosen."""
    offered, counts = data.choices(), data.exception_counts()
    left, middle, right, last = st.columns([7, 7, 9, 4], vertical_alignment="bottom")
    with left:
        locations = many("locations", "Location", offered.locations, "All locations")
    with middle:
        names = {category: category for category in offered.categories}
        categories = many("categories", "Category", names, "All categories")
    with right:
        labels = {kind: f"{data.EXCEPTION_LABELS[kind]} ({number:,})" for kind, number in counts.items()}
        types = many("types", "Exception type", labels, "All types")
    with_approved = last.toggle("Approved too", key="approved", bind="query-params")
    return Wanted(locations, categories, types, with_approved)


def severities() -> tuple[str, ...]:
    """Show the filter of the findings and return what is chosen; empty means all."""
    return many("severity", "Severity", data.SEVERITY_LABELS, "All severities")


def many(key: str, label: str, names: Mapping[str, str], placeholder: str) -> tuple[str, ...]:
    """Show a filter whose codes are in the URL and whose names are on the page."""
    address.seed_many(key, names)
    chosen = st.multiselect(
        label, list(names), format_func=lambda code: names.get(code, code), placeholder=placeholder, key=key
    )
    address.keep(key, chosen)
    return tuple(chosen)
