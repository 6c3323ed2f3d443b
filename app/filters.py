"""Filters shared by pages; every choice is in the URL, so a view can be sent as a link."""

from __future__ import annotations

import streamlit as st

from app import data
from app.data import Wanted


def worklist_filters() -> Wanted:
    """Show the filters of the worklist and return what is chosen."""
    offered, counts = data.choices(), data.exception_counts()
    left, middle, right, last = st.columns([5, 5, 14, 4], vertical_alignment="bottom")
    locations = left.multiselect(
        "Location",
        list(offered.locations),
        format_func=lambda code: offered.locations.get(code, code),
        placeholder="All locations",
        key="locations",
        bind="query-params",
    )
    categories = middle.multiselect(
        "Category", offered.categories, placeholder="All categories", key="categories", bind="query-params"
    )
    types = right.pills(
        "Exception type",
        list(counts),
        format_func=lambda kind: f"{data.EXCEPTION_LABELS[kind]} {counts[kind]:,}",
        selection_mode="multi",
        key="types",
        bind="query-params",
    )
    with_approved = last.toggle("Approved too", key="approved", bind="query-params")
    return Wanted(tuple(locations), tuple(categories), tuple(types), with_approved)


def severities() -> tuple[str, ...]:
    """Show the filter of the findings and return what is chosen; empty means all."""
    chosen = st.pills(
        "Severity",
        list(data.SEVERITY_LABELS),
        format_func=lambda severity: data.SEVERITY_LABELS[severity],
        selection_mode="multi",
        key="severity",
        bind="query-params",
        label_visibility="collapsed",
    )
    return tuple(chosen)
