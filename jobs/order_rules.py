"""Which quantities a planner may order: the source's terms, in words when they are broken."""

from __future__ import annotations

import math

_TOLERANCE = 1e-9
"""Relative: 0.3 is three times 0.1, though not in binary."""


def is_multiple(quantity: float, multiple: float) -> bool:
    """Whether a quantity is a whole number of order multiples; a multiple of 0 allows every quantity."""
    if multiple <= 0:
        return True
    ratio = quantity / multiple
    return abs(ratio - round(ratio)) <= _TOLERANCE * max(1.0, ratio)


def nearest_quantities(quantity: float, *, moq: float, order_multiple: float) -> list[float]:
    """Quantities nearest to the one asked for that the source takes: at most one below, one above [each].

    Examples
    --------
    >>> nearest_quantities(31, moq=24, order_multiple=12)
    [24.0, 36.0]
    >>> nearest_quantities(5, moq=24, order_multiple=12)
    [24.0]
    """
    step = order_multiple if order_multiple > 0 else 0.0
    least = math.ceil(moq / step - _TOLERANCE) * step if step else moq
    if not step:
        return [float(max(quantity, least))]
    below = math.floor(quantity / step + _TOLERANCE) * step
    above = max(math.ceil(quantity / step - _TOLERANCE) * step, least)
    return [float(value) for value in sorted({below, above}) if value >= max(least, step)]


def quantity_fault(quantity: float, *, moq: float, order_multiple: float) -> str | None:
    """Say which rule a quantity breaks and what would do, or None.

    Parameters
    ----------
    quantity
        Asked for [each].
    moq
        Minimum order quantity [each]; 0: none.
    order_multiple
        Orders are whole multiples of this [each]; 0: any quantity.

    Examples
    --------
    >>> quantity_fault(31, moq=24, order_multiple=12)
    'quantity 31 is not a multiple of 12; 24 or 36 would do'
    """
    if not math.isfinite(quantity):
        return f"quantity is {quantity}; it must be a number"
    if quantity < 0:
        return f"quantity {quantity:.15g} is negative; it must be 0 or more"
    if quantity == 0:
        return None
    rules = []
    if not is_multiple(quantity, order_multiple):
        rules.append(f"is not a multiple of {order_multiple:.15g}")
    if quantity < moq * (1 - _TOLERANCE):
        rules.append(f"is below the minimum order quantity {moq:.15g}")
    if not rules:
        return None
    would_do = nearest_quantities(quantity, moq=moq, order_multiple=order_multiple)
    choice = " or ".join(f"{value:.15g}" for value in would_do)
    return f"quantity {quantity:.15g} {' and '.join(rules)}; {choice} would do"
