"""What each line would gain from each quantity it may order: the marginal-value curves of n lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import EngineError
from engine.replenishment.joint.price_breaks import purchase_value
from engine.replenishment.line_checks import find_faults

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_CANDIDATES = 64
"""Candidate quantities of a line, the order of nothing included."""


@dataclass(frozen=True)
class Curves:
    """n lines with up to K candidate orders each, all arrays of shape (n, K); built by `curves_of`.

    Beyond a line's last candidate, quantity, cash and saving are 0 and money is −inf.
    """

    quantity: FloatArray
    """Candidate orders [each], rising from 0."""
    money: FloatArray
    """Expected money of each, price breaks of the line included [money]."""
    cash: FloatArray
    """What is paid for each [money]."""
    saving: FloatArray
    """What price breaks take off the list price [money]; part of money."""

    @property
    def size(self) -> int:
        """Number of lines."""
        return len(self.quantity)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which cells hold a candidate."""
        return np.isfinite(self.money)

    @cached_property
    def own_best(self) -> IntArray:
        """Candidate of most money of each line on its own; of equal ones the smallest."""
        best: IntArray = self.money.argmax(axis=1).astype(np.int64)
        best.flags.writeable = False
        return best

    @cached_property
    def alone(self) -> Curves:
        """Curves of each line's own best order only."""
        return self.only(self.own_best)

    def take(self, lines: IntArray) -> Curves:
        """The curves of some lines, in that order."""
        return Curves(self.quantity[lines], self.money[lines], self.cash[lines], self.saving[lines])

    def only(self, choice: IntArray) -> Curves:
        """Curves of one candidate a line, the chosen one."""
        return Curves(
            self.at(choice, self.quantity)[:, None],
            self.at(choice, self.money)[:, None],
            self.at(choice, self.cash)[:, None],
            self.at(choice, self.saving)[:, None],
        )

    def at(self, choice: IntArray, values: FloatArray) -> FloatArray:
        """One value a line: that of its chosen candidate."""
        picked: FloatArray = np.take_along_axis(values, np.asarray(choice)[:, None], axis=1)[:, 0]
        return picked


def curves_of(
    quantity: ArrayLike,
    money: ArrayLike,
    unit_cost: ArrayLike,
    *,
    break_quantity: ArrayLike | None = None,
    break_cost: ArrayLike | None = None,
    incremental: ArrayLike = False,
) -> Curves:
    """Check and price the curves that a path optimiser (or any other source) delivers.

    Parameters
    ----------
    quantity : array_like, shape (n, K)
        Orders that line may place [each], K ≤ 64: 0 first, then rising multiples of its lot from its
        minimum quantity up to its own maximum; NaN behind the last. Quantities from which a price break
        applies belong among them (`candidates.candidate_quantities` puts them there).
    money : array_like, shape (n, K)
        Expected money of ordering each, at the list price `unit_cost` [money]; only differences from
        the first column, the order of nothing, matter. NaN where quantity is NaN.
    unit_cost : array_like, shape (n,)
        List price [money/each].
    break_quantity, break_cost : array_like, shape (n, B), optional
        Quantities from which the unit costs beside them apply; NaN: no (further) break.
    incremental : array_like of bool, shape (n,) or scalar
        The lower cost applies to the units beyond the break only, not to all units.

    Returns
    -------
    Curves

    Raises
    ------
    EngineError
        Every fault at once: argument, line, value, rule.

    Examples
    --------
    >>> curves = curves_of([[0, 10, 20]], [[0.0, 8.0, 7.5]], [2.0], break_quantity=[[20]], break_cost=[[1.9]])
    >>> curves.money.tolist(), curves.cash.tolist()
    ([[0.0, 8.0, 9.5]], [[0.0, 20.0, 38.0]])
    """
    amounts = np.atleast_2d(np.asarray(quantity, float))
    values = np.atleast_2d(np.asarray(money, float))
    cost = np.atleast_1d(np.asarray(unit_cost, float))
    n = len(amounts)
    faults: list[str] = []
    if values.shape != amounts.shape or cost.shape != (n,):
        faults.append(
            f"money has shape {values.shape} and unit_cost {cost.shape}, must be {amounts.shape} and ({n},)"
        )
    elif not 1 <= amounts.shape[1] <= MOST_CANDIDATES:
        faults.append(f"quantity has {amounts.shape[1]} columns, must be 1 … {MOST_CANDIDATES}")
    else:
        _check(faults, amounts, values, cost)
    if faults:
        raise EngineError("order curves: " + "; ".join(faults))
    valid = np.isfinite(amounts)
    amounts = np.where(valid, amounts, 0.0)
    paid = purchase_value(amounts, cost, break_quantity, break_cost, incremental)
    saving = cost[:, None] * amounts - paid
    return Curves(amounts, np.where(valid, values + saving, -np.inf), paid, saving)


def _check(faults: list[str], quantity: FloatArray, money: FloatArray, cost: FloatArray) -> None:
    find_faults(faults, "unit_cost", cost, np.isfinite(cost) & (cost >= 0), "finite and ≥ 0")
    find_faults(faults, "first quantity", quantity[:, 0], quantity[:, 0] == 0, "0, the order of nothing")
    given = ~np.isnan(quantity)
    rising = ~given[:, 1:] | (quantity[:, 1:] > quantity[:, :-1])
    good = np.concatenate(
        [np.ones((len(quantity), 1), bool), rising & np.isfinite(quantity[:, 1:]) | ~given[:, 1:]], 1
    )
    worst = (np.arange(len(quantity)), good.argmin(axis=1))
    rule = "rising and finite, NaN only behind the last"
    find_faults(faults, "quantity", quantity[worst], good.all(axis=1), rule)
    good = np.isfinite(money) == given
    worst = (np.arange(len(quantity)), good.argmin(axis=1))
    find_faults(faults, "money", money[worst], good.all(axis=1), "finite exactly where quantity is given")
