"""Changes put on what lines are planned from: one way to change a parameter, for scenarios and what-ifs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from engine.replenishment.lines import LineInputs
from jobs.columns import typed_column
from jobs.override_factors import planned_factors
from jobs.override_scope import SELECTORS, Scope
from jobs.scenario_base import ScenarioBase
from jobs.scenario_calendar import OrderCalendar, calendar_of, with_order_days
from jobs.scenario_changes import PARAMETERS, Change, weekdays_of
from jobs.supply_flows import supply_flows

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]

DAYS_A_YEAR = 365.0

_MOST_ECHELONS = 3

_IN_PERIODS = ("lead_time_mean", "lead_time_sd", "min_cover", "max_cover")
_CALENDAR = ("order_weekdays", "review_days")


@dataclass(frozen=True)
class Applied:
    """A run's lines under the changes of a scenario."""

    inputs: LineInputs
    calendar: OrderCalendar | None
    """None: the run's own."""
    overrides: pd.DataFrame
    """Overrides that the changes of demand amount to, in their order; contract `overrides`."""
    budget: float | None
    """Cash budget [money]; None: the run's own."""
    touched: Rows
    """Lines whose inputs differ from the run's, [n]."""


def apply_changes(base: ScenarioBase, changes: Sequence[Change]) -> Applied:
    """Put changes on the lines of a run, one after the other; a later one sees what an earlier one did."""
    inputs, calendar, budget = base.inputs, None, None
    overrides = []
    for change in changes:
        if change.parameter == "demand":
            overrides += demand_overrides(base, change)
        elif change.parameter == "cash_budget":
            budget = float(change.value)
        elif change.parameter in _CALENDAR:
            calendar = _with_calendar(base, calendar or calendar_of(base), change)
        else:
            inputs = with_parameter(
                inputs, base.rows_of(change), change.parameter, change.value, how=change.how
            )
    made = override_frame(overrides)
    if overrides:
        inputs = replace(inputs, mean=_mean(base, made))
    if calendar is not None:
        days = int(inputs.period_days)
        first = calendar.offsets[:, 0] // days
        following = np.maximum(calendar.offsets[:, 1] // days, first + 1)
        inputs = replace(inputs, order_period=first, next_order_period=following)
    return Applied(inputs, calendar, made, budget, _differ(base.inputs, inputs))


def values_of(inputs: LineInputs, parameter: str) -> Floats:
    """Return a numeric parameter of each line in its own unit (`PARAMETERS`), [n]."""
    if parameter == "holding_cost_rate":
        at_cost = np.where(inputs.unit_cost > 0, inputs.unit_cost, np.nan) * inputs.period_days
        return np.nan_to_num(inputs.holding_cost * DAYS_A_YEAR / at_cost)
    values: Floats = getattr(inputs, parameter)
    return values * inputs.period_days if parameter in _IN_PERIODS else values


def with_parameter(
    inputs: LineInputs, rows: Rows, parameter: str, value: float | str, *, how: str = "set"
) -> LineInputs:
    """Return lines with one parameter of some of them changed; what follows from it changes too.

    Parameters
    ----------
    inputs : LineInputs, checked
    rows : bool, [n]
    parameter : str
        Of `PARAMETERS`, except demand, order days and budget.
    value : float or str
        In the parameter's unit.
    how : str
        set, times or plus; the result is kept within the parameter's range.

    Notes
    -----
    A service target set on a line that costs decide makes it a cycle service target: the critical ratio is
    that line's cycle service. With the unit cost go the margin, the holding cost, and the cost of a unit
    short where that is the margin.
    """
    if parameter == "target_kind":
        return replace(inputs, target_kind=np.where(rows, str(value), inputs.target_kind))
    limits = PARAMETERS[parameter]
    old = values_of(inputs, parameter)
    number = float(value)
    wanted = {"set": np.full(inputs.size, number), "times": old * number, "plus": old + number}[how]
    unlimited = np.isinf(old) & (how != "set")  # no limit, times anything, is no limit
    new = np.where(rows & ~unlimited, np.clip(wanted, limits.least, limits.most), old)
    if parameter == "service_target":
        if how == "plus":  # the share of a line that costs decide follows from its costs
            new = np.where(inputs.target_kind == "cost", old, new)
            return replace(inputs, service_target=new)
        kind = np.where(rows & (inputs.target_kind == "cost"), "cycle", inputs.target_kind)
        return replace(inputs, service_target=new, target_kind=kind)
    if parameter == "unit_cost":
        return _with_unit_cost(inputs, new)
    if parameter == "holding_cost_rate":
        held = inputs.unit_cost * new / DAYS_A_YEAR * inputs.period_days
        return replace(inputs, holding_cost=np.where(rows, held, inputs.holding_cost))
    field = new / inputs.period_days if parameter in _IN_PERIODS else new
    changed: dict[str, Any] = {parameter: np.where(rows, field, getattr(inputs, parameter))}
    return replace(inputs, **changed)


def demand_overrides(base: ScenarioBase, change: Change) -> list[dict[str, Any]]:
    """Return the overrides that a change of demand amounts to: selectors, days and factor of each.

    What a location sends to others follows from what they sell. So a change by supplier is put on the lines
    that sell what this supplier sends, and one by class on the lines of that class that sell.
    """
    first = change.from_date or base.as_of
    last = change.to_date or base.statistical[1][-1].item()
    days = {"from_date": pd.Timestamp(first), "to_date": pd.Timestamp(last), "factor": float(change.value)}
    if change.scope == "line":
        sku, _, location = change.code.partition("|")
        scopes = [{"sku": sku, "location": location}]
    elif change.scope in ("supplier", "class"):
        scopes = _selling(base, base.rows_of(change), downstream=change.scope == "supplier")
    else:
        scopes = [{} if change.scope == "all" else {change.scope: change.code}]
    everything = {"sku": "", "category": "", "location": "", "region": ""}
    return [{**everything, **scope, **days} for scope in scopes]


def override_frame(overrides: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Lay out overrides as contract `overrides`; who and when are not known."""
    rows = [{**override, "level": Scope.of(override).level} for override in overrides]
    return pd.DataFrame(
        {
            column.name: typed_column([row.get(column.name) for row in rows], column.kind)
            for column in TABLES["overrides"].columns
        }
    )


def _selling(base: ScenarioBase, rows: Rows, *, downstream: bool) -> list[dict[str, str]]:
    """Selectors of the selling lines among `rows`: by product where all of its lines are meant.

    `downstream`: also of those that they supply.
    """
    into, out_of = supply_flows(base.lines)
    supplies = np.zeros(len(rows), dtype=bool)
    supplies[into] = True
    meant = rows.copy()
    for _ in range(_MOST_ECHELONS if downstream else 0):
        meant[out_of[meant[into]]] = True
    sells = base.lines[~supplies]
    chosen = sells.assign(meant=meant[~supplies])
    whole = chosen.groupby("sku")["meant"].transform("all")
    by_product = [{"sku": sku} for sku in dict.fromkeys(chosen.loc[whole, "sku"])]
    rest = chosen.loc[chosen["meant"] & ~whole, ["sku", "location"]]
    return by_product + [{"sku": sku, "location": place} for sku, place in rest.itertuples(index=False)]


def _mean(base: ScenarioBase, made: pd.DataFrame) -> Floats:
    """Expected demand with more overrides, exactly as the plan job works it out."""
    statistical, dates = base.statistical
    lines = base.lines
    groups = lines[list(SELECTORS)]
    both = pd.concat([base.overrides, made], ignore_index=True) if len(base.overrides) else made
    return statistical * planned_factors(both, lines, groups, dates, statistical)


def _with_calendar(base: ScenarioBase, calendar: OrderCalendar, change: Change) -> OrderCalendar:
    rows = base.rows_of(change)
    if change.parameter == "order_weekdays":
        return with_order_days(base, calendar, rows, weekdays=weekdays_of(change.value))
    old, value = calendar.review_days, float(change.value)
    limits = PARAMETERS["review_days"]
    wanted = {"set": np.full(len(old), value), "times": old * value, "plus": old + value}[change.how]
    return with_order_days(
        base, calendar, rows, review_days=np.clip(np.round(wanted), limits.least, limits.most)
    )


def _with_unit_cost(inputs: LineInputs, new: Floats) -> LineInputs:
    old = inputs.unit_cost
    margin = np.where(new == old, inputs.unit_margin, inputs.unit_margin + old - new)
    follows = inputs.stockout_cost == np.maximum(inputs.unit_margin, 0.0)
    ratio = np.where(old > 0, new / np.where(old > 0, old, 1.0), 1.0)
    return replace(
        inputs,
        unit_cost=new,
        unit_margin=margin,
        holding_cost=np.where(new == old, inputs.holding_cost, inputs.holding_cost * ratio),
        stockout_cost=np.where(follows, np.maximum(margin, 0.0), inputs.stockout_cost),
    )


def _differ(old: LineInputs, new: LineInputs) -> Rows:
    """Return which lines differ in anything that a change can reach, [n]."""
    differs = np.zeros(old.size, dtype=bool)
    for name in _REACHED:
        before, after = getattr(old, name), getattr(new, name)
        if before is not after:
            unlike = before != after
            differs |= unlike.any(axis=1) if unlike.ndim == 2 else unlike
    return differs


_REACHED = (
    "mean",
    "order_period",
    "next_order_period",
    "lead_time_mean",
    "lead_time_sd",
    "moq",
    "order_multiple",
    "min_cover",
    "max_cover",
    "unit_cost",
    "unit_margin",
    "target_kind",
    "service_target",
    "stockout_cost",
    "holding_cost",
)
