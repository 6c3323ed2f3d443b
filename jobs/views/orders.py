"""Orders: what is bought from whom today, and whether the source will take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from jobs.order_rules import is_multiple, nearest_quantities, quantity_fault
from jobs.views import orders_shared
from jobs.views.lines import as_date, records
from jobs.views.orders_shared import NO_GAINS, Gains
from jobs.views.orders_trucks import LOADS, Truck, trucks

UPCOMING_DAYS = 7
"""Order days further away than this are not shown."""


@dataclass(frozen=True)
class Minimum:
    """A source's minimum for one order (or one delivery location of it), and what the order holds."""

    scope: str
    """"" for the whole order, else the location's name."""
    unit: str
    """money or units."""
    required: float
    ordered: float

    @property
    def short(self) -> float:
        """How much is missing; 0 where the minimum is reached."""
        return max(0.0, self.required - self.ordered)


@dataclass(frozen=True)
class OrderCard:
    """What one source is asked for on one order day."""

    source: str
    name: str
    source_kind: str
    order_day: date
    due: bool
    """To be ordered on the day planned for, or before."""
    cut_off_time: str
    lines: int
    units: float
    value: float
    approved_lines: int
    approved_value: float
    minimums: tuple[Minimum, ...] = ()
    trucks: tuple[Truck, ...] = ()
    gains: Gains = NO_GAINS

    @property
    def short(self) -> tuple[Minimum, ...]:
        """The minimums that the order does not reach."""
        return tuple(minimum for minimum in self.minimums if minimum.short > 0)


@dataclass(frozen=True)
class Total:
    """What the cards add up to [money]."""

    due_value: float
    due_lines: int
    due_sources: int
    later_value: float
    approved_value: float


@dataclass(frozen=True)
class Rounded:
    """A quantity that the source accepts, and why it differs from what was typed."""

    quantity: float
    message: str = ""


@dataclass(frozen=True)
class Order:
    """What an approval of a source's lines would order."""

    lines: tuple[dict[str, Any], ...]
    """line_id and quantity [each] of every line that is still open."""
    value: float
    """Their cost [money]."""
    edited: int
    """Lines whose quantity differs from the proposal."""

    @property
    def count(self) -> int:
        """Lines to approve."""
        return len(self.lines)


def cards(lake: Lake, run: Run, lines: pd.DataFrame, approved: pd.DataFrame) -> list[OrderCard]:
    """Return a card per source with proposed or approved lines: due ones first, then by order day and value.

    Parameters
    ----------
    lake, run
        The run shown; supplier terms come from the version it planned with.
    lines : DataFrame
        From `jobs.views.lines.load`.
    approved : DataFrame
        Decisions of the run: line_id, state, quantity.
    """
    table = lake.read("suppliers", version=run.inputs.get("suppliers"))
    suppliers = {row["supplier"]: row for row in records(table)}
    shared = orders_shared.load(lake, run)
    ordered = with_state(lines, approved)
    products = lake.read("products", version=run.inputs.get("products")).drop_duplicates("sku")
    ordered = ordered.merge(products[["sku", *LOADS.values()]], on="sku", how="left")
    found = []
    for (source, order_by), group in ordered.groupby(["source", "order_by"], sort=False):
        day = as_date(order_by) or run.as_of
        card = _card(str(source), day, run.as_of, group, suppliers.get(str(source), {}))
        found.append(replace(card, gains=orders_shared.gains(shared, str(source), day)))
    last = run.as_of + timedelta(days=UPCOMING_DAYS)
    shown = [card for card in found if card.due or card.order_day <= last]
    return sorted(shown, key=lambda card: (not card.due, card.order_day, -card.value, card.source))


def total_of(cards: Sequence[OrderCard]) -> Total:
    """Return what the cards add up to."""
    due = [card for card in cards if card.due]
    return Total(
        due_value=sum(card.value for card in due),
        due_lines=sum(card.lines for card in due),
        due_sources=len(due),
        later_value=sum(card.value for card in cards if not card.due),
        approved_value=sum(card.approved_value for card in cards),
    )


def with_state(lines: pd.DataFrame, approved: pd.DataFrame) -> pd.DataFrame:
    """Return the lines to order with what is approved of them.

    Returns
    -------
    DataFrame
        The lines that are proposed or decided; `order` is the quantity decided, else the proposed one
        [each]; `order_value` its cost [money]; `state` is "open", "approved" or "rejected".
    """
    quantities = dict(zip(approved["line_id"], approved["quantity"], strict=True))
    states = dict(zip(approved["line_id"], approved["state"], strict=True))
    decided = lines["line_id"].map(quantities).astype("float64")
    frame = lines.assign(
        order=decided.fillna(lines["quantity"]),
        state=[states.get(line_id, "open") for line_id in lines["line_id"]],
    )
    frame = frame[(frame["status"] == "proposed") | (frame["state"] != "open")]
    return frame.assign(order_value=frame["order"] * frame["unit_cost"])


def source_lines(ordered: pd.DataFrame, source: str, edits: Mapping[str, float]) -> pd.DataFrame:
    """Return the lines of one source, a planner's edits applied, dearest risk first.

    Parameters
    ----------
    ordered : DataFrame
        From `with_state`.
    source : str
        Supplier or location.
    edits : mapping of str to float
        New quantity of a line [each], not yet approved.
    """
    frame = ordered[ordered["source"] == source]
    changed = frame["line_id"].map(dict(edits)).astype("float64")
    order = changed.fillna(frame["order"])
    return frame.assign(
        order=order, order_value=order * frame["unit_cost"], edited=changed.notna()
    ).reset_index(drop=True)


