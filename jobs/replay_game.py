"""The games of a replay: terms of the lines, opening stock, order days, lead times."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.series import SalesPanel
from engine.forecast.panel import period_dates
from engine.forecast.uniforms import series_seed
from engine.replay.lead_times import draw_lead_times
from engine.replay.play import Game
from engine.replenishment.lines import NEVER, LineInputs
from jobs.inputs import PlanInputs
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock, order_periods
from jobs.replay_span import WARM_UP_DAYS, Span, tuning_start

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNKNOWN_STOCK_DAYS = 7.0
"""A line whose opening stock is not known starts with lead time, review and so many days of demand."""


def line_terms_of(inputs: PlanInputs, lines: pd.DataFrame, target: str) -> LineInputs:
    """Return the terms of the lines, their stock and open orders on the first morning; no demand yet.

    Where `target` is cost, costs decide: covers and presentation stock, whose worth is not counted, go.
    """
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


def game_of(
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


def tuning_game(
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
