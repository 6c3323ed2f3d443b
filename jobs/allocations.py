"""Orders of stores for which their centre has not enough: shared out for most expected money, floor first.

For each order day of a short centre all its stores claim: those that order that day, with a floor, and those
that will order before the centre is supplied again, so that what pays more later is kept. A claim is worth
what its store gains until the first order that the centre can serve from new supply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import ORDER_BOUNDS
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.network.allocation import Allocation, Claim, Share, Why, allocate
from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.network.need_curves import gain_curve, supply_needs
from jobs.inputs import PlanInputs
from jobs.known_orders import KnownOrders
from jobs.line_inputs import order_periods
from jobs.supply_flows import promised, supply_flows

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

OWN_CUSTOMERS = ""
"""Name under which a centre's own customers claim; no location is called so."""


@dataclass(frozen=True)
class Allocations:
    """Orders after what centres have was shared out."""

    quantity: Floats
    """[n] orders [each]."""
    bound: Codes
    """[n] index into ORDER_BOUNDS: `dc_shortage` where an order was cut, else 0."""
    table: pd.DataFrame
    """Contract `allocations`, without run_id and order_by; `period` is the order period."""


@dataclass(frozen=True)
class _Calendars:
    """In which periods lines can be ordered, worked out for those that claim."""

    lines: pd.DataFrame
    inputs: PlanInputs
    horizon: int

    def of(self, rows: Codes) -> Mask:
        """Return the order periods of lines, [rows, horizon]."""
        return order_periods(self.lines.iloc[rows], self.inputs.as_of, self.inputs.period, self.horizon)


@dataclass(frozen=True)
class _Network:
    """What every shortage is shared out with."""

    keys: npt.NDArray[np.object_]
    """[n, 3] sku, location, source of each line."""
    inputs: LineInputs
    plans: LinePlans
    own_demand: Floats
    owed: Floats
    price: Floats
    calendars: _Calendars
    floor_share: float
    n_paths: int


def shared_out(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    held: Mask,
    shortage_price: Floats,
    own_demand: Floats,
    *,
    n_paths: int,
    known: KnownOrders | None = None,
    again: Mask | None = None,
    flows: tuple[Codes, Codes] | None = None,
) -> Allocations:
    """Share out what short centres have; every other order stays as it is.

    Parameters
    ----------
    inputs, lines, line_inputs, plans : of the plan; row i is line i
    held : [n] lines that order nothing; a held centre's stock is not known, so it is taken to suffice
    shortage_price : [n] money a unit short at which each plan is best
        (`engine.replenishment.value_curves.LineCurves`); no unit short costs less than its stockout cost
    own_demand : [n, h] what centres sell to customers of their own
    n_paths : as for `plan_lines`
    known, again : an earlier plan of the same lines, and [n] those planned anew; centres that none of these
        belong to keep what they shared out
    flows : `supply_flows` of the lines, where they are known
    """
    flows = supply_flows(lines) if flows is None else flows
    anew = np.ones(len(lines), dtype=np.bool_)
    if known is not None and again is not None:
        anew = again.copy()
        np.logical_or.at(anew, flows[0], again[flows[1]])
    network = _Network(
        lines[["sku", "location", "source"]].to_numpy(dtype=object),
        line_inputs,
        plans,
        own_demand,
        promised(inputs.tables["orders"], lines, inputs.as_of),
        np.maximum(shortage_price, line_inputs.stockout_cost),
        _Calendars(lines, inputs, line_inputs.horizon),
        inputs.settings.number("allocation_floor_share"),
        n_paths,
    )
    quantity, bound = plans.quantity.copy(), np.zeros(len(lines), dtype=np.int64)
    kept = _nothing()
    if known is not None:
        kept = _kept(known, lines, quantity, flows, anew)
    rows: list[dict[str, Any]] = []
    for row, stores in _short_centres(network, held, flows, anew):
        given = 0.0
        asking = stores[plans.quantity[stores] > 0]
        for period in np.unique(line_inputs.order_period[asking]):
            now = asking[line_inputs.order_period[asking] == period]
            left = int(max(_supply(network, row, int(period)) - given, 0.0))
            asked = float(plans.quantity[now].sum())
            if asked > left:
                later = stores[line_inputs.order_period[stores] >= period]
                found = _share(network, row, int(period), now, later, left)
                quantity[now] = [share["granted"] for share in found]
                rows += [
                    {**share, "available": float(left), "asked": asked, "period": period} for share in found
                ]
            given += float(quantity[now].sum())
    bound[quantity < plans.quantity] = ORDER_BOUNDS.index("dc_shortage")
    table = pd.DataFrame(rows) if rows else _nothing()
    return Allocations(quantity, bound, pd.concat([kept, table], ignore_index=True) if len(kept) else table)


