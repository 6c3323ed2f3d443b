"""Drivers on the panel's grid: what was charged and promoted, and what is planned ahead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Drivers:
    """What is known to move the demand of n series over P periods: the history and, after it, the plan.

    Promotions, holidays and events are planned, so they are known ahead of any cut-off; a price is known
    only once it was charged.

    Attributes
    ----------
    depth : [n, P] promotion depth, share off the regular price, 0 … 1; 0: none, or its depth is not known
    mechanic : [n, P] index into `mechanics`; 0: no promotion
    mechanics : names; the first is "" for no promotion
    events : [regions, P, events] whether the event takes place
    event_names : [events]
    region : [n] row of `events`
    price : [n, P] selling price, money a unit; NaN where it is not known; None: never known
    share : [n, P] share of the period for which the promotion runs, 0 … 1 (weeks and months that it does
        not fill); None: all of it
    closed : [regions, P] nothing can be sold; None: never
    supplies : pairs (row, row of a series whose demand is a part of it), two vectors: what a distribution
        centre passes on to its stores; None: every series sells for itself
    """

    depth: Floats
    mechanic: Codes
    mechanics: tuple[str, ...]
    events: Mask
    event_names: tuple[str, ...]
    region: npt.NDArray[np.int64]
    price: Floats | None = None
    share: Floats | None = None
    closed: Mask | None = None
    supplies: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None

    def __post_init__(self) -> None:
        n, periods = self.depth.shape
        shapes = {
            "mechanic": (self.mechanic.shape, (n, periods)),
            "region": (self.region.shape, (n,)),
            "events": (self.events.shape, (len(self.events), periods, len(self.event_names))),
        }
        for name in ("price", "share"):
            matrix = getattr(self, name)
            if matrix is not None:
                shapes[name] = (matrix.shape, (n, periods))
        if self.closed is not None:
            shapes["closed"] = (self.closed.shape, (len(self.events), periods))
        faults = [
            f"{name} has shape {found}, must be {due}"
            for name, (found, due) in shapes.items()
            if found != due
        ]
        if self.mechanics[:1] != ("",):
            faults.append('mechanics must begin with "", which means no promotion')
        if faults:
            raise EngineError("Drivers: " + "; ".join(faults))

    @property
    def n_periods(self) -> int:
        """Periods known, planned ones included."""
        return int(self.depth.shape[1])

    def head(self, periods: int) -> Drivers:
        """Return what was known after the first `periods` periods: plans stay, later prices do not."""
        if self.price is None:
            return self
        price = self.price.copy()
        price[:, periods:] = np.nan
        return replace(self, price=price)

    def rows(self, which: slice | npt.NDArray[np.int64] | Mask) -> Drivers:
        """Return the drivers of some of the series."""
        return replace(
            self,
            depth=self.depth[which],
            mechanic=self.mechanic[which],
            region=self.region[which],
            price=None if self.price is None else self.price[which],
            share=None if self.share is None else self.share[which],
            supplies=self._supplies(which),
        )

    def _supplies(
        self, which: slice | npt.NDArray[np.int64] | Mask
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
        """Return the pairs of which both are among some of the series."""
        if self.supplies is None:
            return None
        place = np.full(len(self.depth), -1)
        kept = np.arange(len(self.depth))[which]
        place[kept] = np.arange(len(kept))
        into, out_of = (place[side] for side in self.supplies)
        both = (into >= 0) & (out_of >= 0)
        return (into[both], out_of[both]) if both.any() else None
