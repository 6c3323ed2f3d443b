"""If cash is limited: an amount of cash, where it cuts the list of all orders, and what that gives up.

The panel is a fragment: moving the slider cuts a list that is there already and redraws this panel only.
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from app import address, charts, columns, data, exports, order_charts, order_data, tables, theme
from app.order_data import BudgetDay, Cut

MOST_ROWS = 16
STEPS = 200
"""Places of the slider."""
AROUND, EVERYTHING = "Around the cut line", "All"
SIDES = {True: "Bought", False: "Cut"}


def section(currency: str) -> None:
    """Show the heading and the panel; nothing where no supplier is asked for anything."""
    days = order_data.budget_days()
    if days:
        st.header("If cash is limited")
        _panel(days, currency)


@st.fragment(key="budget")
def _panel(days: list[date], currency: str) -> None:
    budget = order_data.budget_day(_pick_day(days))
    if budget.steps.empty:
        st.info("Everything that suppliers are asked for on this day is decided.", icon=":material/task_alt:")
        return
    made = order_data.cut(budget, _pick_cash(budget, currency))
    left, right = st.columns([4, 8], gap="large", vertical_alignment="center")
    with left:
        _figures(budget, made, currency)
    with right:
        st.plotly_chart(
            order_charts.money_of_cash(
                order_data.curve(budget), made.spent, made.kept, theme.palette(), currency
            ),
            key="budget_chart",
            config=charts.CONFIG,
            alt=f"Expected money over cash, cut at {columns.money(made.spent, currency)}, "
            f"where {columns.money(made.given_up, currency)} is given up",
        )
    if made.below:
        st.warning(
            f"Cut like this, {order_data.below_in_words(made.below)} would fall below the minimum. Set "
            "order_budget and plan again: the plan then keeps minimums and trucks too.",
            icon=":material/rule:",
        )
    _list(budget, made, currency)


def _pick_day(days: list[date]) -> date:
    """Show the order days; the URL keeps the chosen one."""
    names = {day.isoformat(): columns.day(day) for day in days}
    first = next(iter(names))
    address.seed_one("budget_day", names, first)
    chosen = st.selectbox(
        "Order day", list(names), format_func=names.__getitem__, key="budget_day", width=220
    )
    address.keep("budget_day", "" if chosen == first else chosen)
    return date.fromisoformat(chosen)


def _pick_cash(budget: BudgetDay, currency: str) -> float:
    """Show the slider; a day starts with the plan's budget, else with all the cash it asks for."""
    step = _round_step(budget.total / STEPS)
    most = step * -(-budget.total // step)
    key = f"cash-{budget.day}"
    if key not in st.session_state:
        stated = st.query_params.get("cash", "")
        start = float(stated) if stated.replace(".", "", 1).isdigit() else order_data.planned_cash()
        st.session_state[key] = min(max(start if start is not None else most, 0.0), most)
    cash = st.slider(
        f"Cash for this day ({columns.symbol(currency).strip()})",
        0.0,
        most,
        step=step,
        format="%,.0f",
        key=key,
    )
    address.keep("cash", f"{cash:.15g}" if cash < most else "")
    return float(cash)


def _round_step(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 …"""
    size = 1.0
    while True:
        for step in (1, 2, 5):
            if step * size >= value:
                return step * size
        size *= 10


def _figures(budget: BudgetDay, made: Cut, currency: str) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Spent",
            columns.money(made.spent, currency),
            f"of {columns.money(budget.total, currency)}",
            delta_color="off",
            delta_arrow="off",
            width="content",
        )
        st.metric("Expected money kept", columns.money(made.kept, currency), width="content")
        st.metric(
            "Given up",
            columns.money(made.given_up, currency),
            columns.count(made.lines_cut, "line") + " cut",
            delta_color="off",
            delta_arrow="off",
            width="content",
        )


def _list(budget: BudgetDay, made: Cut, currency: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        shown = st.selectbox(
            "Steps shown",
            [AROUND, EVERYTHING],
            key="budget_steps",
            label_visibility="collapsed",
            width=220,
        )
        exports.csv(
            "List as CSV",
            f"order-budget-{budget.day:%Y-%m-%d}",
            lambda: data.csv(order_data.rows(budget, made, all_steps=True)),
            "budget_csv",
        )
    frame = order_data.rows(budget, made, all_steps=shown == EVERYTHING)
    frame["side"] = [[SIDES[above]] for above in frame["above"]]
    st.dataframe(
        frame,
        key="budget_list",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(frame, MOST_ROWS),
        placeholder="free",
        column_order=[
            "rank",
            "side",
            "product",
            "location_name",
            "source_name",
            "step",
            "cash",
            "money",
            "money_per_cash",
            "cumulative_cash",
        ],
        column_config={
            "rank": columns.quantity("#", width=50),
            "side": columns.tag("Outcome", {"Bought": "green", "Cut": "orange"}, width=80),
            "product": columns.text("Product", width=260),
            "location_name": columns.text("To", width=170),
            "source_name": columns.text("From", width=170),
            "step": columns.text("Units", width=110),
            "cash": columns.amount("Cash", currency, width=80, digits=2),
            "money": columns.amount("Brings", currency, width=80, digits=2),
            "money_per_cash": st.column_config.NumberColumn("Per unit of cash", format="%.3f", width=110),
            "cumulative_cash": columns.amount("Cash so far", currency, width=100),
        },
        alt="Steps of the orders, the most expected money per unit of cash first, bought or cut",
    )


def shared_terms(currency: str) -> None:
    """Show what the orders share: what moves lines, and what that costs."""
    if order_data.binding(with_free=True) is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("What the orders share", width="content")
        with_free = st.toggle("Also what moves nothing", key="free_terms", bind="query-params")
    frame = order_data.binding(with_free=with_free)
    if frame is None or frame.empty:
        st.caption("No minimum, truck, room, rebate or budget moves an order.")
        return
    colors = dict(zip(order_data.STATE_LABELS.values(), ("orange", "blue", "gray"), strict=True))
    st.dataframe(
        frame,
        key="order_terms",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(frame, MOST_ROWS),
        placeholder=columns.UNKNOWN,
        column_order=["state", "kind", "words", "moved", "cost", "day"],
        column_config={
            "state": columns.tag("State", colors, width=120),
            "kind": columns.text("What", width=130),
            "words": columns.text("In words", width=680),
            "moved": columns.quantity("Lines moved", width=95),
            "cost": columns.amount("Costs", currency, width=90, digits=2),
            "day": columns.date("Day", width=110),
        },
        alt="Minimums, trucks, rooms, rebates and budgets that orders share, with what each costs",
    )
