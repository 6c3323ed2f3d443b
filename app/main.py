"""Entry point of the dashboard: pages, their order and icons, and what is common to all of them."""

from pathlib import Path

import streamlit as st

from app import data, shell

PAGES = Path(__file__).parents[1] / "pages"

st.set_page_config(page_title="Shelfcast", page_icon=shell.ICON, layout="wide")

page = st.navigation(
    [
        st.Page(PAGES / "today.py", title="Today", icon=":material/inbox:", default=True),
        st.Page(PAGES / "alerts.py", title="Alerts", icon=":material/notifications:"),
        st.Page(PAGES / "item.py", title="Item", icon=":material/query_stats:"),
        st.Page(PAGES / "orders.py", title="Orders", icon=":material/local_shipping:"),
        st.Page(PAGES / "network.py", title="Network", icon=":material/hub:"),
        st.Page(PAGES / "expiry.py", title="Expiry", icon=":material/event_busy:"),
        st.Page(PAGES / "suppliers.py", title="Suppliers", icon=":material/factory:"),
        st.Page(PAGES / "scenarios.py", title="Scenarios", icon=":material/compare_arrows:"),
        st.Page(PAGES / "forecast_value.py", title="Forecast & value", icon=":material/monitoring:"),
        st.Page(PAGES / "kpis.py", title="Key figures", icon=":material/speed:"),
        st.Page(PAGES / "replay.py", title="Replay", icon=":material/replay:"),
        st.Page(PAGES / "data_health.py", title="Data health", icon=":material/health_and_safety:"),
        st.Page(PAGES / "events.py", title="Events", icon=":material/sensors:"),
        st.Page(PAGES / "import_data.py", title="Import", icon=":material/upload:", url_path="import"),
        st.Page(PAGES / "settings.py", title="Settings", icon=":material/settings:"),
    ],
    position="top",
)

try:
    page.run()
except data.LakeError as error:
    shell.lake_failed(error)
