"""What if: sliders that change the terms of one line, and what the order would be then.

The panel is a fragment: moving a slider plans one line again and redraws this panel only.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import charts, columns, data, theme
from app.data import Figure, Sandbox

_DELTA_COLOR: dict[str, Any] = {"lower": "inverse", "higher": "normal", "neither": "off"}


@st.fragment(key="what_if")
def panel(line_id: str, currency: str) -> None:
    """Show the sliders of a line, and the order as planned beside the order under their terms."""
    box = data.sandbox(line_id)
    left, right = st.columns([4, 8], gap="large")
    with left:
        changed = data.what_if(box, **_sliders(line_id, box))
    with right:
        with st.container(horizontal=True, gap="medium"):
            for figure in data.what_if_figures(box, changed):
                _metric(figure, currency, "on its own" if box.shared else "as planned")
        st.plotly_chart(
            charts.what_if(data.what_if_projection(box, changed), theme.palette()),
            key=f"what_if_chart-{line_id}",
            config=charts.CONFIG,
            alt=f"Expected stock as planned and with an order of {changed.quantity:,.0f} units",
        )
    with st.container(key="what_if_words"):
        st.caption(f"{changed.sentence} {box.shared_words}")


def _sliders(line_id: str, box: Sandbox) -> dict[str, float]:
    """Show the sliders; each line keeps its own, so that the next item starts from its plan."""
    terms = box.terms
    target = st.slider(
        "Service target (%)",
        50.0,
        99.9,
        columns.on_slider(100 * terms.service_target, 50.0, 99.9),
        0.1,
        format="%.1f",
        key=f"target-{line_id}",
    )
    lead_time = st.slider(
        "Lead time (days)",
        0,
        terms.most_lead_time_days,
        round(terms.lead_time_days),
        key=f"lead_time-{line_id}",
    )
    demand = st.slider("Demand ± (%)", -50, 100, 0, 5, format="%+d", key=f"demand-{line_id}")
    multiple = st.select_slider(
        "Order multiple (units)", terms.multiples, int(terms.order_multiple), key=f"multiple-{line_id}"
    )
    minimum, days = st.columns(2)
    moq = minimum.number_input(
        "Minimum (units)",
        0,
        None,
        round(terms.moq),
        max(round(terms.order_multiple), 1),
        key=f"moq-{line_id}",
    )
    between = days.number_input(
        "Orders every (days)",
        round(terms.period_days),
        366,
        round(terms.days_between_orders),
        round(terms.period_days),
        key=f"between-{line_id}",
    )
    return {
        "service_target": target / 100,
        "lead_time_days": lead_time,
        "demand_per_cent": demand,
        "order_multiple": multiple,
        "moq": moq,
        "days_between_orders": between,
    }


def _metric(figure: Figure, currency: str, unchanged: str) -> None:
    st.metric(
        figure.name,
        columns.headline(figure.changed, figure.unit, currency),
        delta=columns.change(figure.changed, figure.planned, figure.unit, currency) or unchanged,
        delta_color=_DELTA_COLOR[figure.better] if figure.differs else "off",
        delta_arrow="auto" if figure.differs else "off",
        width="content",
    )
