"""Orders: what to buy from whom today, edited, approved and exported. Layout only."""

import streamlit as st

from app import data, exports, order_budget, order_page, shell, states

states.require_run("Orders")
shell.show_notice()
currency = data.settings().currency
cards = data.order_cards()
source = order_page.pick_source(cards)

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None):
        st.title("Orders")
        shell.plan_line()
    exports.buttons(source)

if not cards:
    states.nothing_here("Nothing to order: no source has a proposed line in the coming days.")
elif source is None:
    order_page.summary(cards, currency)
    order_page.show_cards(cards, currency)
    order_budget.section(currency)
    order_budget.shared_terms(currency)
else:
    order_page.heading(cards, source, currency)
    frame = order_page.edit_lines(source, currency)
    order_page.approve_bar(source, frame, currency)
    order_page.withdraw(source)
