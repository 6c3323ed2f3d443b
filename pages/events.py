"""Events: what is flowing, what could not be read, and what became of it? Layout only."""

import streamlit as st

from app import data, dead_letters_page, events_data, events_feeds, events_page, shell, theme

shell.show_notice()
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None, width="content"):
        st.title("Events")
        st.caption(f"What systems tell and people decide, in the lake “{data.lake_name()}”.")
    span = events_page.span()

if events_data.nothing_yet():
    events_page.nothing_yet()
    st.stop()

waiting, clashes = events_data.waiting(), events_data.clashes(span)
events_page.cards(span, len(waiting), len(clashes))
view = events_page.view({"dead": len(waiting), "quarantine": len(clashes)})
if view == "dead":
    dead_letters_page.show()
elif view == "quarantine":
    events_feeds.quarantine(clashes)
elif view == "feeds":
    events_feeds.feeds(span)
else:
    events_page.came(span, theme.palette())
