"""One batch: facts stored by one PUT, what changed told on, poison kept with its reason, acts passed on.

Every step may be done twice: facts and dead letters are named by their content, keys are a set, an act's id
is its deduplication id and the identity under which its job records it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from data_lake.facts.ingest import Decision, Ingested
from data_lake.facts.messages import Record
from data_lake.ledger import HasObjects
from data_lake.objects import Objects
from jobs.ingest import ingest
from lambdas.batches import answer_each
from lambdas.messages import Replan
from lambdas.shell import queue_of
from messaging.batches import Message
from messaging.routing import message_of
from messaging.sqs import send

Answer = Mapping[str, Any]
"""What Lambda's event-source mapping reads: `batchItemFailures`."""


@dataclass(frozen=True)
class Taken:
    """What a batch came to."""

    ingested: Ingested
    answer: Answer


def take(
    event: dict[str, Any],
    context: Any,
    *,
    lake: HasObjects | Objects,
    replan_queue: str,
    decisions_queue: str,
    at: datetime,
) -> Taken:
    """Take a batch of SQS messages.

    A message that cannot be read is processed once it is kept with its reason (`lambdas.batches` says why),
    so a batch of poison succeeds.

    Raises
    ------
    Exception
        Nothing of the batch could be made durable, or nothing told on: the invocation fails as a whole, which
        slows the poller down and rings the alarm, and all messages return.
    """
    records = [Record(record["messageId"], record["body"]) for record in event["Records"]]
    ingested = ingest(lake, queue_of(event), records, received_at=at)
    changed = Replan(ingested.changed, anything=bool(ingested.orders))
    # before anything is acknowledged: facts of which nobody heard would wait for the next full plan
    send(replan_queue, [Message(body) for body in changed.bodies()])
    pass_on = _decisions_to(decisions_queue, ingested)
    return Taken(ingested, answer_each(event, context, pass_on))


def _decisions_to(decisions_queue: str, ingested: Ingested) -> Callable[[SQSRecord], None]:
    decisions: dict[str, list[Decision]] = {}
    for decision in ingested.decisions:
        decisions.setdefault(decision.message_id, []).append(decision)

    def pass_on(record: SQSRecord) -> None:
        send(decisions_queue, _messages(decisions.get(record.message_id, [])))

    return pass_on


def _messages(decisions: Sequence[Decision]) -> list[Message]:
    return [
        message_of(
            {
                "eventId": act.event_id,
                "eventType": act.event_type,
                "timestamp": act.timestamp.isoformat(),
                "author": act.author,
                "reason": act.reason,
                "data": act.data,
            }
        )
        for _, act in decisions
    ]
