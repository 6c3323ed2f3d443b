"""Dead-letter queues of SQS beside the letters of the lake: joined by message id, emptied of what is done.

The lake holds the reason and the audit; the queue holds the message too. A message that a function never
refused but died of has no letter yet: it gets one here, so that nothing is acted on that is not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from data_lake.facts.ingest import PoisonRecord
from data_lake.ledger import read_events
from jobs.dlq import Message, keep_poison, letter_names, read_letter
from jobs.dlq_deliver import Deliver, Delivered, kind_of_queue, record_of, through_ingest
from jobs.dlq_states import DeadState, done_with, histories
from messaging import sqs
from messaging.batches import Message as SqsMessage
from messaging.batches import NotSentError
from messaging.sqs import Received

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.ledger import HasObjects


class Waiting(Message, Protocol):
    """A message in a dead-letter queue."""

    @property
    def deliveries(self) -> int:
        """How often it was delivered."""
        ...


W = TypeVar("W", bound=Waiting)


class DeadQueue(Protocol[W]):
    """A dead-letter queue that can be looked into."""

    @property
    def queue(self) -> str:
        """Name of the queue whose messages end here."""
        ...

    def receive(self) -> Sequence[W]:
        """Return the next messages that nobody holds; none: there are no more for now."""
        ...

    def delete(self, messages: Sequence[W]) -> None:
        """Delete messages that `receive` returned."""
        ...

    def release(self, messages: Sequence[W]) -> None:
        """Let others see messages again that `receive` returned."""
        ...


@dataclass(frozen=True)
class SqsDeadQueue:
    """A dead-letter queue on SQS."""

    queue: str
    url: str
    wait_seconds: int = 1
    sqs: Any = None
    """A boto3 client; the process's own without."""

    def receive(self) -> Sequence[Received]:
        """Return up to ten messages; they are hidden from others for the queue's visibility timeout."""
        return sqs.receive(self.url, wait_seconds=self.wait_seconds, sqs=self.sqs)

    def delete(self, messages: Sequence[Received]) -> None:
        """Delete messages; one that could not be is deleted at the next look."""
        sqs.delete(self.url, messages, sqs=self.sqs)

    def release(self, messages: Sequence[Received]) -> None:
        """Let others see messages again."""
        sqs.release(self.url, messages, sqs=self.sqs)


@dataclass(frozen=True)
class _Died:
    """Why a message without a letter is dead."""

    reason: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looked:
    """What a look into a dead-letter queue found."""

    waiting: int
    """Messages that stay."""
    kept: int
    """Of these, messages that nobody had refused: they have a letter now."""
    deleted: int
    """Messages whose letters are done with."""


def look_into(lake: HasObjects, queue: DeadQueue[W], *, at: datetime) -> Looked:
    """Give every message of a dead-letter queue its letter, and delete those whose letters are done with.

    Doing it again, or a kill midway, loses nothing: a message is deleted only after its letter is durable and
    somebody has replayed or discarded it.
    """
    acts = histories(read_events(lake))
    known = _by_message(letter_names(lake))
    held: list[W] = []
    kept = deleted = 0
    while messages := queue.receive():
        done = []
        for message in messages:
            letter = _letter_of(lake, known, message)
            if letter is None:
                why = _Died(
                    f"delivered {message.deliveries} times and never finished: the function failed or ran "
                    "out of time; its log says why"
                )
                letter = keep_poison(lake, queue.queue, message, why, at=at)
                kept += 1
            if done_with(acts.get(letter, [])):
                done.append(message)
            else:
                held.append(message)
        queue.delete(done)
        deleted += len(done)
    queue.release(held)
    return Looked(len(held), kept, deleted)


def _by_message(letters: Sequence[str]) -> dict[str, list[str]]:
    """Return the letters of each message id, whatever queue they are kept under."""
    found: dict[str, list[str]] = {}
    for letter in letters:
        found.setdefault(letter.partition("/")[2], []).append(letter)
    return found


def _letter_of(lake: HasObjects, known: dict[str, list[str]], message: Message) -> str | None:
    for letter in known.get(message.message_id, []):
        if read_letter(lake, letter).body == message.body:
            return letter
    return None


def with_queues(addresses: Mapping[str, str], *, client: Any = None) -> Deliver:
    """Return a delivery that sends messages of functions back to their queues, and reads all others here.

    Such a message (plan again, tell, make a report) may be done twice, so one that is sent twice is no harm.

    Parameters
    ----------
    addresses
        Queue → its address.
    client
        A boto3 client of SQS; the process's own without.
    """

    def deliver(lake: Lake, states: Sequence[DeadState], at: datetime) -> Delivered:
        back = {state.name for state in states if _address_of(state, addresses)}
        read = through_ingest(lake, [state for state in states if state.name not in back], at)
        refused = dict(read.refused)
        for state in states:
            if state.name in back:
                why = _send_back(state, _address_of(state, addresses), client)
                if why:
                    refused[state.name] = PoisonRecord(*record_of(state), why, (why,))
        return Delivered(read.changed, refused)

    return deliver


def _address_of(state: DeadState, addresses: Mapping[str, str]) -> str:
    kind = kind_of_queue(state.letter.queue)
    return addresses.get(state.letter.queue, "") if kind and kind != "incoming" else ""


def _send_back(state: DeadState, url: str, client: Any) -> str:
    """Send a message; return why it was not taken."""
    fifo = url.endswith(".fifo")
    digest = hashlib.sha256(state.body.encode("utf-8", "surrogatepass")).hexdigest()
    message = SqsMessage(state.body, group=state.name if fifo else "", dedup=digest if fifo else "")
    try:
        sqs.send(url, [message], sqs=client)
    except NotSentError as error:
        return str(error)
    return ""
