"""Shelfcast's own policy in a game: the forecast on what sold so far, and the plan's code on every order day.

The forecast is made anew every few weeks, from history and the policy's own sales (short days are known to
have been short). Between, its level is learnt from the days since: demand of a level factor G with mean 1 and
the forecast's own uncertainty is gamma–Poisson, so after M expected and D demanded, in units of the
dispersion, the level is (1/cv² + D) ÷ (1/cv² + M) (Gelman et al. 2013, Bayesian Data Analysis, section 2.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.replay.play import Now
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.plan import plan_lines
from engine.replenishment.window_noise import window_dispersion

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

N_PATHS = 200
"""Demand paths a line and day: a replay averages over many days, a plan cannot."""

HORIZONS = (8, 16, 32, 64)
"""Periods played ahead; each line takes the first that shows its next order's window and its shelf life."""

LATE_SDS = 3.0
"""Deviations of the lead time that the horizon still shows."""


@dataclass(frozen=True)
class Outlook:
    """What is expected of n lines from the period in which it was made.

    Attributes
    ----------
    mean : [n, h] units a period
    level_cv, dispersion, seeds : [n] noise of the demand paths (`engine.forecast.paths`)
    """

    mean: Floats
    level_cv: Floats
    dispersion: Floats
    seeds: npt.NDArray[np.uint64]


Forecaster = Callable[[int, Floats, Floats], Outlook]
"""Of the period t, and of sold and in_stock [n, t] since the game began."""


class PlanPolicy:
    """Order what `plan_lines` says, on each line's order days.

    Parameters
    ----------
    lines : LineInputs
        Terms of the n lines; demand, stock, receipts and order days in it are replaced every day.
    next_order : [n, T] periods from each period to the next chance to order after it
    forecaster : Forecaster
        Its outlook must reach `refit` + 64 periods ahead.
    refit : periods between forecasts
    n_paths : demand paths a line
    seen : told every plan as it is made: the period, the rows planned, their plans
    """

    def __init__(
        self,
        lines: LineInputs,
        next_order: Ints,
        forecaster: Forecaster,
        *,
        refit: int = 28,
        n_paths: int = N_PATHS,
        seen: Callable[[int, Ints, LinePlans], None] | None = None,
    ) -> None:
        self.lines, self.next_order, self.seen = lines, next_order, seen
        self.forecaster, self.refit, self.n_paths = forecaster, refit, n_paths
        self.made = -1
        self.outlook: Outlook | None = None

    def __call__(self, now: Now) -> Floats:
        """Orders of the lines asked."""
        outlook = self._outlook(now)
        rows, period = now.asked, now.period
        ahead = outlook.mean[:, period - self.made :]
        level = self._level(now, outlook)
        following = self.next_order[rows, period]
        horizon = self._horizons(rows, following, ahead.shape[1])
        quantity = np.zeros(len(rows))
        for h in np.unique(horizon):
            some = horizon == h
            mean = ahead[rows[some], :h] * level[rows[some], None]
            mean[:, 0] += now.backlog[rows[some]]
            plans = plan_lines(
                self._today(now, outlook, rows[some], following[some], mean),
                n_paths=self.n_paths,
                workers=1,
            )
            quantity[some] = plans.quantity
            if self.seen is not None:
                self.seen(period, rows[some], plans)
        return quantity

    def _outlook(self, now: Now) -> Outlook:
        if self.outlook is None or now.period - self.made >= self.refit:
            self.outlook = self.forecaster(now.period, now.sold, now.in_stock)
            self.made = now.period
        return self.outlook

    def _level(self, now: Now, outlook: Outlook) -> Floats:
        """Return the level of demand since the forecast over the forecast's own, [n]."""
        sold, share = now.sold[:, self.made :], now.in_stock[:, self.made :]
        if not sold.shape[1]:
            return np.ones(len(sold))
        unit = np.maximum(outlook.dispersion, 1.0)
        meant = (outlook.mean[:, : sold.shape[1]] * share).sum(axis=1) / unit
        came = np.where(share > 0.0, sold, 0.0).sum(axis=1) / unit
        certain = 1.0 / np.maximum(outlook.level_cv, 1e-3) ** 2
        level: Floats = (certain + came) / (certain + meant)
        return level

    def _horizons(self, rows: Ints, following: Ints, most: int) -> Ints:
        lines = self.lines
        sd = np.nan_to_num(lines.lead_time_sd[rows])
        arrived = following + np.ceil(lines.lead_time_mean[rows] + LATE_SDS * sd) + 1.0
        life = lines.life_periods[rows]
        shown = arrived + np.where(np.isfinite(life) & (life < HORIZONS[-1]), life, 0.0)
        at = np.minimum(np.searchsorted(HORIZONS, shown), len(HORIZONS) - 1)
        horizons: Ints = np.minimum(np.array(HORIZONS)[at], most)
        return horizons

    def _today(self, now: Now, outlook: Outlook, rows: Ints, following: Ints, mean: Floats) -> LineInputs:
        """Return the plan's inputs of some rows, seen from this morning."""
        place = np.full(self.lines.size, -1, np.int64)
        place[rows] = np.arange(len(rows))
        line, last = np.nonzero(now.stock[rows])
        coming = now.pipeline
        ours = place[coming.line] >= 0
        # what is overdue is taken to arrive tomorrow, as the plan takes it
        wait = coming.expected[ours] - now.period
        never = now.stock.shape[1] - 1
        lines = self.lines.take(rows)
        dispersion = window_dispersion(
            outlook.mean[rows],
            outlook.dispersion[rows],
            np.floor(following + lines.lead_time_mean + 0.5),
            week=max(round(7.0 / lines.period_days), 1),
            start=now.period - self.made,
        )
        return replace(
            lines,
            mean=mean,
            level_cv=outlook.level_cv[rows],
            dispersion=dispersion,
            path_seed=outlook.seeds[rows],
            batch_line=line,
            batch_quantity=now.stock[rows[line], last],
            batch_last_period=np.where(last == never, 1 << 40, last - now.period),
            receipt_line=place[coming.line[ours]],
            receipt_period=np.where(wait < 0, 1, wait),
            receipt_quantity=coming.quantity[ours],
            order_period=np.zeros(len(rows), np.int64),
            next_order_period=following,
        )


def next_chances(may_order: npt.NDArray[np.bool_], review: Ints) -> Ints:
    """Return periods from each period to the next chance to order after it, [n, T], at least 1.

    Parameters
    ----------
    may_order : [n, T] chances; beyond T they go on every `review` periods
    review : [n] periods

    Examples
    --------
    >>> next_chances(np.array([[True, False, True, False]]), np.array([2]))
    array([[2, 1, 2, 1]])
    """
    n, periods = may_order.shape
    result = np.empty((n, periods), np.int64)
    last = np.where(may_order.any(axis=1), periods - 1 - may_order[:, ::-1].argmax(axis=1), 0)
    following = last + np.maximum(review, 1)
    for period in range(periods - 1, -1, -1):
        result[:, period] = np.maximum(following - period, 1)
        following = np.where(may_order[:, period], period, following)
    return result
