"""Changes put on what lines are planned from: one way to change a parameter, for scenarios and what-ifs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from engine.replenishment.lines import LineInputs
from jobs.columns import typed_column
from jobs.override_scope import Scope
from jobs.scenario_changes import PARAMETERS, Change
from jobs.supply_flows import supply_flows

if TYPE_CHECKING:
    from jobs.scenario_base import ScenarioBase

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]

DAYS_A_YEAR = 365.0

_MOST_ECHELONS = 3

_IN_PERIODS = ("lead_time_mean", "lead_time_sd", "min_cover", "max_cover")


def changed_values(old: Floats, rows: Rows, change: Change) -> Floats:
    """Return a numeric parameter after a change of some lines, [n], kept within its range.

    Parameters
    ----------
    old : float array (n,)
        In the parameter's unit.
    rows : bool array (n,)
        Lines that the change applies to.
    change : Change
    """
    limits, value = PARAMETERS[change.parameter], float(change.value)
    known = np.where(np.isinf(old), 0.0, old)
    wanted = {"set": np.full(len(old), value), "times": known * value, "plus": known + value}[change.how]
    unlimited = np.isinf(old) & (change.how != "set")  # no limit, times anything, is no limit
    return np.where(rows & ~unlimited, np.clip(wanted, limits.least, limits.most), old)


def changed_targets(
    targets: Floats, kinds: npt.NDArray[np.str_], rows: Rows, change: Change
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Return service targets and their kinds after a change of either.

    A target set on a line that costs decide makes it a cycle service target: the critical ratio is that
    line's cycle service. A target moved by points leaves such lines alone.
    """
    if change.parameter == "target_kind":
        return targets, np.where(rows, str(change.value), kinds)
    if change.how == "plus":
        return changed_values(targets, rows & (kinds != "cost"), change), kinds
    return changed_values(targets, rows, change), np.where(rows & (kinds == "cost"), "cycle", kinds)


def values_of(inputs: LineInputs, parameter: str) -> Floats:
    """Return a numeric parameter of each line in its own unit (`PARAMETERS`), [n]."""
    if parameter == "review_days":
        between = (inputs.next_order_period - inputs.order_period).astype(np.float64)
        return between * inputs.period_days
    if parameter == "holding_cost_rate":
        at_cost = np.where(inputs.unit_cost > 0, inputs.unit_cost, np.nan) * inputs.period_days
        return np.nan_to_num(inputs.holding_cost * DAYS_A_YEAR / at_cost)
    values: Floats = getattr(inputs, parameter)
    return values * inputs.period_days if parameter in _IN_PERIODS else values


def with_change(inputs: LineInputs, rows: Rows, change: Change) -> LineInputs:
    """Return lines with one parameter of some of them changed; what follows from it changes too.

    Parameters
    ----------
    inputs : LineInputs, checked
    rows : bool array (n,)
    change : Change
        Of any parameter but the cash budget; demand changes in every period, order days by `review_days`
        only, counted from the order day.

    Notes
    -----
    With the unit cost go the margin, the holding cost, and the cost of a unit short where that is the margin.
    """
    name = change.parameter
    if name == "demand":
        return replace(inputs, mean=np.where(rows[:, None], inputs.mean * float(change.value), inputs.mean))
    if name in ("target_kind", "service_target"):
        target, kind = changed_targets(inputs.service_target, inputs.target_kind, rows, change)
        return replace(inputs, service_target=target, target_kind=kind)
    new = changed_values(values_of(inputs, name), rows, change)
    if name == "unit_cost":
        return _with_unit_cost(inputs, new)
    if name == "holding_cost_rate":
        held = inputs.unit_cost * new / DAYS_A_YEAR * inputs.period_days
        return replace(inputs, holding_cost=np.where(rows, held, inputs.holding_cost))
    if name == "review_days":
        later = np.maximum(np.round(new / inputs.period_days), 1).astype(np.int64)
        following = np.where(rows, inputs.order_period + later, inputs.next_order_period)
        return replace(inputs, next_order_period=following)
    field = new / inputs.period_days if name in _IN_PERIODS else new
    changed: dict[str, Any] = {name: np.where(rows, field, getattr(inputs, name))}
    return replace(inputs, **changed)


def demand_overrides(base: ScenarioBase, change: Change) -> list[dict[str, Any]]:
    """Return the overrides that a change of demand amounts to: selectors, days, factor; none of another.

    What a location sends to others follows from what they sell. So a change by supplier is put on the lines
    that sell what this supplier sends, and one by class on the lines of that class that sell.
    """
    if change.parameter != "demand":
        return []
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
