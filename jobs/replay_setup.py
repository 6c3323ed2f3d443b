"""What a replay plays: span, lines, terms, demand and opening stock, as known on its first morning."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.series import SalesPanel
from engine.replay.classes import abc_xyz
from engine.replay.money import Prices
from engine.replay.play import Game
from engine.replenishment.lines import LineInputs
from jobs.errors import JobError
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import PERIOD_DAYS, protection_periods
from jobs.line_terms import line_terms
from jobs.replay_demand import causal_demand
from jobs.replay_game import game_of, line_terms_of, tuning_game
from jobs.replay_orders import real_orders
from jobs.replay_span import Span, span_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PERISHABLE_DAYS = 28.0
"""Of life: a shorter-lived product has min/max of its own in each class."""


@dataclass(frozen=True)
class Setup:
    """A replay ready to be played; row i is line i."""

    span: Span
    inputs: PlanInputs
    """As of the first morning."""
    sales: SalesPanel
    """All of history, the days played too: read through `LakeForecaster` and `history` only."""
    lines: pd.DataFrame
    rows: Ints
    """Row of each line in `sales`."""
    lines_of: int
    """Lines that could have been played."""
    terms: LineInputs
    game: Game
    tuning: Game
    prices: Prices
    code: Ints
    """Class of each line."""
    perishable: npt.NDArray[np.bool_]
    protection: Ints
    assumed_stock: int
    orders: Floats | None
    """What was really ordered, [n, T]; None: not asked for."""
    digest: str
    """Of all tables of the lake that a plan reads."""

    @property
    def period_days(self) -> float:
        """Length of a period."""
        return PERIOD_DAYS[self.inputs.period]

    @property
    def review(self) -> Floats:
        """Average periods between chances to order, [n]."""
        chances = self.game.may_order.sum(axis=1)
        gap: Floats = np.clip(self.game.periods / np.maximum(chances, 1), 1.0, 60.0)
        return gap

    def history(self, until: int) -> tuple[Floats, Floats]:
        """Sold and share in stock of each line before a period of `sales`, [n, until]; NaN: not known."""
        sold, share = self.sales.quantity[self.rows, :until], self.sales.in_stock[self.rows, :until]
        started = np.logical_or.accumulate(np.nan_to_num(sold) > 0.0, axis=1)
        return np.where(started, np.nan_to_num(sold), np.nan), share


def prepare(
    lake: Lake,
    *,
    start: dt.date | None,
    end: dt.date | None,
    tuned_on: tuple[dt.date, dt.date] | None,
    target: str,
    truth: bool,
    sample: int | None,
    seed: int,
    with_orders: bool = False,
) -> Setup:
    """Read the lake and set the replay up.

    Raises
    ------
    JobError
        History is too short, the span lies outside of it, or there is nothing to play: says what is needed.
    """
    full = load_inputs(lake)
    sales = full.sales
    span = span_of(sales, start, end, tuned_on)
    inputs = _as_known(load_inputs(lake, as_of=span.from_date), span.from_date)
    lines, rows = _sold_lines(inputs, sales)
    orders = None
    if with_orders:
        orders, kept = _real_orders(full, lines, span)
        lines, rows = lines[kept].reset_index(drop=True), rows[kept]
    possible = len(lines)
    if not possible:
        raise JobError("no line that sells to customers was on sale: a replay has nothing to play")
    code = _classes(sales, rows, lines, span)
    if sample is not None and sample < possible:
        chosen = _stratified(code, sample, seed)
        lines, rows, code = lines.iloc[chosen].reset_index(drop=True), rows[chosen], code[chosen]
        orders = None if orders is None else orders[chosen]

    before, after = span.tuned_from, span.last
    demand = _truth(lake, lines, sales, before, after) if truth else None
    if demand is None:
        demand = causal_demand(
            _rows(sales, rows), before, after, lines["category"].to_numpy(dtype=object), seed
        )
    terms = line_terms_of(inputs, lines, target)
    prices = Prices(terms.stockout_cost, terms.holding_cost, terms.unit_cost, terms.order_cost)
    game, unknown = game_of(inputs, lines, terms, sales, rows, span, demand[:, span.first - before :], seed)
    tuning = tuning_game(inputs, lines, game, terms, sales, span, demand, seed)
    return Setup(
        span=span,
        inputs=inputs,
        sales=sales,
        lines=lines,
        rows=rows,
        lines_of=possible,
        terms=terms,
        game=game,
        tuning=tuning,
        prices=prices,
        code=code,
        perishable=terms.life_periods * PERIOD_DAYS[inputs.period] < PERISHABLE_DAYS,
        protection=protection_periods(lines, span.from_date, inputs.period),
        assumed_stock=unknown,
        orders=orders,
        digest=full.digest,
    )


def _as_known(inputs: PlanInputs, day: dt.date) -> PlanInputs:
    """Leave out what people approved since; `jobs.orders_then` left out when orders then open really came."""
    orders = inputs.tables["orders"]
    orders = orders[orders["ordered_at"].notna() & (orders["ordered_at"] < pd.Timestamp(day))]
    return dataclasses.replace(
        inputs,
        tables={**inputs.tables, "orders": orders},
        ordered_until=inputs.ordered_until.iloc[:0],
    )


def _sold_lines(inputs: PlanInputs, sales: SalesPanel) -> tuple[pd.DataFrame, Ints]:
    """Lines that sell to customers themselves: what a centre ships is played where it sells."""
    lines = line_terms(inputs)
    known = pd.MultiIndex.from_frame(sales.keys[["sku", "location"]])
    rows = known.get_indexer(pd.MultiIndex.from_frame(lines[["sku", "location"]])).astype(np.int64)
    sold = rows >= 0
    lines = lines[sold].drop(columns="category").reset_index(drop=True)
    columns = ["sku", "category", "launch_date", "discontinue_date"]
    lines = lines.merge(inputs.tables["products"][columns], on="sku", how="left")
    return lines.assign(category=lines["category"].fillna("").astype(object)), rows[sold]


def _real_orders(full: PlanInputs, lines: pd.DataFrame, span: Span) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the orders of the lines whose sources' orders are known throughout, and which these are."""
    orders = full.tables["orders"]
    start = np.datetime64(span.from_date, "D")
    found = real_orders(orders, lines, start, full.period, span.last - span.first)
    if not found.covered.any():
        placed = orders["ordered_at"].dropna()
        known = f"they go from {placed.min():%d %b %Y} to {placed.max():%d %b %Y}" if len(placed) else "none"
        raise JobError(
            f"no line's orders are known from {span.from_date} to {span.to_date} (table orders: {known}): "
            "import them with --kind orders, choose another --from, or compare with min/max"
        )
    return found.quantity[found.covered], found.covered


