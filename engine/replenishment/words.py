"""Plain words for the figures of a plan line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def units(value: float) -> str:
    """Units as people write them: whole from 10 on, one decimal below where it matters.

    Examples
    --------
    >>> units(1234.4), units(2.0), units(0.25)
    ('1,234', '2', '0.2')
    """
    if abs(value) >= 10 or abs(value - round(value)) < 0.05:
        return f"{value:,.0f}".replace("-0", "0") if round(value) == 0 else f"{value:,.0f}"
    return f"{value:,.1f}"


def agree(value: float, several: str, one: str) -> str:
    """The form of a verb that fits `value` as `units` writes it.

    Examples
    --------
    >>> agree(1.0, "are", "is"), agree(0.5, "are", "is"), agree(3.0, "are", "is")
    ('is', 'are', 'are')
    """
    return one if units(value) == "1" else several


def money(value: float, currency: str = "") -> str:
    """Money with its currency after it.

    Examples
    --------
    >>> money(1234.5, "EUR")
    '1,234.50 EUR'
    """
    return f"{value:,.2f} {currency}".rstrip()


def day(value: Any) -> str:
    """A date as `12 Dec`, the same in every locale.

    Examples
    --------
    >>> import datetime as dt
    >>> day(dt.date(2026, 12, 12))
    '12 Dec'
    """
    return f"{value.day} {_MONTHS[value.month - 1]}"


def known(value: Any) -> bool:
    """Whether a cell holds something."""
    return value is not None and value == value


def explain_in_words(line: Mapping[str, Any]) -> str:
    """Why the order is what it is, in one paragraph with the terms' own figures.

    Parameters
    ----------
    line : mapping
        Columns of `plan_lines`: the explain terms, quantity, status, held_reason, next_arrival_date,
        lost_after, moq, order_multiple.

    Returns
    -------
    str

    Examples
    --------
    >>> import datetime as dt
    >>> print(explain_in_words({
    ...     "quantity": 240.0, "term_demand": 310.0, "term_buffer": 55.0, "term_on_hand": -100.0,
    ...     "term_on_order": -30.0, "term_excess": 0.0, "term_cover": 0.0, "term_moq": 0.0,
    ...     "term_multiple": 5.0, "next_arrival_date": dt.date(2026, 12, 12), "order_multiple": 12.0,
    ... }))
    Order 240 because 310 are expected to sell until 12 Dec and 55 more are a buffer against uncertainty, \
