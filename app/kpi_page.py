"""The parts of the Key figures page: filters, overview, split, definitions."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app import columns, data, exports, filters, kpi_data, tables


def pick() -> kpi_data.KpiWanted:
    """Show the filters and return what is chosen."""
    left, right = st.columns(2)
    with left:
        places = filters.locations()
    with right:
        categories = filters.categories()
    return kpi_data.KpiWanted(categories, places)


def overview(frame: pd.DataFrame) -> None:
    """Show every figure with its trend and its meaning."""
    st.dataframe(
        frame,
        key="kpis",
        hide_index=True,
        height=tables.height(frame),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["label", "value", "latest", "trend", "better", "definition"],
        column_config={
            "label": columns.text("Figure", width=190),
            "value": columns.text("12 months", width=96),
            "latest": columns.text("Last month", width=96),
            "trend": st.column_config.LineChartColumn("By month", width=150),
            "better": columns.text("Better is", width=84),
            "definition": columns.text("What it says", width=560),
        },
        alt="Key figures of the last twelve months and of the last month, with what each says",
    )


def split(frame: pd.DataFrame, by: kpi_data.KpiBy) -> None:
    """Show the figures of each category or location."""
    kinds = {
        "share": lambda label: st.column_config.NumberColumn(label, format="%.1f %%", width=110),
        "days": lambda label: st.column_config.NumberColumn(label, format="%.1f", width=110),
        "ratio": lambda label: st.column_config.NumberColumn(label, format="%.1f ×", width=110),
    }
    figures = {name: kinds[unit](label) for name, label, unit in kpi_data.split_columns()}
    st.dataframe(
        frame,
        key="kpi_split",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["part", *figures],
        column_config={
            "part": st.column_config.TextColumn(kpi_data.KPI_BY[by], width=170, pinned=True),
            **figures,
        },
        alt=f"Key figures by {kpi_data.KPI_BY[by].lower()}",
    )


def by() -> kpi_data.KpiBy:
    """Show what to split by and return it."""
    chosen: kpi_data.KpiBy = st.selectbox(
        "Split by",
        list(kpi_data.KPI_BY),
        format_func=lambda code: kpi_data.KPI_BY[code],
        key="by",
        bind="query-params",
        label_visibility="collapsed",
        width=160,
    )
    return chosen


def definitions(frame: pd.DataFrame) -> None:
    """Show how each figure is computed and where its definition is from."""
    with st.expander("How each figure is computed, and its source"):
        st.markdown(
            "Sums over the table `kpi_facts` of the run, so that every figure reconciles line by line. "
            "Unknown figures say what to import."
        )
        st.dataframe(
            frame,
            key="kpi_definitions",
            hide_index=True,
            row_height=tables.ROW_HEIGHT,
            column_order=["label", "formula", "source"],
            column_config={
                "label": columns.text("Figure", width=190),
                "formula": columns.text("Formula", width=360),
                "source": columns.text("Source", width=620),
            },
            alt="Formula and source of each key figure",
        )


def download(frame: pd.DataFrame) -> None:
    """Offer the facts as a file."""
    exports.csv("Download the sums behind them (CSV)", "key-figures", partial(data.csv, frame), "kpi_csv")
