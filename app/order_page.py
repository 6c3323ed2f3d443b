"""The parts of the Orders page: a card per source, and the lines of one source to edit and approve."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import acts, columns, data, shell, states, tables
from app.data import OrderCard

CARDS_A_ROW = 3
NAMED_MINIMUMS = 2
MOST_ROWS = 14


def pick_source(cards: Sequence[OrderCard]) -> str | None:
    """Return the source that the URL names, None for the overview."""
    source = st.query_params.get("source")
    return source if source in {card.source for card in cards} else None


def summary(cards: Sequence[OrderCard], currency: str) -> None:
    """Say what all cards add up to."""
    total = data.total_of(cards)
    lines, sources = columns.count(total.due_lines, "line"), columns.count(total.due_sources, "source")
    st.markdown(
        f"**{columns.money(total.due_value, currency)}** due today in {lines} from {sources} · "
        f"{columns.money(total.later_value, currency)} upcoming · "
        f"{columns.money(total.approved_value, currency)} approved"
    )


def heading(cards: Sequence[OrderCard], source: str, currency: str) -> None:
    """Say whose order is edited, when it is due and whether its minimum is reached."""
    if st.button("All orders", key="all_orders", type="tertiary", icon=":material/arrow_back:"):
        del st.query_params["source"]
        st.rerun()
    card = next(card for card in cards if card.source == source)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(card.name, width="content")
        _due_badge(card)
    st.markdown(_terms(card, currency))


def show_cards(cards: Sequence[OrderCard], currency: str) -> None:
    """Show a card per source, due ones first."""
    for row in range(0, len(cards), CARDS_A_ROW):
        for place, card in zip(st.columns(CARDS_A_ROW), cards[row : row + CARDS_A_ROW], strict=False):
            with place.container(border=True, height="stretch", key=f"card-{card.source}-{card.order_day}"):
                _card(card, currency)


def _card(card: OrderCard, currency: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{card.name}**")
        _due_badge(card)
    lines = columns.count(card.lines, "line")
    st.markdown(f"{columns.money(card.value, currency)} · {lines} · {columns.units(card.units)}")
    st.markdown(_terms(card, currency))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if st.button("Review", key=f"review-{card.source}-{card.order_day}", icon=":material/edit_note:"):
            st.query_params["source"] = card.source
            st.rerun()
        if card.approved_lines:
            done = card.approved_lines == card.lines
            st.badge(f"{card.approved_lines:,} of {card.lines:,} approved", color="green" if done else "blue")


def _due_badge(card: OrderCard) -> None:
    if card.due:
        st.badge("Due today", color="red", icon=":material/schedule:")
    else:
        st.badge(f"{card.order_day:%a} {columns.short_day(card.order_day)}", color="gray")


def _terms(card: OrderCard, currency: str) -> str:
    parts = []
    if card.short:
        required = columns.by_unit(card.short[0].required, card.short[0].unit, currency)
        parts.append(f":orange[**Short of the minimum {required}**] {_missing(card, currency)}")
    if card.minimums and not card.short:
        parts.append("Minimum reached")
    if not card.minimums:
        parts.append("No minimum")
    parts += _trucks(card, currency)
    if card.gains.price_breaks:
        parts.append(f"price breaks save {columns.money(card.gains.price_breaks, currency)}")
    if card.gains.rebate:
        parts.append(f"rebate {columns.money(card.gains.rebate, currency)}")
    if card.cut_off_time:
        parts.append(f"cut-off {card.cut_off_time}")
    return f":small[{' · '.join(parts)}]"


def _trucks(card: OrderCard, currency: str) -> list[str]:
    """Say how many trucks the order fills, how full, at what cost; too empty ones stand out."""
    needed = sum(truck.count for truck in card.trucks)
    if not needed:
        return []
    full = sum(truck.load for truck in card.trucks) / sum(
        truck.count * truck.capacity for truck in card.trucks
    )
    text = f"{columns.count(needed, 'truck')}, {columns.share(full, digits=0)} full"
    cost = sum(truck.count * truck.cost for truck in card.trucks)
    if cost:
        text += f", {columns.money(cost, currency)}"
    asked = [truck.least_fill for truck in card.trucks if truck.is_underfilled]
    return [f":orange[**{text}; {columns.share(max(asked), digits=0)} asked**]" if asked else text]


def _missing(card: OrderCard, currency: str) -> str:
    """Name what is missing to the minimum, at two locations at most."""
    parts = [
        f"by {columns.by_unit(minimum.short, minimum.unit, currency)}"
        + (f" at {minimum.scope}" if minimum.scope else "")
        for minimum in card.short[:NAMED_MINIMUMS]
    ]
    more = len(card.short) - len(parts)
    return ", ".join(parts) + (f" and {columns.count(more, 'more location')}" if more else "")


def edit_lines(source: str, currency: str) -> pd.DataFrame:
    """Show the lines of a source with editable quantities; return them, edits applied."""
    edits = _edits(source)
    frame = data.source_lines(source, edits)
    version = st.session_state.setdefault("editor_version", 0)
    st.data_editor(
        frame,
        key=f"order_editor-{source}-{version}",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        disabled=[name for name in frame.columns if name != "order"],
        column_order=[
            "product",
            "location_name",
            "quantity",
            "order",
            "order_multiple",
            "order_value",
            "days_of_cover",
            "money_at_risk",
            "arrival_date",
            "state",
        ],
        column_config={
            "product": columns.text("Product", width=262),
            "location_name": columns.text("To", width=150),
            "quantity": columns.quantity("Proposed", width=90),
            "order": columns.quantity("Order", width=90, min_value=0, help="Click, type, Enter"),
            "order_multiple": columns.quantity("Multiple", width=80),
            "order_value": columns.amount("Value", currency, width=100),
            "days_of_cover": st.column_config.NumberColumn("Cover", format="%,.1f d", width=80),
            "money_at_risk": columns.amount("At risk", currency, width=90),
            "arrival_date": columns.date("Arrives", width=110),
            "state": columns.text("State", width=90),
        },
        on_change=_take_edits,
        args=(source, frame),
        alt=f"Order lines of {frame['source_name'].iloc[0]}; the column Order can be edited",
    )
    for message in st.session_state.get("rounded", ()):
        st.info(message, icon=":material/straighten:")
    return frame


def _edits(source: str) -> dict[str, float]:
    """Quantities typed but not yet approved, by line; they last until approved, discarded or planned anew."""
    edits: dict[tuple[str, str], dict[str, float]] = st.session_state.setdefault("order_edits", {})
    return edits.setdefault((data.run().run_id, source), {})


def _take_edits(source: str, frame: pd.DataFrame) -> None:
    """Round what was typed to what the source accepts, say so, and show the table anew."""
    version = st.session_state["editor_version"]
    changed = st.session_state[f"order_editor-{source}-{version}"]["edited_rows"]
    rounded, messages = data.round_edits(frame, changed)
    _edits(source).update(rounded)
    st.session_state["rounded"] = messages
    st.session_state["editor_version"] = version + 1


def discard_edits(source: str) -> None:
    """Forget what was typed."""
    _edits(source).clear()
    st.session_state.pop("rounded", None)
    st.session_state["editor_version"] = st.session_state.get("editor_version", 0) + 1


def approve_bar(source: str, frame: pd.DataFrame, currency: str) -> None:
    """Show the reason, the approval and what it orders."""
    order = data.order_of(frame)
    reason = ""
    if order.edited:
        reason = st.text_input(
            "Reason for the changed quantities",
            key=f"edit_reason-{source}",
            placeholder="Why the order differs from the proposal",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            f"Approve {columns.count(order.count, 'line')} · {columns.money(order.value, currency)}",
            key="approve_source",
            type="primary",
            icon=":material/task_alt:",
            disabled=not order.count or bool(order.edited and not reason.strip()),
        )
        if order.edited:
            st.button("Discard changes", key="discard", on_click=discard_edits, args=(source,))
            if not reason.strip():
                st.caption("A changed quantity needs a reason.")
    if clicked:
        result = states.guarded(lambda: acts.approve(order.lines, reason))
        if result is not None:
            discard_edits(source)
            shell.notify_approved(result)
            st.rerun()


def withdraw(source: str) -> None:
    """Let the planner withdraw an approved order of a source, with a reason."""
    order_ids = data.approved_orders(source)
    if not order_ids:
        return
    with st.popover("Withdraw an approved order", key="withdraw", icon=":material/undo:"):
        order_id = st.selectbox("Order", order_ids, key=f"withdraw_order-{source}")
        reason = st.text_input("Reason", key=f"withdraw_reason-{source}")
        if st.button("Withdraw", key="withdraw_confirm"):
            result = states.guarded(lambda: acts.withdraw(order_id, reason))
            if result is not None:
                shell.notify(
                    f"{columns.count(len(result.rejected), 'line')} withdrawn; they are proposals again."
                )
                st.rerun()
