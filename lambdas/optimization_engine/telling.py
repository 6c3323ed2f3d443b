"""Judge the plan's alerts and hand their changes to the notifications queue, each until it is taken."""

from __future__ import annotations

from datetime import datetime

from data_lake.lake import Lake
from engine.alerts.change import AlertChange
from jobs.alert import alert, mark_told, pending_changes
from lambdas.messages import NO_CHANGE, changes_to_bodies
from messaging.batches import Message
from messaging.sqs import send


def judge_and_tell(lake: Lake, queue_url: str, *, at: datetime, something_arrived: bool) -> list[AlertChange]:
    """Record changes of alerts and send all that nobody was handed yet; a kill repeats, never loses.

    Whoever reads the queue tells each change once, so a change that is sent twice is told once.

    Parameters
    ----------
    something_arrived
        Facts or acts came in: somebody may want them confirmed although no alert changed.
    """
    alert(lake, at=at)
    changes = pending_changes(lake)
    bodies = list(changes_to_bodies(changes))
    send(queue_url, [Message(body) for body in bodies or [NO_CHANGE] * something_arrived])
    if changes:
        mark_told(lake, changes)
    return changes
