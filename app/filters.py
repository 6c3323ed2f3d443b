"""Filters shared by pages; every choice is in the URL, so a view can be sent as a link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import address, data
from app.data import Wanted


def worklist_filters() -> Wanted:
    """Show the filters of the worklist and return what is chosen."""
    counts = data.exception_counts()
    left, middle, right, last = st.columns([7, 7, 9, 4], vertical_alignment="bottom")
    with left:
        places = locations()
    with middle:
        chosen = categories()
    with right:
        labels = {kind: f"{data.EXCEPTION_LABELS[kind]} ({number:,})" for kind, number in counts.items()}
        types = many("types", "Exception type", labels)
    with_approved = last.toggle("Approved too", key="approved", bind="query-params")
    return Wanted(places, chosen, types, with_approved)


def severities() -> tuple[str, ...]:
    """Show the filter of the findings and return what is chosen; empty means all."""
    return many("severity", "Severity", data.SEVERITY_LABELS, everything="All severities")


def many(
    key: str, label: str, names: Mapping[str, str], *, everything: str = "", labelled: bool = True
) -> tuple[str, ...]:
    """Show a filter whose codes are in the URL and whose names are on the page; nothing chosen means all."""
    address.seed_many(key, names)
    chosen = st.multiselect(
        label,
        list(names),
        format_func=lambda code: names.get(code, code),
        placeholder=everything or f"All {key}",
        key=key,
        label_visibility="visible" if labelled else "collapsed",
    )
    address.keep(key, chosen)
    return tuple(chosen)


def categories(*, labelled: bool = True) -> tuple[str, ...]:
    """Show the filter of categories, whose names are their codes."""
    return many(
        "categories", "Category", {name: name for name in data.choices().categories}, labelled=labelled
    )


def locations(*, labelled: bool = True) -> tuple[str, ...]:
    """Show the filter of locations."""
    return many("locations", "Location", data.choices().locations, labelled=labelled)
