"""Judge the plan's alerts and hand their changes to the notifications queue, each until it is taken."""

from __future__ import annotations

from datetime import datetime

from data_lake.lake import Lake
from engine.alerts.change import AlertChange
from jobs.alert import alert, mark_told, pending_changes
from lambdas.messages import changes_to_bodies
from messaging.batches import Message
from messaging.sqs import send


def judge_and_tell(lake: Lake, queue_url: str, *, at: datetime) -> list[AlertChange]:
    """Record changes of alerts and send all that nobody was handed yet; a kill repeats, never loses.

    Whoever reads the queue tells each change once, so a change that is sent twice is told once.
    """
    alert(lake, at=at)
    changes = pending_changes(lake)
    send(queue_url, [Message(body) for body in changes_to_bodies(changes)])
    if changes:
        mark_told(lake, changes)
    return changes
