"""Replay: Shelfcast's policy against min/max tuned by class two years before, over the last 365 days.

Both know on every order day what was known then, meet the same demand and lead times, and keep the same
minimums, lots and shelves (`engine.replay`). Min/max get the days of cover that cost least in year 1, of
seventy pairs, by ABC/XYZ class (perishables apart, which is harder to beat), on sales rates looked up anew
every week. Shelfcast has its defaults; costs decide on both sides, as money is compared. The bar: cost at
least 10 % lower. The interval (90 %) is a bootstrap over items.

`replay.demo`: the demo lake, a stratified sample of its store lines, the true demand (both see only what they
sold). Costs, life, lots, calendars and lead times are the lake's own.

`replay.m5_280`: 280 Walmart items, and what min/max tuned on the very year scored would have reached. What
the data do not say is stated here, once, and was not searched for: an order each week, arriving after seven
days; margin 30 % of the median price; holding 25 % of cost a year; an order line costs 0.35 (a warehouse
pick); any whole number can be ordered; stock of three weeks on day 1; unmet demand is lost. Sales are taken
for demand.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.forecast.m5_280 import FIRST_DAY, load
from bench.report import Report, cpu_seconds
from data_lake.demo import build
from data_lake.demo.generate import END
from data_lake.lake import Lake
from engine.forecast.panel import make_panel
from engine.forecast.portfolio import forecast_panel
from engine.replay.classes import abc_xyz
from engine.replay.interval import difference
from engine.replay.min_max import Cover, CoverMinMax, Lots, recent_rate, tune
from engine.replay.money import Prices, costs
from engine.replay.planned import HORIZONS, Outlook, PlanPolicy, next_chances
from engine.replay.play import Game, Played, play
from engine.replenishment.lines import NEVER, LineInputs
from jobs.replay import replay

Floats = npt.NDArray[np.float64]

BAR_RATIO = 0.90
SEED = 7
YEAR = 365

DEMO_DAYS = 1096
DEMO_LINES, DEMO_LINES_QUICK = 300, 24
SMALL: Any = {"skus": 24, "stores": 3, "dcs": 1, "days": DEMO_DAYS}

LEAD, REVIEW = 7, 7
MARGIN, HOLDING_A_YEAR, ORDER_COST = 0.30, 0.25, 0.35
OPENING_DAYS, RATE_DAYS, REFIT = 21, 56, 28
QUICK_SERIES = 28


def demo(report: Report, quick: bool) -> None:
    """Play the demo lake."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        build(lake, **(SMALL if quick else {"days": DEMO_DAYS}))
        before = cpu_seconds()
        first = END - timedelta(days=DEMO_DAYS - 1)
        found = replay(
            lake,
            start=END - timedelta(days=YEAR - 1),
            end=END,
            tuned_on=(first, first + timedelta(days=YEAR - 1)),
            sample=DEMO_LINES_QUICK if quick else DEMO_LINES,
            truth=True,
            seed=SEED,
            model="Theta" if quick else None,
        ).total
    sides: dict[str, Any] = {
        name: round(float(found[name]), 4) for name in ("theirs_fill_rate", "ours_fill_rate")
    }
    sides |= {
        f"{side}_{cost}_cost": round(float(found[f"{side}_{cost}_cost"]))
        for side in ("theirs", "ours")
        for cost in ("lost", "holding", "waste", "orders")
    }
    report.figure(
        "replay.demo.cost_ratio",
        float(found["ratio"]),
        "of tuned min/max",
        bar=BAR_RATIO,
        interval_90=[round(float(found[name]), 3) for name in ("ratio_low", "ratio_high")],
        lines=int(found["lines"]),
        lines_of=int(found["lines_of"]),
        days=YEAR,
        **sides,
        cpu_seconds=round(cpu_seconds() - before, 1),
    )


