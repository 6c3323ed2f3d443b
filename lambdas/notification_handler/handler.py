"""notification_handler: tells subscribers of changes of alerts, each change once, and of what was due."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from data_lake.lake import Lake
from jobs.notify import notify
from lambdas.batches import Batch
from lambdas.messages import changes_of
from lambdas.notification_handler.settings import Settings
from lambdas.settings import settings_of
from lambdas.shell import follow, now, shell, tell_failed, tell_poison, traced

logger, metrics = shell("notification_handler")


@cache
def _lake(address: str) -> Lake:
    return Lake(address)


@traced
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tell what a batch of messages, or a schedule, says; answer which messages must return."""
    at = now()
    follow(event, logger, metrics, at)
    settings = settings_of(Settings)
    lake, batch = _lake(settings.lake), Batch(event, changes_of)
    changes = [change for message in batch.messages.values() for change in message]
    told = notify(lake, changes, at=at)
    metrics.add_metric("MessagesSent", MetricUnit.Count, told.sent)
    metrics.add_metric("NoticesWaiting", MetricUnit.Count, told.waiting)
    metrics.add_metric("NoticesFailed", MetricUnit.Count, told.failed)
    for failure in told.failures:
        logger.warning("notice not delivered", subscription=failure.subscription, reason=failure.reason)
    logger.info("told", changes=len(changes), sent=told.sent, waiting=told.waiting, failed=told.failed)
    answer = batch.answer(context, lake=lake, at=at)
    tell_poison(event, batch.dead.values(), logger, metrics)
    return tell_failed(answer, metrics)
