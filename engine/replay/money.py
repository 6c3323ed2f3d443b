"""What a game cost: margin lost, stock held, goods written off, orders placed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.replay.play import Played

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """[n] money: of a unit short, of a unit held for a period, of a unit written off, of an order line."""

    stockout_cost: Floats
    holding_cost: Floats
    unit_cost: Floats
    order_cost: Floats


@dataclass(frozen=True)
class Costs:
    """[n, T] money."""

    lost: Floats
    holding: Floats
    waste: Floats
    orders: Floats

    @property
    def total(self) -> Floats:
        """All four, [n, T]."""
        result: Floats = self.lost + self.holding + self.waste + self.orders
        return result


def costs(played: Played, prices: Prices) -> Costs:
    """Return the money of every line and period; stock is held at the end of a period."""
    return Costs(
        lost=played.short * prices.stockout_cost[:, None],
        holding=played.end_stock * prices.holding_cost[:, None],
        waste=played.waste * prices.unit_cost[:, None],
        orders=(played.ordered > 0.0) * prices.order_cost[:, None],
    )
