"""Plan a network from the shelves up: stores on customers' demand, centres on the orders of their stores.

A line that supplies nobody is planned on its forecast. A centre's line is planned on what the lines that it
supplies will order of it (`engine.replenishment.network.pooling`), given their stock, targets, lots and order
days, and on what it sells to customers of its own. Centres that supply centres follow level by level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.hierarchy import HeldOut
from engine.health.fault import Fault, faults_frame
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.network.pooling import (
    OwnDemand,
    StoreOrders,
    level_correlation,
    pooled_demands,
)
from engine.replenishment.plan import plan_lines
from engine.replenishment.plan_rows import no_plans, put_plans
from jobs.echelon_levels import echelon_levels
from jobs.inputs import PlanInputs
from jobs.known_orders import KnownOrders
from jobs.line_inputs import order_periods
from jobs.supply_flows import promised, supply_flows

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

UNMEASURED_CORRELATION = 0.5
"""Between the levels of two stores where no past forecast tells."""


@dataclass(frozen=True)
class Echelons:
    """The plan of every line, each on its own before what lines share."""

    line_inputs: LineInputs
    """What each line was planned on; a centre's demand is that of its stores' orders."""
    plans: LinePlans
    own_demand: Floats
    """[n, h] what centres sell to customers of their own, part of their demand [each/period]."""
    level_correlation: float
    """How far the levels of stores are wrong together, as it was planned with."""
    level: Codes
    """[n] 0: supplies nobody; else one more than the highest line that it supplies."""
    faults: pd.DataFrame
    """Lines that supply each other in a circle, in the columns of `engine.health.check`."""
    again: Mask
    """[n] lines that were planned now; the others are as they were known."""


def plan_echelons(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    held: Mask,
    held_out: HeldOut | None,
    *,
    n_paths: int,
    level_correlation: float | None = None,
    known: KnownOrders | None = None,
    flows: tuple[Codes, Codes] | None = None,
) -> Echelons:
    """Plan every line, stores first; with `known`, lines that changed and what supplies them.

    Parameters
    ----------
    inputs : what the plan read
    lines : `jobs.line_terms.line_terms`
    line_inputs : of every line on its own forecast
    held : [n] lines whose stock cannot be trusted: they order their forecast demand as it comes
    held_out : past forecasts, which tell how far stores' levels are wrong together
    n_paths : as for `plan_lines`
    level_correlation : as an earlier plan measured it; None: measured on `held_out`
    known : an earlier plan of the same lines; of those that are planned again `line_inputs` holds their own
        forecast, of the others what they were planned on
    flows : `supply_flows` of the lines, where they are known
    """
    flows = supply_flows(lines) if flows is None else flows
    level, circular = echelon_levels(flows, len(lines))
    again = (
        np.ones(len(lines), dtype=np.bool_) if known is None else with_suppliers(known.changed, flows, level)
    )
    plans = no_plans(len(lines), line_inputs.horizon) if known is None else known.own
    together = level_correlation
    if not level.any():
        together = UNMEASURED_CORRELATION
    elif together is None:
        together = measured_correlation(line_inputs.level_cv, flows, held_out)
    own = lines["own_share"].to_numpy(dtype=np.float64)
    owed = promised(inputs.tables["orders"], lines, inputs.as_of)
    planned = line_inputs
    for step in range(int(level.max(initial=0)) + 1):
        rows = np.flatnonzero((level == step) & again)
        if step > 0:
            planned = _on_orders(inputs, lines, planned, plans, rows, flows, held, own, owed, together)
        if len(rows):
            plans = put_plans(plans, (rows, plan_lines(planned.take(rows), n_paths=n_paths)))
    own_demand = line_inputs.mean * own[:, None]
    return Echelons(planned, plans, own_demand, together, level, circular_supply(lines, circular), again)


def with_suppliers(changed: Mask, flows: tuple[Codes, Codes], level: Codes) -> Mask:
    """Return which lines are planned again: those that changed and, level by level, what supplies them."""
    into, out_of = flows
    again = changed.copy()
    for step in range(1, int(level.max(initial=0)) + 1):
        now = level[into] == step
        again[into[now][again[out_of[now]]]] = True
    return again


def measured_correlation(level_cv: Floats, flows: tuple[Codes, Codes], held_out: HeldOut | None) -> float:
    """Return how far the levels of stores of the same product and centre were wrong together, 0 to 1."""
    if held_out is None or not held_out.scored.any():
        return UNMEASURED_CORRELATION
    into, out_of = flows
    scored = held_out.scored[:, out_of]
    actual = np.where(scored, held_out.actual[:, out_of], 0.0).sum(axis=2)
    forecast = np.where(scored, held_out.forecast[:, out_of], 0.0).sum(axis=2)
    return level_correlation(actual.T, forecast.T, level_cv[out_of], into)


def circular_supply(lines: pd.DataFrame, rows: Codes) -> pd.DataFrame:
    """Return a fault for each line whose source is supplied, in the end, by the line itself."""
    keys = lines.iloc[rows][["sku", "location", "source"]].astype(str)
    return faults_frame(
        Fault(
            "circular_sourcing",
            "warning",
            "sourcing",
            "no location supplies itself, not by way of others either",
            f"give {sku} at {location} a source that it does not supply; until then it is planned on its own "
            "sales and those of what it supplies",
            sku,
            location,
            column="source",
            value=source,
        )
        for sku, location, source in keys.itertuples(index=False)
    )


def _on_orders(
    known: PlanInputs,
    lines: pd.DataFrame,
    inputs: LineInputs,
    plans: LinePlans,
    rows: Codes,
    flows: tuple[Codes, Codes],
    held: Mask,
    own: Floats,
    owed: Floats,
    together: float,
) -> LineInputs:
    """Return the inputs with the demand of lines `rows` replaced by the orders of what they supply."""
    into, out_of = flows
    place = np.full(inputs.size, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    among = place[into] >= 0
    centre, stores = place[into[among]], out_of[among]
    ordering = order_periods(lines.iloc[stores], known.as_of, known.period, inputs.horizon)
    following = np.floor(inputs.next_order_period[rows] + inputs.lead_time_mean[rows] + 0.5)
    share = own[rows]
    demand = pooled_demands(
        _store_orders(inputs, plans, stores, ordering, held[stores]),
        centre,
        np.clip(following, 1, inputs.horizon).astype(np.int64),
        level_correlation=together,
        own=OwnDemand(
            inputs.mean[rows] * share[:, None],
            inputs.level_cv[rows],
            1.0 + (inputs.dispersion[rows] - 1.0) * share,
        )
        if share.any()
        else None,
        promised=owed[rows],
    )

    def replaced(values: Floats, pooled: Floats) -> Floats:
        result = values.copy()
        result[rows] = pooled
        return result

    return replace(
        inputs,
        mean=replaced(inputs.mean, demand.mean),
        level_cv=replaced(inputs.level_cv, demand.level_cv),
        dispersion=replaced(inputs.dispersion, demand.dispersion),
    )


def _store_orders(
    inputs: LineInputs, plans: LinePlans, rows: Codes, ordering: Mask, held: Mask
) -> StoreOrders:
    """Return how lines `rows` will order, from their plans."""
    mean = inputs.mean[rows]
    lead = np.floor(inputs.lead_time_mean[rows] + 0.5).astype(np.int64)
    lots = np.maximum(inputs.order_multiple[rows], 1.0)
    lots = np.ceil(np.maximum(inputs.moq[rows] / lots, 1.0) - 1e-9) * lots
    first = np.minimum(inputs.order_period[rows], inputs.horizon)
    until_then = np.array([part[:end].sum() for part, end in zip(mean, first, strict=True)])
    return StoreOrders(
        mean,
        inputs.level_cv[rows],
        inputs.dispersion[rows],
        ordering,
        np.where(held, 0.0, surplus_of(plans, rows) + until_then),
        np.ceil(lots),
        _target_rise(mean, ordering, lead),
    )


def surplus_of(plans: LinePlans, rows: Codes) -> Floats:
    """Return stock and open orders of lines above their targets [each]: below 0 where they are to order.

    The target is what the plan fills to before it rounds to lots, limits included.
    """
    wanted = plans.term_demand + plans.term_buffer + plans.term_on_hand + plans.term_on_order
    wanted = wanted + plans.term_excess + plans.term_cover
    result: Floats = np.where(wanted > 0, -wanted, np.where(plans.term_cover < 0, 0.0, plans.term_excess))
    return result[rows]


def _target_rise(mean: Floats, ordering: Mask, lead: Codes) -> Floats:
    """Return by how much each target exceeds the first, as demand until the next arrival does, [n, h].

    Past the last order whose next arrival the forecast sees, targets are taken to stay.
    """
    n, horizon = mean.shape
    before = np.concatenate([np.zeros((n, 1)), np.cumsum(mean, axis=1)], axis=1)
    period = np.arange(horizon)
    when = np.where(ordering, period, horizon)
    later = np.minimum.accumulate(when[:, ::-1], axis=1)[:, ::-1]
    following = np.concatenate([later[:, 1:], np.full((n, 1), horizon)], axis=1)
    ends = following + lead[:, None]
    seen = ordering & (following < horizon) & (ends <= horizon)
    covered = np.take_along_axis(before, np.minimum(ends, horizon), axis=1) - before[:, :-1]
    last_seen = np.maximum.accumulate(np.where(seen, period, -1), axis=1)
    target = np.take_along_axis(covered, np.maximum(last_seen, 0), axis=1)
    first = np.take_along_axis(covered, np.argmax(seen, axis=1)[:, None], axis=1)
    return np.where(last_seen >= 0, target - first, 0.0)
