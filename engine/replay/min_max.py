"""Minimum and maximum: at or below the minimum, order up to the maximum. Given, or days of cover by class.

Cover is what a planner sets: the minimum lasts for lead time, review and some days of safety, the maximum
some days more. The rate is what sold a day with stock in the last eight weeks, looked up anew every week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.replay.lots import whole_lots
from engine.replay.money import Prices, costs
from engine.replay.play import Game, Now, Pipeline, play

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RATE_DAYS, RESET_DAYS = 56, 7
SAFETY_DAYS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0)
CYCLE_DAYS = (0.0, 1.0, 2.0, 4.0, 7.0, 14.0, 28.0)
"""Covers tried when min/max are tuned."""


@dataclass(frozen=True)
class Lots:
    """What the source and the shelf ask of an order: [n] units, NaN: no rule."""

    moq: Floats
    multiple: Floats
    shelf_maximum: Floats


class MinMax:
    """Given minimum and maximum stock position, [n] units."""

    def __init__(self, minimum: npt.ArrayLike, maximum: npt.ArrayLike, lots: Lots) -> None:
        self.minimum, self.maximum = np.asarray(minimum, np.float64), np.asarray(maximum, np.float64)
        self.lots = lots

    def __call__(self, now: Now) -> Floats:
        """Orders of the lines asked."""
        rows = now.asked
        position = now.position[rows]
        low, high = self.levels(now)
        wanted = np.where(position <= low[rows], high[rows] - position, 0.0)
        room = self.lots.shelf_maximum[rows] - position + self.on_the_way(now)[rows]
        most = np.where(np.isnan(room), np.inf, np.maximum(room, 0.0))
        return whole_lots(wanted, self.lots.moq[rows], self.lots.multiple[rows], most)

    def levels(self, now: Now) -> tuple[Floats, Floats]:  # noqa: ARG002 - cover looks at what sold
        """Minimum and maximum now, [n]."""
        return self.minimum, self.maximum

    def on_the_way(self, now: Now) -> Floats:
        """Units expected to sell before an order arrives, [n]: they make room on the shelf."""
        return np.zeros(len(now.on_hand))


@dataclass(frozen=True)
class Cover:
    """Days of cover, [n]: beyond lead time and review at the minimum, and from there to the maximum."""

    safety: Floats
    cycle: Floats


class CoverMinMax(MinMax):
    """Minimum and maximum from days of cover and recent sales.

    Parameters
    ----------
    cover : Cover
    lead, review : [n] periods
    life : [n] periods: nothing is bought that cannot be sold in time
    sold, in_stock : [n, H] before the game (share of each period with stock; NaN sold: not on sale)
    lots : Lots
    period_days : length of a period
    """

    def __init__(
        self,
        cover: Cover,
        lead: Floats,
        review: Floats,
        life: Floats,
        sold: Floats,
        in_stock: Floats,
        lots: Lots,
        period_days: float = 1.0,
    ) -> None:
        n = len(lead)
        super().__init__(np.zeros(n), np.zeros(n), lots)
        self.cover, self.lead, self.review, self.life = cover, lead, review, life
        self.span = max(round(RATE_DAYS / period_days), 1)
        self.reset = max(round(RESET_DAYS / period_days), 1)
        self.days = period_days
        self.sold, self.in_stock = sold[:, -self.span :], in_stock[:, -self.span :]
        self.rate = np.zeros(n)
        self.known = -self.reset

    def levels(self, now: Now) -> tuple[Floats, Floats]:
        """Minimum and maximum now; the rate is looked up anew every week."""
        if now.period - self.known >= self.reset:
            self.known = now.period
            self.rate = recent_rate(
                np.concatenate([self.sold, now.sold], axis=1)[:, -self.span :],
                np.concatenate([self.in_stock, now.in_stock], axis=1)[:, -self.span :],
                self.rate,
            )
            window = self.lead + self.review
            safety, cycle = self.cover.safety / self.days, self.cover.cycle / self.days
            self.minimum = np.ceil(self.rate * (window + np.minimum(safety, self.life)))
            most = self.rate * (window + np.minimum(safety + cycle, self.life))
            self.maximum = np.maximum(np.ceil(most), self.minimum + 1.0)
        return self.minimum, self.maximum

    def on_the_way(self, now: Now) -> Floats:  # noqa: ARG002
        """Sales at the recent rate over the lead time."""
        result: Floats = self.rate * self.lead
        return result


def recent_rate(sold: Floats, in_stock: Floats, before: Floats) -> Floats:
    """Units a period with stock, [n]; `before` where there was stock for less than a period.

    Periods that are unknown (NaN) do not count.
    """
    share = np.where(np.isnan(sold), 0.0, np.where(np.isnan(in_stock), 1.0, in_stock))
    exposure = share.sum(axis=1)
    seen = exposure >= 1.0
    rate: Floats = np.where(seen, np.nansum(sold, axis=1) / np.where(seen, exposure, 1.0), before)
    return rate


@dataclass(frozen=True)
class Tuned:
    """The cheapest covers a class: [classes] days, and what each pair tried cost, [pairs, classes] money."""

    safety: Floats
    cycle: Floats
    pairs: tuple[tuple[float, float], ...]
    cost: Floats

    def cover(self, code: Ints) -> Cover:
        """Return the cover of lines by their class."""
        return Cover(self.safety[code], self.cycle[code])


def tune(
    game: Game,
    policy: CoverMinMax,
    prices: Prices,
    code: Ints,
    *,
    safety_days: Sequence[float] = SAFETY_DAYS,
    cycle_days: Sequence[float] = CYCLE_DAYS,
) -> Tuned:
    """Choose the covers of each class that cost least over a game.

    Every pair is played by all lines once, starting from its maximum; lines do not meet, so each class takes
    its cheapest pair.

    Parameters
    ----------
    game : of the tuning span; its opening stock is not used
    policy : whose cover is replaced by each pair
    prices : of the lines
    code : [n] class of each line, 0, 1, …
    """
    pairs = tuple((safety, cycle) for safety in safety_days for cycle in cycle_days)
    classes = int(code.max(initial=-1)) + 1
    total = np.zeros((len(pairs), classes))
    for row, (safety, cycle) in enumerate(pairs):
        cover = Cover(np.full(game.size, safety), np.full(game.size, cycle))
        trial = CoverMinMax(
            cover,
            policy.lead,
            policy.review,
            policy.life,
            policy.sold,
            policy.in_stock,
            policy.lots,
            policy.days,
        )
        money = costs(play(opened_at_maximum(game, trial), trial), prices)
        total[row] = np.bincount(code, weights=money.total.sum(axis=1), minlength=classes)
    best = np.array(pairs)[total.argmin(axis=0)].reshape(classes, 2)
    return Tuned(best[:, 0].copy(), best[:, 1].copy(), pairs, total)


def opened_at_maximum(game: Game, policy: CoverMinMax) -> Game:
    """Return the game with the policy's own maximum as fresh opening stock."""
    n = game.size
    nothing, none = np.zeros((n, 0)), np.empty(0, np.int64)
    start = Now(
        0,
        np.arange(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros((n, 1)),
        Pipeline(none, none, none, np.empty(0)),
        nothing,
        nothing,
    )
    _, maximum = policy.levels(start)
    policy.known = -policy.reset
    return replace(
        game,
        batch_line=np.arange(n),
        batch_quantity=np.maximum(maximum, 0.0),
        batch_last=game.life - 1,
        receipt_line=np.empty(0, np.int64),
        receipt_period=np.empty(0, np.int64),
        receipt_quantity=np.empty(0),
    )