less 100 on hand and 30 on order; 5 more round it up to whole multiples of 12.
    """
    if line.get("status") == "held":
        return f"Held: {line.get('held_reason')}. Nothing is ordered until the data is repaired."
    until = day(line["next_arrival_date"])
    demand, buffer = float(line["term_demand"]), float(line["term_buffer"])
    supply = _supply(line)
    need = f"{units(demand)} {agree(demand, 'are', 'is')} expected to sell until {until}"
    if buffer >= 0.05:
        need += f" and {units(buffer)} more {agree(buffer, 'are', 'is')} a buffer against uncertainty"
    elif buffer <= -0.05:
        needs = agree(-buffer, "need", "needs")
        need += f", of which {units(-buffer)} {needs} no stock (the target or the shelf life leaves them out)"
    quantity = float(line["quantity"])
    excess = float(line["term_excess"])
    if quantity > 0:
        text = f"Order {units(quantity)} because {need}"
        text += f", less {supply}" if supply else ", with nothing on hand or on order"
        if excess >= 0.05:
            text += f", which is {units(excess)} more than that"
    else:
        text = f"Nothing to order: {need}"
        if excess >= 0.05:
            text += f"; {supply or 'what is there'} cover that with {units(excess)} to spare"
        elif supply:
            text += f", against {supply}"
    return text + "".join(f"; {step}" for step in _steps(line)) + "."


def _supply(line: Mapping[str, Any]) -> str:
    parts = [
        f"{units(-float(line[term]))} {name}"
        for term, name in (("term_on_hand", "on hand"), ("term_on_order", "on order"))
        if abs(float(line[term])) >= 0.05
    ]
    return " and ".join(parts)


def _steps(line: Mapping[str, Any]) -> list[str]:
    steps = []
    cover, moq, multiple = (float(line[name]) for name in ("term_cover", "term_moq", "term_multiple"))
    if cover >= 0.05:
        steps.append(f"{units(cover)} more {agree(cover, 'keep', 'keeps')} the least cover or fill the shelf")
    elif cover <= -0.05:
        keep = agree(-cover, "keep", "keeps")
        steps.append(f"{units(-cover)} fewer {keep} within the most cover or the shelf")
    if moq >= 0.05:
        least = float(line.get("moq") or 0.0)
        # an order that only had to reach the minimum is the minimum, before it is rounded
        minimum = float(line["quantity"]) - multiple <= least
        name = f"the minimum order of {units(least)}" if minimum else "the economic lot"
        steps.append(f"{units(moq)} more {agree(moq, 'reach', 'reaches')} {name}")
    elif moq <= -0.05:
        steps.append(f"no order that is allowed and pays serves the {units(-moq)} needed")
    if abs(multiple) >= 0.05:
        size = float(line.get("order_multiple") or 0.0)
        pack = f"whole multiples of {units(size)}" if size > 1 and not math.isnan(size) else "whole units"
        count, way = ("more", "up") if multiple > 0 else ("fewer", "down")
        rounds = agree(abs(multiple), "round", "rounds")
        steps.append(f"{units(abs(multiple))} {count} {rounds} it {way} to {pack}")
    if shared := shared_in_words(line):
        steps.append(shared)
    return steps


def shared_in_words(line: Mapping[str, Any]) -> str:
    """What moved the order beyond the line's own plan, with the number of units; "" where nothing did.

    Parameters
    ----------
    line : mapping
        Columns of `plan_lines`: term_joint, bound, quantity, source.

    Examples
    --------
    >>> shared_in_words({"term_joint": 24.0, "bound": "truck", "quantity": 48.0, "source": "SUP07"})
    '24 more because a fuller truck pays'
    >>> shared_in_words({"term_joint": -36.0, "bound": "budget", "quantity": 0.0, "source": "SUP07"})
    '36 fewer: the cash budget ends before them'
    """
    moved = float(line.get("term_joint") or 0.0)
    if abs(moved) < 0.05:
        return ""
    bound = str(line.get("bound") or "none")
    if moved > 0:
        return f"{units(moved)} more {_MORE.get(bound, 'because lines share supply')}"
    waits = bound in _WAITS and not float(line["quantity"])
    reason = _WAITS[bound] if waits else _FEWER.get(bound, "lines share supply")
    return f"{units(-moved)} fewer: {reason.format(source=line.get('source', 'the source'))}"


_MORE = {
    "price_break": "to reach a price break that saves more than it costs to hold",
    "supplier_minimum": "to reach the supplier's minimum",
    "truck": "because a fuller truck pays",
    "rebate": "to reach a rebate on the whole order",
    "storage": "because other lines leave room",
    "budget": "because other lines leave cash",
    "dc_shortage": "as its share of what the centre has",
}
_FEWER = {
    "price_break": "a cheaper price is within reach",
    "supplier_minimum": "the supplier's minimum is met better by other lines",
    "truck": "they would need another truck that costs more than they bring",
    "rebate": "the rebate is reached better by other lines",
    "storage": "there is no room for them at the location",
    "budget": "the cash budget ends before them",
    "dc_shortage": "{source} has too little for all that it supplies",
}
_WAITS = {
    "supplier_minimum": "the order is below the supplier's minimum and waits, as raising it would cost more",
    "truck": "the order would not pay or fill a truck and waits",
}
