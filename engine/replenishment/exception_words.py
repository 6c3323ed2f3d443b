"""The cause of an exception and the one act that helps, in words with the line's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.replenishment.words import agree, day, known, money, shared_in_words, units

LEAST_UNITS = 0.5
"""Fewer units than this are not spoken of."""


def cause_and_act(kind: str, line: Mapping[str, Any], currency: str = "") -> tuple[str, str]:
    """Say why a line is an exception of `kind` and what to do.

    Parameters
    ----------
    kind : str
        Of `engine.contracts.EXCEPTION_TYPES`.
    line : mapping
        Columns of `plan_lines`, and late_quantity for late_supply: overdue on open orders [each].
    currency : str
        Written after money.

    Returns
    -------
    (str, str)
        A sentence each.
    """
    return _WORDS[kind](line, currency)


def _shortage(line: Mapping[str, Any], currency: str) -> str:
    out = known(line["need_date"]) and line["need_date"] < line["next_arrival_date"]
    runs_out = f"stock runs out on {day(line['need_date'])}" if out else "stock runs low"
    cost = money(line["lost_before"] * line["stockout_cost"], currency)
    return (
        f"{runs_out}: shortage of {units(line['lost_before'])} until {day(line['next_arrival_date'])} "
        f"({cost}); {units(line['on_hand'])} on hand, {units(line['on_order'])} on order"
    )


def _order_or_expedite(line: Mapping[str, Any]) -> str:
    quantity, lost_after = float(line["quantity"]), float(line["lost_after"])
    saved = float(line["lost_before"]) - lost_after
    if quantity <= 0.0:
        return _without_order(line)
    order = f"Order {units(quantity)} by {day(line['order_by'])}: it saves {units(saved)}"
    limited = -float(line["term_cover"])
    still = f"{units(lost_after)} {agree(lost_after, 'stay', 'stays')} short"
    if _is_cut(line) and lost_after >= LEAST_UNITS:
        return f"{order}, but {still} ({shared_in_words(line)}). {_HELP[line['bound']]}"
    if limited >= 1.0 and lost_after >= LEAST_UNITS:
        return (
            f"{order}, but {still}: the shelf or the most cover keeps the order "
            f"{units(limited)} below the need. Deliver more often, or raise the limit."
        )
    if lost_after >= LEAST_UNITS and lost_after >= 0.5 * saved:
        return (
            f"{order}, but {still}, mostly before it arrives on "
            f"{day(line['arrival_date'])}: expedite, or move stock from elsewhere."
        )
    return f"{order}, arriving {day(line['arrival_date'])}."


def _is_cut(line: Mapping[str, Any]) -> bool:
    """Whether what lines share leaves a line less than its own plan."""
    return float(line.get("term_joint") or 0.0) <= -LEAST_UNITS and line.get("bound") in _HELP


_HELP = {
    "supplier_minimum": "Agree a lower minimum, or buy it elsewhere.",
    "truck": "Send another truck, or buy it elsewhere.",
    "storage": "Make room, or deliver more often.",
    "budget": "Raise the budget.",
    "dc_shortage": "Expedite what the centre has on order, or move stock from elsewhere.",
}


def _without_order(line: Mapping[str, Any]) -> str:
    if _is_cut(line):
        return f"No order, {shared_in_words(line)}. {_HELP[line['bound']]}"
    limited, dropped = -float(line["term_cover"]), -float(line["term_moq"])
    lot = float(max(line["moq"], line["order_multiple"]))
    if LEAST_UNITS <= dropped < lot:
        return (
            f"No order: the least lot of {units(lot)} for the {units(dropped)} needed is more than is "
            f"allowed or pays. Agree smaller lots, raise the limit, or move stock from elsewhere."
        )
    if limited >= LEAST_UNITS:
        return (
            f"No order: the shelf or the most cover leaves no room for the {units(limited)} needed. Deliver "
            f"more often, or raise the limit."
        )
    late = f"a new order would arrive too late, on {day(line['arrival_date'])}"
    if float(line["on_order"]) >= LEAST_UNITS:
        return f"Bring forward the {units(line['on_order'])} on order, or move stock from elsewhere: {late}."
    return f"Move stock from elsewhere: {late}."


def _stockout(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    return _sentence(_shortage(line, currency)), _order_or_expedite(line)


def _late_supply(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    late = units(line["late_quantity"])
    overdue = agree(line["late_quantity"], "are overdue", "is overdue")
    cause = f"{late} {overdue} on open orders; {_shortage(line, currency)}"
    act = f"Chase the {late} overdue from {line['source']}"
    if float(line["quantity"]) > 0.0:
        return _sentence(cause), f"{act}. {_order_or_expedite(line)}"
    depend = agree(line["lost_before"], "depend", "depends")
    return _sentence(cause), f"{act}; {units(line['lost_before'])} {depend} on it."


def _expiry(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    waste = units(line["waste_before"])
    cost = money(line["waste_before"] * line["unit_cost"], currency)
    expire = agree(line["waste_before"], "expire before they sell", "expires before it sells")
    expiry = agree(line["waste_before"], "they expire", "it expires")
    cause = (
        f"{waste} of the {units(line['on_hand'] + line['on_order'])} on hand and on order {expire}, "
        f"at {units(line['expected_demand_daily'])} a day ({cost})"
    )
    return _sentence(cause), f"Mark down or move {waste} before {expiry}."


def _overstock(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    excess = units(line["excess_units"])
    supply, rate = float(line["on_hand"]) + float(line["on_order"]), float(line["expected_demand_daily"])
    cover = f"enough for {units(supply / rate)} days" if rate > 0.0 else "nothing is selling"
    cause = (
        f"{excess} more than needed: {units(line['on_hand'])} on hand and {units(line['on_order'])} "
        f"on order, {cover}, {money(line['excess_units'] * line['unit_cost'], currency)} tied up"
    )
    if float(line["on_order"]) >= 1.0:
        least = min(float(line["on_order"]), float(line["excess_units"]))
        return _sentence(cause), f"Cancel or postpone {units(least)} of the open orders."
    return _sentence(cause), f"Move {excess} to where they sell, or promote them."


def _held(line: Mapping[str, Any], _currency: str) -> tuple[str, str]:
    reason = str(line["held_reason"]) if known(line.get("held_reason")) else "data is wrong"
    return _sentence(reason), "Repair the data; nothing is ordered until then."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".") + "."


_WORDS = {
    "stockout": _stockout,
    "late_supply": _late_supply,
    "expiry": _expiry,
    "overstock": _overstock,
    "held": _held,
}
