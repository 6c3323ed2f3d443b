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
from engine.forecast.panel import period_dates
from engine.forecast.uniforms import series_seed
from engine.replay.classes import abc_xyz
from engine.replay.lead_times import draw_lead_times
from engine.replay.money import Prices
from engine.replay.play import Game
from engine.replenishment.lines import NEVER, LineInputs
from jobs.errors import JobError
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import (
    PERIOD_DAYS,
    DemandModel,
    build_line_inputs,
    latest_stock,
    order_periods,
    protection_periods,
)
from jobs.line_terms import line_terms
from jobs.replay_demand import causal_demand
from jobs.replay_orders import real_orders

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST_TUNING_DAYS = 182
"""Of sales before the first day: min/max are tuned on them."""
LEAST_PLAYED_DAYS = 28
WARM_UP_DAYS = 56
"""Of a tuning span without sales before it: they tell what sells."""
PERISHABLE_DAYS = 28.0
"""Of life: a shorter-lived product has min/max of its own in each class."""
UNKNOWN_STOCK_DAYS = 7.0
"""A line whose opening stock is not known starts with lead time, review and so many days of demand."""


@dataclass(frozen=True)
class Span:
    """Days played, and the days that min/max are tuned on, as periods of the lake's sales."""

    first: int
    last: int
    tuned_from: int
    tuned_to: int
    """First period after it."""
    from_date: dt.date
    to_date: dt.date


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
    span = _span(sales, start, end, tuned_on)
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
    terms = _terms(inputs, lines, target)
    prices = Prices(terms.stockout_cost, terms.holding_cost, terms.unit_cost, terms.order_cost)
    game, unknown = _game(inputs, lines, terms, sales, rows, span, demand[:, span.first - before :], seed)
    tuning = _tuning(inputs, lines, game, terms, sales, span, demand, seed)
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


def _span(
    sales: SalesPanel,
    start: dt.date | None,
    end: dt.date | None,
    tuned_on: tuple[dt.date, dt.date] | None,
) -> Span:
    total = sales.quantity.shape[1]
    dates = period_dates(sales.start, sales.period, 0, total + 1)
    days = PERIOD_DAYS[sales.period]
    a_year = round(365 / days)
    least, played = round(LEAST_TUNING_DAYS / days), max(round(LEAST_PLAYED_DAYS / days), 1)

    def at(day: dt.date) -> int:
        return int(np.searchsorted(dates, np.datetime64(day, "D"), side="right")) - 1

    last = total if end is None else min(at(end) + 1, total)
    wanted = max(last - a_year, min(last - played, least))
    first = wanted if start is None else at(start)
    word = {"D": "days", "W": "weeks", "M": "months"}[sales.period]
    known = f"the lake's sales go from {dates[0]} to {dates[total - 1]}: {total:,} {word}"
    faults = []
    if end is not None and at(end) >= total:
        faults.append(f"--to {end} is after the last sales")
    if first < least:
        faults.append(
            f"min/max are tuned on at least {least} {word} of sales before the first day played"
            + (f", and --from {start} leaves {max(first, 0)}" if start else "")
        )
    if last - first < played:
        faults.append(f"at least {played} {word} are played, not {max(last - first, 0)}")
    if faults:
        raise JobError("a replay needs a longer history: " + "; ".join(faults) + f" ({known})")
    if tuned_on is None:
        tuned_from, tuned_to = max(first - a_year, 0), first
    else:
        tuned_from, tuned_to = max(at(tuned_on[0]), 0), at(tuned_on[1]) + 1
        if tuned_to > first or tuned_to - tuned_from < least:
            raise JobError(
                f"min/max are tuned on {tuned_on[0]} to {tuned_on[1]}: it must be at least {least} {word} "
                f"and end before the first day played, {dates[first]} ({known})"
            )
    from_date: dt.date = dates[first].item()
    to_date: dt.date = (dates[last : last + 1] - np.timedelta64(1, "D"))[0].item()
    return Span(first, last, tuned_from, tuned_to, from_date, to_date)


