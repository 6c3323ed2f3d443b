"""The parts of the Network page beside its transfers: filters, cards, map, echelons, buffers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from app import (
    address,
    charts,
    columns,
    data,
    filters,
    network_charts,
    network_data,
    states,
    tables,
)
from app.network_data import Network, NetworkFigures, NetworkWanted
from app.theme import Palette

MOST_ROWS = 13


def pick(network: Network) -> NetworkWanted:
    """Show the filters and return what is chosen; it is in the URL."""
    left, middle, right = st.columns(3)
    with left:
        names = {name: name for name in network.regions}
        regions = filters.many("regions", "Region", names, labelled=False)
    with middle:
        categories = filters.categories(labelled=False)
    with right:
        products = filters.many("products", "Product", data.choices().products, labelled=False)
    return NetworkWanted(regions, categories, products)


def cards(figures: NetworkFigures, approved: int, currency: str) -> None:
    """Show what the transfers add up to."""
    waiting = figures.count - approved
    shown = (
        ("Worth moving", columns.money(figures.money, currency), columns.count(figures.count, "transfer")),
        ("To move", columns.units(figures.units), f"{columns.money(figures.freight, currency)} to move them"),
        ("Shortages ahead", columns.money(figures.at_risk, currency), "without any transfer"),
        ("Waiting for you", f"{waiting:,}", f"{approved:,} approved"),
    )
    for place, (name, value, note) in zip(st.columns(len(shown)), shown, strict=True):
        place.metric(name, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def no_lanes() -> None:
    """Say how to add lanes."""
    st.info(
        "**No lanes, so nothing can move.** A lane says that one location can send stock to another, and "
        "what that costs: freight, handling, days. Import a file of them, then plan again; "
        "`shelfcast template lanes > lanes.csv` or the button gives one to fill in.",
        icon=":material/alt_route:",
    )
    with st.container(horizontal=True):
        st.download_button(
            "Template",
            data=partial(data.template, "lanes"),
            file_name="lanes.csv",
            mime="text/csv",
            key="lanes_template",
            icon=":material/download:",
            on_click="ignore",
        )
        st.page_link(states.IMPORT_PAGE, label="Import lanes", icon=":material/upload:")


def too_old() -> None:
    """Say that the plan must be made again."""
    st.info(
        "**This plan was made before plans proposed transfers.** Plan again: the button is on the page "
        "*Import*, the command is `shelfcast plan`.",
        icon=":material/update:",
    )


def show_map(places: pd.DataFrame, moves: pd.DataFrame, colors: Palette, currency: str) -> None:
    """Show places and flows where they lie; without coordinates a table of the flows."""
    flows = network_data.flows(moves)
    if not network_data.is_on_map(places):
        st.caption("No map: latitude and longitude of the locations are not known.")
        _flow_table(flows, currency)
        return
    dearest = flows.sort_values("money", ascending=False).head(3)
    words = "; ".join(
        f"{row['origin_name']} to {row['destination_name']} {columns.money(row['money'], currency)}"
        for row in dearest.to_dict("records")
    )
    st.plotly_chart(
        network_charts.network_map(places, flows, colors, currency),
        key="network_map",
        config=charts.CONFIG,
        alt=f"Map of {columns.count(len(places), 'place')} and {columns.count(len(flows), 'flow')}"
        + (f"; the largest: {words}" if words else ""),
    )


def _flow_table(flows: pd.DataFrame, currency: str) -> None:
    st.dataframe(
        flows.sort_values("money", ascending=False),
        key="flows",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(flows, MOST_ROWS),
        column_order=["origin_name", "destination_name", "transfers", "quantity", "money"],
        column_config={
            "origin_name": columns.text("From", width=150),
            "destination_name": columns.text("To", width=150),
            "transfers": columns.quantity("Products", width=70),
            "quantity": columns.quantity("Units", width=64),
            "money": columns.amount("Earns", currency, width=70),
        },
        alt="What should move between places: from, to, products, units, money",
    )


def echelons(places: pd.DataFrame, currency: str) -> None:
    """Show what each place holds and is short of, centres first."""
    st.dataframe(
        places.assign(fill_shown=places["fill"] * 100),
        key="echelons",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(places, 16),
        placeholder=columns.UNKNOWN,
        column_order=[
            "kind_label",
            "name",
            "region",
            "stock_value",
            "cover",
            "fill_shown",
            "at_risk",
            "short",
            "write_off",
            "excess_value",
            "lines",
        ],
        column_config={
            "kind_label": columns.text("Echelon", width=70),
            "name": columns.text("Place", width=200),
            "region": columns.text("Region", width=90),
            "stock_value": columns.amount("Stock", currency, width=84),
            "cover": st.column_config.NumberColumn("Cover", format="%,.1f d", width=70),
            "fill_shown": st.column_config.NumberColumn(
                "Fill", format="%.1f %%", width=64, help="Expected fill rate with the orders of the plan"
            ),
            "at_risk": columns.amount("Shortages", currency, width=84, help="Expected, orders counted"),
            "short": columns.quantity("Not granted", width=86, help="What stores asked of a centre in vain"),
            "write_off": columns.amount("Write-off", currency, width=78),
            "excess_value": columns.amount("Excess", currency, width=78),
            "lines": columns.quantity("Lines", width=60),
        },
        alt="Places, centres first: stock, cover, fill, shortages, not granted, write-off, excess",
    )


def buffers(products: Mapping[str, str], first: str, colors: Palette, currency: str) -> None:
    """Show where the safety stock of a product stands and where it should."""
    address.seed_one("buffer_sku", products, first)
    sku = st.selectbox(
        "Product", list(products), format_func=lambda code: columns.named(products, code), key="buffer_sku"
    )
    address.keep("buffer_sku", sku)
    plan = states.guarded(lambda: network_data.buffers(sku))
    if plan is None:
        return
    names = network_data.place_names()
    places = plan.places.assign(name=[names.get(code, code) for code in plan.places["location"]])
    saves = plan.cost_now - plan.cost_best
    word = "less" if saves >= 0 else "more"
    st.markdown(
        f"Holding it costs **{columns.money(plan.cost_now, currency)}** a year where it stands and "
        f"**{columns.money(plan.cost_best, currency)}** where it should: "
        f"{columns.money(abs(saves), currency)} {word} for the same service."
    )
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.plotly_chart(
            network_charts.buffers(places, colors),
            key="buffers",
            config=charts.CONFIG,
            alt="Safety stock by place, as it stands and as it should: "
            + "; ".join(
                f"{row['name']} {row['now']:,.0f} and {row['best']:,.0f}" for row in places.to_dict("records")
            ),
        )
    with right:
        st.dataframe(
            places,
            key="buffer_places",
            hide_index=True,
            row_height=tables.ROW_HEIGHT,
            height=tables.height(places, 16),
            column_order=["name", "now", "best", "promise", "cost_now", "cost_best"],
            column_config={
                "name": columns.text("Place", width=170),
                "now": columns.quantity(
                    "Stands", width=62, help="Expected stock when the next order arrives"
                ),
                "best": columns.quantity("Should", width=62),
                "promise": st.column_config.NumberColumn(
                    "Serves in", format="%.0f d", width=70, help="Days after which it serves those behind it"
                ),
                "cost_now": columns.amount("A year now", currency, width=82),
                "cost_best": columns.amount("A year then", currency, width=84),
            },
            alt="Safety stock by place: now, best, days of promise, holding cost a year now and then",
        )
    st.caption(
        "Guaranteed service: a place that promises late keeps little, and those behind it keep more. What "
        "should stand follows each store's service target and how uncertain its demand is; what stands "
        "beyond that is lots, presentation stock or excess."
    )
