"""Dead letters on the Events page: reason beside message, repair with live faults, replay, discard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app import address, columns, data, events_data, shell, states, tables
from app.events_data import DeadState

STATUS_COLORS = {"Waits": "orange", "Repaired": "blue", "Replayed": "green", "Discarded": "gray"}
MOST_ROWS = 8


def show() -> None:
    """Show the letters, then one of them."""
    closed = st.toggle("Done with too", key="closed", bind="query-params")
    waiting = events_data.waiting()
    listed = [*events_data.dead(), *(events_data.dead(closed=True) if closed else ())]
    if not listed:
        states.nothing_here(
            "Every message could be read." if not closed else "No message was ever unreadable."
        )
        return
    if len(waiting) > len(events_data.dead()):
        st.caption(
            f"{len(events_data.dead()):,} of {len(waiting):,} that wait; `shelfcast dlq list` has all."
        )
    selected = _table(listed)
    if waiting:
        _all(waiting)
    known = {state.name: state for state in listed}
    name = selected or st.query_params.get("letter", "")
    state = known.get(name) or (events_data.letter(name) if name else None) or listed[0]
    address.keep("letter", state.name)
    _one(state)


def _table(listed: Sequence[DeadState]) -> str:
    """Show letters; return the name of the one selected."""
    frame = events_data.letter_rows(listed)
    event = st.dataframe(
        frame,
        key=f"letters-{data.fingerprint(frame, 'name')}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder="",
        column_order=["label", "first_seen", "reason", "fault", "faults", "name"],
        column_config={
            "label": columns.tag("State", STATUS_COLORS, width=100),
            "first_seen": st.column_config.DatetimeColumn("First seen, UTC", format="D MMM HH:mm", width=120),
            "reason": columns.text("Reason", width=180),
            "fault": columns.text("First fault", width=420),
            "faults": columns.quantity("Faults", width=70),
            "name": columns.text("Message", width=260),
        },
        alt="Messages that could not be read, each with its reason",
    )
    rows = event["selection"]["rows"]
    return str(frame["name"].iloc[rows[0]]) if rows else ""


def _all(waiting: Sequence[str]) -> None:
    with st.popover(f"Replay all {len(waiting):,}", icon=":material/replay:"):
        st.markdown("Reads every message that waits once more. Those that cannot be read stay.")
        note = st.text_input("Note", key="replay_all_note")
        if st.button("Replay all", key="replay_all", type="primary"):
            _replay(waiting, note)


def _one(state: DeadState) -> None:
    """Show one letter, and what can be done with it."""
    st.header(f"Message {state.letter.message_id or state.name}")
    left, right = st.columns([6, 5], gap="large")
    with left:
        text = _editor(state)
        if state.body != state.letter.body:
            with st.expander("As it came", key="as_it_came"):
                st.code(events_data.told(state.letter.body), language=None)
    with right:
        if state.status != "replayed":
            _verdict(state, text)
            _acts(state, text)
        _history(state)


def _editor(state: DeadState) -> str:
    """Show what a message says, to be repaired unless it was replayed; return the text as it stands."""
    text = events_data.told(state.body)
    if state.status == "replayed":
        st.code(text, language=None)
        return text
    return str(st.text_area("Message", text, key=f"body-{_version(state)}", height=320))


def _version(state: DeadState) -> str:
    """Name a letter as it stands, so that its text area starts anew when somebody repairs it."""
    return f"{state.name}-{len(state.history)}"


def _verdict(state: DeadState, text: str) -> None:
    """Say what is wrong with the text as it stands in the editor."""
    faults = events_data.faults_of(state, text)
    if faults:
        st.error(f"**It cannot be read**\n\n{_listed(faults)}", icon=":material/error:")
    elif state.faults and text == events_data.told(state.body):
        st.warning(f"**{state.reason}**\n\n{_listed(state.faults)}", icon=":material/warning:")
    else:
        st.success("It can be read.", icon=":material/check_circle:")


def _listed(faults: Sequence[str]) -> str:
    return "\n".join(f"- `{fault}`" for fault in faults)


def _acts(state: DeadState, text: str) -> None:
    note = st.text_input("Why", key=f"note-{_version(state)}", placeholder="needed to repair or discard")
    changed = text != events_data.told(state.body)
    with st.container(horizontal=True):
        if st.button(
            "Repair and replay" if changed else "Replay",
            key="replay_one",
            type="primary",
            icon=":material/replay:",
        ) and (not changed or _do(lambda: events_data.repair(state, text, note))):
            _replay([state.name], note)
        if st.button(
            "Keep the repair", key="repair_one", disabled=not changed, icon=":material/build:"
        ) and _do(lambda: events_data.repair(state, text, note)):
            shell.notify("The repair is kept; replay it when you like.")
            st.rerun()
        if st.button(
            "Discard",
            key="discard_one",
            disabled=state.status == "discarded",
            icon=":material/delete:",
        ) and _do(lambda: events_data.discard([state.name], note)):
            shell.notify("Discarded: the message is kept, and no longer waits.")
            st.rerun()


def _do(act: Callable[[], object]) -> bool:
    """Do an act; False if it is refused, and the page says why."""
    return states.guarded(lambda: (act(),)) is not None


def _replay(letters: Sequence[str], note: str) -> None:
    done = states.guarded(lambda: events_data.replay(letters, note))
    if done is None:
        return
    read = f"{columns.count(len(done.accepted), 'message')} read"
    shell.notify(f"{read}, {len(done.refused):,} still unreadable." if done.refused else f"{read}.")
    st.rerun()


def _history(state: DeadState) -> None:
    frame = events_data.history(state)
    st.caption(f"First seen {state.letter.first_seen:%d %b %Y %H:%M} UTC in queue {state.letter.queue}.")
    if frame.empty:
        return
    st.dataframe(
        frame,
        key="letter_history",
        hide_index=True,
        height=tables.height(frame, 6),
        row_height=tables.ROW_HEIGHT,
        placeholder="",
        column_config={
            "at": st.column_config.DatetimeColumn("When, UTC", format="D MMM HH:mm", width=110),
            "act": columns.text("Act", width=130),
            "author": columns.text("Who", width=90),
            "note": columns.text("Why", width=200),
        },
        alt="What was done with the message",
    )