def _as_known(inputs: PlanInputs, day: dt.date) -> PlanInputs:
    """Leave out what people approved since, and when orders then open really came."""
    orders = inputs.tables["orders"]
    orders = orders[orders["ordered_at"].notna() & (orders["ordered_at"] < pd.Timestamp(day))]
    still = orders["status"].isin(("approved", "sent", "part_received"))
    expected = orders["expected_date"].where(~still | orders["promised_date"].isna(), orders["promised_date"])
    return dataclasses.replace(
        inputs,
        tables={**inputs.tables, "orders": orders.assign(expected_date=expected)},
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


def _terms(inputs: PlanInputs, lines: pd.DataFrame, target: str) -> LineInputs:
    n = len(lines)
    nothing = DemandModel(np.zeros((n, 1)), np.zeros(n), np.ones(n), np.zeros(n, np.uint64))
    terms = build_line_inputs(
        lines,
        nothing,
        latest_stock(inputs.tables["inventory_snapshot"]),
        inputs.tables["orders"],
        as_of=inputs.as_of,
        period=inputs.period,
    )
    if target == "cost":
        none = np.full(n, np.nan)
        terms = dataclasses.replace(
            terms,
            target_kind=np.full(n, "cost"),
            min_cover=none,
            max_cover=none,
            presentation_stock=none,
        )
    return terms


def _game(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    terms: LineInputs,
    sales: SalesPanel,
    rows: Ints,
    span: Span,
    demand: Floats,
    seed: int,
) -> tuple[Game, int]:
    """Return the game, and of how many lines the opening stock had to be assumed."""
    may_order = _chances(lines, span.from_date, inputs.period, demand.shape[1], sales, span.first)
    life = np.minimum(terms.life_periods, float(NEVER)).astype(np.int64)
    good = (terms.batch_quantity > 0.0) & (terms.batch_last_period >= 0)
    line, units = terms.batch_line[good], terms.batch_quantity[good]
    # a lot without an expiry date of a product that expires is taken as fresh
    last = np.minimum(terms.batch_last_period[good], life[line] - 1)
    snapshot = inputs.tables["inventory_snapshot"]
    counted = pd.MultiIndex.from_frame(snapshot[["sku", "location"]].drop_duplicates())
    unknown = ~pd.MultiIndex.from_frame(lines[["sku", "location"]]).isin(counted)
    assumed = _assumed(sales, rows, span.first, terms, may_order, unknown)
    return Game(
        demand=demand,
        may_order=may_order,
        lead_time=_lead_times(lines, terms, span.first, demand.shape[1], seed),
        promised=terms.lead_time_mean,
        life=life,
        backorder=terms.backorder,
        batch_line=np.concatenate([line, np.flatnonzero(unknown)]),
        batch_quantity=np.concatenate([units, assumed]),
        batch_last=np.concatenate([last, life[unknown] - 1]),
        receipt_line=terms.receipt_line,
        receipt_period=terms.receipt_period,
        receipt_quantity=np.maximum(terms.receipt_quantity, 0.0),
    ), int(unknown.sum())


def _assumed(
    sales: SalesPanel,
    rows: Ints,
    first: int,
    terms: LineInputs,
    may_order: npt.NDArray[np.bool_],
    unknown: npt.NDArray[np.bool_],
) -> Floats:
    span = max(round(WARM_UP_DAYS / terms.period_days), 1)
    recent = np.nan_to_num(sales.quantity[rows[unknown], max(first - span, 0) : first])
    rate = np.maximum(recent, 0.0).mean(axis=1) if recent.shape[1] else np.zeros(len(recent))
    review = may_order.shape[1] / np.maximum(may_order[unknown].sum(axis=1), 1)
    cover = terms.lead_time_mean[unknown] + np.minimum(review, 60.0) + UNKNOWN_STOCK_DAYS / terms.period_days
    result: Floats = np.ceil(rate * cover)
    return result


def _tuning(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    game: Game,
    terms: LineInputs,
    sales: SalesPanel,
    span: Span,
    demand: Floats,
    seed: int,
) -> Game:
    """Return the game that min/max are tuned on; it starts when there are sales to judge by."""
    first = tuning_start(span, terms.period_days)
    periods = span.tuned_to - first
    day = period_dates(sales.start, sales.period, first, 1)[0].item()
    return dataclasses.replace(
        game,
        demand=demand[:, first - span.tuned_from : span.tuned_to - span.tuned_from],
        may_order=_chances(lines, day, inputs.period, periods, sales, first),
        lead_time=_lead_times(lines, terms, first, periods, seed),
    )


def tuning_start(span: Span, period_days: float) -> int:
    """Return the first period played when min/max are tuned."""
    return max(span.tuned_from, max(round(WARM_UP_DAYS / period_days), 1))


def _chances(
    lines: pd.DataFrame, day: dt.date, period: str, periods: int, sales: SalesPanel, first: int
) -> npt.NDArray[np.bool_]:
    """Return when each line can be ordered, [n, periods]: on order days, for delivery while it is on sale."""
    may = order_periods(lines, day, period, periods)
    dates = period_dates(sales.start, sales.period, first, periods)
    lead = np.ceil(lines["lead_time_mean"].to_numpy(dtype=np.float64)).astype("timedelta64[D]")
    for name, sign in (("discontinue_date", 1), ("launch_date", -1)):
        limit = lines[name].to_numpy(dtype="datetime64[D]")
        known = ~np.isnat(limit)
        arrives = dates[None, :] + lead[known, None]
        if sign > 0:
            may[known] &= arrives <= limit[known, None]
        else:
            may[known] &= arrives + np.timedelta64(7, "D") >= limit[known, None]
    return may


def _lead_times(lines: pd.DataFrame, terms: LineInputs, first: int, periods: int, seed: int) -> Ints:
    """Lead times drawn once a source, location and period: one truck."""
    trucks = [
        series_seed(seed, str(source), str(location))
        for source, location in zip(lines["source"], lines["location"], strict=True)
    ]
    return draw_lead_times(
        np.array(trucks, dtype=np.uint64),
        terms.lead_time_mean,
        np.nan_to_num(terms.lead_time_sd),
        first,
        periods,
    )
