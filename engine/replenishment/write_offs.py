"""What will be written off: units of each batch, of each open order and of the proposed order, on paths.

Each period what arrives is put on the shelf, demand takes what expires first, and what cannot be sold later
is written off: the rules of `engine.replenishment.simulate`, whose total these are, lot by lot. Of lots with
the same last period, stock is sold before open orders, open orders as listed, and the proposed order last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from engine.replenishment.line import Line
from engine.replenishment.lines import FloatArray, IntArray, LineInputs
from engine.replenishment.shelf import fill, put, take_first_expired

SOURCES = ("stock", "on order", "order")
"""Where a lot comes from: on hand, an open order, the order proposed; `WriteOffs.source` indexes this."""
STOCK, ON_ORDER, ORDER = range(3)

RANGE = (0.1, 0.9)
"""Quantiles over the paths that bound the 80 % range."""


@dataclass(frozen=True)
class WriteOffs:
    """Lots of which units are written off; one row a lot, of the proposed order one a bucket of periods."""

    line: IntArray
    """Row of the line."""
    source: IntArray
    """Index into `SOURCES`."""
    entry: IntArray
    """Which of the line's batches or receipts, in the order of the inputs; −1: the proposed order."""
    period: IntArray
    """Last period in which the lot can be sold; −1: it has expired already. Of the order: a bucket's last."""
    quantity: FloatArray
    """Units in the lot [each]; of the order: ordered."""
    units: FloatArray
    """Expected write-off if nothing is ordered [each]."""
    units_with_order: FloatArray
    """Expected write-off with the proposed order [each]."""
    spread: FloatArray
    """Its standard deviation over the paths [each]."""
    low: FloatArray
    """10 % quantile over the paths [each]."""
    high: FloatArray
    """90 % quantile over the paths [each]."""

    @classmethod
    def joined(cls, parts: list[WriteOffs]) -> WriteOffs:
        """Return the rows of all parts, in their order."""
        return cls(
            **{
                name: np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0, kind)
                for name, kind in _KINDS.items()
            }
        )


_KINDS: dict[str, type] = dict.fromkeys(("line", "source", "entry", "period"), np.int64) | dict.fromkeys(
    ("quantity", "units", "units_with_order", "spread", "low", "high"), np.float64
)


@dataclass(frozen=True)
class Lots:
    """The lots of one line that expire within the horizon, first expired first, then as they are sold."""

    source: IntArray
    entry: IntArray
    last: IntArray
    """Last period in which each can be sold, rising."""
    quantity: FloatArray
    expired: IntArray
    """Entries of the batches that have expired already."""
    expired_quantity: FloatArray


def lots_of(inputs: LineInputs, row: int) -> Lots:
    """Return the lots of line `row` of checked inputs."""
    horizon = inputs.horizon
    batches = np.flatnonzero(inputs.batch_line == row)
    receipts = np.flatnonzero(inputs.receipt_line == row)
    life = int(min(inputs.life_periods[row], 2.0 * horizon))  # beyond the horizon either way
    arrives = inputs.receipt_period[receipts]
    last = np.concatenate([inputs.batch_last_period[batches], np.maximum(arrives, 0) + life - 1])
    quantity = np.concatenate([inputs.batch_quantity[batches], inputs.receipt_quantity[receipts]])
    source = np.repeat([STOCK, ON_ORDER], [len(batches), len(receipts)])
    entry = np.concatenate([np.arange(len(batches)), np.arange(len(receipts))])
    order = np.argsort(last, kind="stable")
    order = order[(quantity[order] > 0) & (last[order] >= 0) & (last[order] < horizon)]
    expired = np.flatnonzero((source == STOCK) & (last < 0) & (quantity > 0))
    return Lots(source[order], entry[order], last[order], quantity[order], entry[expired], quantity[expired])


