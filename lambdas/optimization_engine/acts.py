"""Acts of people that arrive as messages: done by the jobs of the dashboard, or kept with their refusal."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from data_lake.events import Event
from data_lake.facts.messages import Record
from data_lake.lake import Lake
from jobs.act_messages import apply_decisions
from jobs.dlq import keep_poison
from jobs.ingest import ingest
from lambdas.batches import Dead, answer_each
from lambdas.messages import Replan
from lambdas.shell import queue_of
from messaging.batches import Message
from messaging.sqs import send


class Acted(NamedTuple):
    """What a batch came to."""

    done: int
    """Acts that stand."""
    dead: list[Dead]
    """Messages that cannot be read, and acts that were refused: with their reason."""
    answer: dict[str, Any]


def act(event: dict[str, Any], context: Any, lake: Lake, replan_queue: str, *, at: datetime) -> Acted:
    """Do the acts of a batch in order; a fact that lost its way is stored as anywhere else."""
    queue = queue_of(event)
    records = [Record(record["messageId"], record["body"]) for record in event["Records"]]
    ingested = ingest(lake, queue, records, received_at=at)
    dead = [Dead(*bad) for bad in ingested.poison]
    acts: dict[str, list[Event]] = {}
    for decision in ingested.decisions:
        acts.setdefault(decision.message_id, []).append(decision.event)
    asked = Replan(ingested.changed, anything=bool(acts or ingested.orders))
    done = 0

    def finish(record: SQSRecord) -> None:
        nonlocal done
        told = acts.get(record.message_id, [])
        refused = apply_decisions(lake, told, at=at)
        done += len(told) - len(refused)
        if refused:
            why = tuple(one.why for one in refused)
            bad = Dead(record.message_id, record.body, "the act is refused", why)
            keep_poison(lake, queue, bad, bad, at=at)
            dead.append(bad)

    answer = answer_each(event, context, finish)
    send(replan_queue, [Message(body) for body in asked.bodies()])
    return Acted(done, dead, answer)
