"""A change of a scenario: which parameter of which lines becomes what; checked, all faults at once.

A what-if of one line uses the same parameters (`jobs.scenario_apply`), so there is one way to change one.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

How = Literal["set", "times", "plus"]

SCOPES = {
    "all": "All lines",
    "category": "Category",
    "supplier": "Supplier or source",
    "location": "Location",
    "class": "ABC/XYZ class",
    "sku": "Product",
    "line": "Product at a location",
}
"""What a change applies to, by its name; all but "all" need a code."""

PRODUCT_SCOPES = ("all", "category", "sku")

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""Order days as they are written; the lake stores 0 to 6."""


@dataclass(frozen=True)
class Parameter:
    """What can be changed, in the units that people use."""

    label: str
    unit: str
    """share, days, /year, each, money, money/each, factor, days of the week or word."""
    hows: tuple[How, ...]
    least: float = 0.0
    most: float = math.inf
    words: tuple[str, ...] = ()
    """Values, where they are words."""
    scopes: tuple[str, ...] = tuple(SCOPES)
    fast: bool = False
    """Needs no new sample paths: the value curves of the run answer it."""


_NUMBER: tuple[How, ...] = ("set", "times", "plus")

PARAMETERS: dict[str, Parameter] = {
    "service_target": Parameter("Service target", "share", ("set", "plus"), 0.0, 0.9999, fast=True),
    "target_kind": Parameter("Target kind", "word", ("set",), words=("fill", "cycle", "cost"), fast=True),
    "demand": Parameter("Demand", "factor", ("times",), 0.0, 100.0),
    "lead_time_mean": Parameter("Lead time", "days", _NUMBER, 0.0, 3650.0),
    "lead_time_sd": Parameter("Lead time, standard deviation", "days", _NUMBER, 0.0, 3650.0),
    "order_weekdays": Parameter("Order days", "days of the week", ("set",)),
    "review_days": Parameter("Days between orders", "days", _NUMBER, 1.0, 366.0),
    "moq": Parameter("Minimum order", "each", _NUMBER, fast=True),
    "order_multiple": Parameter("Order multiple", "each", _NUMBER, 1.0, fast=True),
    "min_cover": Parameter("Least cover", "days", _NUMBER, 0.0, 3650.0),
    "max_cover": Parameter("Most cover", "days", _NUMBER, 0.0, 3650.0),
    "holding_cost_rate": Parameter("Holding cost rate", "/year", _NUMBER, 0.0, 10.0, fast=True),
    "stockout_cost": Parameter("Cost of a unit short", "money/each", _NUMBER, fast=True),
    "unit_cost": Parameter("Unit cost", "money/each", _NUMBER, scopes=PRODUCT_SCOPES, fast=True),
    "cash_budget": Parameter("Cash budget", "money", ("set",), scopes=("all",), fast=True),
}
"""Every parameter that a scenario may change, by its name."""


