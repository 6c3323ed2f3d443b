"""api: answers HTTP requests of API Gateway."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.metrics import MetricUnit

from data_lake.errors import LakeUnavailable
from data_lake.lake import Lake
from data_lake.runs import latest_run
from lambdas.api.settings import Settings
from lambdas.settings import settings_of
from lambdas.shell import shell, traced

logger, metrics = shell("api")
app = APIGatewayHttpResolver()


@cache
def _lake(address: str) -> Lake:
    return Lake(address)


@app.get("/health")
def health() -> dict[str, Any]:
    """Which version answers, and through which plan."""
    run = latest_run(_lake(settings_of(Settings).lake))
    return {
        "status": "ok",
        "version": version("shelfcast"),
        "run_id": run.run_id if run else None,
        "as_of": run.as_of.isoformat() if run else None,
    }


@app.exception_handler(LakeUnavailable)  # type: ignore[untyped-decorator]
def lake_unavailable(error: LakeUnavailable) -> Response[str]:
    """Say that the lake cannot be read; what to check goes to the log, not to whoever asks."""
    logger.error("the lake cannot be read", reason=str(error))
    body = '{"status":"unavailable","reason":"the lake cannot be read"}'
    return Response(HTTPStatus.SERVICE_UNAVAILABLE, content_types.APPLICATION_JSON, body)


@traced
@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    return app.resolve(event, context)
