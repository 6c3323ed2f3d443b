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
from jobs.line_terms import UNASSIGNED

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


def is_bought(lines: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which lines a supplier is paid for; a line without a source is nobody's order yet."""
    return np.asarray(lines["source_kind"].eq("supplier") & lines["source"].ne(UNASSIGNED), dtype=np.bool_)


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
    part_lines = lines[["sku", "location", "source", "source_kind"]].iloc[part]
    load = _figures(inputs.tables["products"], lines["sku"])
    open_orders = _Open(
        source=part_lines["source"].to_numpy(dtype=object),
        location=part_lines["location"].to_numpy(dtype=object),
        day=days[part],
        ordered=plans.quantity[part] > 0,
        load={column: figure[part] for column, figure in load.items()},
    )
    approved = _approved(inputs, lines)
    bought = np.flatnonzero(is_bought(part_lines))
    return [
        *_supplier_terms(open_orders, bought, inputs.tables["suppliers"], approved),
        *_budgets(open_orders, bought, inputs.settings["order_budget"], approved),
        *_rooms(inputs, lines, line_inputs, plans, open_orders, part, load["volume"]),
    ]


@dataclass(frozen=True)
class _Open:
    """The lines that take part, one value each."""

    source: npt.NDArray[np.object_]
    location: npt.NDArray[np.object_]
    day: npt.NDArray[np.datetime64]
    """Order day."""
    ordered: npt.NDArray[np.bool_]
    """The plan orders something."""
    load: Mapping[str, Floats]
    """Figure of the product by column, NaN: not known."""


def _figures(products: pd.DataFrame, sku: pd.Series) -> dict[str, Floats]:
    """Return what one each of a line's product loads, by product column; NaN: not known."""
    columns = list(LOAD_COLUMNS.values())
    of_line = products.drop_duplicates("sku").set_index("sku")[columns].reindex(sku)
    return {column: of_line[column].to_numpy(dtype=np.float64, na_value=np.nan) for column in columns}


def _grouped(rows: Rows, *keys: npt.NDArray[Any]) -> Iterator[tuple[tuple[Any, ...], Rows]]:
    """Yield the rows of each combination of keys, in its order."""
    codes = np.zeros(len(rows), np.int64)
    for key in keys:
        code, values = pd.factorize(key[rows], sort=True)
        codes = codes * (len(values) + 1) + code
    order = np.argsort(codes, kind="stable")
    for found in np.split(rows[order], np.flatnonzero(np.diff(codes[order])) + 1):
        if len(found):
            yield tuple(key[found[0]] for key in keys), found


def _supplier_terms(
    of: _Open, bought: Rows, suppliers: pd.DataFrame, approved: pd.DataFrame
) -> Iterator[SharedTerm]:
    terms = {row["supplier"]: row for row in suppliers.to_dict("records")}
    for (source, day), order in _grouped(bought, of.source, of.day):
        stated = terms.get(source)
        if stated is None or not of.ordered[order].any():
            continue
        scopes: list[tuple[str | None, Rows]] = [(None, order)]
        if stated["min_scope"] == "location":
            scopes = [(str(place), rows) for (place,), rows in _grouped(order, of.location)]
        done = approved[(approved["source"] == source) & (approved["day"] == day)]
        for place, rows in scopes:
            if of.ordered[rows].any():
                here = done if place is None else done[done["location"] == place]
                yield from _minimums(stated, rows, day, place, here)
                yield from _trucks(of, stated, rows, day, place)
        yield from _rebate(stated, order, day)


def _minimums(
    stated: Mapping[Any, Any], rows: Rows, day: np.datetime64, place: str | None, done: pd.DataFrame
) -> Iterator[SharedTerm]:
    name = str(stated["supplier"])
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
    of: _Open, stated: Mapping[Any, Any], rows: Rows, day: np.datetime64, place: str | None
) -> Iterator[SharedTerm]:
    capacity, unit = float(stated["truck_capacity"]), stated["truck_unit"]
    if not capacity > 0 or not isinstance(unit, str):
        return
    load = np.ones(len(rows))
    if unit in LOAD_COLUMNS:
        figure = of.load[LOAD_COLUMNS[unit]][rows]
        if unit == "pallet":
            load = np.divide(1.0, figure, out=np.full(len(rows), np.nan), where=figure > 0)
        else:
            load = figure
    known = np.isfinite(load)
    if not known.any():
        return
    at_most = None if pd.isna(stated["trucks_at_most"]) else int(stated["trucks_at_most"])
    fill, cost = (_or_zero(stated[column]) for column in ("truck_least_fill", "truck_cost"))
    name = str(stated["supplier"])
    yield SharedTerm(
        Trucks(name, rows[known], load[known], capacity, at_most, fill, cost),
        day,
        unit,
        np.nan if at_most is None else at_most * capacity,
        name,
        place,
        left_out=int((~known).sum()),
        matters=at_most is not None or fill > 0 or cost > 0,
    )


