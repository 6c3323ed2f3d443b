"""Wagner–Whitin: orders of least cost for known demand that changes from period to period."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import FINITE, NOT_NEGATIVE, Floats, checked

Integers = npt.NDArray[np.int64]


class LotSizes(NamedTuple):
    """Orders over T periods, for one item or many.

    Attributes
    ----------
    quantities : (…, T) units ordered at the start of each period
    cost : (…) least total cost [currency]
    costs_to_go : (…, T + 1) least cost from each period on, without stock; 0 after the last
    next_order : (…, T) the period of the next order if one is placed in this period; T after the last
    """

    quantities: Floats
    cost: Floats
    costs_to_go: Floats
    next_order: Integers


def wagner_whitin(
    demand: npt.ArrayLike,
    *,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    purchase_cost: npt.ArrayLike = 0.0,
) -> LotSizes:
    """Return the orders of least cost that serve known demand in full, without lead time or opening stock.

    Parameters
    ----------
    demand : array_like, shape (…, T)
        [units / period]; ≥ 0.
    fixed_cost : array_like, shape (…, T) or broadcast to it
        Cost of an order placed in the period [currency]; ≥ 0. None is placed for no demand.
    holding_cost : array_like
        Cost of a unit kept from the period to the next [currency / unit]; ≥ 0.
    purchase_cost : array_like
        Cost of a unit ordered in the period [currency / unit].

    Raises
    ------
    EngineError
        If an argument breaks its range or does not fit the periods.

    Notes
    -----
    An order covers whole periods (Wagner & Whitin 1958); the recursion goes backwards over all lengths:
    O(T²) steps, each over all items at once. Of equal costs the shortest cover is taken.

    Examples
    --------
    Snyder & Shen (2019), Example 3.9:

    >>> lots = wagner_whitin([90, 120, 80, 70], fixed_cost=500, holding_cost=2)
    >>> lots.quantities.tolist(), float(lots.cost)
    ([210.0, 0.0, 150.0, 0.0], 1380.0)
    """
    needs, setup, holding, price = checked(
        ("demand", np.atleast_1d(demand), NOT_NEGATIVE),
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, NOT_NEGATIVE),
        ("purchase_cost", purchase_cost, FINITE),
    )
    periods = needs.shape[-1]
    to_go = np.zeros((*needs.shape[:-1], periods + 1))
    following = np.zeros(needs.shape, dtype=np.int64)
    for start in range(periods - 1, -1, -1):
        carry = price[..., start]
        bought = np.zeros(needs.shape[:-1])
        units = np.zeros(needs.shape[:-1])
        best = np.full(needs.shape[:-1], np.inf)
        end_of_best = np.zeros(needs.shape[:-1], dtype=np.int64)
        for end in range(start + 1, periods + 1):
            bought = bought + carry * needs[..., end - 1]
            units = units + needs[..., end - 1]
            carry = carry + holding[..., end - 1]
            cost = np.where(units > 0.0, setup[..., start], 0.0) + bought + to_go[..., end]
            better = cost < best
            best = np.where(better, cost, best)
            end_of_best = np.where(better, end, end_of_best)
        to_go[..., start] = best
        following[..., start] = end_of_best
    return LotSizes(_orders(needs, following), to_go[..., 0], to_go, following)


def _orders(needs: Floats, following: Integers) -> Floats:
    """Return the quantities of the orders that are reached from the first period."""
    cumulated = np.concatenate([np.zeros_like(needs[..., :1]), np.cumsum(needs, axis=-1)], axis=-1)
    covered = np.take_along_axis(cumulated, following, axis=-1) - cumulated[..., :-1]
    quantities = np.zeros_like(needs)
    due = np.zeros(needs.shape[:-1], dtype=np.int64)
    for period in range(needs.shape[-1]):
        here = due == period
        quantities[..., period] = np.where(here, covered[..., period], 0.0)
        due = np.where(here, following[..., period], due)
    return quantities
