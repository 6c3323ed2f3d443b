"""Tell who subscribed, once: changes of alerts and confirmations → schedule → messages → channels.

What is to be told is decided in an exclusive log before anything is sent (`jobs.notify_log`), so whatever
comes twice, after a restart or in two processes at once is told once. A message is sent by who claims it
(`jobs.notify_delivery`). Nothing is lost by a kill: what was decided and not sent is sent by the next call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from engine.alerts.change import AlertChange
from jobs.notices.news import News, news_of
from jobs.notices.words import Letterhead
from jobs.notify_channels import Channels, Outgoing, Send, channels_of, lane_of, topic_subscription
from jobs.notify_confirm import confirmations
from jobs.notify_decide import decide
from jobs.notify_delivery import LANES, deliver
from jobs.notify_log import State, record
from jobs.notify_tries import Failure, drop, sent_of
from jobs.settings import settings
from jobs.subscriptions import TOPIC, Subscription, subscriptions

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.objects import Objects

__all__ = ["Channels", "Failure", "Notified", "channels_of", "due", "notify"]


@dataclass(frozen=True)
class Notified:
    """What came of a call."""

    sent: int
    """Messages sent now."""
    waiting: int
    """Pieces of news kept for a digest, the end of quiet hours, or a subscription that pauses."""
    failed: int
    """Messages that could not be delivered yet; a later call tries again."""
    failures: tuple[Failure, ...] = ()

    def __add__(self, later: Notified) -> Notified:
        """Return what came of two calls, one after the other: sent in both, left after both."""
        return Notified(self.sent + later.sent, later.waiting, later.failed, later.failures)


def notify(
    lake: Lake,
    changes: Sequence[AlertChange],
    *,
    at: datetime,
    channels: Channels | None = None,
) -> Notified:
    """Tell subscribers of changes, each once; of what they did, if they asked for it; and of what is due.

    When it returns, every change is either told or kept in the lake: whoever brought it may forget it.

    Parameters
    ----------
    changes
        What `jobs.alert.alert` returned; what was told before is passed over.
    at
        Now, with a time zone.
    channels
        How to send; without: what the environment sets up (`channels_of`).

    Raises
    ------
    LakeError
        The lake cannot be read or written: nothing of it was told.
    """
    by = channels_of() if channels is None else channels
    standing = subscriptions(lake)
    if by.topic is not None:
        standing.append(topic_subscription())
    say = partial(tell, lake.objects, standing=standing, at=at, send=by.send, head=lambda: letterhead(lake))
    told = say(list(map(news_of, changes)))
    # Second: a ledger that cannot be read must not keep alerts back.
    done = confirmations(lake, standing, at=at)
    return told + say(done) if done else told


def tell(
    objects: Objects,
    news: Iterable[News],
    standing: Sequence[Subscription],
    *,
    at: datetime,
    send: Send,
    head: Callable[[], Letterhead] = Letterhead,
    side_by_side: int = LANES,
) -> Notified:
    """Decide, record, send: what `notify` does once it knows who stands and what their notices say.

    Parameters
    ----------
    standing
        Every subscription that is not removed: what waits for another is forgotten.
    send
        Sends one message by its subscription's channel.
    head
        Called if there is something to send.
    side_by_side
        Servers that are talked to at the same time.
    """
    fresh = tuple(news)
    state = record(
        objects,
        lambda known: decide(known, fresh, standing, at=at),
        lambda known: sent_of(objects, known.messages),
    )
    sent = sent_of(objects, state.messages)
    who = {one.subscription: one for one in standing}
    unsent = [message for message in state.messages if message.name not in sent]
    gone = (one for one in unsent if one.subscription not in who and one.subscription != TOPIC)
    drop(objects, gone, at=at)
    ready = [one for one in unsent if one.subscription in who and who[one.subscription].active]
    if not ready:
        return Notified(0, _waiting(state), 0)
    letter = head()
    done = deliver(
        objects,
        ready,
        lambda one: send(Outgoing(who[one.subscription], one.news, letter, one.decided_at, at)),
        lane=lambda one: lane_of(who[one.subscription]),
        at=at,
        side_by_side=side_by_side,
    )
    return Notified(len(done.sent), _waiting(state), len(done.failures), tuple(done.failures))


def due(lake: Lake, *, at: datetime, channels: Channels | None = None) -> Notified:
    """Send what waited for its time — digests, the end of quiet hours — and try again what failed."""
    return notify(lake, (), at=at, channels=channels)


def letterhead(lake: Lake) -> Letterhead:
    """Return what every notice of a lake says the same way."""
    known = settings(lake)
    return Letterhead(known["currency"], known["company"], known["dashboard_url"])


def _waiting(state: State) -> int:
    return sum(len(waiting) for waiting in state.waiting.values())
