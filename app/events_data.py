"""What the Events page reads, and what people do with dead letters there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from app import acts, cache, data
from data_lake.events import Event
from data_lake.facts import tail as tail_reads
from data_lake.facts.effect import Effect
from data_lake.facts.tail import Ledger, Tail
from data_lake.ledger import read_events
from jobs.dlq_acts import Replayed, check_body
from jobs.dlq_acts import discard as discard_letters
from jobs.dlq_acts import repair as repair_letter
from jobs.dlq_acts import replay as replay_letters
from jobs.dlq_states import DeadState, inspect, list_dead, names_of
from jobs.dlq_text import told, with_told
from jobs.views import dead_letters, events, health, one_event
from jobs.views.dead_letters import Clash
from jobs.views.events import SPANS, TYPE_LABELS, Came, EventsWanted, Figures

__all__ = [
    "SPANS",
    "TYPE_LABELS",
    "Came",
    "Clash",
    "DeadState",
    "Effect",
    "EventsWanted",
    "Figures",
    "told",
]


@st.cache_resource(max_entries=4, ttl=cache.RUN_SECONDS, show_spinner=False)
def _listed(address: str) -> Ledger:
    return tail_reads.listed(cache.lake(address))


@st.cache_resource(max_entries=3, ttl=cache.HOUR, show_spinner="Reading events …")
def _tail(address: str, digest: str, start: datetime) -> Tail:
    del digest  # a part of the key
    return tail_reads.read_tail(cache.lake(address), start)


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner=False)
def _acts(address: str, digest: str) -> list[Event]:
    del digest  # a part of the key
    return read_events(cache.lake(address))


@st.cache_resource(max_entries=8, ttl=cache.RUN_SECONDS, show_spinner="Reading dead letters …")
def _dead(address: str, digest: str, closed: bool) -> list[DeadState]:
    return list_dead(
        cache.lake(address), closed=closed, events=_acts(address, digest), most=dead_letters.LIMIT
    )


@st.cache_resource(max_entries=4, ttl=cache.RUN_SECONDS, show_spinner=False)
def _waiting(address: str, digest: str) -> list[str]:
    return names_of(cache.lake(address), events=_acts(address, digest))


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner=False)
def _names(address: str, versions: tuple[int, ...]) -> dict[str, dict[str, str]]:
    del versions  # a part of the key
    return events.names_of(cache.lake(address))


@st.cache_resource(max_entries=64, ttl=cache.HOUR, show_spinner="Folding stock …")
def _effects(address: str, digest: str, event_id: str, start: datetime) -> list[Effect]:
    found = one_event.content_of(_tail(address, digest, start), (), event_id)
    return one_event.effects(cache.lake(address), found) if found else []


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def listed() -> Ledger:
    """Return what a listing of the facts says."""
    return _listed(data.uri())


def nothing_yet() -> bool:
    """Return whether nothing ever came in: no fact, no act, no message that could not be read."""
    known = listed()
    return not (known.days or known.landing or _all_acts() or waiting())


def tail(span: str) -> Tail:
    """Return the facts of a span."""
    return _tail(data.uri(), listed().digest, events.start_of(span, now()))


def _all_acts() -> list[Event]:
    return _acts(data.uri(), data.ledger_state())


def people(span: str) -> list[Event]:
    """Return people's acts of a span."""
    return events.acts_since(_all_acts(), events.start_of(span, now()))


def names() -> dict[str, dict[str, str]]:
    """Return the names of products and locations."""
    versions = (data.lake().current(table) for table in ("products", "locations"))
    return _names(data.uri(), tuple(version.number if version else 0 for version in versions))


def figures(span: str) -> Figures:
    """Return the cards."""
    planned_at = data.run().created_at if data.state() == "ready" else None
    return events.figures(tail(span), people(span), span, planned_at)


def came(span: str, wanted: EventsWanted) -> Came:
    """Return the newest events that match."""
    return events.came(*events.narrow(tail(span), people(span), wanted), names())


def by_hour(span: str, wanted: EventsWanted) -> pd.DataFrame:
    """Return how many events that match came each hour."""
    return events.by_hour(*events.narrow(tail(span), people(span), wanted))


def limits(span: str) -> tuple[datetime, datetime]:
    """Return the first hour and the last instant of a span."""
    until = now()
    return events.start_of(span, until).replace(minute=0), until


def kinds(span: str) -> dict[str, str]:
    """Return the kinds of event of a span with their numbers, as the filter shows them."""
    counts = tail(span).kinds() | {events.ACT: len(people(span))}
    return {kind: f"{label} ({counts[kind]:,})" for kind, label in TYPE_LABELS.items() if counts.get(kind)}


def content(span: str, event_id: str) -> dict[str, Any] | None:
    """Return one event of a span as it is kept."""
    return one_event.content_of(tail(span), people(span), event_id)


def effects(span: str, event_id: str) -> list[Effect]:
    """Return what a fact did to stock."""
    return _effects(data.uri(), listed().digest, event_id, events.start_of(span, now()))


def feeds(span: str) -> pd.DataFrame:
    """Return how fresh each location's facts are."""
    return events.feeds(tail(span), names()["locations"], now())


def files() -> pd.DataFrame | None:
    """Return how fresh the imported tables are; None: there is no plan to compare them with."""
    return health.table_freshness(data.lake(), data.run()) if data.state() == "ready" else None


def clashes(span: str) -> list[Clash]:
    """Return the ids that several contents claim: those in quarantine, and those of the span's own facts."""
    return dead_letters.clashes(tail(span).conflicts)


def waiting() -> list[str]:
    """Return the names of all letters that wait."""
    return _waiting(data.uri(), data.ledger_state())


def dead(*, closed: bool = False) -> list[DeadState]:
    """Return letters that wait, or such as are done with, as many as are listed."""
    return _dead(data.uri(), data.ledger_state(), closed)


def letter(name: str) -> DeadState | None:
    """Return one letter, listed or not; None: there is none of that name."""
    try:
        return inspect(data.lake(), name)
    except data.JobError:
        return None


def letter_rows(states: Sequence[DeadState]) -> pd.DataFrame:
    """Return letters as the table shows them."""
    return dead_letters.letter_rows(states)


def history(state: DeadState) -> pd.DataFrame:
    """Return what was done with a letter."""
    return dead_letters.history_rows(state)


def faults_of(state: DeadState, text: str) -> tuple[str, ...]:
    """Return what would be wrong with a letter that said `text`."""
    return check_body(state, with_told(state.body, text), now(), lake_uri=data.uri())


@acts.recorded
def repair(state: DeadState, text: str, reason: str) -> DeadState:
    """Have a letter say `text`."""
    body = with_told(state.body, text)
    try:
        return repair_letter(data.lake(), state.name, body, seen=state.body, **acts.signed(reason))
    finally:
        _forget()


@acts.recorded
def replay(letters: Sequence[str], reason: str) -> Replayed:
    """Read letters again."""
    try:
        return replay_letters(data.lake(), letters, **acts.signed(reason))
    finally:
        _forget()


@acts.recorded
def discard(letters: Sequence[str], reason: str) -> list[str]:
    """Say that nobody will repair letters."""
    try:
        return discard_letters(data.lake(), letters, **acts.signed(reason))
    finally:
        _forget()


def _forget() -> None:
    for stale in (_dead, _waiting, _listed):
        stale.clear()
