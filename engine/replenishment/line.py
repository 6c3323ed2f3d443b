"""One line made playable: its stock and receipts by period, its demand paths and arrivals drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.forecast.paths import sample_paths_many
from engine.replenishment.lead_times import arrivals
from engine.replenishment.lines import NEVER, FloatArray, IntArray, LineInputs
from engine.replenishment.simulate import simulate, window_total

_NO_PATHS = np.empty((0, 0))


def draw(
    lines: LineInputs, rows: slice | IntArray, n_paths: int, periods: int | None = None
) -> Iterator[Line]:
    """Draw the paths of `rows` of checked inputs, a line at a time.

    Each line depends on its own figures only, not on which rows are drawn together.

    Parameters
    ----------
    lines : LineInputs
    rows : slice or int array
    n_paths : int
    periods : int, optional
        Periods from today to draw, where the rest of the horizon does not matter (`periods_that_matter`).
    """
    part = lines.take(np.arange(lines.size)[rows])
    if periods is not None:
        part = replace(part, mean=part.mean[:, :periods])
    stock, receipts = _stock_by_last_period(part), _receipts_by_period(part)
    paths = sample_paths_many(part.mean, part.level_cv, part.dispersion, part.path_seed, n_paths)
    for row in range(part.size):
        yield Line.of(part, row, stock[row], receipts[row], paths[row])


def _stock_by_last_period(lines: LineInputs) -> FloatArray:
    """Stock by the last period in which it sells, shape (n, h + 1); expired and negative stock left out."""
    stock = np.zeros((lines.size, lines.horizon + 1))
    good = (lines.batch_last_period >= 0) & (lines.batch_quantity > 0)
    last = np.minimum(lines.batch_last_period[good], lines.horizon)
    np.add.at(stock, (lines.batch_line[good], last), lines.batch_quantity[good])
    return stock


def _receipts_by_period(lines: LineInputs) -> FloatArray:
    receipts = np.zeros((lines.size, lines.horizon))
    good = (lines.receipt_period < lines.horizon) & (lines.receipt_quantity > 0)
    period = np.maximum(lines.receipt_period[good], 0)
    np.add.at(receipts, (lines.receipt_line[good], period), lines.receipt_quantity[good])
    return receipts


def periods_that_matter(lines: LineInputs, n_paths: int) -> IntArray:
    """Periods from today that decide all that an order changes, shape (n,): at least 1, at most h.

    What is short and what is held count up to the next arrival; write-offs end with the last stock that
    expires within the horizon.
    """
    horizon = lines.horizon
    life = np.minimum(lines.life_periods, NEVER).astype(np.int64)
    ends = np.zeros(lines.size, np.int64)
    following = np.zeros(lines.size, np.int64)
    for row in range(lines.size):
        first, second = arrivals_of(lines, row, n_paths)
        ends[row], following[row] = first.max(initial=0), second.max(initial=0)
    # one more than its life, so that what is received is seen to expire
    ends = np.where(life < horizon, ends + life + 1, 0)
    of = lines.receipt_line
    _last_within(ends, of, np.maximum(lines.receipt_period, 0) + life[of], lines.receipt_quantity, horizon)
    _last_within(ends, lines.batch_line, lines.batch_last_period + 1, lines.batch_quantity, horizon)
    return np.clip(np.maximum(ends, following), 1, horizon)


def _last_within(ends: IntArray, line: IntArray, end: IntArray, quantity: FloatArray, horizon: int) -> None:
    """Raise `ends` to where stock that expires within the horizon is gone."""
    counts = (end <= horizon) & (quantity > 0.0)
    np.maximum.at(ends, line[counts], end[counts])


def expired_stock(lines: LineInputs) -> FloatArray:
    """Stock of each line that has expired already [each], shape (n,)."""
    expired = np.where(lines.batch_last_period < 0, np.maximum(lines.batch_quantity, 0.0), 0.0)
    return np.bincount(lines.batch_line, weights=expired, minlength=lines.size).astype(np.float64)


def arrivals_of(lines: LineInputs, row: int, n_paths: int) -> tuple[IntArray, IntArray]:
    """Arrival of the order of line `row` and of the next one on each path, at most h, shape (P,) each."""
    drawn: tuple[IntArray, IntArray] = arrivals(
        lines.path_seed[row],
        n_paths,
        int(lines.order_period[row]),
        int(lines.next_order_period[row]),
        float(lines.lead_time_mean[row]),
        float(lines.lead_time_sd[row]),
        lines.horizon,
    )
    return drawn


@dataclass(frozen=True)
class Line:
    """One line with its demand paths and arrivals drawn."""

    inputs: LineInputs
    row: int
    stock: FloatArray
    """Stock by last period, shape (h + 1,)."""
    receipts: FloatArray
    """Open orders by period of arrival, shape (h,)."""
    paths: FloatArray
    """Demand, shape (P, h)."""
    arrival: IntArray
    next_arrival: IntArray
    life: int

    @classmethod
    def of(
        cls, inputs: LineInputs, row: int, stock: FloatArray, receipts: FloatArray, paths: FloatArray
    ) -> Line:
        """Draw the arrivals of line `row`."""
        first, second = arrivals_of(inputs, row, len(paths))
        life = int(min(inputs.life_periods[row], NEVER))
        return cls(inputs, row, stock, receipts, paths, first, second, life)

    def value(self, name: str) -> float:
        """One figure of the line."""
        return float(getattr(self.inputs, name)[self.row])

    @property
    def waits(self) -> bool:
        """Unmet demand waits."""
        return bool(self.inputs.backorder[self.row])

    @property
    def perishable(self) -> bool:
        """Some stock, or stock received, expires within the horizon."""
        return bool(self.stock[:-1].any()) or self.life < self.paths.shape[1]

    def window_demand(self) -> float:
        """Expected demand from the arrival of the order to that of the next one [each]."""
        return float(window_total(self.paths, self.arrival, self.next_arrival)) / len(self.paths)

    def play(self, quantity: float, stock_paths: FloatArray = _NO_PATHS) -> FloatArray:
        """Project an order of `quantity` over the horizon: columns LOST_BEFORE … HELD, a row a path."""
        played: FloatArray = simulate(
            self.paths,
            self.stock,
            self.receipts,
            self.life,
            self.arrival,
            self.next_arrival,
            quantity,
            self.waits,
            self.paths.shape[1],
            stock_paths,
        )
        return played