@njit(cache=True, nogil=True)
def play_lots(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    quantity: float,
    backorder: bool,
    lot_last: IntArray,
    lot_quantity: FloatArray,
    bucket: IntArray,
    buckets: int,
) -> FloatArray:
    """Play a line forward as `simulate` does; return units written off of each lot on each path.

    Parameters
    ----------
    paths, stock_by_last_period, receipts, life, arrival, quantity, backorder
        As in `engine.replenishment.simulate.simulate`.
    lot_last, lot_quantity : int64 array (lots,), float64 array (lots,)
        `Lots.last` and `Lots.quantity`.
    bucket : int64 array (h,)
        Bucket of each period, in which write-offs of the order are counted; below `buckets`.

    Returns
    -------
    float64 array (P, lots + buckets)
        Of the lots, then of the order by bucket [each].
    """
    n_paths, horizon = paths.shape
    lots = len(lot_last)
    wasted = np.zeros((n_paths, lots + buckets))
    coming = horizon
    while coming > 0 and receipts[coming - 1] == 0.0:
        coming -= 1
    bins = np.empty(horizon + 1)
    for path in range(n_paths):
        stock = fill(bins, stock_by_last_period)
        oldest, behind = 0, 0
        backlog = 0.0
        order_last = -1
        for period in range(horizon):
            arriving = receipts[period]
            if period == arrival[path] and quantity > 0.0:
                arriving += quantity
                order_last = min(period + life - 1, horizon)
            if arriving > 0.0:
                oldest = min(oldest, put(bins, arriving, period + life - 1))
                stock += arriving
            wanted = paths[path, period] + backlog
            served = min(wanted, stock)
            oldest = take_first_expired(bins, oldest, served)
            stock -= served
            if backorder:
                backlog = wanted - served
            left = bins[period]
            if left > 0.0:
                bins[period] = 0.0
                stock = max(stock - left, 0.0)
                if order_last == period:
                    wasted[path, lots + bucket[period]] += min(left, quantity)
                    left = max(left - quantity, 0.0)
            while behind < lots and lot_last[behind] == period:
                behind += 1
            lot = behind - 1
            while left > 0.0 and lot >= 0 and lot_last[lot] == period:
                wasted[path, lot] = min(left, lot_quantity[lot])
                left -= wasted[path, lot]
                lot -= 1
            oldest = max(oldest, period + 1)
            if stock == 0.0 and period + 1 >= coming and (quantity == 0.0 or period >= arrival[path]):
                break  # nothing is left to expire, and nothing comes
    return wasted


def line_write_offs(line: Line, line_number: int, quantity: float, bucket: IntArray) -> WriteOffs:
    """Return what is written off of one line, without and with an order.

    Parameters
    ----------
    line : Line
        With its paths drawn.
    line_number : int
        How the rows name the line.
    quantity : float
        Order proposed [each].
    bucket : int64 array (h,)
        Bucket (a week) of each period, rising from 0.

    Examples
    --------
    A shelf of ten that two a day leave, sold for three days more:

    >>> import numpy as np
    >>> bucket = np.zeros(4, np.int64)
    >>> wasted = play_lots(
    ...     np.full((1, 4), 2.0), np.array([0.0, 0, 10, 0, 0]), np.zeros(4), 9, np.array([4]), 0.0, False,
    ...     np.array([2]), np.array([10.0]), bucket, 1,
    ... )
    >>> float(wasted[0, 0])
    4.0
    """
    lots = lots_of(line.inputs, line.row)
    buckets = int(bucket[-1]) + 1

    def play(order: float) -> FloatArray:
        wasted: FloatArray = play_lots(
            line.paths, line.stock, line.receipts, line.life, line.arrival, order, line.waits,
            lots.last, lots.quantity, bucket, buckets,
        )  # fmt: skip
        return wasted

    without = play(0.0)
    wasted = play(quantity) if quantity > 0.0 else without
    rows = np.flatnonzero((wasted.any(axis=0)) | without.any(axis=0))
    low, high = np.quantile(wasted[:, rows], RANGE, axis=0) if len(rows) else np.empty((2, 0))
    expired, gone = lots.expired, lots.expired_quantity
    ends = np.searchsorted(bucket, np.arange(buckets), side="right") - 1
    source = np.concatenate([lots.source, np.full(buckets, ORDER)])
    entry = np.concatenate([lots.entry, np.full(buckets, -1)])
    period = np.concatenate([lots.last, ends])
    ordered = np.concatenate([lots.quantity, np.full(buckets, quantity)])
    return WriteOffs(
        line=np.full(len(expired) + len(rows), line_number),
        source=np.concatenate([np.full(len(expired), STOCK), source[rows]]),
        entry=np.concatenate([expired, entry[rows]]),
        period=np.concatenate([np.full(len(expired), -1), period[rows]]),
        quantity=np.concatenate([gone, ordered[rows]]),
        units=np.concatenate([gone, without[:, rows].mean(axis=0)]),
        units_with_order=np.concatenate([gone, wasted[:, rows].mean(axis=0)]),
        spread=np.concatenate([np.zeros(len(expired)), wasted[:, rows].std(axis=0)]),
        low=np.concatenate([gone, low]),
        high=np.concatenate([gone, high]),
    )
