"""Which orders of a line are worth comparing: at most 64 of its lots."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.replenishment.joint.curves import MOST_CANDIDATES

_ROUNDING = 1e-9


def candidate_quantities(
    multiple: float,
    moq: float,
    most: float,
    *,
    breaks: Sequence[float] = (),
    near: float = 0.0,
    count: int = MOST_CANDIDATES,
) -> NDArray[np.float64]:
    """Orders of one line to value: 0, its smallest lot, price breaks, and lots up to its maximum.

    All lots if they are few enough; otherwise half of them next to `near` one by one, half evenly spread.

    Parameters
    ----------
    multiple : float
        Orders are whole multiples of this [each]; 0: any whole number.
    moq : float
        Minimum order quantity [each].
    most : float
        Greatest order allowed [each].
    breaks : sequence of float
        Quantities from which price breaks apply.
    near : float
        A guess of the best order, such as the line's own [each].
    count : int
        Most candidates, 0 included.

    Returns
    -------
    float array, shape (≤ count,), rising from 0

    Examples
    --------
    >>> candidate_quantities(6, 10, 40, breaks=[20]).tolist()
    [0.0, 12.0, 18.0, 24.0, 30.0, 36.0]
    """
    step = multiple if multiple > 0 else 1.0
    first = max(math.ceil(moq / step - _ROUNDING), 1)
    last = math.floor(most / step + _ROUNDING)
    if last < first:
        return np.zeros(1)
    if last - first + 2 <= count:
        return step * np.concatenate([[0.0], np.arange(first, last + 1)])
    wanted = {0, first, last} | {max(math.ceil(at / step - _ROUNDING), first) for at in breaks}
    chosen = {lots for lots in sorted(wanted)[: count - 2] if lots <= last} | {last}
    middle = min(max(round(near / step), first), last)
    reach = max((count - len(chosen)) // 4, 0)
    chosen |= set(range(max(middle - reach, first), min(middle + reach, last) + 1))
    spread = np.unique(np.linspace(first, last, max(count - len(chosen), 0)).round().astype(int))
    chosen |= set(spread.tolist())
    return step * np.array(sorted(chosen), float)