def _rebate(stated: Mapping[Any, Any], rows: Rows, day: np.datetime64) -> Iterator[SharedTerm]:
    values, rates = numbers(stated["rebate_values"]), numbers(stated["rebate_rates"])
    name = str(stated["supplier"])
    # more than a step asks for could be ordered later, for its rebate then
    term = Rebate(name, rows, values, rates, at_steps=True)
    if values and not term.faults():
        yield SharedTerm(term, day, "money", np.nan, name)


def _budgets(of: _Open, bought: Rows, stated: str, approved: pd.DataFrame) -> Iterator[SharedTerm]:
    if not stated:
        return
    for (day,), rows in _grouped(bought, of.day):
        if of.ordered[rows].any():
            cash = max(float(stated) - float(approved.loc[approved["day"] == day, "value"].sum()), 0.0)
            yield SharedTerm(Budget(str(day), rows, cash), day, "money", cash)


def _rooms(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    of: _Open,
    part: Rows,
    volume: Floats,
) -> Iterator[SharedTerm]:
    """Yield the room left at each place on each day of arrival; `volume` is that of one each of all lines."""
    places = inputs.tables["locations"]
    limited = places[places["storage_capacity"] >= 0]
    capacity = dict(zip(limited["location"], limited["storage_capacity"], strict=True))
    code, names = pd.factorize(lines["location"])
    lines_at = {name: np.flatnonzero(code == number) for number, name in enumerate(names) if name in capacity}
    taken = np.nan_to_num(volume)
    arrival = plans.arrival_period[part]
    is_limited = np.array([name in capacity for name in names], bool)[code[part]]
    within = np.flatnonzero(is_limited & (arrival < line_inputs.horizon))
    for (place, period), rows in _grouped(within, of.location, arrival):
        known = np.isfinite(of.load["volume"][rows])
        if not of.ordered[rows[known]].any():
            continue
        here = lines_at[place]
        left = float(capacity[place]) - float(taken[here] @ stock_at(line_inputs, plans, here, int(period)))
        yield SharedTerm(
            Storage(str(place), rows[known], of.load["volume"][rows[known]], left),
            period_dates(np.datetime64(inputs.as_of, "D"), inputs.period, int(period), 1)[0],
            "litre",
            max(left, 0.0),
            location=str(place),
            left_out=int((~known).sum()),
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


def _approved(inputs: PlanInputs, lines: pd.DataFrame) -> pd.DataFrame:
    """Return what is approved of the orders of a day: source, location, day, value [money], units [each]."""
    rows = lines[lines["next_order_date"].notna() & lines["source_kind"].eq("supplier")]
    if rows.empty:
        return pd.DataFrame(columns=["source", "location", "day", "units", "value"])
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
        day=pd.Series(np.datetime64(inputs.as_of, "D") + first, index=found.index),
        units=units,
        value=units * found["unit_cost"],
    )


def _or_zero(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)
