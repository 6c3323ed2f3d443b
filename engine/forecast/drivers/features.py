"""What the regression sees of promotions and price, the same columns for every series.

Columns: one a mechanic (the promotion runs, at its usual depth), one a mechanic (depth beyond the usual), the
dip after a promotion, the price. Everything is 0 in a period in which nothing happens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.drivers import Codes, Drivers, Floats
from engine.forecast.drivers.regular_price import price_index

MOST_MECHANICS = 6
"""Rarer mechanics are taken together."""
OTHER = "other"
DIP = {"D": 14, "W": 2, "M": 1}
"""Periods over which the dip after a promotion fades, in a straight line."""


@dataclass(frozen=True)
class Features:
    """Promotions and prices of n series over P periods.

    Attributes
    ----------
    mechanics : names of the columns, [M]
    mechanic : [n, P] 0: none, else 1 + column
    depth : [n, P] as in `Drivers`
    share : [n, P] or [0, 0] if every promotion fills its periods
    price : [n, P] log(price ÷ regular price) or [0, 0] if none moves
    depths : [3, M] least, usual and most depth seen of each mechanic; 0 where no depth is known
    dip_periods : length of the dip
    promoted : [M] promoted periods of history
    """

    mechanics: tuple[str, ...]
    mechanic: Codes
    depth: Floats
    share: Floats
    price: Floats
    depths: Floats
    dip_periods: int
    promoted: npt.NDArray[np.int64]

    @property
    def width(self) -> int:
        """Number of columns."""
        return 2 * len(self.mechanics) + 2

    @property
    def n_periods(self) -> int:
        """Periods known, planned ones included."""
        return int(self.mechanic.shape[1])

    def columns(self, kind: str) -> list[int]:
        """Return the columns of "promotion", "dip" or "price"."""
        width = self.width
        return {
            "promotion": list(range(width - 2)),
            "dip": [width - 2],
            "price": [width - 1],
        }[kind]


def build_features(drivers: Drivers, history: int, period: str) -> Features | None:
    """Return the columns of a panel with `history` periods; None if nothing was promoted and no price moved.

    A mechanic that is only planned takes the effect of the most usual one.
    """
    counts = np.bincount(drivers.mechanic[:, :history].ravel(), minlength=len(drivers.mechanics))
    counts[0] = 0
    price = None
    if drivers.price is not None:
        price = price_index(drivers.price, drivers.mechanic > 0, period)
    if not counts.any() and price is None:
        return None
    order = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    kept, rare = order[:MOST_MECHANICS], order[MOST_MECHANICS:]
    names = [drivers.mechanics[code] for code in kept] + [OTHER] * bool(rare)
    column = np.where(np.arange(len(drivers.mechanics)) > 0, min(1, len(names)), 0).astype(np.int16)
    for place, code in enumerate(kept):
        column[code] = place + 1
    column[rare] = len(names)
    mechanic = np.ascontiguousarray(column[drivers.mechanic])
    empty = np.empty((0, 0))
    return Features(
        mechanics=tuple(names),
        mechanic=mechanic,
        depth=np.ascontiguousarray(drivers.depth),
        share=empty if drivers.share is None else np.ascontiguousarray(drivers.share),
        price=empty if price is None else np.ascontiguousarray(price),
        depths=_depths(mechanic[:, :history], drivers.depth[:, :history], len(names)),
        dip_periods=DIP[period],
        promoted=np.bincount(mechanic[:, :history].ravel(), minlength=len(names) + 1)[1:],
    )


def _depths(mechanic: Codes, depth: Floats, count: int) -> Floats:
    """Return least, mean and most depth known of each mechanic, [3, M]."""
    result = np.zeros((3, count))
    which = np.nonzero(mechanic)
    code, share_off = mechanic[which], depth[which]
    for place in range(count):
        known = share_off[(code == place + 1) & (share_off > 0)]
        if len(known):
            result[:, place] = known.min(), known.mean(), known.max()
    return result
