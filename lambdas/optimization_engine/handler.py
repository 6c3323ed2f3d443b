"""optimization_engine: plans again what changed, does what people decided, takes files, keeps schedules.

There is no message for a shard of a plan: the whole plan is one function's work as long as it fits into one
(docs/lambdas.md says how far that carries).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from data_lake.lake import Lake
from data_lake.runs import Run, latest_run
from jobs.compact import compact
from jobs.incoming import take_message
from jobs.plan import plan
from lambdas.batches import Batch
from lambdas.messages import Replan, replan_of
from lambdas.optimization_engine.acts import act
from lambdas.optimization_engine.replanning import plan_again
from lambdas.optimization_engine.settings import Settings
from lambdas.optimization_engine.telling import judge_and_tell
from lambdas.settings import settings_of
from lambdas.shell import follow, now, queue_of, shell, tell_failed, tell_poison, traced
from messaging.batches import Message
from messaging.sqs import send

logger, metrics = shell("optimization_engine")


@cache
def _lake(address: str) -> Lake:
    return Lake(address)


@traced
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of one queue, or on a schedule; answer which messages must return."""
    at = now()
    follow(event, logger, metrics, at)
    settings = settings_of(Settings)
    lake = _lake(settings.lake)
    work = _work_of(event)
    return work(event, context, lake, settings, at)


def _work_of(event: dict[str, Any]) -> Work:
    if "Records" not in event:
        return _schedule
    queue = queue_of(event)
    return next((work for name, work in _QUEUES.items() if queue.endswith(name)), _unknown_queue)


def _unknown_queue(event: dict[str, Any], *_: Any) -> dict[str, Any]:
    raise LookupError(f"queue {queue_of(event)!r} is none of {', '.join(_QUEUES)}: check the mapping")


def _replan(
    event: dict[str, Any], context: Any, lake: Lake, settings: Settings, at: datetime
) -> dict[str, Any]:
    batch = Batch(event, replan_of)
    answer = _answered(batch, context, lake, at)  # first: a dead letter is an alert too
    done = plan_again(lake, batch.messages.values(), at=at)
    metrics.add_metric("LinesPlannedAgain", MetricUnit.Count, len(done.lines) if done else 0)
    if done and done.needs_full_plan:
        logger.warning("a full plan is needed: the schedule makes it", reasons=list(done.needs_full_plan))
    _judge(lake, settings, done.run if done else None, at, something_arrived=True)
    return answer


def _decisions(
    event: dict[str, Any], context: Any, lake: Lake, settings: Settings, at: datetime
) -> dict[str, Any]:
    acted = act(event, context, lake, settings.replan_queue, at=at)
    metrics.add_metric("Decisions", MetricUnit.Count, acted.done)
    tell_poison(event, acted.dead, logger, metrics)
    logger.info("acts done", done=acted.done)
    return tell_failed(acted.answer, metrics)


def _incoming(
    event: dict[str, Any], context: Any, lake: Lake, settings: Settings, at: datetime
) -> dict[str, Any]:
    def take(body: str) -> None:
        for arrived in take_message(lake, body, at=at):
            logger.info("file taken", file=arrived.key, outcome=arrived.outcome, rows=arrived.rows)
            metrics.add_metric("FilesImported", MetricUnit.Count, arrived.outcome == "imported")

    answer = _answered(Batch(event, str), context, lake, at, take)
    send(settings.replan_queue, [Message(body) for body in Replan(frozenset(), anything=True).bodies()])
    return answer


def _schedule(
    event: dict[str, Any], _context: Any, lake: Lake, settings: Settings, at: datetime
) -> dict[str, Any]:
    job = event.get("job")
    if job == "compact":
        logger.info("compacted", done=str(compact(lake)))
    elif job in ("plan", "alerts"):
        _judge(lake, settings, plan(lake) if job == "plan" else latest_run(lake), at)
    else:
        raise LookupError(f"schedule {job!r} is none of plan, compact, alerts: check the rule")
    return {"batchItemFailures": []}


def _judge(
    lake: Lake, settings: Settings, run: Run | None, at: datetime, *, something_arrived: bool = False
) -> None:
    changes = judge_and_tell(lake, settings.notifications_queue, at=at, something_arrived=something_arrived)
    metrics.add_metric("AlertChanges", MetricUnit.Count, len(changes))
    if run is not None:
        metrics.add_metric("PlanLines", MetricUnit.Count, run.summary.get("lines", 0))
        metrics.add_metric("MoneyAtRisk", MetricUnit.NoUnit, run.summary.get("money_at_risk", 0))
    logger.info("judged", run=run.run_id if run else None, changes=len(changes))


def _answered(
    batch: Batch[Any],
    context: Any,
    lake: Lake,
    at: datetime,
    finish: Callable[[Any], None] = lambda _: None,
) -> dict[str, Any]:
    answer = batch.answer(context, lake=lake, at=at, finish=finish)
    tell_poison(batch.event, batch.dead.values(), logger, metrics)
    return tell_failed(answer, metrics)


Work = Callable[[dict[str, Any], Any, Lake, Settings, datetime], dict[str, Any]]

_QUEUES: dict[str, Work] = {"replan": _replan, "decisions.fifo": _decisions, "incoming": _incoming}
"""By the end of the queue's name: a stack may put its own before it."""