def _kept(
    known: KnownOrders, lines: pd.DataFrame, quantity: Floats, flows: tuple[Codes, Codes], anew: Mask
) -> pd.DataFrame:
    """Return what centres that are not shared out anew granted, and put it into the orders."""
    into, out_of = flows
    stores = np.zeros(len(lines), dtype=np.bool_)
    stores[out_of] = anew[into]
    row = pd.Index(lines["line_id"]).get_indexer(known.allocations["line_id"])
    kept: Mask = ~stores[row]
    quantity[row[kept]] = known.allocations["granted"].to_numpy(np.float64)[kept]
    return known.allocations[kept]


def _short_centres(
    network: _Network, held: Mask, flows: tuple[Codes, Codes], anew: Mask
) -> Iterator[tuple[int, Codes]]:
    """Yield each centre that may be short, with the stores that may order of it."""
    into, out_of = flows
    free = ~held[into] & ~held[out_of] & (into != out_of) & anew[into]
    into, out_of = into[free], out_of[free]
    asked = np.bincount(into, weights=network.plans.quantity[out_of], minlength=len(held))
    inputs = network.inputs
    good = inputs.batch_last_period >= inputs.order_period[inputs.batch_line]
    stock = np.bincount(
        inputs.batch_line[good], weights=np.maximum(inputs.batch_quantity[good], 0.0), minlength=len(held)
    )
    for row in np.flatnonzero(asked > np.floor(stock - network.owed)):
        yield int(row), out_of[into == row]


def _supply(network: _Network, row: int, period: int) -> float:
    """Return what a centre has for the orders of a period: usable stock not promised, receipts until then."""
    inputs = network.inputs
    good = (inputs.batch_line == row) & (inputs.batch_last_period >= period)
    coming = (inputs.receipt_line == row) & (inputs.receipt_period <= period)
    stock = np.maximum(inputs.batch_quantity[good], 0.0).sum() - network.owed[row]
    return float(stock + inputs.receipt_quantity[coming].sum())


def _supplied_again(network: _Network, row: int, period: int) -> int:
    """Return the first later period in which the centre receives something, by its orders and its plan."""
    inputs, plans = network.inputs, network.plans
    receipts = inputs.receipt_period[(inputs.receipt_line == row) & (inputs.receipt_period > period)]
    planned = plans.arrival_period if plans.quantity[row] > 0 else plans.next_arrival_period
    return int(max(min([*receipts, planned[row], inputs.horizon]), period + 1))


def _share(
    network: _Network, row: int, period: int, now: Codes, stores: Codes, available: int
) -> list[dict[str, Any]]:
    """Return what each store that orders now gets of what is available."""
    wanted = network.plans.quantity[now]
    lots = np.maximum(network.inputs.order_multiple[now], 1.0)
    again = _supplied_again(network, row, period)
    curves = dict(zip(stores.tolist(), _value_until(network, stores, again, available), strict=True))
    dropped: set[int] = set()
    while True:
        claims = [
            _claim(network, line, curves[line], 0.0 if line in dropped else network.plans.quantity[line])
            if line in now
            else _claim(network, line, curves[line], 0.0)
            for line in stores.tolist()
            if line not in dropped
        ]
        own = network.own_demand[row, period:again].sum()
        if own > 0 and available > 0:
            most = min(int(np.ceil(own)), available)
            curve = ValueCurve((0, most), (0.0, most * float(network.price[row])))
            claims.append(Claim(OWN_CUSTOMERS, curve, float(own)))
        result = allocate(claims, available, floor_share=network.floor_share)
        shares = {share.store: share for share in result.shares}
        names = network.keys[now, 1].tolist()
        units = np.array([shares[name].units if name in shares else 0 for name in names])
        granted = np.floor(np.minimum(units, wanted) / lots + 1e-9) * lots
        # An order below its minimum is none: the store that misses it by most leaves its share to the others.
        missing = np.where(granted > 0, network.inputs.moq[now] - granted, 0.0)
        if (missing <= 0).all():
            return _rows(network, row, now, granted, curves, result, available)
        dropped.add(int(now[int(missing.argmax())]))
        if len(dropped) == len(stores) and not (own > 0 and available > 0):
            # every order misses its minimum: none is left to ask
            nothing = replace(result, shares=())
            return _rows(network, row, now, np.zeros(len(now)), curves, nothing, available)


