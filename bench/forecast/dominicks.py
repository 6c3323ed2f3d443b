"""Dominick's orange juice: what planned promotions and prices are worth to the same model.

83 stores × 11 brands, 121 weeks; `deal` (bonus buy, sale, coupon), `feat` (feature advertising) and every
price are planned, so they are known over the horizon. Rolling origins over the last weeks; settings were
chosen on origins before them.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.report import Report, cpu_seconds
from engine.forecast.drivers.drivers import Drivers
from engine.forecast.drivers.effects import DriverEffects, adjust, estimate_effects
from engine.forecast.drivers.regular_price import last_known, regular_price
from engine.forecast.model import Model
from engine.forecast.moving_average import SeasonalMovingAverage
from engine.forecast.panel import Panel
from engine.forecast.portfolio import forecast_panel
from engine.forecast.seasonality import seasonal_profile
from engine.forecast.smoothing import SimpleSmoothing

Floats = npt.NDArray[np.float64]

HORIZON = 4
"""Weeks."""
ORIGINS = 6
PORTFOLIO_ORIGINS = 2
"""Of them the last, for the portfolio's own choice, which tries every model at three origins more."""
LEAST_REDUCTION = 0.10
MOST_DEPTH = 0.8
BRANDS = 11
FIRST_MONDAY = np.datetime64("1989-09-11")
"""Monday of the chain's week 1, which began on a Thursday."""


@dataclass(frozen=True)
class Juice:
    """The data on the grid of stores × brands and weeks."""

    panel: Panel
    mechanic: npt.NDArray[np.int16]
    price: Floats


def load(folder: Path, stores: int | None = None) -> Juice:
    """Read the data; with `stores`, only the first so many."""
    rows = pd.read_parquet(folder / "dominicks" / "orangeJuice_yx.parquet")
    places = np.sort(rows["store"].unique())[:stores]
    rows = rows[rows["store"].isin(places)]
    brand = rows["brand"].to_numpy(dtype=np.int64) - 1
    prices = rows[[f"price{number}" for number in range(1, BRANDS + 1)]].to_numpy(dtype=np.float64)
    series = np.searchsorted(places, rows["store"]) * BRANDS + brand
    first = int(rows["week"].min())
    week = rows["week"].to_numpy(dtype=np.int64) - first
    shape = (len(places) * BRANDS, int(week.max()) + 1)
    units, observed = np.zeros(shape), np.zeros(shape, dtype=bool)
    units[series, week], observed[series, week] = np.exp(rows["logmove"]), True
    price, mechanic = np.full(shape, np.nan), np.zeros(shape, dtype=np.int16)
    price[series, week] = prices[np.arange(len(rows)), brand]
    mechanic[series, week] = np.where(rows["feat"] > 0, 2, np.where(rows["deal"] > 0, 1, 0))
    panel = Panel(
        sku=np.tile([f"brand {number}" for number in range(1, BRANDS + 1)], len(places)).astype(object),
        location=np.repeat([f"store {place}" for place in places], BRANDS).astype(object),
        start=FIRST_MONDAY + 7 * (first - 1),
        period="W",
        values=units,
        observed=observed,
    )
    return Juice(panel, mechanic, price)


def known_at(juice: Juice, origin: int, *, prices_ahead: bool) -> Panel:
    """Return the history before `origin` with the promotions planned, and prices if they are, too."""
    until = origin + HORIZON
    price = juice.price[:, :until]
    regular = regular_price(price, "W")
    last = last_known(price, np.isfinite(price))
    mechanic = juice.mechanic[:, :until]
    depth = np.nan_to_num(np.clip(1.0 - last / regular, 0.0, MOST_DEPTH)) * (mechanic > 0)
    drivers = Drivers(
        depth=depth,
        mechanic=mechanic,
        mechanics=("", "deal", "feature"),
        events=np.zeros((1, until, 0), dtype=bool),
        event_names=(),
        region=np.zeros(len(price), dtype=np.int64),
        price=price,
    )
    past = replace(juice.panel.head(origin), drivers=drivers)
    return past if prices_ahead else replace(past, drivers=drivers.head(origin))


def run(report: Report, options: Namespace) -> None:
    """Report WAPE without and with drivers, and the reduction, of three models on the last origins."""
    if not options.data:
        raise SystemExit("dominicks needs real data: --data DIR or SHELFCAST_DATA")
    juice = load(Path(options.data), 20 if options.quick else None)
    last = juice.panel.n_periods - HORIZON
    origins = [last - step * HORIZON for step in range(2 if options.quick else ORIGINS)]
    sizes = {"series": juice.panel.n_series, "origins": len(origins), "weeks_ahead": HORIZON}
    errors: dict[tuple[str, str], float] = {}
    sold: dict[str, float] = {}
    seconds = 0.0
    for origin in origins:
        window = slice(origin, origin + HORIZON)
        actual, scored = juice.panel.values[:, window], juice.panel.observed[:, window]
        plain = juice.panel.head(origin)
        before = cpu_seconds()
        planned = known_at(juice, origin, prices_ahead=True)
        effects = estimate_effects(planned)
        seconds += cpu_seconds() - before
        promotions_only = known_at(juice, origin, prices_ahead=False)
        cases = {"without": (plain, None), "with": (planned, effects)}
        cases["promotions_only"] = (promotions_only, estimate_effects(promotions_only))
        for case, (panel, known) in cases.items():
            chosen = origin in origins[:PORTFOLIO_ORIGINS] and case != "promotions_only"
            for name, forecast in _forecasts(panel, known, portfolio=chosen).items():
                missed = float(np.abs(forecast - actual)[scored].sum())
                errors[name, case] = errors.get((name, case), 0.0) + missed
                if case == "without":
                    sold[name] = sold.get(name, 0.0) + float(actual[scored].sum())
    for name in dict.fromkeys(name for name, _ in errors):
        without = errors[name, "without"]
        for case in ("without", "promotions_only", "with"):
            if (name, case) in errors:
                wape = errors[name, case] / sold[name]
                report.figure(f"dominicks.{name}.wape_{case}", wape, "share", **sizes)
        report.figure(
            f"dominicks.{name}.reduction",
            1.0 - errors[name, "with"] / without,
            "share",
            bar=LEAST_REDUCTION,
            better="higher",
            **sizes,
        )
    report.figure("dominicks.estimation", seconds / len(origins), "CPU s", **sizes)


def _forecasts(panel: Panel, effects: DriverEffects | None, *, portfolio: bool) -> dict[str, Floats]:
    """Forecast with every model: the history less the effects, then the effects of what is planned."""
    usual = replace(adjust(panel, effects), drivers=None)
    factor = 1.0 if effects is None else effects.future(HORIZON)
    profile = seasonal_profile(usual)
    models: tuple[Model, ...] = (SeasonalMovingAverage(), SimpleSmoothing())
    found = {
        model.name.replace(" ", "_"): factor * model.fit_predict(usual, profile, HORIZON) for model in models
    }
    if portfolio:
        chosen = forecast_panel(usual, HORIZON, protection_periods=HORIZON, seed=7)
        found["portfolio"] = factor * chosen.mean
    return found
