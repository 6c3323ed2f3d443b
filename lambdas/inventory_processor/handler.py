"""inventory_processor: a batch of telemetry, sales, stock acts or orders becomes facts of the ledger."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from data_lake.objects import Objects, open_objects
from lambdas.inventory_processor.batch import take
from lambdas.inventory_processor.settings import Settings
from lambdas.settings import settings_of
from lambdas.shell import correlation_of, lag_seconds, now, queue_of, shell, traced

logger, metrics = shell("inventory_processor")


@cache
def _objects(lake: str) -> Objects:
    return open_objects(lake)


@traced
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store the batch; answer which messages must return."""
    at, queue = now(), queue_of(event)
    metrics.add_dimension("queue", queue)
    metrics.add_metric("MessagesReceived", MetricUnit.Count, len(event["Records"]))
    logger.set_correlation_id(correlation_of(event["Records"][0]))
    settings = settings_of(Settings)
    taken = take(
        event,
        context,
        lake=_objects(settings.lake),
        queue=queue,
        replan_queue=settings.replan_queue,
        decisions_queue=settings.decisions_queue,
        at=at,
    )
    done, lag = taken.ingested, lag_seconds(event["Records"], at)
    metrics.add_metric("EventsStored", MetricUnit.Count, done.stored)
    metrics.add_metric("Decisions", MetricUnit.Count, len(done.decisions))
    metrics.add_metric("PoisonMessages", MetricUnit.Count, len(done.poison))
    metrics.add_metric("FailedMessages", MetricUnit.Count, taken.failed)
    metrics.add_metric("LagSeconds", MetricUnit.Seconds, lag)
    by_id = {record["messageId"]: record for record in event["Records"]}
    for bad in done.poison:
        logger.warning(
            "message kept as dead letter",
            correlation_id=correlation_of(by_id[bad.message_id]),
            queue=queue,
            reason=bad.reason,
            faults=bad.faults,
        )
    logger.info(
        "batch stored",
        queue=queue,
        messages=len(by_id),
        stored=done.stored,
        key=done.key,
        changed=len(done.changed),
        lag_seconds=lag,
    )
    return dict(taken.answer)
