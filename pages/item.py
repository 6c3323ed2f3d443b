"""Item: what will happen to one product at one location, and why this order. Layout only."""

import streamlit as st

from app import charts, data, item_demand, item_page, shell, states, theme, what_if

states.require_run("Item")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency

header = st.container(gap=None)
line, span = item_page.pick()
view = data.item_view(line["line_id"], span)
name = f"{line['product']} · {line['location_name']}"
with header:
    st.title(name)
    shell.plan_line()

item_page.facts(view, currency)
st.plotly_chart(
    charts.timeline(
        view.history,
        view.forecast,
        view.projection,
        colors,
        period=view.period_word,
        ordered=view.ordered,
    ),
    key="timeline",
    config=charts.CONFIG,
    alt=f"Sales, demand forecast with its 80 % range and projected stock of {name}",
)
item_page.planned(view)

left, right = st.columns([5, 6], gap="large")
with left:
    st.header("Why this quantity")
    for sentence in view.sentences:
        st.markdown(f"- {sentence}")
with right:
    st.plotly_chart(
        charts.waterfall(view.terms, line["quantity"], colors),
        key="waterfall",
        config=charts.CONFIG,
        alt=f"Terms that add up to the order: {view.terms_in_words}",
    )

st.header("What if")
what_if.panel(line["line_id"], currency)

left, right = st.columns([5, 6], gap="large")
with left:
    st.header("Stock and orders on the way")
    item_page.stock_tables(view)
with right:
    st.header("Forecast")
    st.markdown(view.model_sentence)
    item_page.models(view, colors)

st.header("Demand behind stockouts")
item_demand.section(line, data.demand_view(line["line_id"], span), colors)

st.header("Change the forecast")
item_page.override(view)
