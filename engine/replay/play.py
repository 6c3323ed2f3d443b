"""Play many lines forward against given demand: the mechanics are the same for every policy compared.

A period goes: the policy is asked, what is due arrives (an order of lead time 0 at once), demand is served
from the stock that expires first, what is unmet is lost or waits, what has expired is written off. A policy
knows what was known then: stock, what it has ordered, what sold before this period. It never sees demand or
lead times to come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replay.kernel import END, IN_STOCK, SHORT, SOLD, WASTE, play_period

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_LINES = np.empty(0, np.int64)
NO_UNITS = np.empty(0)


@dataclass(frozen=True)
class Game:
    """What is played: n lines over T periods, from period 0.

    Attributes
    ----------
    demand : [n, T] units wanted
    may_order : [n, T] whether an order can be placed in the period
    lead_time : [n, T] periods until an order placed in the period arrives; drawn once, the same for all
        policies
    promised : [n] lead time that the source states [periods]: when an order is expected
    life : [n] periods for which what arrives can be sold; at least 1
    backorder : [n] unmet demand waits instead of being lost
    batch_line, batch_quantity, batch_last : opening stock; last period in which a batch can be sold
    receipt_line, receipt_period, receipt_quantity : orders on their way at the start, and when they arrive
    """

    demand: Floats
    may_order: Mask
    lead_time: Ints
    promised: Floats
    life: Ints
    backorder: Mask
    batch_line: Ints = field(default_factory=lambda: NO_LINES)
    batch_quantity: Floats = field(default_factory=lambda: NO_UNITS)
    batch_last: Ints = field(default_factory=lambda: NO_LINES)
    receipt_line: Ints = field(default_factory=lambda: NO_LINES)
    receipt_period: Ints = field(default_factory=lambda: NO_LINES)
    receipt_quantity: Floats = field(default_factory=lambda: NO_UNITS)

    def __post_init__(self) -> None:
        faults = []
        shape = np.shape(self.demand)
        if len(shape) != 2:
            raise EngineError(f"demand has shape {shape}; it must be [lines, periods]")
        wanted: dict[str, tuple[int, ...]] = dict.fromkeys(("may_order", "lead_time"), shape)
        wanted |= dict.fromkeys(("promised", "life", "backorder"), shape[:1])
        wanted |= dict.fromkeys(("batch_quantity", "batch_last"), np.shape(self.batch_line))
        wanted |= dict.fromkeys(("receipt_period", "receipt_quantity"), np.shape(self.receipt_line))
        faults += [
            f"{name} has shape {np.shape(getattr(self, name))}; it must be {expected}"
            for name, expected in wanted.items()
            if np.shape(getattr(self, name)) != expected
        ]
        for name, least in (
            ("demand", 0),
            ("lead_time", 0),
            ("life", 1),
            ("batch_quantity", 0),
            ("receipt_quantity", 0),
        ):
            values = np.asarray(getattr(self, name))
            if values.size and not (np.isfinite(values).all() and values.min() >= least):
                faults.append(f"{name} holds a number that is missing or below {least}")
        if faults:
            raise EngineError("replay: " + "; ".join(faults))

    @property
    def size(self) -> int:
        """Number of lines."""
        return int(self.demand.shape[0])

    @property
    def periods(self) -> int:
        """Number of periods."""
        return int(self.demand.shape[1])


@dataclass(frozen=True)
class Pipeline:
    """Orders on their way: row of the line, period placed (−1: before the game) and expected, units."""

    line: Ints
    placed: Ints
    expected: Ints
    quantity: Floats


@dataclass(frozen=True)
class Now:
    """What is known in the morning of `period`, before anything arrives.

    Attributes
    ----------
    period : t
    asked : [k] rows that may order now
    on_hand, backlog : [n] units
    stock : [n, T + 1] on hand by last period of sale (the last column outlives the game); read only
    pipeline : what is on its way
    sold, in_stock : [n, t] units served, and the share of each period with stock, since period 0; read only
    """

    period: int
    asked: Ints
    on_hand: Floats
    backlog: Floats
    stock: Floats
    pipeline: Pipeline
    sold: Floats
    in_stock: Floats

    @property
    def position(self) -> Floats:
        """[n] stock, less what waits, and what is on its way."""
        coming = np.bincount(self.pipeline.line, weights=self.pipeline.quantity, minlength=len(self.on_hand))
        result: Floats = self.on_hand - self.backlog + coming
        return result


Policy = Callable[[Now], Floats]
"""Units that each of the lines `asked` orders, [k]."""


@dataclass(frozen=True)
class Played:
    """What happened, [n, T] units: ordered, received, sold (served), short, wasted, left at the end."""

    ordered: Floats
    received: Floats
    sold: Floats
    short: Floats
    waste: Floats
    end_stock: Floats
    in_stock: Floats
    """Share of the period with stock."""


def play(game: Game, policy: Policy, progress: Callable[[float], None] | None = None) -> Played:
    """Play the game with one policy.

    Parameters
    ----------
    game : Game
    policy : asked in every period in which some line may order
    progress : told the share of periods done

    Raises
    ------
    EngineError
        The policy returns a negative or missing order, or not one an asked line.

    Examples
    --------
    Ten a day, a lead time of one day, ordered every day up to twenty:

    >>> days = np.full((1, 4), 10.0)
    >>> game = Game(days, days > 0, np.full((1, 4), 1), np.ones(1), np.array([99]), np.array([False]),
    ...             np.array([0]), np.array([10.0]), np.array([99]))
    >>> played = play(game, lambda now: 20.0 - now.position[now.asked])
    >>> played.ordered, played.short.sum()
    (array([[10., 10., 10., 10.]]), np.float64(0.0))
    """
    n, periods = game.demand.shape
    stock = np.zeros((n, periods + 1))
    good = game.batch_last >= 0
    np.add.at(
        stock,
        (game.batch_line[good], np.minimum(game.batch_last[good], periods)),
        game.batch_quantity[good],
    )
    on_hand, backlog = stock.sum(axis=1), np.zeros(n)
    oldest = np.zeros(n, np.int64)
    life = np.minimum(game.life, periods + 1).astype(np.int64)
    waits = np.asarray(game.backorder, bool)
    demand = np.ascontiguousarray(game.demand.T, dtype=np.float64)
    book = _Book(game)
    ordered, received = np.zeros((n, periods)), np.zeros((n, periods))
    history = {column: np.zeros((n, periods)) for column in (SOLD, SHORT, WASTE, END, IN_STOCK)}
    out = np.zeros((n, 5))
    for period in range(periods):
        asked = np.flatnonzero(game.may_order[:, period])
        if len(asked):
            now = Now(
                period,
                asked,
                on_hand.copy(),
                backlog.copy(),
                _read_only(stock),
                book.outstanding(),
                _read_only(history[SOLD][:, :period]),
                _read_only(history[IN_STOCK][:, :period]),
            )
            quantity = _checked(policy(now), period, len(asked))
            ordered[asked, period] = quantity
            book.place(period, asked, quantity)
        received[:, period] = arriving = book.arriving(period)
        play_period(period, stock, oldest, on_hand, backlog, arriving, demand[period], life, waits, out)
        for column, values in history.items():
            values[:, period] = out[:, column]
        if progress:
            progress((period + 1) / periods)
    return Played(ordered, received, *(history[column] for column in (SOLD, SHORT, WASTE, END, IN_STOCK)))


class _Book:
    """Orders on their way."""

    def __init__(self, game: Game) -> None:
        self.game = game
        line, due, quantity = (
            np.asarray(part) for part in (game.receipt_line, game.receipt_period, game.receipt_quantity)
        )
        due = np.maximum(due, 0)
        self.line, self.quantity = line.astype(np.int64), quantity.astype(np.float64)
        self.placed = np.full(len(line), -1, np.int64)
        self.expected, self.arrives = due.astype(np.int64), due.astype(np.int64)

    def outstanding(self) -> Pipeline:
        return Pipeline(self.line, self.placed, self.expected, self.quantity)

    def place(self, period: int, rows: Ints, quantity: Floats) -> None:
        some = quantity > 0.0
        line = rows[some]
        arrives = period + self.game.lead_time[line, period].astype(np.int64)
        expected = period + np.floor(self.game.promised[line] + 0.5).astype(np.int64)
        self.line = np.concatenate([self.line, line])
        self.placed = np.concatenate([self.placed, np.full(len(line), period, np.int64)])
        self.expected = np.concatenate([self.expected, expected])
        self.arrives = np.concatenate([self.arrives, arrives])
        self.quantity = np.concatenate([self.quantity, quantity[some]])

    def arriving(self, period: int) -> Floats:
        here = self.arrives <= period
        units = np.bincount(self.line[here], weights=self.quantity[here], minlength=self.game.size)
        for name in ("line", "placed", "expected", "arrives", "quantity"):
            setattr(self, name, getattr(self, name)[~here])
        return np.asarray(units, dtype=np.float64)


def _read_only(values: Floats) -> Floats:
    view = values.view()
    view.flags.writeable = False
    return view


def _checked(quantity: npt.ArrayLike, period: int, asked: int) -> Floats:
    result = np.asarray(quantity, dtype=np.float64)
    if result.shape != (asked,):
        raise EngineError(f"period {period}: the policy returned shape {result.shape} for {asked} lines")
    if not (np.isfinite(result).all() and (result >= 0.0).all()):
        raise EngineError(f"period {period}: an order is negative or missing; it must be 0 or more")
    return result
