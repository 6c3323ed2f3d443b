"""The section "What promotions, prices and events do" of Forecast & value."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import charts, columns, driver_effects_chart, forecast_value_data, tables
from app.forecast_value_data import DriverView, ForecastWanted
from app.theme import Palette


def section(wanted: ForecastWanted, colors: Palette) -> None:
    """Show what drivers do to demand, of all products or of the categories that the page is narrowed to."""
    st.header("What promotions, prices and events do")
    view = forecast_value_data.driver_view(wanted)
    if view is None:
        st.info("**Not known of this plan.** It was made by an earlier version: plan again to see it here.")
        return
    if view.empty:
        st.info(
            "**No promotion, price change or event is known.** Import promotions or the prices of sales, or "
            "name the setting `country` for its public holidays: the next plan learns what they do.",
            icon=":material/campaign:",
        )
        return
    left, right = st.columns([5, 6], gap="large")
    with left:
        _promotions(view, colors)
    with right:
        _events(view, colors)
    if len(view.categories) > 1:
        _categories(view)
    if view.cannibalisation:
        st.markdown(view.cannibalisation)
    st.caption(
        "Change of demand against the same period without it, learnt from the history of all locations, with "
        "its 80 % range. Promotions at their usual depth. Forecasts of planned promotions, prices and events "
        "are made with these effects, each product's near its category's."
    )


def _promotions(view: DriverView, colors: Palette) -> None:
    st.markdown("**Promotions and prices**")
    if view.promotions.empty:
        st.caption("No promotion and no change of price is known.")
        return
    st.plotly_chart(
        driver_effects_chart.dots(view.promotions, colors),
        key="driver_promotions",
        config=charts.CONFIG,
        alt="What promotions and prices do: " + _in_words(view.promotions),
    )


def _events(view: DriverView, colors: Palette) -> None:
    st.markdown("**Strongest holidays and events**")
    if view.events.empty:
        st.caption("No holiday or event stands out from other days.")
        return
    st.plotly_chart(
        driver_effects_chart.dots(view.events, colors),
        key="driver_events",
        config=charts.CONFIG,
        alt="The strongest events: " + _in_words(view.events),
    )


def _categories(view: DriverView) -> None:
    shares = view.categories.assign(**{label: view.categories[label] * 100 for label in view.labels})
    st.dataframe(
        shares,
        key="driver_categories",
        hide_index=True,
        height=tables.height(shares, 10),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_config={
            "group": columns.text("Category", width=150),
            **{label: columns.whole_per_cent(label, width=118) for label in view.labels},
            "taken_text": columns.text("Taken from neighbours", width=150, help=_TAKEN),
        },
        alt="What promotions and prices do, by category",
    )


_TAKEN = "Share of the units that promotions added which other products of the category and location lost"


def _in_words(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['group']}, {row['label']} {columns.signed_share(row['uplift'])}"
        for row in rows.to_dict("records")
    )
