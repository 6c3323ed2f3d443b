"""Which job does an act that arrived as a message, and by which fields its trace in the ledger is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.events import Event, EventError
from data_lake.ledger import append_events, read_events
from data_lake.runs import read_run
from engine.alerts.transitions import Key
from jobs.act_orders import approve, approve_transfer, edit, latest_run_id, reject, withdraw_transfer
from jobs.alert_people import acknowledge, close, snooze
from jobs.demand_corrections import correct_demand, retire_correction
from jobs.errors import JobError
from jobs.markdowns import decide_markdowns, end_markdown
from jobs.override import override_forecast, retire_override
from jobs.settings import change_settings, settings

if TYPE_CHECKING:
    from data_lake.lake import Lake

Do = Callable[["Lake", Event], str]
"""Does an act; returns why it was refused, '' if it was not. JobError: refused too."""


def _override(lake: Lake, act: Event) -> str:
    data = act.data
    override_forecast(
        lake,
        sku=data["sku"],
        category=_text(data, "category"),
        location=data["location"],
        region=_text(data, "region"),
        from_date=_day(data, "from_date"),
        to_date=_day(data, "to_date"),
        factor=float(data["factor"]),
        expiry=_day(data, "expiry") if data.get("expiry") else None,
        author=act.author,
        reason=act.reason,
        at=act.timestamp,
    )
    return ""


def _retire_override(lake: Lake, act: Event) -> str:
    retire_override(lake, act.data["override"], author=act.author, reason=act.reason, at=act.timestamp)
    return ""


def _correct(lake: Lake, act: Event) -> str:
    correct_demand(
        lake,
        sku=act.data["sku"],
        location=act.data["location"],
        from_date=_day(act.data, "from_date"),
        to_date=_day(act.data, "to_date"),
        demand=float(act.data["demand"]),
        author=act.author,
        reason=act.reason,
        at=act.timestamp,
    )
    return ""


def _retire_correction(lake: Lake, act: Event) -> str:
    retire_correction(lake, act.data["correction"], author=act.author, reason=act.reason, at=act.timestamp)
    return ""


def _markdown(lake: Lake, act: Event) -> str:
    line = {
        "line_id": act.data["line_id"],
        "depth": float(act.data["depth"]),
        "from_date": _day(act.data, "from_date"),
        "until": _day(act.data, "to_date"),
        "mechanic": act.data["mechanic"],
    }
    decide_markdowns(
        lake,
        run_id=_run(lake, act.data["run_id"]),
        lines=[line],
        author=act.author,
        reason=act.reason,
        at=act.timestamp,
    )
    return ""


def _end_markdown(lake: Lake, act: Event) -> str:
    end_markdown(lake, act.data["markdown"], author=act.author, reason=act.reason, at=act.timestamp)
    return ""


def _set(lake: Lake, act: Event) -> str:
    change_settings(
        lake,
        {act.data["name"]: act.data["new_value"]},
        author=act.author,
        reason=act.reason,
        at=act.timestamp,
    )
    return ""


def _alert_key(act: Event) -> list[Key]:
    return [Key(*(str(act.data[name]) for name in Key._fields))]


def _acknowledge(lake: Lake, act: Event) -> str:
    acknowledge(lake, _alert_key(act), author=act.author, reason=act.reason, at=act.timestamp)
    return ""


def _snooze(lake: Lake, act: Event) -> str:
    until = _day(act.data, "until") if act.data["until"] else None
    snooze(lake, _alert_key(act), until=until, author=act.author, reason=act.reason, at=act.timestamp)
    return ""


def _close(lake: Lake, act: Event) -> str:
    close(lake, _alert_key(act), author=act.author, reason=act.reason, at=act.timestamp)
    return ""


def _record(lake: Lake, act: Event) -> str:
    append_events(lake, [act])
    return ""


ACTS: dict[str, tuple[Do, Sequence[str]]] = {
    "plan_line.approved": (approve, ("line_id", "quantity")),
    "plan_line.rejected": (reject, ("line_id", "order_id")),
    "plan_line.edited": (edit, ("line_id", "order_id", "quantity")),
    "transfer.approved": (approve_transfer, ("transfer_id",)),
    "transfer.withdrawn": (withdraw_transfer, ("transfer_id", "order_id")),
    "forecast.overridden": (_override, ("sku", "location", "from_date", "to_date", "factor")),
    "forecast.override_retired": (_retire_override, ("override",)),
    "demand.corrected": (_correct, ("sku", "location", "from_date", "to_date", "demand")),
    "demand.correction_retired": (_retire_correction, ("correction",)),
    "markdown.decided": (_markdown, ("line_id", "from_date", "to_date", "depth")),
    "markdown.ended": (_end_markdown, ("markdown",)),
    "parameter.changed": (_set, ("name", "new_value")),
    "alert.acknowledged": (_acknowledge, Key._fields),
    "alert.snoozed": (_snooze, (*Key._fields, "until")),
    "alert.closed": (_close, Key._fields),
    "order.exported": (_record, ("order_ids", "format")),
}
"""By type: the job, and the fields of `data` in which what it records equals the message."""


def do(lake: Lake, act: Event) -> str:
    """Do an act by its job; return why it was refused, '' if it was done."""
    if act.event_type not in ACTS:
        return (
            f"{act.event_type} is done in the dashboard or by command, not by message; messages may carry "
            f"{', '.join(ACTS)}"
        )
    job, _ = ACTS[act.event_type]
    try:
        return job(lake, act)
    except (JobError, EventError) as error:
        return str(error)


def complete(lake: Lake, act: Event) -> None:
    """Finish an act that is in the ledger already: its worker may have ended before it wrote the table."""
    if act.event_type != "parameter.changed":
        return
    name = act.data["name"]
    changes = [event for event in read_events(lake) if event.event_type == act.event_type]
    last = [event for event in changes if event.data["name"] == name][-1]
    if is_trace(last, act) and settings(lake).get(name) != act.data["new_value"]:
        frame = pd.DataFrame({"name": [name], "value": [act.data["new_value"]]})
        lake.upsert("settings", frame, note=f"{act.author}: {name} = {act.data['new_value']}")


def is_trace(event: Event, act: Event) -> bool:
    """Whether an event of the ledger is what doing the act recorded.

    Same author, same reason, the fields that name the act, and not stamped before it (an act is stamped later
    where another was recorded meanwhile). That author doing exactly that once more is the same wish.
    """
    _, names = ACTS.get(act.event_type, (None, ()))
    return (
        bool(names)
        and event.event_type == act.event_type
        and event.author == act.author
        and event.reason == act.reason
        and event.timestamp >= act.timestamp
        and all(event.data.get(name) == act.data.get(name) for name in names)
    )


def _run(lake: Lake, run_id: str) -> str:
    try:
        return read_run(lake, run_id).run_id if run_id else latest_run_id(lake)
    except NoSuchObject:
        raise JobError(f"run {run_id!r} is not in the lake; the latest is {latest_run_id(lake)!r}") from None


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _day(data: dict[str, Any], name: str) -> date:
    value = data.get(name)
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise JobError(f"{name} is {value!r}; it must be a day such as 2026-01-15") from None
