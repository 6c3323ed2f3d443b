"""Money as a function of units: what more stock earns at a place, or what parting with it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ValueCurve:
    """Straight pieces between whole quantities; nothing can be done beyond the last.

    Parameters
    ----------
    quantities : rising whole units from 0
    money : total at each quantity, 0 at 0

    Examples
    --------
    The first three units earn 4 each, the next two 1 each:

    >>> curve = ValueCurve((0, 3, 5), (0.0, 12.0, 14.0))
    >>> curve.at([2, 4]).tolist(), curve.per_unit.tolist()
    ([8.0, 13.0], [4.0, 1.0])
    """

    quantities: tuple[int, ...]
    money: tuple[float, ...]

    def __post_init__(self) -> None:
        steps = np.diff(self.quantities)
        if len(self.quantities) != len(self.money) or not self.quantities:
            fault = (
                f"{len(self.quantities)} quantities and {len(self.money)} amounts of money; they must pair"
            )
        elif self.quantities[0] != 0 or self.money[0] != 0:
            fault = f"it starts with {self.money[0]} at {self.quantities[0]}; it must start with 0 at 0"
        elif not (steps > 0).all() or any(q != int(q) for q in self.quantities):
            fault = f"quantities are {list(self.quantities)}; they must be whole and rise"
        elif not np.isfinite(self.money).all():
            fault = f"money is {list(self.money)}; it must be finite"
        else:
            return
        raise EngineError(f"value curve: {fault}")

    @classmethod
    def of_units(cls, per_unit: Sequence[float]) -> ValueCurve:
        """Return the curve on which the first, second, … unit is worth these amounts of money."""
        total = np.cumsum([0.0, *per_unit])
        return cls(tuple(range(len(total))), tuple(total.tolist()))

    @property
    def most(self) -> int:
        """Units at the end of the curve."""
        return self.quantities[-1]

    @cached_property
    def widths(self) -> Whole:
        """[pieces] units each."""
        ends = np.asarray(self.quantities, dtype=np.int64)
        return ends[1:] - ends[:-1]

    @cached_property
    def per_unit(self) -> Floats:
        """[pieces] money a unit within each piece."""
        result: Floats = np.diff(np.asarray(self.money, dtype=np.float64)) / self.widths
        return result

    def at(self, quantity: npt.ArrayLike) -> Floats:
        """Return money at quantities of 0 to `most`."""
        wanted = np.asarray(quantity, dtype=np.float64)
        return np.asarray(np.interp(wanted, self.quantities, self.money), dtype=np.float64)


def concave_envelope(values: Floats) -> Floats:
    """Return the least concave function above `values`, given at 0, 1, 2, …

    Examples
    --------
    >>> concave_envelope(np.array([0.0, 1.0, 4.0, 4.0])).tolist()
    [0.0, 2.0, 4.0, 4.0]
    """
    corners: list[int] = []
    for k in range(len(values)):
        while len(corners) > 1:
            i, j = corners[-2:]
            if (values[j] - values[i]) * (k - i) > (values[k] - values[i]) * (j - i):
                break
            corners.pop()
        corners.append(k)
    result: Floats = np.interp(np.arange(len(values)), corners, values[corners])
    return result
