"""report_generator: keeps reports of a plan in the lake, as messages and a schedule ask."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from data_lake.lake import Lake
from jobs.report import make_report, run_of
from lambdas.batches import Batch
from lambdas.report_generator.request import Request, request_in, request_of
from lambdas.report_generator.settings import Settings
from lambdas.settings import settings_of
from lambdas.shell import follow, now, shell, tell_failed, tell_poison, traced

logger, metrics = shell("report_generator")


@cache
def _lake(address: str) -> Lake:
    return Lake(address)


def _make(request: Request) -> None:
    lake = _lake(settings_of(Settings).lake)
    run = run_of(lake, request.run_id) if request.run_id else None
    made = make_report(lake, request.kind, formats=request.formats, at=now(), author=request.author, run=run)
    metrics.add_metric("ReportsMade", MetricUnit.Count, 1)
    logger.info("report made", report=made.report_id, run=made.run_id, files=[one.name for one in made.files])


@traced
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Make what a batch of messages, or a schedule, asks for; answer which messages must return."""
    at = now()
    follow(event, logger, metrics, at)
    lake = _lake(settings_of(Settings).lake)
    if "Records" not in event:
        _make(request_of(event))
    batch = Batch(event, request_in)
    answer = batch.answer(context, lake=lake, at=at, finish=_make)
    tell_poison(event, batch.dead.values(), logger, metrics)
    return tell_failed(answer, metrics)
