"""The parts of a topology and what they must keep to. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FIFO_SUFFIX = ".fifo"
MOST_FIFO_BATCH = 10
MOST_STANDARD_BATCH = 10_000
MOST_VISIBILITY_SECONDS = 12 * 3600
MOST_LONG_POLL_SECONDS = 20


@dataclass(frozen=True)
class Topic:
    """An SNS topic and the family of events that belongs on it."""

    name: str
    carries: tuple[str, ...] = ()
    """Types of facts."""
    people: bool = False
    """It carries what people decide: every type that is no fact."""

    @property
    def fifo(self) -> bool:
        """Whether it keeps the order of each group; only such a topic may feed a FIFO queue."""
        return self.name.endswith(FIFO_SUFFIX)


@dataclass(frozen=True)
class Queue:
    """An SQS queue and where its messages go that nobody could process."""

    name: str
    visibility_seconds: int
    """For so long nobody else sees a message that was received [s]."""
    max_receive_count: int = 5
    """Deliveries before a message goes to the dead-letter queue."""
    wait_seconds: int = MOST_LONG_POLL_SECONDS
    """Long polling [s]."""
    retention_days: int = 7
    dead_letter_retention_days: int = 14
    """A dead letter keeps the age it had: this must be longer than `retention_days`."""

    @property
    def fifo(self) -> bool:
        """Whether it keeps the order of each group."""
        return self.name.endswith(FIFO_SUFFIX)

    @property
    def dead_letter(self) -> str:
        """Name of its dead-letter queue; of its own kind, as SQS demands."""
        stem = self.name.removesuffix(FIFO_SUFFIX)
        return f"{stem}-dlq{FIFO_SUFFIX if self.fifo else ''}"

    def attributes(self, dead_letter_arn: str) -> dict[str, str]:
        """Return the attributes of SQS `CreateQueue`."""
        redrive = f'{{"deadLetterTargetArn":"{dead_letter_arn}","maxReceiveCount":{self.max_receive_count}}}'
        return {
            "VisibilityTimeout": str(self.visibility_seconds),
            "ReceiveMessageWaitTimeSeconds": str(self.wait_seconds),
            "MessageRetentionPeriod": str(self.retention_days * 86_400),
            "RedrivePolicy": redrive,
            **self._fifo_attributes(),
        }

    def dead_letter_attributes(self) -> dict[str, str]:
        """Return the attributes of its dead-letter queue."""
        return {
            "MessageRetentionPeriod": str(self.dead_letter_retention_days * 86_400),
            **self._fifo_attributes(),
        }

    def _fifo_attributes(self) -> dict[str, str]:
        # Duplicates are named by the sender: two receipts of the same content are two receipts.
        return {"FifoQueue": "true", "ContentBasedDeduplication": "false"} if self.fifo else {}


@dataclass(frozen=True)
class Subscription:
    """A queue that takes what a topic carries."""

    topic: str
    queue: str
    filter_policy: Mapping[str, Any] | None = None
    """On message attributes, as SNS reads it; None: everything, messages without attributes included."""
    raw: bool = False
    """Wrapped keeps the SNS MessageId, which is the identity of a movement without `eventId`."""


@dataclass(frozen=True)
class SourceMapping:
    """An event-source mapping: how a function is fed from a queue."""

    queue: str
    function: str
    batch: int
    window_seconds: int = 0
    """Messages are gathered for so long [s]; FIFO queues know no window."""
    partial_failures: bool = True
    """`ReportBatchItemFailures`: only failed messages return."""
    max_concurrency: int = 2


@dataclass(frozen=True)
class Ref:
    """A value that is known once the thing exists: the lake's address, a queue's URL, a topic's ARN."""

    kind: Literal["lake", "queue", "topic"]
    name: str = ""


@dataclass(frozen=True)
class Function:
    """A Lambda function of the one image."""

    name: str
    memory_mb: int
    timeout_seconds: int
    variables: Mapping[str, Ref] = field(default_factory=dict)
    """Environment variables that the deployment must fill."""

    @property
    def handler(self) -> str:
        """What Lambda's runtime calls."""
        return f"lambdas.{self.name}.handler.handler"


@dataclass(frozen=True)
class Schedule:
    """An EventBridge rule that calls a function with a fixed event."""

    name: str
    function: str
    expression: str
    """`cron(…)` in UTC, or `rate(…)`."""
    event: Mapping[str, Any]


@dataclass(frozen=True)
class BucketNotification:
    """New objects of the lake's bucket below a prefix are told to a queue."""

    prefix: str
    queue: str


@dataclass(frozen=True)
class Topology:
    """Everything that carries a message, and what is called when one arrives."""

    topics: tuple[Topic, ...]
    queues: tuple[Queue, ...]
    subscriptions: tuple[Subscription, ...]
    mappings: tuple[SourceMapping, ...]
    functions: tuple[Function, ...]
    schedules: tuple[Schedule, ...]
    notifications: tuple[BucketNotification, ...]

    def topic(self, name: str) -> Topic:
        """Return a topic; KeyError if there is none."""
        return {topic.name: topic for topic in self.topics}[name]

    def queue(self, name: str) -> Queue:
        """Return a queue; KeyError if there is none."""
        return {queue.name: queue for queue in self.queues}[name]

    def function(self, name: str) -> Function:
        """Return a function; KeyError if there is none."""
        return {function.name: function for function in self.functions}[name]
