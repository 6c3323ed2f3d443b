"""What was decided to tell whom: an exclusive, numbered log, so that every news is decided on once.

`outbox/log/<20 digits>`: a decision each, gzip of JSON. It says which news was heard for the first time,
which subscriptions want it, and which news makes one message now. A decision was made by who had read all
before it; of two processes at once one gets the number and the other decides again. So a news is in exactly
one message of a subscription, whatever is repeated, restarted or replayed.
`outbox/checkpoints/<20 digits>`: the state after that decision, so that old ones need not be read again.
"""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data_lake import numbered
from data_lake.errors import LakeError
from jobs.notices.news import News, from_record, to_record

if TYPE_CHECKING:
    from data_lake.objects import Objects

LOG = "outbox/log/"
CHECKPOINTS = "outbox/checkpoints/"

CHECKPOINT_EVERY = 64
MEMORY = timedelta(days=400)
"""News older than this is not news any more: its id need not be remembered."""

_ATTEMPTS = 100


@dataclass(frozen=True)
class Waiting:
    """News that a subscription will be told later, and when it came."""

    news: News
    arrived: datetime


@dataclass(frozen=True)
class Message:
    """News that goes to one subscription in one message."""

    name: str
    """Unique, and sorted by the time of decision."""
    subscription: str
    decided_at: datetime
    news: tuple[News, ...]


@dataclass(frozen=True)
class Decision:
    """What one call decides."""

    at: datetime
    heard: tuple[News, ...] = ()
    """For the first time."""
    wanted_by: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Subscription → ids of what was heard that it wants."""
    messages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(subscription, ids): what goes out now, of what was heard now or waited."""
    dropped: tuple[str, ...] = ()
    """Subscriptions that are gone: what waited for them is forgotten."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to record."""
        return not (self.heard or self.messages or self.dropped)


@dataclass
class State:
    """What the log says after its last decision."""

    number: int = 0
    heard: dict[str, datetime] = field(default_factory=dict)
    """Id → instant of the news."""
    waiting: dict[str, dict[str, Waiting]] = field(default_factory=dict)
    """Subscription → id → what waits."""
    messages: list[Message] = field(default_factory=list)
    """Decided since the last checkpoint, or not known to be sent by then."""


def read_state(objects: Objects) -> State:
    """Read the newest checkpoint and what was decided since."""
    checkpoints = numbered.numbers(objects, CHECKPOINTS)
    state = State()
    if checkpoints:
        (body,) = numbered.read(objects, CHECKPOINTS, checkpoints[-1:])
        state = _state(checkpoints[-1], _unpack(body))
    news = numbered.numbers(objects, LOG, after=state.number)
    for number, body in zip(news, numbered.read(objects, LOG, news), strict=True):
        _apply(state, number, _unpack(body))
    return state


def record(
    objects: Objects,
    decide: Callable[[State], Decision],
    sent: Callable[[State], Collection[str]],
) -> State:
    """Decide on the state and record it, so that of two processes the second sees what the first decided.

    Parameters
    ----------
    decide
        Pure; called again when another process was first.
    sent
        Names of the messages of a state that are sent: a checkpoint leaves them out.

    Returns
    -------
    State
        After the decision.

    Raises
    ------
    LakeError
        Other processes were first 100 times, one after the other.
    """
    for _ in range(_ATTEMPTS):
        state = read_state(objects)
        decision = decide(state)
        if decision.empty:
            return state
        body = _body(decision)
        if numbered.append(objects, LOG, state.number + 1, _pack(body)):
            _apply(state, state.number + 1, body)
            if state.number % CHECKPOINT_EVERY == 0:
                done = set(sent(state))
                state.messages = [message for message in state.messages if message.name not in done]
                objects.put_new(numbered.name(CHECKPOINTS, state.number), _pack(_record(state, decision.at)))
            return state
    raise LakeError(f"{_ATTEMPTS} other processes told news meanwhile; try again")


def _body(decision: Decision) -> dict[str, Any]:
    told = {news_id for ids in decision.wanted_by.values() for news_id in ids}
    return {
        "token": secrets.token_hex(8),  # tells one's own write from another's: see `numbered.append`
        "at": _instant(decision.at),
        "heard": {news.news_id: _instant(news.at) for news in decision.heard},
        "news": [to_record(news) for news in decision.heard if news.news_id in told],
        "wanted_by": decision.wanted_by,
        "messages": [{"subscription": who, "news": list(ids)} for who, ids in decision.messages],
        "dropped": list(decision.dropped),
    }


def _apply(state: State, number: int, body: dict[str, Any]) -> None:
    at = datetime.fromisoformat(body["at"])
    state.number = number
    state.heard |= {news_id: datetime.fromisoformat(when) for news_id, when in body["heard"].items()}
    news = {record["news_id"]: from_record(record) for record in body["news"]}
    for who, ids in body["wanted_by"].items():
        state.waiting.setdefault(who, {}).update({one: Waiting(news[one], at) for one in ids})
    for part, message in enumerate(body["messages"]):
        who = message["subscription"]
        told = tuple(state.waiting[who].pop(one).news for one in message["news"])
        state.messages.append(Message(f"{number:020d}-{part:04d}-{who}", who, at, told))
    for who in body["dropped"]:
        state.waiting.pop(who, None)
    state.waiting = {who: waiting for who, waiting in state.waiting.items() if waiting}


def _record(state: State, at: datetime) -> dict[str, Any]:
    return {
        "heard": {one: _instant(when) for one, when in state.heard.items() if when >= at - MEMORY},
        "waiting": {
            who: [{"news": to_record(one.news), "arrived": _instant(one.arrived)} for one in waiting.values()]
            for who, waiting in state.waiting.items()
        },
        "messages": [
            {
                "name": message.name,
                "subscription": message.subscription,
                "at": _instant(message.decided_at),
                "news": [to_record(news) for news in message.news],
            }
            for message in state.messages
        ],
    }


def _state(number: int, body: dict[str, Any]) -> State:
    waiting: dict[str, dict[str, Waiting]] = {}
    for who, records in body["waiting"].items():
        for one in records:
            news = from_record(one["news"])
            arrived = datetime.fromisoformat(one["arrived"])
            waiting.setdefault(who, {})[news.news_id] = Waiting(news, arrived)
    messages = [
        Message(
            one["name"],
            one["subscription"],
            datetime.fromisoformat(one["at"]),
            tuple(from_record(record) for record in one["news"]),
        )
        for one in body["messages"]
    ]
    heard = {one: datetime.fromisoformat(when) for one, when in body["heard"].items()}
    return State(number, heard, waiting, messages)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _pack(body: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(body, ensure_ascii=False).encode(), 6, mtime=0)


def _unpack(body: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(gzip.decompress(body))
    return content
