"""An act against write-offs in words: what is done, what it brings, or why it is not offered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.replenishment.acts import Act
from engine.replenishment.words import day, money, units

NAMES = {
    "nothing": "Do nothing",
    "stop_order": "Stop the order",
    "cut_order": "Cut the order",
    "markdown": "Mark down",
    "transfer": "Transfer",
}
"""Acts as people call them."""

NAMED = 2
"""Most places that the words of a transfer name."""


def act_in_words(
    act: Act,
    nothing: Act,
    *,
    first: dt.date | None,
    last: dt.date | None,
    currency: str,
    unit_cost: float,
    destinations: Sequence[str] = (),
) -> str:
    """Say what an act is and what it brings against doing nothing.

    Examples
    --------
    >>> nothing = Act("nothing", quantity=0.0, money=0.0, write_off=44.3, short=0.0)
    >>> act = Act("markdown", quantity=90.0, money=16.09, write_off=11.7, short=0.0, depth=0.2)
    >>> day = dt.date(2026, 11, 28)
    >>> print(act_in_words(act, nothing, first=None, last=day, currency="EUR", unit_cost=1.0))
    Mark down 20 % until 28 Nov: brings 16.09 EUR, write-off 12 instead of 44 units.
    >>> print(act_in_words(
    ...     Act("transfer", reason="no transfer of it pays"), nothing, first=None, last=None,
    ...     currency="EUR", unit_cost=1.0,
    ... ))
    Transfer is not offered: no transfer of it pays.
    """
    if not act.offered:
        return f"{NAMES[act.act]} is not offered: {act.reason}."
    if act.act == "nothing":
        kept = f"; the order of {units(act.quantity)} stays" if act.quantity > 0 else ""
        lost = money(act.write_off * unit_cost, currency)
        return f"Do nothing{kept}: {lost} written off, {units(act.write_off)} units."
    verb = "brings" if act.money >= 0 else "costs"
    effect = f"{verb} {money(abs(act.money), currency)}"
    parts = [effect, f"write-off {units(act.write_off)} instead of {units(nothing.write_off)} units"]
    if act.short - nothing.short >= 0.5:
        parts.append(f"{units(act.short)} instead of {units(nothing.short)} short")
    return f"{_what(act, nothing, first, last, destinations)}: {', '.join(parts)}."


def _what(
    act: Act, nothing: Act, first: dt.date | None, last: dt.date | None, destinations: Sequence[str]
) -> str:
    """Say what is done."""
    if act.act == "stop_order":
        return f"Do not order {units(nothing.quantity)} now"
    if act.act == "cut_order":
        return f"Order {units(act.quantity)} instead of {units(nothing.quantity)}"
    if act.act == "markdown":
        start = f" from {day(first)}" if first else ""
        return f"Mark down {act.depth * 100:.0f} %{start} until {day(last)}"
    return f"Transfer {units(act.quantity)}{_places(destinations)}"


def _places(destinations: Sequence[str]) -> str:
    """Name where stock goes, the first `NAMED` of several.

    Examples
    --------
    >>> _places(["Cork", "Sligo", "Tralee"])
    ' to Cork, Sligo and 1 more'
    """
    more = len(destinations) - NAMED
    named = ", ".join(destinations[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return f" to {named}" if named else ""
