"""What a place loses by giving stock and gains by getting some, after its own order is settled.

Both look at the window that ends when the next order after this one can arrive: what the place's own
order covers in time is no need, and what its next order can replace is no loss. Money is lost sales at the
stockout cost, holding until the end of the window, and stock written off at its cost; a unit that lasts is
worth its cost wherever it lies, so moving it costs freight and handling and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.replenishment.line import Line
from engine.replenishment.lines import FloatArray, IntArray
from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.requirement import window_needs
from engine.replenishment.simulate import WASTE, simulate, usable_stock

POINTS = 6
"""Pieces of a curve at most."""
_NO_PATHS = np.empty((0, 0))


@dataclass(frozen=True)
class Arrival:
    """Units that come to a place at the start of a period [each]."""

    period: int
    quantity: float


@dataclass(frozen=True)
class _Window:
    """What the paths need in a window of added stock; see `window_needs`."""

    needs: FloatArray
    demand: FloatArray
    peaks: FloatArray


@dataclass(frozen=True)
class Place:
    """A line with the order that was settled for it [each]."""

    line: Line
    order: float
    _known: dict[int, list[_Window]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _stop(self) -> int:
        """First period after which nothing of today's stock, nor of the order, changes any more."""
        horizon = self.line.paths.shape[1]
        expiring = np.flatnonzero(self.line.stock[:-1])
        last = [int(self.line.next_arrival.max()), *(int(period) + 1 for period in expiring[-1:])]
        if self.order > 0 and self.line.life < horizon:
            last.append(int(self.line.arrival.max()) + self.line.life)
        return int(min(max(last), horizon))

    def gain(self, arrival: int, most: int, last_period: int) -> ValueCurve:
        """Return the money that 0 to `most` further units earn.

        Parameters
        ----------
        arrival : period at whose start they arrive
        most : units at the end of the curve, ≥ 0
        last_period : last period in which they can be sold; beyond the horizon where they do not expire
        """
        quantities = _grid(most)
        money = self._earned(quantities, arrival, ())
        if last_period < self.line.paths.shape[1]:
            money -= self.line.value("unit_cost") * self._further_waste(quantities, last_period)
        return _curve(quantities, money, falling=True)

    def gain_of(self, quantity: float, arrival: int, earlier: Sequence[Arrival], last_period: int) -> float:
        """Return the money that `quantity` more earns where `earlier` transfers are on their way already."""
        money = float(self._earned(np.array([0.0, quantity]), arrival, earlier)[1])
        if last_period < self.line.paths.shape[1]:
            before = sum(one.quantity for one in earlier)
            waste = self._further_waste(np.array([before, before + quantity]), last_period)
            money -= self.line.value("unit_cost") * float(waste[1] - waste[0])
        return money

    def useful(self, arrival: int) -> int:
        """Return the units arriving then beyond which no path is short."""
        peaks = [window.peaks for window in self._at(arrival)]
        return max([0, *(int(np.ceil(peak.max())) for peak in peaks if len(peak))])

    def loss(self, batches: Sequence[tuple[int, int]]) -> ValueCurve:
        """Return the money lost by parting with units, the oldest of `batches` first.

        Parameters
        ----------
        batches : (last period in which it can be sold, units) of what may be given
        """
        quantities = _grid(sum(units for _, units in batches))
        if self.line.perishable:
            money = self._played(quantities, sorted(batches))
        else:
            money = -self._earned(-quantities, 0, ())
        return _curve(quantities, money, falling=False)

    def write_off_saved(self, batches: Sequence[tuple[int, int]]) -> float:
        """Return the money of write-offs that giving away `batches` avoids."""
        if not self.line.perishable:
            return 0.0
        before = self._play(self.line.stock)[:, WASTE].mean()
        after = self._play(_without(self.line.stock, batches))[:, WASTE].mean()
        return float(before - after) * self.line.value("unit_cost")

    def _earned(self, quantities: FloatArray, arrival: int, earlier: Sequence[Arrival]) -> FloatArray:
        """Money of shortage saved less holding, for `quantities` more at `arrival`; write-offs aside."""
        line = self.line
        windows = self._windows(arrival, earlier) if earlier else self._at(arrival)
        lengths = line.next_arrival - arrival
        held = float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 0.0
        money = np.zeros(len(quantities))
        with_none = np.concatenate([[0.0], quantities])[:, None]
        for window in windows:
            short = _short(window, with_none, line.waits)
            left = np.maximum(with_none - window.peaks, 0.0).sum(axis=1)
            money += line.value("stockout_cost") * (short[0] - short[1:])
            money -= line.value("holding_cost") * held * (left[1:] - left[0])
        return money / len(line.paths)

    def _at(self, arrival: int) -> list[_Window]:
        if arrival not in self._known:
            self._known[arrival] = self._windows(arrival, ())
        return self._known[arrival]

    def _windows(self, start: int, earlier: Sequence[Arrival]) -> list[_Window]:
        """Needs in the window from `start`, by the period in which the place's own order arrives."""
        line = self.line
        horizon = line.paths.shape[1]
        receipts = line.receipts.copy()
        for one in earlier:
            receipts[min(one.period, horizon - 1)] += one.quantity
        usable = usable_stock(
            line.stock, line.inputs.mean[line.row], min(int(line.next_arrival.max()), horizon)
        )
        windows = []
        for own, paths in _by_own_arrival(line, self.order):
            coming = receipts.copy()
            if own < horizon:
                coming[own] += self.order
            begin = np.full(len(paths), start, np.int64)
            ends = np.minimum(line.next_arrival[paths], horizon)
            windows.append(_Window(*window_needs(line.paths[paths], usable, coming, begin, ends, line.waits)))
        return windows

    def _played(self, quantities: FloatArray, batches: Sequence[tuple[int, int]]) -> FloatArray:
        """Money lost with each quantity taken out of stock, played with expiry."""
        costs = []
        for quantity in quantities:
            lost_before, lost, waste, held = self._play(
                _without(self.line.stock, _first(batches, quantity))
            ).mean(axis=0)
            costs.append(
                self.line.value("stockout_cost") * (lost_before + lost)
                + self.line.value("unit_cost") * waste
                + self.line.value("holding_cost") * held
            )
        lost_money: FloatArray = np.array(costs) - costs[0]
        return lost_money

    def _further_waste(self, quantities: FloatArray, last_period: int) -> FloatArray:
        """Units written off beyond those without, with each quantity added to stock."""
        wasted = []
        stop = max(self._stop, min(last_period + 1, self.line.paths.shape[1]))
        for quantity in (0.0, *quantities):
            stock = self.line.stock.copy()
            stock[last_period] += quantity
            wasted.append(float(self._play(stock, stop)[:, WASTE].mean()))
        return np.array(wasted[1:]) - wasted[0]

    def _play(self, stock: FloatArray, stop: int | None = None) -> FloatArray:
        line = self.line
        played: FloatArray = simulate(
            line.paths,
            stock,
            line.receipts,
            line.life,
            line.arrival,
            line.next_arrival,
            self.order,
            line.waits,
            stop or self._stop,
            _NO_PATHS,
        )
        return played


