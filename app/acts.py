"""What a planner does: approve, change a forecast, export, plan. Each act is one job and has an author."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, ParamSpec, TypedDict, TypeVar

from app import cache, data, forecast_value_data
from data_lake.runs import Run
from jobs.approve import ApprovalResult, approve_lines, withdraw_approval
from jobs.demand_corrections import correct_demand, retire_correction
from jobs.errors import JobError
from jobs.export import Format, export_orders
from jobs.import_file import ImportResult, import_file
from jobs.markdowns import decide_markdowns
from jobs.markdowns import end_markdown as end_running
from jobs.override import override_forecast, remake_override, retire_override, retire_overrides
from jobs.views.forecast_change import scope_of
from jobs.views.forecast_totals import TotalsBy

__all__ = [
    "Format",
    "approve",
    "correct",
    "end_markdown",
    "export",
    "load_file",
    "mark_down",
    "override",
    "override_total",
    "plan",
    "recorded",
    "remake",
    "retire",
    "retire_corrected",
    "retire_many",
    "signed",
    "withdraw",
]


P = ParamSpec("P")
T = TypeVar("T")


class Signature(TypedDict):
    """Who acts, why and when: what the audit log keeps of every act."""

    author: str
    reason: str
    at: datetime


def signed(reason: str) -> Signature:
    """Return the signature of an act that is done now."""
    return {"author": data.author(), "reason": reason, "at": datetime.now(UTC)}


def recorded(act: Callable[P, T]) -> Callable[P, T]:
    """Make the pages look at the ledger again after an act; a refusal may tell of another planner's."""

    @wraps(act)
    def act_then_look(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return act(*args, **kwargs)
        finally:
            cache.ledger.clear()

    return act_then_look


@recorded
def approve(chosen: Sequence[Mapping[str, Any]], reason: str) -> ApprovalResult:
    """Approve lines ({line_id, quantity [each]})."""
    return approve_lines(data.lake(), run_id=data.run().run_id, lines=chosen, **signed(reason))


@recorded
def withdraw(order_id: str, reason: str) -> ApprovalResult:
    """Withdraw an order: its lines are proposals again."""
    return withdraw_approval(data.lake(), order_id=order_id, **signed(reason))


@recorded
def override(sku: str, location: str, per_cent: float, days: Sequence[date], reason: str) -> str:
    """Move the forecast of an item by `per_cent` on the days from the first to the last of `days`."""
    if len(days) != 2:
        raise JobError("choose a first and a last day")
    return override_forecast(
        data.lake(),
        sku=sku,
        location=location,
        from_date=days[0],
        to_date=days[1],
        factor=1 + per_cent / 100,
        **signed(reason),
    )


@recorded
def override_total(
    level: TotalsBy,
    code: str,
    days: Sequence[date],
    *,
    factor: float | None,
    new_total: float | None,
    reason: str,
    expiry: date | None,
) -> str:
    """Move the forecast of a category, region, location or everything: by a factor, or to a total [each]."""
    forecast_value_data.total_forecast(level, code, days)  # refuses days that the plan does not reach
    return override_forecast(
        data.lake(),
        **asdict(scope_of(level, code)),
        from_date=days[0],
        to_date=days[1],
        factor=factor,
        new_total=new_total,
        expiry=expiry,
        **signed(reason),
    )


@recorded
def correct(sku: str, location: str, days: Sequence[date], demand: float, reason: str) -> str:
    """Say what the demand of an item was [each/period] from the first to the last of `days`."""
    if len(days) != 2:
        raise JobError("choose a first and a last day")
    return correct_demand(
        data.lake(),
        sku=sku,
        location=location,
        from_date=days[0],
        to_date=days[1],
        demand=demand,
        **signed(reason),
    )


@recorded
def retire_corrected(correction: str, reason: str) -> bool:
    """Retire a correction of past demand; True once it is done."""
    retire_correction(data.lake(), correction, **signed(reason))
    return True


@recorded
def retire(override_id: str, reason: str) -> bool:
    """Retire an override; True once it is done."""
    retire_override(data.lake(), override_id, **signed(reason))
    return True


@recorded
def retire_many(reasons: Mapping[str, str]) -> list[str]:
    """Retire overrides, each for its reason: all of them or none."""
    return retire_overrides(
        data.lake(), list(reasons), author=data.author(), reason=reasons, at=datetime.now(UTC)
    )


@recorded
def remake(override_ids: Sequence[str]) -> list[str]:
    """Make retired overrides again, with the same days and factor."""
    why = "Made again after it was retired"
    return [remake_override(data.lake(), one, **signed(why)) for one in override_ids]


@recorded
def mark_down(chosen: Sequence[Mapping[str, Any]], reason: str) -> list[str]:
    """Decide markdowns ({line_id, depth [share], until, mechanic}): all of them or none."""
    return decide_markdowns(data.lake(), run_id=data.run().run_id, lines=chosen, **signed(reason))


@recorded
def end_markdown(markdown: str, reason: str) -> bool:
    """End a markdown; True once it is done."""
    end_running(data.lake(), markdown, **signed(reason))
    return True


def export(order_ids: Sequence[str], fmt: Format) -> bytes:
    """Return approved orders as a file; the export is recorded."""
    return export_orders(
        data.lake(),
        fmt,
        list(order_ids),
        bom=fmt == "csv",
        author=data.author(),
        at=datetime.now(UTC),
    )


def plan(progress: Callable[[str, float], None]) -> Run:
    """Plan the lake, show the new run from now on, and tell whom its alerts concern."""
    from jobs.plan import plan as plan_lake  # loads the forecasting models, which no page needs
    from jobs.react import follow

    made = plan_lake(data.lake(), progress=progress)
    follow(data.lake(), (), at=datetime.now(UTC))
    cache.latest.clear()
    cache.is_behind.clear()
    return made


def load_file(
    name: str, content: bytes, mapping: str, progress: Callable[[str, float], None]
) -> ImportResult:
    """Load a file with the mapping that the planner confirmed: all of it, or nothing."""
    done = import_file(data.lake(), content, name=name, mapping=mapping, progress=progress)
    for stale in (cache.is_behind, cache.settings, cache.preview):
        stale.clear()
    return done