def _classes(sales: SalesPanel, rows: Ints, lines: pd.DataFrame, span: Span) -> Ints:
    a_week = {"D": 7, "W": 1, "M": 1}[sales.period]
    return abc_xyz(
        sales.quantity[rows, span.tuned_from : span.tuned_to],
        lines["unit_price"].to_numpy(dtype=np.float64),
        a_week,
    )


def _stratified(code: Ints, sample: int, seed: int) -> Ints:
    """Rows of a sample in which every class has its share, in order."""
    draw = np.random.default_rng([seed, 1]).random(len(code))
    order = np.lexsort((draw, code))
    taken = np.floor((np.arange(sample) + 0.5) * len(code) / sample).astype(np.int64)
    return np.sort(order[taken])


def _rows(sales: SalesPanel, rows: Ints) -> SalesPanel:
    parts = {name: getattr(sales, name)[rows] for name in ("quantity", "in_stock", "price", "promo")}
    return SalesPanel(sales.keys.iloc[rows].reset_index(drop=True), sales.start, sales.period, **parts)


def _truth(lake: Lake, lines: pd.DataFrame, sales: SalesPanel, first: int, last: int) -> Floats:
    """Return the demand planted in a demo lake, [n, last − first]."""
    if sales.period != "D" or lake.current("demand_truth") is None:
        raise JobError("the true demand (table demand_truth) is known of a demo lake only, in days")
    table = lake.read("demand_truth")
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    row = index.get_indexer(pd.MultiIndex.from_frame(table[["sku", "location"]]))
    day = (table["date"].to_numpy("datetime64[D]") - sales.start).astype(np.int64) - first
    inside = (row >= 0) & (day >= 0) & (day < last - first)
    demand = np.zeros((len(lines), last - first))
    demand[row[inside], day[inside]] = table["demand"].to_numpy(np.float64)[inside]
    return demand
