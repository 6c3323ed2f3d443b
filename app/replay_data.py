"""What the Replay page reads, and the replay that it starts: it goes on while other pages are shown."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app import cache, data
from data_lake.errors import LakeError
from data_lake.lake import Lake
from engine.errors import EngineError
from jobs.errors import JobError
from jobs.replay import Against, Replay, Target, replay
from jobs.views import replay as views
from jobs.views.replay import REPLAY_BY, THEIRS, ReplayBy, ReplayFigures

__all__ = ["REPLAY_BY", "THEIRS", "Against", "Replay", "ReplayBy", "ReplayFigures", "Target"]


@dataclass
class Running:
    """A replay that is being played; written by its thread, read by every session."""

    text: str = "Starting"
    share: float = 0.0
    refused: str | None = None
    replay_id: str | None = None

    @property
    def done(self) -> bool:
        """It has ended, well or not."""
        return self.refused is not None or self.replay_id is not None


@st.cache_resource(show_spinner=False)
def _started() -> dict[str, Running]:
    """Replays started from this server, the last one of each lake."""
    return {}


def running() -> Running | None:
    """Return the replay of this lake that was started last and not yet put away."""
    return _started().get(data.uri())


def start(
    first: dt.date | None, last: dt.date | None, against: Against, target: Target, sample: int | None
) -> None:
    """Play a replay in the background; does nothing while one is being played."""
    address = data.uri()
    current = _started().get(address)
    if current is not None and not current.done:
        return
    state = Running()
    _started()[address] = state

    def tell(text: str, share: float) -> None:
        state.text, state.share = text, share

    def play() -> None:
        try:
            found = replay(
                Lake(address),
                start=first,
                end=last,
                against=against,
                target=target,
                sample=sample,
                progress=tell,
            )
        except (JobError, LakeError, EngineError) as refusal:
            state.refused = str(refusal)
        except Exception:
            state.refused = "It ended with an error that is not known; the server's log has the trace."
            raise
        else:
            state.replay_id = found.replay_id

    threading.Thread(target=play, name="replay", daemon=True).start()


def put_away() -> None:
    """Forget the replay that has ended."""
    _started().pop(data.uri(), None)
    _listed.clear()


def span() -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of sales in the lake; None: there are none."""
    return _span(data.uri())


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner=False)
def _span(address: str) -> tuple[dt.date, dt.date] | None:
    return views.sales_span(cache.lake(address))


def listed() -> dict[str, str]:
    """Return the replays of the lake in words, by id, the one made last first."""
    return _listed(data.uri())


@st.cache_resource(max_entries=4, ttl=cache.RUN_SECONDS, show_spinner=False)
def _listed(address: str) -> dict[str, str]:
    return views.listed(cache.lake(address))


def load(replay_id: str) -> Replay | None:
    """Return a replay."""
    return _load(data.uri(), replay_id)


@st.cache_resource(max_entries=8, ttl=cache.HOUR, show_spinner="Reading the replay …")
def _load(address: str, replay_id: str) -> Replay | None:
    return views.load(cache.lake(address), replay_id)


def figures(found: Replay) -> ReplayFigures:
    """Return the cards."""
    return views.figures(found)


def side_by_side(found: Replay) -> pd.DataFrame:
    """Return both sides by kind of money."""
    return views.side_by_side(found)


def cumulative(found: Replay) -> pd.DataFrame:
    """Return cost since the first day."""
    return views.cumulative(found)


def split(found: Replay, by: ReplayBy) -> pd.DataFrame:
    """Return cost by group, shares in per cent."""
    frame = views.split(found, by)
    return frame.assign(**{name: 100 * frame[name] for name in ("share", "theirs_fill", "ours_fill")})


def lines_that(found: Replay, *, lose: bool) -> pd.DataFrame:
    """Return the lines that lose (or save) most, shares in per cent."""
    frame = views.lines_that(found, lose=lose)
    return frame.assign(**{name: 100 * frame[name] for name in ("theirs_fill_rate", "ours_fill_rate")})


def balance(found: Replay) -> tuple[int, int]:
    """Return on how many lines it would have saved and lost."""
    return views.balance(found)
