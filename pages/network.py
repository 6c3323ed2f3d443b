"""Network: what should move, what each place holds, and where buffers should stand. Layout only."""

import streamlit as st

from app import data, network_data, network_page, network_transfers, shell, states, theme

states.require_run("Network")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency
network = network_data.whole()

left, right = st.columns([6, 6], vertical_alignment="bottom")
with left.container(gap=None):
    st.title("Network")
    shell.plan_line()
with right:
    wanted = network_page.pick(network)

moves, places = network_data.transfers(wanted), network_data.places(wanted)

if not network.proposes:
    network_page.too_old()
elif not network.has_lanes:
    network_page.no_lanes()
elif moves.empty:
    states.nothing_here("Nothing should move: no lane earns more than it costs.")
else:
    approved = int((moves["state"] == "approved").sum())
    network_page.cards(network_data.figures(moves, places), approved, currency)

ranked, drawn = st.columns([16, 9], gap="medium") if len(moves) else (None, st.container())
rows: list[int] = []
if ranked is not None:
    with ranked:
        st.header("What should move?")
        rows = network_transfers.transfers(moves, currency)
        network_transfers.act_bar(moves, rows, currency)
with drawn:
    st.header("Where does it lie?")
    network_page.show_map(places, network_data.on_map(moves, rows), colors, currency)

network_transfers.idle(network_data.idle(wanted), currency)
transfer = network_data.row_of(moves, rows)
if transfer is not None:
    network_transfers.detail(transfer, colors, currency)

st.header("What does each place hold?")
network_page.echelons(places, currency)

st.header("Where should buffers stand?")
first = transfer["sku"] if transfer is not None else data.dearest_sku()
network_page.buffers(data.choices().products, first, colors, currency)
