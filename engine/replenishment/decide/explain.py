"""Why this many: terms that sum to the quantity, exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replenishment.constraints import GRID

Floats = npt.NDArray[np.float64]

TERMS = (
    "term_demand",
    "term_buffer",
    "term_on_hand",
    "term_on_order",
    "term_surplus",
    "term_wait",
    "term_lot",
)
"""Expected demand until the next order's arrival; what the level adds to it; stock; orders due or still hoped
for; stock beyond the level; what is left for a later order because waiting is cheaper (or the day is closed);
minimum, multiple and lot."""


def explain(
    quantity: Floats, plain: Floats, level: Floats, demand: Floats, on_hand: Floats, on_order: Floats
) -> pd.DataFrame:
    """Return the terms, one row a line; multiples of 1/1024 unit, so that their sums are exact.

    Parameters
    ----------
    quantity, plain : [n] order, and the order before minimum, multiple and lot
    level : [n] that the position is raised to where ordering pays
    demand, on_hand, on_order : [n]
    """

    def grid(values: Floats) -> Floats:
        rounded: Floats = np.round(values * GRID) / GRID
        return rounded

    position = grid(on_hand) + grid(on_order)
    order = plain > 0
    target = np.where(order, position + plain, grid(level))
    left = np.where(order, 0.0, position - target)
    return pd.DataFrame(
        {
            "term_demand": grid(demand),
            "term_buffer": target - grid(demand),
            "term_on_hand": -grid(on_hand),
            "term_on_order": -grid(on_order),
            "term_surplus": np.maximum(left, 0.0),
            "term_wait": np.minimum(left, 0.0),
            "term_lot": quantity - np.where(order, plain, 0.0),
        }
    )
