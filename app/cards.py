"""Cards: headline figures with their history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import columns
from app.data import Headline

_DELTA_COLOR: dict[str, Any] = {"lower": "inverse", "higher": "normal", "neither": "off"}


def headlines(figures: Sequence[Headline], currency: str) -> None:
    """Show one card a figure, all of one height; the sparkline where earlier runs exist."""
    with_history = any(figure.history for figure in figures)
    for place, figure in zip(st.columns(len(figures)), figures, strict=True):
        place.metric(
            figure.name,
            columns.headline(figure.value, figure.unit, currency),
            delta=columns.change(figure.value, figure.previous, figure.unit, currency) or figure.note,
            delta_color=_DELTA_COLOR[figure.better] if figure.previous is not None else "off",
            delta_arrow="auto" if figure.previous is not None else "off",
            delta_description=figure.note if figure.previous is not None else None,
            chart_data=list(figure.history) or None,
            chart_type="area",
            border=True,
            help="The change is against the plan before" if figure.previous is not None else None,
            height="stretch" if with_history else "content",
        )
