"""A batch of a queue, read whole, worked on once, answered message by message.

What cannot be read, or asks for what cannot be done (`JobError`), is kept as a dead letter and is then
*processed*: to deliver it again would not help, and in a FIFO queue it would hold up its group. What fails
returns, alone (in a FIFO queue: with all that follows in its group). If everything fails the invocation
fails: that slows the poller down and rings the alarm, where a list of failures would do neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from data_lake.ledger import HasObjects
from data_lake.objects import Objects
from jobs.dlq import keep_poison
from jobs.errors import JobError
from lambdas.shell import queue_of

T = TypeVar("T")


class Dead(NamedTuple):
    """A message that cannot be read or met, and why."""

    message_id: str
    body: str
    reason: str
    faults: tuple[str, ...]


class Batch(Generic[T]):
    """The messages of one event, each read, or noted as dead.

    Parameters
    ----------
    event
        As Lambda's event-source mapping gives it.
    read
        Reads a message; ValueError says why it cannot be.
    """

    def __init__(self, event: dict[str, Any], read: Callable[[str], T]) -> None:
        self.event = event
        self.queue = queue_of(event)
        self.messages: dict[str, T] = {}
        self.dead: dict[str, Dead] = {}
        for record in event.get("Records", []):
            name, body = record["messageId"], record["body"]
            try:
                self.messages[name] = read(body)
            except ValueError as error:
                self.dead[name] = Dead(name, body, str(error), (str(error),))

    def answer(
        self,
        context: Any,
        *,
        lake: HasObjects | Objects,
        at: datetime,
        finish: Callable[[T], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Keep what is dead, `finish` the rest one by one, and return which messages failed.

        Parameters
        ----------
        finish
            Does what a message asks for; JobError: it cannot be met, and is dead.
        """
        if not self.event.get("Records"):  # a schedule: nothing to acknowledge
            return {"batchItemFailures": []}

        def handle(record: SQSRecord) -> None:
            name = record.message_id
            if name not in self.dead:
                try:
                    finish(self.messages[name])
                except JobError as error:
                    self.dead[name] = Dead(name, record.body, str(error), (str(error),))
            if name in self.dead:
                keep_poison(lake, self.queue, self.dead[name], self.dead[name], at=at)

        return answer_each(self.event, context, handle)


def answer_each(event: dict[str, Any], context: Any, handle: Callable[[SQSRecord], None]) -> dict[str, Any]:
    """Handle a batch record by record and return what Lambda reads: `batchItemFailures`.

    Raises
    ------
    BatchProcessingError
        Every record failed.
    """
    fifo = queue_of(event).endswith(".fifo")
    processor: BatchProcessor = (
        SqsFifoPartialProcessor(skip_group_on_error=True) if fifo else BatchProcessor(EventType.SQS)
    )

    def record_handler(record: SQSRecord) -> None:  # powertools looks for this argument's name
        handle(record)

    answer: Mapping[str, Any] = process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )
    return dict(answer)