def _claim(network: _Network, line: int, curve: ValueCurve, need: float) -> Claim:
    lot = int(np.ceil(max(network.inputs.order_multiple[line], 1.0)))
    return Claim(str(network.keys[line, 1]), curve, need, lot)


def _value_until(network: _Network, stores: Codes, again: int, available: int) -> list[ValueCurve]:
    """Return what further units earn at each store until its first order from `again` on arrives.

    A perishable order is worth something for its life only.
    """
    part = network.inputs.take(stores)
    from_then = network.calendars.of(stores) & (np.arange(part.horizon) >= again)
    following = np.where(from_then.any(axis=1), from_then.argmax(axis=1), part.horizon)
    last = part.order_period + np.minimum(part.life_periods, part.horizon).astype(np.int64)
    following = np.maximum(np.minimum(following, last), part.order_period + 1)
    lasting = replace(part, next_order_period=following)
    curves = []
    for i, needs in enumerate(supply_needs(lasting, network.n_paths)):
        line = stores[i]
        most = max(float(network.plans.quantity[line]), float(needs.max(initial=0.0)))
        holding = float(part.holding_cost[i]) * float(following[i] - part.order_period[i])
        seen = needs if len(needs) else np.zeros(1)
        most = min(int(np.ceil(most)), available)
        curves.append(gain_curve(seen, float(network.price[line]), holding, most))
    return curves


def _rows(
    network: _Network,
    row: int,
    now: Codes,
    granted: Floats,
    curves: dict[int, ValueCurve],
    result: Allocation,
    available: int,
) -> list[dict[str, Any]]:
    shares = {share.store: share for share in result.shares}
    kept = float(available - granted.sum())
    rows: list[dict[str, Any]] = []
    for line, got in zip(now.tolist(), granted.tolist(), strict=True):
        sku, location, source = network.keys[line]
        share, wanted = shares.get(location), float(network.plans.quantity[line])
        lot = max(float(network.inputs.order_multiple[line]), 1.0)
        rows.append(
            {
                "line_id": f"{sku}|{location}|{source}",
                "sku": sku,
                "dc": network.keys[row, 1],
                "location": location,
                "wanted": wanted,
                "granted": got,
                "fair": 0.0 if share is None else float(share.floor_units),
                "kept": kept,
                "why": _why(share, result.floor_share, available, kept, wanted, got, lot),
                "money": float(curves[line].at(min(got, curves[line].most))),
                "fairness": result.money_without_floor - result.money,
            }
        )
    return rows


def _why(
    share: Share | None,
    floor: float,
    available: int,
    kept: float,
    wanted: float,
    granted: float,
    lot: float,
) -> str:
    if not available:
        return "The centre has none."
    if share is None:
        return "What it would get is less than its minimum order."
    if share.why == Why.FLOOR:
        return f"Its floor of {floor:.0%} of the order; money alone would have given it less."
    if granted >= wanted:
        return "The whole order: it earns more here than anywhere else."
    if kept >= lot:
        return "The rest earns more at other stores or in later orders."
    if granted + kept < lot:
        return "What is left makes up no lot."
    return "The rest earns more at other stores, and what is left makes up no lot."


def _nothing() -> pd.DataFrame:
    text = pd.Series(dtype="str")
    number = pd.Series(dtype="float64")
    words = ("line_id", "sku", "dc", "location", "why")
    figures = ("wanted", "granted", "fair", "kept", "money", "fairness", "available", "asked")
    return pd.DataFrame(
        {**dict.fromkeys(words, text), **dict.fromkeys(figures, number), "period": pd.Series(dtype="int64")}
    )
