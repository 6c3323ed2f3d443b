"""What every function shares: log lines, metrics, traces, and what they call a message."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Shelfcast"
Handler = Callable[..., Any]


def shell(service: str) -> tuple[Logger, Metrics]:
    """Return a function's logger (JSON lines) and metrics (embedded metric format), both on stdout."""
    return Logger(service=service), Metrics(namespace=NAMESPACE, service=service)


def traced(handler: Handler) -> Handler:
    """Trace each request with X-Ray where its daemon listens; elsewhere the SDK is not even imported."""

    @functools.wraps(handler)
    def wrapped(event: dict[str, Any], context: Any) -> Any:
        return _with_tracer(handler)(event, context) if _daemon() else handler(event, context)

    return wrapped


def _daemon() -> str:
    return os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")


@functools.cache
def _with_tracer(handler: Handler) -> Handler:
    from aws_lambda_powertools import Tracer  # 0.2 s of imports

    tracer = Tracer(service=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", handler.__module__))
    # answers may hold what a person wrote: they stay out of traces
    traced_handler: Handler = tracer.capture_lambda_handler(handler, capture_response=False)
    return traced_handler


def queue_of(event: Mapping[str, Any]) -> str:
    """Return the name of the queue that a batch came from; '' if it came from none.

    Examples
    --------
    >>> queue_of({"Records": [{"eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders.fifo"}]})
    'orders.fifo'
    """
    records = event.get("Records") or [{}]
    return str(records[0].get("eventSourceARN", "")).rpartition(":")[2]


def correlation_of(record: Mapping[str, Any]) -> str:
    """Return what a message is followed by through the logs: its `eventId`, else the id of SNS, else of SQS.

    Examples
    --------
    >>> correlation_of({"messageId": "q1", "body": '{"MessageId": "n1", "Message": "?"}'})
    'n1'
    """
    told = _object(record.get("body", ""))
    inner = _object(told["Message"]) if isinstance(told.get("Message"), str) else told
    return str(inner.get("eventId") or told.get("MessageId") or record.get("messageId", ""))


def lag_seconds(records: Sequence[Mapping[str, Any]], now: datetime) -> float:
    """Return how long the oldest message has been under way since it was sent to its queue [s]."""
    sent = [int(record.get("attributes", {}).get("SentTimestamp", 0)) for record in records]
    known = [instant for instant in sent if instant]
    return max(0.0, now.timestamp() - min(known) / 1000) if known else 0.0


def follow(event: Mapping[str, Any], logger: Logger, metrics: Metrics, at: datetime) -> None:
    """Begin a request's log and metrics: whose message it is, from where, how long it was under way."""
    records = event.get("Records", [])
    queue = queue_of(event)
    logger.set_correlation_id(correlation_of(records[0]) if records else str(event.get("id", "")))
    logger.append_keys(queue=queue or event.get("job", ""))
    metrics.add_dimension("queue", queue or "schedule")
    metrics.add_metric("MessagesReceived", MetricUnit.Count, len(records))
    if records:
        metrics.add_metric("LagSeconds", MetricUnit.Seconds, lag_seconds(records, at))


class Bad(Protocol):
    """A message that cannot be read, and why."""

    @property
    def message_id(self) -> str:
        """The queue's id of it."""
        ...

    @property
    def reason(self) -> str:
        """In a sentence."""
        ...

    @property
    def faults(self) -> Sequence[str]:
        """Every rule that it breaks."""
        ...


def tell_poison(event: Mapping[str, Any], poison: Collection[Bad], logger: Logger, metrics: Metrics) -> None:
    """Log and count the messages of a batch that were kept as dead letters."""
    metrics.add_metric("PoisonMessages", MetricUnit.Count, len(poison))
    by_id = {record["messageId"]: record for record in event.get("Records", [])}
    for bad in poison:
        logger.warning(
            "message kept as dead letter",
            correlation_id=correlation_of(by_id[bad.message_id]),
            reason=bad.reason,
            faults=list(bad.faults),
        )


def tell_failed(answer: Mapping[str, Any], metrics: Metrics) -> dict[str, Any]:
    """Count the messages that return to their queue, and pass the answer on."""
    metrics.add_metric("FailedMessages", MetricUnit.Count, len(answer["batchItemFailures"]))
    return dict(answer)


def now() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