@dataclass(frozen=True)
class Walmart:
    """The items, with the terms stated above."""

    keys: pd.DataFrame
    sold: Floats
    """[n, T]; NaN before the first sale."""
    cost: Floats

    @property
    def prices(self) -> Prices:
        """Money of each line."""
        n = len(self.keys)
        margin = self.cost * MARGIN / (1 - MARGIN)
        return Prices(margin, self.cost * HOLDING_A_YEAR / 365, self.cost, np.full(n, ORDER_COST))

    def game(self, first: int) -> Game:
        """Return the game of a year from day `first`."""
        n = len(self.keys)
        demand = np.nan_to_num(self.sold[:, first : first + YEAR])
        may_order = np.zeros((n, YEAR), dtype=bool)
        may_order[:, ::REVIEW] = True
        recent = self.sold[:, first - RATE_DAYS : first]
        rate = recent_rate(recent, np.ones_like(recent), np.zeros(n))
        return Game(
            demand=demand,
            may_order=may_order,
            lead_time=np.full((n, YEAR), LEAD),
            promised=np.full(n, float(LEAD)),
            life=np.full(n, NEVER),
            backorder=np.zeros(n, dtype=bool),
            batch_line=np.arange(n),
            batch_quantity=np.ceil(rate * OPENING_DAYS),
            batch_last=np.full(n, NEVER),
        )

    def covers(self, first: int) -> CoverMinMax:
        """Return min/max from day `first`, cover to be set."""
        n = len(self.keys)
        none = np.zeros(n)
        recent = self.sold[:, first - RATE_DAYS : first]
        return CoverMinMax(
            Cover(none, none),
            np.full(n, float(LEAD)),
            np.full(n, float(REVIEW)),
            np.full(n, np.inf),
            recent,
            np.ones_like(recent),
            Lots(none, np.ones(n), np.full(n, np.nan)),
        )

    def ours(self, first: int, game: Game) -> PlanPolicy:
        """Return Shelfcast's policy from day `first`."""
        n = len(self.keys)
        none, nan = np.zeros(n), np.full(n, np.nan)
        prices = self.prices
        lines = LineInputs(
            mean=np.zeros((n, 1)),
            level_cv=none,
            dispersion=np.ones(n),
            path_seed=np.zeros(n, np.uint64),
            batch_line=np.empty(0, np.int64),
            batch_quantity=np.empty(0),
            batch_last_period=np.empty(0, np.int64),
            receipt_line=np.empty(0, np.int64),
            receipt_period=np.empty(0, np.int64),
            receipt_quantity=np.empty(0),
            order_period=np.zeros(n, np.int64),
            next_order_period=np.full(n, REVIEW),
            lead_time_mean=np.full(n, float(LEAD)),
            lead_time_sd=none,
            moq=nan,
            order_multiple=nan,
            min_cover=nan,
            max_cover=nan,
            presentation_stock=nan,
            shelf_maximum=nan,
            unit_cost=self.cost,
            unit_margin=prices.stockout_cost,
            target_kind=np.full(n, "cost"),
            service_target=none,
            stockout_cost=prices.stockout_cost,
            holding_cost=prices.holding_cost,
            life_periods=np.full(n, float(NEVER)),
            backorder=np.zeros(n, dtype=bool),
            order_cost=prices.order_cost,
        )

        def forecaster(_period: int, sold: Floats, in_stock: Floats) -> Outlook:
            before = np.nan_to_num(self.sold[:, :first])
            panel = make_panel(
                self.keys,
                FIRST_DAY,
                "D",
                np.concatenate([before, sold], axis=1),
                np.concatenate([np.ones_like(before), in_stock], axis=1),
                group=self.keys["group"].to_numpy(dtype=object),
            )
            made = forecast_panel(panel, REFIT + HORIZONS[-1], protection_periods=LEAD + REVIEW, seed=SEED)
            return Outlook(made.mean, made.level_cv, made.dispersion, made.seeds)

        return PlanPolicy(lines, next_chances(game.may_order, np.full(n, REVIEW)), forecaster, refit=REFIT)


def walmart(folder: str | None, quick: bool) -> Walmart:
    """Read the items; some of them for a quick run."""
    keys, sales = load(folder)
    price = (
        pd.read_parquet(Path(str(folder)) / "m5_280" / "calendar_price.parquet", columns=["id", "sell_price"])
        .groupby("id")["sell_price"]
        .median()
    )
    if quick:
        step = len(keys) // QUICK_SERIES
        keys, sales = keys.iloc[::step].reset_index(drop=True), sales[::step]
    started = np.logical_or.accumulate(sales > 0.0, axis=1)
    paid = price.reindex(keys["sku"] + "_" + keys["location"]).to_numpy(dtype=np.float64)
    return Walmart(keys, np.where(started, sales, np.nan), paid * (1 - MARGIN))


def m5(report: Report, folder: str | None, quick: bool) -> None:
    """Play the Walmart items."""
    items = walmart(folder, quick)
    before = cpu_seconds()
    last = items.sold.shape[1] - YEAR
    tuned_from = last - 2 * YEAR
    prices = items.prices
    code = abc_xyz(items.sold[:, tuned_from : tuned_from + YEAR], items.cost)
    tuned = tune(items.game(tuned_from), items.covers(tuned_from), prices, code)
    game = items.game(last)
    min_max = items.covers(last)
    min_max.cover = tuned.cover(code)
    hindsight = items.covers(last)
    hindsight.cover = tune(game, items.covers(last), prices, code).cover(code)
    played: dict[str, Played] = {
        "theirs": play(game, min_max),
        "ours": play(game, items.ours(last, game)),
        "hindsight": play(game, hindsight),
    }
    money = {side: costs(one, prices) for side, one in played.items()}
    total = {side: one.total.sum(axis=1) for side, one in money.items()}
    found = difference(total["ours"], total["theirs"], items.keys["sku"].to_numpy(), seed=SEED)
    sides: dict[str, Any] = {
        f"{side}_fill_rate": round(1 - float(one.short.sum() / game.demand.sum()), 4)
        for side, one in played.items()
    }
    sides |= {
        f"{side}_{name}_cost": round(float(getattr(one, name).sum()))
        for side, one in money.items()
        for name in ("lost", "holding", "orders")
    }
    report.figure(
        "replay.m5_280.cost_ratio",
        found.ratio,
        "of tuned min/max",
        # some items decide nothing: the bar holds for all of them
        bar=None if quick else BAR_RATIO,
        interval_90=[round(found.ratio_low, 3), round(found.ratio_high, 3)],
        lines=len(items.keys),
        days=YEAR,
        **sides,
        cpu_seconds=round(cpu_seconds() - before, 1),
    )
    report.figure(
        "peer.replay.m5_280.min_max_tuned_in_hindsight",
        float(total["hindsight"].sum() / total["theirs"].sum()),
        "of tuned min/max",
        lines=len(items.keys),
        days=YEAR,
    )


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    m5(report, options.data, options.quick)
    demo(report, options.quick)