@dataclass(frozen=True)
class Change:
    """One parameter of the lines of one scope becomes something else."""

    parameter: str
    value: float | str
    """A number in the parameter's unit, a word, or order days as "Mon Thu"."""
    how: How = "set"
    """set: to the value; times: the old value × it; plus: the old value + it."""
    scope: str = "all"
    code: str = ""
    """Category, source, location, class, product, or product|location; '' for all."""
    from_date: dt.date | None = None
    """First day, of demand only; None: the day planned."""
    to_date: dt.date | None = None
    """Last day, of demand only; None: the end of the forecast."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it, without what says nothing."""
        days = {"from_date": self.from_date, "to_date": self.to_date}
        return {
            "parameter": self.parameter,
            "how": self.how,
            "value": self.value,
            "scope": self.scope,
            **({"code": self.code} if self.code else {}),
            **{name: day.isoformat() for name, day in days.items() if day},
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Change:
        """Read what `as_dict` wrote."""
        days = {name: dt.date.fromisoformat(row[name]) for name in ("from_date", "to_date") if row.get(name)}
        return cls(
            row["parameter"],
            row["value"],
            row.get("how", "set"),
            row.get("scope", "all"),
            row.get("code", ""),
            **days,
        )


def changes_json(changes: Sequence[Change]) -> str:
    """Write changes canonically: the same changes in the same order are the same text."""
    return json.dumps([change.as_dict() for change in changes], sort_keys=True, ensure_ascii=False)


def changes_of(text: str) -> tuple[Change, ...]:
    """Read what `changes_json` wrote."""
    return tuple(Change.of(row) for row in json.loads(text))


def change_faults(changes: Sequence[Change], known: Mapping[str, Iterable[str]]) -> list[str]:
    """Say all that is wrong with changes: parameter, value, unit, scope, code, days.

    Parameters
    ----------
    changes : sequence of Change
    known : mapping
        Codes of each scope that the base plan has.
    """
    faults = [] if changes else ["a scenario changes something: give at least one change"]
    for number, change in enumerate(changes, 1):
        where = f"change {number} ({change.parameter})"
        if change.parameter not in PARAMETERS:
            faults.append(f"{where}: not a parameter; known are {', '.join(PARAMETERS)}")
        else:
            faults += [f"{where}: {fault}" for fault in value_faults(change)]
        faults += [f"{where}: {fault}" for fault in _scope_faults(change, known)]
    return faults


def value_faults(change: Change) -> list[str]:
    """Say all that is wrong with the value of a change of a known parameter: way, word, range, days."""
    parameter, faults = PARAMETERS[change.parameter], []
    if change.how not in parameter.hows:
        faults.append(f"it can be changed by {' or '.join(parameter.hows)}, not by {change.how}")
    if parameter.words:
        if change.value not in parameter.words:
            faults.append(f"value is {change.value!r}; it must be one of {', '.join(parameter.words)}")
    elif change.parameter == "order_weekdays":
        faults += _weekday_faults(change.value)
    elif isinstance(change.value, str) or not math.isfinite(change.value):
        faults.append(f"value is {change.value!r}; it must be a number [{parameter.unit}]")
    elif change.how == "times" and not 0.0 <= change.value <= 100.0:
        faults.append(f"factor is {change.value:g}; it must be from 0 to 100")
    elif change.how == "set" and not parameter.least <= change.value <= parameter.most:
        most = "" if math.isinf(parameter.most) else f" and at most {parameter.most:g}"
        hint = "; write 98% or 0.98" if parameter.unit == "share" and 1 < change.value <= 100 else ""
        faults.append(
            f"value is {change.value:g}; it must be at least {parameter.least:g}{most} "
            f"[{parameter.unit}]{hint}"
        )
    if change.scope not in parameter.scopes and change.scope in SCOPES:
        faults.append(f"it can be changed for {' or '.join(parameter.scopes)}, not for one {change.scope}")
    if change.parameter != "demand" and (change.from_date or change.to_date):
        faults.append("only demand can be changed between two days")
    if change.from_date and change.to_date and change.to_date < change.from_date:
        faults.append(f"last day {change.to_date} is before first day {change.from_date}")
    return faults


def _weekday_faults(value: object) -> list[str]:
    words = str(value).replace(",", " ").split()
    wrong = [word for word in words if word not in WEEKDAYS]
    if wrong or not words:
        named = f"{', '.join(map(repr, wrong))} is no" if wrong else "there is no"
        return [f"{named} day of the week; write some of {' '.join(WEEKDAYS)}"]
    return []


def _scope_faults(change: Change, known: Mapping[str, Iterable[str]]) -> list[str]:
    if change.scope not in SCOPES:
        return [f"scope {change.scope!r} is not known; known are {', '.join(SCOPES)}"]
    if change.scope == "all":
        return [f"scope all takes no code, not {change.code!r}"] if change.code else []
    if not change.code:
        return [f"name the {change.scope}: {change.scope}:CODE"]
    codes = set(known.get(change.scope, ()))
    if change.code in codes:
        return []
    import difflib  # only a slip of the keyboard needs it

    near = difflib.get_close_matches(change.code, sorted(codes), n=3)
    hint = f"; is it {' or '.join(map(repr, near))}?" if near else ""
    return [f"{change.scope} {change.code!r} is not in the plan{hint}"]


def weekdays_of(value: object) -> tuple[float, ...]:
    """Return order days as the lake stores them, 0 for Monday.

    Examples
    --------
    >>> weekdays_of("Thu, Mon")
    (0.0, 3.0)
    """
    words = set(str(value).replace(",", " ").split())
    return tuple(float(number) for number, word in enumerate(WEEKDAYS) if word in words)
