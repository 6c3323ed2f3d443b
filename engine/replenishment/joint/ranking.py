"""One list of all that could be bought, ranked by expected money per unit of cash, and where cash ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray


@dataclass(frozen=True)
class RankedIncrements:
    """Steps from one order of a line to a greater one, best first; arrays of one value a step."""

    line: IntArray
    from_quantity: FloatArray
    """Order before the step [each]."""
    to_quantity: FloatArray
    """Order after the step [each]."""
    cash: FloatArray
    """What the step costs [money]."""
    money: FloatArray
    """Expected money that it brings [money]."""
    money_per_cash: FloatArray
    """Falling; infinite where a step costs nothing."""
    cumulative_cash: FloatArray
    """Cash of this step and all before it [money]."""
    cut: int
    """Steps above the cut line: the first `cut` fit the budget, the next one does not."""

    @property
    def is_above(self) -> NDArray[np.bool_]:
        """Which steps stand above the cut line."""
        return np.arange(len(self.line)) < self.cut


def ranked_increments(
    curves: Curves, budget: float = np.inf, *, up_to: IntArray | None = None
) -> RankedIncrements:
    """Rank every step on the concave envelope of money over cash.

    The envelope joins the orders of a line that are best at some price of cash; every other one is a worse
    use of cash than a mixture of two of them. Its slopes fall, so the steps of a line come in their order,
    and what stands above the cut line is the optimum of the relaxation but for one step: no choice within
    the budget brings more than that plus the step cut (Dantzig 1957, Operations Research 5:266–277).
    `solve_joint` fills the cash that is left over.

    Parameters
    ----------
    curves : Curves
    budget : float
        Cash [money], ≥ 0.
    up_to : int array, shape (n,), optional
        Candidate of each line at which its steps end, such as a plan's own. A last step that only the plan
        asks for (a minimum, a full truck) may bring no money; it stands at the end of the list.

    Returns
    -------
    RankedIncrements
        Without `up_to` only steps that bring money.

    Raises
    ------
    EngineError
        A budget that is below 0 or not a number.

    Examples
    --------
    >>> from engine.replenishment.joint.curves import curves_of
    >>> curves = curves_of([[0, 5, 10], [0, 4, 8]], [[0, 40, 50], [0, 18, 32]], [2.0, 3.0])
    >>> ranked = ranked_increments(curves, budget=30)
    >>> ranked.line.tolist(), ranked.to_quantity.tolist(), ranked.cut
    ([0, 1, 1, 0], [5.0, 4.0, 8.0, 10.0], 2)
    """
    if not budget >= 0:
        raise EngineError(f"budget is {budget}, must be ≥ 0")
    if up_to is None:
        line, start, end = _envelope(curves)
    else:
        line, start, end = _envelope_to(curves, np.asarray(up_to, np.int64))
    cash = curves.cash[line, end] - curves.cash[line, start]
    money = curves.money[line, end] - curves.money[line, start]
    ratio = _slope(money, cash)
    # equal ratios: lines in turn, each in the order of its steps
    order = np.lexsort((end, line, -ratio))
    cumulative = np.cumsum(cash[order])
    cut = int(np.searchsorted(cumulative, budget * (1 + 1e-9), side="right"))
    return RankedIncrements(
        line=line[order],
        from_quantity=curves.quantity[line, start][order],
        to_quantity=curves.quantity[line, end][order],
        cash=cash[order],
        money=money[order],
        money_per_cash=ratio[order],
        cumulative_cash=cumulative,
        cut=cut,
    )


def _slope(money: FloatArray, cash: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        slope: FloatArray = np.where(cash > 0, money / cash, np.inf)
    return slope


def _envelope_to(curves: Curves, last: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Steps of the envelope of each line's candidates up to `last`, which is where they end."""
    beyond = np.arange(curves.quantity.shape[1]) > last[:, None]
    line, start, end = _envelope(replace(curves, money=np.where(beyond, -np.inf, curves.money)))
    reached = np.zeros(curves.size, np.int64)
    np.maximum.at(reached, line, end)
    rest = np.flatnonzero(reached < last)
    return (
        np.concatenate([line, rest]),
        np.concatenate([start, reached[rest]]),
        np.concatenate([end, last[rest]]),
    )


def _envelope(curves: Curves) -> tuple[IntArray, IntArray, IntArray]:
    """Steps (line, candidate before, candidate after) of the upper envelope of money over cash.

    From each point on it, the next is the candidate of more money that is reached at the steepest slope (the
    gift wrapping of Jarvis 1973), for all lines at once.
    """
    steps: list[tuple[IntArray, IntArray, IntArray]] = []
    active = np.arange(curves.size)
    at = np.zeros(curves.size, np.int64)
    while len(active):
        here = at[active]
        money = curves.money[active] - curves.money[active, here][:, None]
        cash = curves.cash[active] - curves.cash[active, here][:, None]
        # a dearer price break may cost less than the order before it
        slope = np.where(money > 0, _slope(money, cash), -np.inf)
        best = slope.max(axis=1, initial=-np.inf)
        # of equal slopes the farthest, of free ones that of most money
        following = np.where(slope == best[:, None], money, -np.inf).argmax(axis=1)
        goes_on = np.isfinite(best) | (best == np.inf)
        active, here, following = active[goes_on], here[goes_on], following[goes_on]
        steps.append((active, here, following))
        at[active] = following
    line, start, end = (
        (np.concatenate(parts) for parts in zip(*steps, strict=True)) if steps else ([], [], [])
    )
    return np.asarray(line, np.int64), np.asarray(start, np.int64), np.asarray(end, np.int64)
