"""Plain words for a transfer and for a lane that carries nothing."""

from __future__ import annotations

from math import isfinite

from engine.replenishment.network.transfers import Transfer, Unused, WhyNot
from engine.replenishment.words import money, units

_WHY_NOT = {
    WhyNot.EXPIRES: "no batch would arrive with enough days left to be sold",
    WhyNot.COST: "freight, handling and what the giver loses exceed what even the first unit earns",
    WhyNot.LATE: "it would arrive when the shortage is over: nothing that comes then is of use",
    WhyNot.LIMIT: "too little can move to make up the lane's minimum, a lot or its fixed cost",
    WhyNot.ELSEWHERE: "the stock earns more where it is, or over another lane",
}


def describe_transfer(transfer: Transfer, currency: str = "") -> str:
    """Return why to move, in money.

    Examples
    --------
    >>> describe_transfer(
    ...     Transfer(
    ...         "milk", "south", "north", 8, (("b1", 8),), gain=24.0, loss=-6.0, freight=7.0, handling=1.0,
    ...         fixed_cost=0.0, money=22.0, money_if_cancelled=22.0, fewest_days_left=7.0, transit_days=2.0,
    ...     ),
    ...     "EUR",
    ... )
    'Move 8 from south to north: earns 24.00 EUR there, saves 6.00 EUR here, costs 8.00 EUR to move; \
22.00 EUR in all. Arrives after 2 days with 7 days left at least.'
    """
    costs = transfer.freight + transfer.handling + transfer.fixed_cost
    here = "saves" if transfer.loss < 0 else "gives up"
    text = (
        f"Move {units(transfer.units)} from {transfer.origin} to {transfer.destination}: "
        f"earns {money(transfer.gain, currency)} there, {here} {money(abs(transfer.loss), currency)} here, "
        f"costs {money(costs, currency)} to move; {money(transfer.money, currency)} in all. "
    )
    text += f"Arrives after {_days(transfer.transit_days)}" if transfer.transit_days else "Arrives today"
    if isfinite(transfer.fewest_days_left):
        text += f" with {_days(transfer.fewest_days_left)} left at least"
    return text + "."


def describe_unused(unused: Unused) -> str:
    """Return why nothing moves.

    Examples
    --------
    >>> describe_unused(Unused("milk", "south", "north", WhyNot.EXPIRES))
    'Nothing from south to north: no batch would arrive with enough days left to be sold.'
    """
    return f"Nothing from {unused.origin} to {unused.destination}: {_WHY_NOT[unused.why]}."


def _days(count: float) -> str:
    return f"{units(count)} day" if units(count) == "1" else f"{units(count)} days"
