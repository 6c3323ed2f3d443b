"""What orders share, said in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.replenishment.words import agree, known, money, units


def term_in_words(term: Mapping[str, Any], names: Mapping[Any, Any], currency: str = "") -> str:
    """Say what a term asks and what the orders make of it.

    Parameters
    ----------
    term : mapping
        A row of `order_terms`, and before: what the orders would use of it, each line on its own.
    names : mapping
        Name of each supplier and location.
    currency : str
        Written after money.

    Examples
    --------
    >>> row = {
    ...     "kind": "supplier_minimum", "supplier": "A", "location": None, "unit": "money", "limit": 1500.0,
    ...     "used": 1512.0, "before": 1210.0, "state": "binds", "left_out": 0,
    ... }
    >>> term_in_words(row, {"A": "Fizzwick"}, "EUR")
    'Fizzwick: 1,210.00 EUR is raised to 1,512.00 EUR, the minimum is 1,500.00 EUR.'
    """
    who = [str(names.get(term[part]) or term[part]) for part in ("supplier", "location") if known(term[part])]
    text = f"{' at '.join(who)}: " if who else ""
    text += _WORDS[term["kind"]](term, lambda value: amount(value, term["unit"], currency), currency)
    if term["left_out"]:
        many = int(term["left_out"])
        text += f" {many:,} {agree(many, 'lines are', 'line is')} not counted: a figure is missing."
    return text


def amount(value: float, unit: str, currency: str = "") -> str:
    """An amount with its unit.

    Examples
    --------
    >>> amount(12.5, "money", "EUR"), amount(3.0, "pallet"), amount(1.0, "pallet"), amount(40.0, "kg")
    ('12.50 EUR', '3 pallets', '1 pallet', '40 kg')
    """
    if unit == "money":
        return money(value, currency)
    name = {"kg": "kg", "each": agree(value, "units", "unit")}.get(unit, agree(value, f"{unit}s", unit))
    return f"{units(value)} {name}"


def _minimum(term: Mapping[str, Any], said: Any, currency: str) -> str:  # noqa: ARG001
    least, used, before = (float(term[name]) for name in ("limit", "used", "before"))
    if term["state"] == "waits":
        return (
            f"{said(before)} waits, as it is below the minimum of {said(least)} and raising it would cost "
            f"more than it brings."
        )
    if before < least:
        return f"{said(before)} is raised to {said(used)}, the minimum is {said(least)}."
    return f"{said(used)} reaches the minimum of {said(least)}."


def _trucks(term: Mapping[str, Any], said: Any, currency: str) -> str:
    trucks, cost = int(term["trucks"]), -float(term["money"])
    if term["state"] == "waits":
        return f"{said(float(term['before']))} waits, as it would not pay or fill a truck."
    count = f"{trucks:,} {agree(trucks, 'trucks', 'truck')}"
    filled = f", {term['fill']:.0%} full" if trucks else ""
    return f"{count}{filled} ({said(float(term['used']))})" + (
        f", {money(cost, currency)}." if cost > 0 else "."
    )


def _room(term: Mapping[str, Any], said: Any, currency: str) -> str:  # noqa: ARG001
    return f"{said(float(term['used']))} arrive where there is room for {said(float(term['limit']))}."


def _budget(term: Mapping[str, Any], said: Any, currency: str) -> str:  # noqa: ARG001
    return f"{said(float(term['used']))} of a budget of {said(float(term['limit']))}."


def _rebate(term: Mapping[str, Any], said: Any, currency: str) -> str:
    return f"{money(float(term['money']), currency)} paid back on {said(float(term['used']))}."


def _break(term: Mapping[str, Any], said: Any, currency: str) -> str:  # noqa: ARG001
    raised, lines = int(term["moved"]), int(term["lines"])
    more = f", {raised:,} of them raised to it" if raised else ""
    return (
        f"price breaks of {lines:,} {agree(lines, 'lines', 'line')} save "
        f"{money(float(term['money']), currency)}{more}."
    )


_WORDS = {
    "supplier_minimum": _minimum,
    "truck": _trucks,
    "storage": _room,
    "budget": _budget,
    "rebate": _rebate,
    "price_break": _break,
}
