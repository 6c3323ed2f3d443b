"""What the orders of a plan share, read from the lake: minimums, trucks, rooms, cash and rebates.

Orders of one supplier on one day share its minimum, trucks and rebate; what arrives at a location on one
day shares its room; the supplier orders of one day share the budget. A line whose product lacks the figure
(volume, weight, eaches on a pallet) is left out of that term alone, and Data health names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.panel import period_dates
from engine.replenishment.joint.limits import Budget, Minimum, Storage
from engine.replenishment.joint.rebate import Rebate
from engine.replenishment.joint.terms import Term
from engine.replenishment.joint.trucks import Trucks
from engine.replenishment.lines import LineInputs, LinePlans
from jobs.inputs import PlanInputs
from jobs.joint_curves import numbers
from jobs.line_inputs import order_offsets

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

LOAD_COLUMNS = {"litre": "volume", "kg": "weight", "pallet": "units_per_pallet"}
"""Product column that says what one each loads, by truck unit; "each" needs none."""


@dataclass(frozen=True)
class SharedTerm:
    """A term over rows of the lines that take part, and what people call it."""

    term: Term
    day: np.datetime64
    """Order day; of a room, the day of arrival."""
    unit: str
    """Of its limit and use: money, each, litre, kg or pallet."""
    limit: float
    """NaN: none."""
    supplier: str | None = None
    location: str | None = None
    left_out: int = 0
    """Lines without the figure that it adds up."""
    matters: bool = True
    """It can move an order; otherwise it is only told of (trucks that cost and limit nothing)."""

    @property
    def rows(self) -> Rows:
        """Its lines, as rows of the part."""
        return np.asarray(self.term.lines, np.int64)


def taking_part(lines: pd.DataFrame, held: npt.NDArray[np.bool_]) -> Rows:
    """Return the rows whose orders are still open: neither held nor approved for their order day."""
    return np.flatnonzero(~held & lines["next_order_date"].isna().to_numpy())


def order_days(lines: pd.DataFrame, inputs: PlanInputs) -> npt.NDArray[np.datetime64]:
    """Return the order day of every line, [n]."""
    return np.datetime64(inputs.as_of, "D") + order_offsets(lines, inputs.as_of)[:, 0]


def shared_terms(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    part: Rows,
    days: npt.NDArray[np.datetime64],
) -> list[SharedTerm]:
    """Return every term that a planned order stands in.

    Parameters
    ----------
    inputs, lines, line_inputs, plans
        Of the plan; row i of each is line i.
    part : int array
        Rows that take part; the terms number them from 0.
    days : array
        Order day of every line.
    """
    frame = lines.iloc[part].reset_index(drop=True)
    products = inputs.tables["products"].drop_duplicates("sku").set_index("sku")
    for column in LOAD_COLUMNS.values():
        frame[column] = frame["sku"].map(products[column]).astype("float64").to_numpy()
    frame["day"] = days[part]
    frame["ordered"] = plans.quantity[part]
    approved = _approved(inputs, lines)
    bought = frame[frame["source_kind"] == "supplier"]
    return [
        *_supplier_terms(bought, inputs.tables["suppliers"], approved),
        *_budgets(bought, inputs.settings["order_budget"], approved),
        *_rooms(inputs, lines, line_inputs, plans, frame, part),
    ]


def _supplier_terms(
    bought: pd.DataFrame, suppliers: pd.DataFrame, approved: pd.DataFrame
) -> Iterator[SharedTerm]:
    terms = {row["supplier"]: row for row in suppliers.to_dict("records")}
    for (source, day), order in bought.groupby(["source", "day"]):
        stated = terms.get(source)
        if stated is None or not order["ordered"].any():
            continue
        scopes: list[tuple[str | None, pd.DataFrame]] = [(None, order)]
        if stated["min_scope"] == "location":
            scopes = [(str(place), part) for place, part in order.groupby("location")]
        when = np.datetime64(str(day)[:10], "D")
        for place, part in scopes:
            if part["ordered"].any():
                done = approved[(approved["source"] == source) & (approved["day"] == day)]
                done = done if place is None else done[done["location"] == place]
                yield from _minimums(stated, part, when, place, done)
                yield from _trucks(stated, part, when, place)
        yield from _rebate(stated, order, when)


def _minimums(
    stated: Mapping[Any, Any],
    order: pd.DataFrame,
    day: np.datetime64,
    place: str | None,
    done: pd.DataFrame,
) -> Iterator[SharedTerm]:
    name, rows = str(stated["supplier"]), order.index.to_numpy()
    for column, measure, unit in (
        ("min_order_value", "value", "money"),
        ("min_order_units", "units", "each"),
    ):
        least = float(stated[column])
        if least > 0:
            left = max(least - float(done[measure].sum()), 0.0)
            term = Minimum(name, rows, left, "value" if measure == "value" else "units")
            yield SharedTerm(term, day, unit, left, name, place, matters=left > 0)


def _trucks(
    stated: Mapping[Any, Any], order: pd.DataFrame, day: np.datetime64, place: str | None
) -> Iterator[SharedTerm]:
    capacity, unit = float(stated["truck_capacity"]), stated["truck_unit"]
    if not capacity > 0 or not isinstance(unit, str):
        return
    load = pd.Series(1.0, index=order.index)
    if unit in LOAD_COLUMNS:
        figure = order[LOAD_COLUMNS[unit]]
        load = 1.0 / figure.where(figure > 0) if unit == "pallet" else figure
    known = load.notna()
    if not known.any():
        return
    at_most = None if pd.isna(stated["trucks_at_most"]) else int(stated["trucks_at_most"])
    fill, cost = (_or_zero(stated[column]) for column in ("truck_least_fill", "truck_cost"))
    name = str(stated["supplier"])
    rows = order.index.to_numpy()[known.to_numpy()]
    yield SharedTerm(
        Trucks(name, rows, load[known].to_numpy(), capacity, at_most, fill, cost),
        day,
        unit,
        np.nan if at_most is None else at_most * capacity,
        name,
        place,
        left_out=int((~known).sum()),
        matters=at_most is not None or fill > 0 or cost > 0,
    )


def _rebate(stated: Mapping[Any, Any], order: pd.DataFrame, day: np.datetime64) -> Iterator[SharedTerm]:
    values, rates = numbers(stated["rebate_values"]), numbers(stated["rebate_rates"])
    name = str(stated["supplier"])
    # more than a step asks for could be ordered later, for its rebate then
    term = Rebate(name, order.index.to_numpy(), values, rates, at_steps=True)
    if values and not term.faults():
        yield SharedTerm(term, day, "money", np.nan, name)


def _budgets(bought: pd.DataFrame, stated: str, approved: pd.DataFrame) -> Iterator[SharedTerm]:
    if not stated:
        return
    for day, orders in bought.groupby("day"):
        if orders["ordered"].any():
            cash = max(float(stated) - float(approved.loc[approved["day"] == day, "value"].sum()), 0.0)
            when = np.datetime64(str(day)[:10], "D")
            yield SharedTerm(Budget(str(when), orders.index.to_numpy(), cash), when, "money", cash)


def _rooms(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    frame: pd.DataFrame,
    part: Rows,
) -> Iterator[SharedTerm]:
    places = inputs.tables["locations"]
    capacity = dict(zip(places["location"], places["storage_capacity"], strict=True))
    products = inputs.tables["products"].drop_duplicates("sku").set_index("sku")
    volume = lines["sku"].map(products["volume"]).fillna(0.0).to_numpy(dtype=np.float64)
    place_of = lines["location"].to_numpy()
    arrival = plans.arrival_period[part]
    for place, orders in frame.groupby("location"):
        room = capacity.get(place, np.nan)
        if not room >= 0:
            continue
        here = np.flatnonzero(place_of == place)
        known = orders["volume"].notna()
        for period in np.unique(arrival[orders.index]):
            arriving = orders.index[(arrival[orders.index] == period) & known]
            if period >= line_inputs.horizon or not frame["ordered"].to_numpy()[arriving].any():
                continue
            there = stock_at(line_inputs, plans, here, int(period))
            left = float(room) - float(volume[here] @ there)
            yield SharedTerm(
                Storage(str(place), arriving.to_numpy(), frame["volume"].to_numpy()[arriving], left),
                _arrival_day(inputs, int(period)),
                "litre",
                max(left, 0.0),
                location=str(place),
                left_out=int((~known & (arrival[orders.index] == period)).sum()),
            )


def stock_at(line_inputs: LineInputs, plans: LinePlans, rows: Rows, period: int) -> Floats:
    """Return expected stock of some lines when orders arrive at the start of a period [each].

    Orders of the plan that arrived before are in it, and open orders that arrive with them.
    """
    receipts = np.zeros(line_inputs.size)
    coming = line_inputs.receipt_period == period if period else line_inputs.receipt_period <= 0
    np.add.at(receipts, line_inputs.receipt_line[coming], line_inputs.receipt_quantity[coming])
    if period == 0:
        there = plans.on_hand[rows]
    else:
        earlier = plans.arrival_period[rows] < period
        after, before = plans.projected_stock_with_order, plans.projected_stock
        there = np.where(earlier, after[rows, period - 1], before[rows, period - 1])
    return np.asarray(np.maximum(there, 0.0) + receipts[rows])


def _arrival_day(inputs: PlanInputs, period: int) -> np.datetime64:
    return np.datetime64(period_dates(np.datetime64(inputs.as_of, "D"), inputs.period, period, 1)[0], "D")


def _approved(inputs: PlanInputs, lines: pd.DataFrame) -> pd.DataFrame:
    """Return what is approved of the orders of a day: source, location, day, value [money], units [each]."""
    rows = lines[lines["next_order_date"].notna() & lines["source_kind"].eq("supplier")]
    first = order_offsets(rows.assign(next_order_date=pd.Series(pd.NaT, index=rows.index)), inputs.as_of)[
        :, 0
    ]
    orders = inputs.tables["orders"]
    last = orders.sort_values("expected_date").drop_duplicates(
        ["sku", "to_location", "from_source"], keep="last"
    )
    last = last.rename(columns={"to_location": "location", "from_source": "source"})
    found = rows[["sku", "location", "source", "unit_cost"]].merge(
        last[["sku", "location", "source", "quantity"]], on=["sku", "location", "source"], how="left"
    )
    units = found["quantity"].fillna(0.0)
    return found.assign(
        day=(np.datetime64(inputs.as_of, "D") + first).astype("datetime64[s]"),
        units=units,
        value=units * found["unit_cost"],
    )


def _or_zero(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)
