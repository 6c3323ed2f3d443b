"""inventory_processor: a batch of telemetry, sales, stock acts or orders becomes facts of the ledger."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from data_lake.objects import Objects, open_objects
from lambdas.inventory_processor.batch import take
from lambdas.inventory_processor.settings import Settings
from lambdas.settings import settings_of
from lambdas.shell import follow, now, shell, tell_failed, tell_poison, traced

logger, metrics = shell("inventory_processor")


@cache
def _objects(lake: str) -> Objects:
    return open_objects(lake)


@traced
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store the batch; answer which messages must return."""
    at = now()
    follow(event, logger, metrics, at)
    settings = settings_of(Settings)
    taken = take(
        event,
        context,
        lake=_objects(settings.lake),
        replan_queue=settings.replan_queue,
        decisions_queue=settings.decisions_queue,
        at=at,
    )
    done = taken.ingested
    metrics.add_metric("EventsStored", MetricUnit.Count, done.stored)
    metrics.add_metric("Decisions", MetricUnit.Count, len(done.decisions))
    tell_poison(event, done.poison, logger, metrics)
    logger.info("stored", facts=done.stored, key=done.key, changed=len(done.changed))
    return tell_failed(taken.answer, metrics)