def round_quantity(line: Mapping[str, Any], wanted: float) -> Rounded:
    """Return the nearest quantity that the source accepts, never less than wanted, and say what was changed.

    Parameters
    ----------
    line : mapping
        A plan line: moq [each], order_multiple [each].
    wanted : float
        What the planner typed [each]; below zero counts as zero.

    Examples
    --------
    >>> round_quantity({"product": "Oat drink 1 l", "moq": 24.0, "order_multiple": 12.0}, 30.0)
    Rounded(quantity=36.0, message='Oat drink 1 l: 30 raised to 36, whole multiples of 12.')
    >>> round_quantity({"product": "Oat drink 1 l", "moq": 24.0, "order_multiple": 12.0}, 0.0)
    Rounded(quantity=0.0, message='')
    """
    if wanted <= 0:
        return Rounded(0.0)
    moq, multiple = float(line["moq"]), float(line["order_multiple"])
    if quantity_fault(wanted, moq=moq, order_multiple=multiple) is None:
        return Rounded(wanted)
    quantity = nearest_quantities(wanted, moq=moq, order_multiple=multiple)[-1]
    rules = []
    if wanted < moq:
        rules.append(f"the minimum is {moq:,.0f}")
    if not is_multiple(max(wanted, moq), multiple):
        rules.append(f"whole multiples of {multiple:,.0f}")
    message = f"{line['product']}: {wanted:,.0f} raised to {quantity:,.0f}, {' and '.join(rules)}."
    return Rounded(quantity, message)


def approved_orders(lines: pd.DataFrame, approved: pd.DataFrame, source: str | None) -> list[str]:
    """Return the approved orders of a run's lines, of one source or (None) of all."""
    mine = lines if source is None else lines[lines["source"] == source]
    return sorted(set(approved.loc[approved["line_id"].isin(mine["line_id"]), "order_id"]) - {""})


def round_edits(
    frame: pd.DataFrame, edited_rows: Mapping[int, Mapping[str, Any]]
) -> tuple[dict[str, float], list[str]]:
    """Return what a planner typed, rounded to what the source accepts, and a message for each that changed.

    Parameters
    ----------
    frame : DataFrame
        From `source_lines`.
    edited_rows : mapping
        Row number → {"order": quantity typed [each], None: emptied}.

    Returns
    -------
    tuple
        New quantity of each edited line, by line_id [each]; messages.
    """
    lines = records(frame)
    quantities, messages = {}, []
    for row, cells in edited_rows.items():
        line = lines[int(row)]
        if line["state"] == "approved":
            messages.append(
                f"{line['product']}: approved already as {line['order']:,.0f}; withdraw it first."
            )
            continue
        rounded = round_quantity(line, float(cells.get("order") or 0.0))
        quantities[str(line["line_id"])] = rounded.quantity
        if rounded.message:
            messages.append(rounded.message)
    return quantities, messages


def order_of(frame: pd.DataFrame) -> Order:
    """Return what an approval of the lines of `source_lines` would order."""
    lines = frame[(frame["state"] == "open") | (frame["edited"] & (frame["state"] == "rejected"))]
    return Order(
        lines=tuple(
            {"line_id": line_id, "quantity": float(quantity)}
            for line_id, quantity in zip(lines["line_id"], lines["order"], strict=True)
        ),
        value=float(lines["order_value"].sum()),
        edited=int((lines["order"] != lines["quantity"]).sum()),
    )


def _card(
    source: str, order_day: date, as_of: date, group: pd.DataFrame, terms: Mapping[str, Any]
) -> OrderCard:
    accepted = group[group["state"] == "approved"]
    cut_off = terms.get("cut_off_time")
    return OrderCard(
        source=source,
        name=group["source_name"].iloc[0],
        source_kind=group["source_kind"].iloc[0],
        order_day=order_day,
        due=order_day <= as_of,
        cut_off_time=cut_off if isinstance(cut_off, str) else "",
        lines=int((group["order"] > 0).sum()),
        units=float(group["order"].sum()),
        value=float(group["order_value"].sum()),
        approved_lines=len(accepted),
        approved_value=float(accepted["order_value"].sum()),
        minimums=tuple(minimums(group, terms)),
        trucks=tuple(trucks(group, terms)),
    )


def minimums(group: pd.DataFrame, terms: Mapping[str, Any]) -> list[Minimum]:
    """Return the minimums that apply to an order and what it holds of them.

    Parameters
    ----------
    group : DataFrame
        Lines of one order: location_name, order [each], order_value [money].
    terms : mapping
        The supplier's row: min_order_value [money], min_order_units [each], min_scope.
    """
    parts = [("", group)]
    if terms.get("min_scope") == "location":
        parts = [(str(name), part) for name, part in group.groupby("location_name")]
    found = []
    for scope, part in parts:
        for column, unit, ordered in (
            ("min_order_value", "money", part["order_value"].sum()),
            ("min_order_units", "units", part["order"].sum()),
        ):
            required = terms.get(column)
            if required is not None and pd.notna(required) and required > 0:
                found.append(Minimum(scope, unit, float(required), float(ordered)))
    return found
