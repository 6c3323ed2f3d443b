"""The parts of the Network page: filters, cards, transfers to approve, map, echelons, buffers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import (
    acts,
    address,
    charts,
    columns,
    data,
    exports,
    filters,
    network_charts,
    network_data,
    shell,
    states,
    tables,
)
from app.network_data import Network, NetworkFigures, NetworkWanted
from app.theme import Palette

MOST_ROWS = 13
REASON_COLORS = {"Shortage": "red", "Expiry": "violet", "Excess": "blue"}
IDLE_COLORS = {
    "Would expire": "violet",
    "Costs more than it earns": "gray",
    "Comes too late": "orange",
    "Too little": "gray",
    "Used better elsewhere": "blue",
}


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


def transfers(moves: pd.DataFrame, currency: str) -> list[int]:
    """Show what should move, most money first; return the rows that are selected."""
    event = st.dataframe(
        moves.head(network_data.ROWS),
        key=f"transfers-{data.fingerprint(moves, 'transfer_id')}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=tables.height(moves, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "money",
            "label",
            "product",
            "origin_name",
            "destination_name",
            "quantity",
            "arrival_date",
            "state",
            "fewest_days_left",
        ],
        column_config={
            "money": columns.amount("Earns", currency, width=58, help="After freight, handling, fixed cost"),
            "label": columns.tag("For", REASON_COLORS, width=84),
            "product": columns.text("Product", width=164),
            "origin_name": columns.text("From", width=106),
            "destination_name": columns.text("To", width=106),
            "quantity": columns.quantity("Units", width=48),
            "arrival_date": columns.date("Arrives", width=92),
            "state": columns.text("State", width=66),
            "fewest_days_left": columns.quantity(
                "Days left", width=72, help="Of the batch that expires first"
            ),
        },
        alt="Transfers, most money first: money, reason, product, from, to, units, arrival, state, days left",
    )
    return list(event.selection.rows)


def act_bar(moves: pd.DataFrame, rows: list[int], currency: str) -> None:
    """Show the approval of what is selected, what can be withdrawn, and the downloads."""
    chosen = network_data.chosen(moves, rows)
    worth = columns.money(float(chosen["money"].sum()), currency)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Approve {columns.count(len(chosen), 'transfer')} · {worth}"
            if len(chosen)
            else "Approve selected",
            key="approve_transfers",
            type="primary",
            icon=":material/task_alt:",
            disabled=chosen.empty,
            help=None if len(chosen) else "Select rows of the table first",
        ):
            _approve(chosen["transfer_id"].tolist(), worth, float(chosen["quantity"].sum()))
        exports.formats(
            "transfers",
            partial(network_data.export_proposals, moves),
            "transfers",
            tip="The transfers shown, with every part of their money",
        )
        _approved_orders()


@st.dialog("Approve transfers", icon=":material/task_alt:")
def _approve(transfer_ids: list[str], worth: str, units: float) -> None:
    st.markdown(
        f"**{columns.count(len(transfer_ids), 'transfer')}** of {columns.units(units)}, worth **{worth}**."
    )
    st.caption(
        "They become transfer orders: the next plan takes them off the stock that gives and expects them "
        "where they go."
    )
    note = st.text_area("Note for the audit log", key="transfer_note", placeholder="Optional")
    if st.button("Approve", key="transfer_confirm", type="primary", icon=":material/check:"):
        result = states.guarded(lambda: network_data.approve(transfer_ids, note))
        if result is None:
            return
        shell.notify_approved(result)
        st.rerun()


def _approved_orders() -> None:
    """Let the planner download or withdraw approved transfer orders."""
    order_ids = network_data.approved_order_ids()
    if not order_ids:
        return
    with st.popover(columns.count(len(order_ids), "approved order"), icon=":material/local_shipping:"):
        exports.formats(
            "transfer-orders", partial(acts.export, order_ids), "transfer_orders", label="All as {}"
        )
        order_id = st.selectbox("Order", order_ids, key="withdraw_transfer_order")
        reason = st.text_input("Reason", key="withdraw_transfer_reason")
        if st.button("Withdraw", key="withdraw_transfer", icon=":material/undo:"):
            result = states.guarded(lambda: network_data.withdraw(str(order_id), reason))
            if result is not None:
                shell.notify(f"{columns.count(len(result.rejected), 'transfer')} withdrawn.")
                st.rerun()


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


def detail(transfer: Mapping[str, Any], colors: Palette, currency: str) -> None:
    """Show why one transfer is worth it and what it does to the stock of both places."""
    st.header(f"{transfer['product']}: {transfer['origin_name']} → {transfer['destination_name']}")
    parts = [
        ("Earned there", transfer["gain"]),
        ("Lost here" if transfer["loss"] >= 0 else "Saved here", -transfer["loss"]),
        ("Freight", -transfer["freight"]),
        ("Handling", -transfer["handling"]),
        ("Fixed cost", -transfer["fixed_cost"]),
    ]
    sums = " · ".join(f"{name} {columns.money(value, currency, digits=2)}" for name, value in parts)
    st.markdown(f"{sums} = **{columns.money(transfer['money'], currency, digits=2)}**")
    st.caption(_journey(transfer))
    stock = states.guarded(lambda: network_data.projection(transfer))
    if stock is None:
        return
    left, right = st.columns(2, gap="medium")
    for place, end, name in (
        (left, "origin", transfer["origin_name"]),
        (right, "destination", transfer["destination_name"]),
    ):
        with place:
            frame = stock[["date", f"{end}_without", f"{end}_with"]].set_axis(
                ["date", "without", "with"], axis=1
            )
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                st.markdown(f"**{name}**")
                st.page_link(
                    states.ITEM_PAGE,
                    label="Item",
                    icon=":material/query_stats:",
                    query_params={"sku": transfer["sku"], "location": transfer[end]},
                )
            st.plotly_chart(
                network_charts.both_ends(
                    frame, colors, {"without": "Without transfer", "with": "With transfer"}
                ),
                key=f"both_ends_{end}",
                config=charts.CONFIG,
                alt=f"Expected stock at {name}: lowest {frame['without'].min():,.0f} units without the "
                f"transfer, {frame['with'].min():,.0f} with it",
            )


def _journey(transfer: Mapping[str, Any]) -> str:
    """Say what moves and when."""
    words = (
        f"{columns.units(transfer['quantity'])} leave on {columns.day(transfer['ship_date'])} and are for "
        f"sale on {columns.day(transfer['arrival_date'])}"
    )
    if transfer["fewest_days_left"] == transfer["fewest_days_left"]:
        words += f", with {transfer['fewest_days_left']:,.0f} days left at least"
    if transfer["batches_text"]:
        words += f". Batches: {transfer['batches_text']}"
    return f"{words}. Below, each place with its own order of this plan; later orders are not placed yet."


def idle(frame: pd.DataFrame, currency: str) -> None:
    """Show lanes to shortages that carry nothing, and why."""
    if frame.empty:
        return
    with st.expander(f"Why not more? {columns.count(len(frame), 'lane')} to places that stay short"):
        st.dataframe(
            frame,
            key="idle",
            hide_index=True,
            row_height=tables.ROW_HEIGHT,
            height=tables.height(frame, MOST_ROWS),
            column_order=["label", "product", "origin_name", "destination_name", "money_at_risk", "why"],
            column_config={
                "label": columns.tag("Reason", IDLE_COLORS, width=178),
                "product": columns.text("Product", width=220),
                "origin_name": columns.text("From", width=150),
                "destination_name": columns.text("To", width=150),
                "money_at_risk": columns.amount(
                    "At risk there", currency, width=96, help="Expected shortage until the next order arrives"
                ),
                "why": columns.text("Why", width=520),
            },
            alt="Lanes to places that stay short, and why they carry nothing",
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
