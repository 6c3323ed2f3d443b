"""What the one public call takes: demand history, stock, terms; arrays of one entry a series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.uniforms import normal_quantile, unit_gamma
from engine.replenishment.decide.learned import learned_chances
from engine.replenishment.decide.outstanding import MOST_AGES

Floats = npt.NDArray[np.float64]
PERIODS = ("D", "W", "M")


@dataclass(frozen=True)
class DemandHistory:
    """What was sold.

    Attributes
    ----------
    series : [n] names; randomness of a series depends on its name and the seed alone
    period : length of a period: D, W, M, or any other word where the calendar does not matter
    quantity : [n, T] units sold a period, latest last; NaN: not known
    in_stock : [n, T] share of the period with stock on the shelf; None: always. What is sold below 1 is not
        taken for demand unless the calendar's models, which know how to, are used
    start : first day of the first period; None: no calendar
    group : [n] category, whose seasonality and noise its series share
    """

    series: Sequence[str]
    period: str
    quantity: npt.ArrayLike
    in_stock: npt.ArrayLike | None = None
    start: np.datetime64 | None = None
    group: Sequence[str] | None = None


@dataclass(frozen=True)
class Stock:
    """What is there and what is on its way.

    Attributes
    ----------
    on_hand : [n] units that can be sold now
    batches : [n, B] those of them that expire: units whose last period of sale is 0 (this one), 1, …
    due : [n, D] receipts that are certain, by period: column 0 arrives now, before demand
    ordered : [n, K] units ordered in each of the past K periods, latest last, where arrival is uncertain
    received : [n, K] units received during each of them, from these orders. Both make the posterior of what
        is still to come: give as many periods as are known, at least the longest lead time
    """

    on_hand: npt.ArrayLike
    batches: npt.ArrayLike | None = None
    due: npt.ArrayLike | None = None
    ordered: npt.ArrayLike | None = None
    received: npt.ArrayLike | None = None


@dataclass(frozen=True)
class LeadTimes:
    """Chances of arriving after 0, 1, … periods; what is missing from 1 is the chance that an order is lost.

    An order of lead time 0 can be sold in the period in which it is placed.

    Examples
    --------
    >>> LeadTimes.fixed(2).chances
    (0.0, 0.0, 1.0)
    >>> round(LeadTimes((0.0, 0.25, 0.25, 0.25)).lost, 2)
    0.25
    """

    chances: tuple[float, ...]

    def __post_init__(self) -> None:
        good = all(math.isfinite(chance) and chance >= 0.0 for chance in self.chances)
        if not self.chances or not good or not 0.0 < sum(self.chances) <= 1.0 + 1e-9:
            raise EngineError(
                f"lead time chances are {self.chances}; each must be 0 or more, "
                "their sum above 0 and at most 1"
            )
        if len(self.chances) > MOST_AGES + 1:
            raise EngineError(
                f"lead times reach {len(self.chances) - 1} periods; at most {MOST_AGES} may be told"
            )

    @classmethod
    def learned(
        cls,
        ordered: npt.ArrayLike,
        received: npt.ArrayLike,
        promise: LeadTimes,
        *,
        weight: float = 20.0,
        short_chance: float = 0.0,
        short_share: float = 1.0,
    ) -> LeadTimes:
        """Chances learned from the books of a supplier, shrunk to its promise.

        Which order a receipt belongs to is not known; the filter of outstanding orders says how likely.
        Orders still open count as far as they have come: arrivals over orders open at each age (Kaplan &
        Meier 1958), in turn with the filter until both agree (expectation–maximisation, Dempster, Laird &
        Rubin 1977).

        Parameters
        ----------
        ordered, received : [n, K] units of each series and past period, as in `Stock`
        promise : what the supplier says; nothing is learned beyond its longest lead time
        weight : orders that the promise counts for
        short_chance, short_share : as in `Terms`

        Examples
        --------
        >>> promise = LeadTimes((0.0, 1.0, 0.0))
        >>> books = [[6, 0, 0, 4, 0, 0, 5, 0, 0]], [[0, 0, 6, 0, 0, 4, 0, 0, 5]]
        >>> [round(chance, 2) for chance in LeadTimes.learned(*books, promise, weight=3).chances]
        [0.0, 0.5, 0.5]
        """
        units, came = (np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (ordered, received))
        if units.shape != came.shape or not (np.isfinite(units) & (units >= 0)).all() or not weight > 0:
            raise EngineError(
                f"ordered {units.shape} and received {came.shape} must be [series, periods] alike, of units "
                f"of 0 or more; weight is {weight}, it must be above 0"
            )
        return cls(learned_chances(units, came, promise.chances, weight, short_chance, short_share))

    @property
    def lost(self) -> float:
        """Chance that an order never arrives."""
        return max(1.0 - sum(self.chances), 0.0)

    @classmethod
    def fixed(cls, periods: int) -> LeadTimes:
        """Every order arrives after this many periods."""
        return cls((0.0,) * periods + (1.0,))

    @classmethod
    def gamma(cls, mean: float, sd: float, *, lost: float = 0.0) -> LeadTimes:
        """Gamma lead time [periods] rounded to whole periods at random so that its mean is kept.

        As in `engine.replenishment.lead_times`; the 2 % longest count as the longest told apart.

        Examples
        --------
        >>> [round(chance, 2) for chance in LeadTimes.gamma(1.5, 0.0).chances]
        [0.0, 0.5, 0.5]
        """
        shares = [0.0] * (MOST_AGES + 1)
        steps = 400
        for step in range(steps):
            length = mean
            if sd > 0.0 and mean > 0.0:
                length = mean * unit_gamma(normal_quantile((step + 0.5) / steps), sd / mean)
            whole = math.floor(length)
            for lead, share in ((whole, whole + 1 - length), (whole + 1, length - whole)):
                shares[min(lead, MOST_AGES)] += share * (1.0 - lost) / steps
        longest = max(lead for lead, share in enumerate(shares) if share > 0.0)
        return cls(tuple(shares[: longest + 1]))


@dataclass(frozen=True)
class Terms:
    """What supply and money ask for; a number, or one a series [n].

    Attributes
    ----------
    lead_times : of this and later orders
    holding : money a unit and period
    shortage : money a unit of lost sales (its margin), or, with backorders, a unit and period of waiting
    fill_target, cycle_target : service instead of `shortage`: share of demand served, or chance of no
        shortage, from the arrival of an order to that of the next
    review : periods from one chance to order to the next
    order_cost : money an order
    unit_cost : money a unit that expires
    moq, multiple : least order, and of what it must be a multiple, units
    shelf_life : periods for which a received unit can be sold; None: for ever
    backorders : unmet demand waits instead of being lost
    short_chance, short_share : chance that a delivery is short, and the share of the order that then comes;
        the rest of it is cancelled
    returned_share : share of the units sold that customers bring back fit for sale
    return_periods : after how many periods, 1 or more
    """

    lead_times: LeadTimes
    holding: npt.ArrayLike
    shortage: npt.ArrayLike | None = None
    fill_target: npt.ArrayLike | None = None
    cycle_target: npt.ArrayLike | None = None
    review: int = 1
    order_cost: npt.ArrayLike = 0.0
    unit_cost: npt.ArrayLike = 0.0
    moq: npt.ArrayLike = 0.0
    multiple: npt.ArrayLike = 1.0
    shelf_life: int | None = None
    backorders: bool = False
    short_chance: npt.ArrayLike = 0.0
    short_share: npt.ArrayLike = 1.0
    returned_share: npt.ArrayLike = 0.0
    return_periods: int = 1