def _by_own_arrival(line: Line, order: float) -> list[tuple[int, IntArray]]:
    """Paths grouped by the period in which the own order arrives; one group where nothing is ordered."""
    if order <= 0:
        return [(line.paths.shape[1], np.arange(len(line.paths)))]
    return [(int(own), np.flatnonzero(line.arrival == own)) for own in np.unique(line.arrival)]


def _short(window: _Window, quantities: FloatArray, waits: bool) -> FloatArray:
    """Units short in the windows, summed over paths, with each of `quantities` [n, 1] more at first."""
    if waits:
        missing = np.minimum(np.maximum(window.needs - quantities, 0.0), window.demand)
    else:
        missing = np.maximum(window.peaks - quantities, 0.0)
    return np.asarray(missing.sum(axis=1), dtype=np.float64)


def _first(batches: Sequence[tuple[int, int]], quantity: float) -> list[tuple[int, float]]:
    """Return what the first `quantity` units are of each batch."""
    taken = []
    for last_period, units in batches:
        part = min(float(units), quantity)
        taken.append((last_period, part))
        quantity -= part
    return taken


def _without(stock: FloatArray, batches: Sequence[tuple[int, float]]) -> FloatArray:
    left = stock.copy()
    for last_period, units in batches:
        left[min(last_period, len(stock) - 1)] -= units
    return np.maximum(left, 0.0)


def _grid(most: int) -> FloatArray:
    return np.unique(np.round(np.linspace(0, most, min(most, POINTS) + 1)))


def _curve(quantities: FloatArray, money: FloatArray, *, falling: bool) -> ValueCurve:
    """Return the curve with what a unit is worth falling (or rising) all along.

    Expectations over paths are so but for sampling noise of expiry; pieces that break it are put together
    (isotonic regression), which keeps the money at both ends.
    """
    if len(quantities) > 2:
        widths = np.diff(quantities)
        slopes = _monotone(np.diff(money) / widths, widths, rising=not falling)
        money = np.concatenate([[0.0], np.cumsum(slopes * widths)])
    return ValueCurve(tuple(int(quantity) for quantity in quantities), tuple(money.tolist()))


def _monotone(values: FloatArray, weights: FloatArray, *, rising: bool) -> FloatArray:
    """Return the weighted least-squares fit that only rises (or falls): neighbours out of order are pooled.

    Examples
    --------
    >>> _monotone(np.array([1.0, 3.0, 2.0]), np.ones(3), rising=True).tolist()
    [1.0, 2.5, 2.5]
    """
    sign = 1.0 if rising else -1.0
    pooled: list[tuple[float, float, int]] = []
    for value, weight in zip(sign * values, weights, strict=True):
        mean, total, count = float(value), float(weight), 1
        while pooled and pooled[-1][0] > mean:
            other, other_total, other_count = pooled.pop()
            mean = (mean * total + other * other_total) / (total + other_total)
            total, count = total + other_total, count + other_count
        pooled.append((mean, total, count))
    return sign * np.repeat([mean for mean, _, _ in pooled], [count for _, _, count in pooled])
