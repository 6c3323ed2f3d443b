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
"""Expected demand until the next order's arrival; what is wanted beyond it (less, where demand before this
order arrives is lost anyway); stock; orders due or still hoped for; stock beyond the level; what is left for
a later order because waiting is cheaper; minimum, multiple and lot."""


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
    wanted = np.where(plain > 0, position + plain, np.minimum(position, grid(level)))
    return pd.DataFrame(
        {
            "term_demand": grid(demand),
            "term_buffer": wanted - grid(demand),
            "term_on_hand": -grid(on_hand),
            "term_on_order": -grid(on_order),
            "term_surplus": np.where(plain > 0, 0.0, position - wanted),
            "term_wait": np.where(quantity > 0, 0.0, -plain),
            "term_lot": np.where(quantity > 0, quantity - plain, 0.0),
        }
    )
