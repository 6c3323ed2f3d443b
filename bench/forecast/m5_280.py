"""M5: 280 daily series, 28 days, the last three cut-offs that do not overlap, all history known at each.

Everyone is given the same sales since each series' first one, and errors are scaled by the change from day
to day over these, as in M5; ours also what a plan has: events and SNAP
days, known ahead, and prices charged until the cut-off. The same without them is printed as
`history_only`. Bars: mean RMSSE and scaled pinball loss at least 3 % below the best peer's; the 80 %
interval covers 78–82 % of single days, by the randomised probability integral transform of counts
(`engine.forecast.conformal`). Printed without a bar: coverage of 28-day sums, of which each cut-off has
one a series and all share the month's surprise (six earlier cut-offs: 75–84 %, mean 79 %), and the plain
share of sums inside the interval, ends included, which is higher because counts have steps.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.forecast.peers import PeerTask, peer_forecasts, since_first_sale
from bench.forecast.peers_scores import LEVELS, as_peer, rmsse, scaled_pinball, sum_interval
from bench.report import Report, cpu_seconds
from engine.forecast.conformal import covered
from engine.forecast.drivers.drivers import Drivers
from engine.forecast.panel import Panel, make_panel
from engine.forecast.portfolio import PortfolioForecast, forecast_panel

Floats = npt.NDArray[np.float64]

HORIZON = 28
FIRST_DAY = np.datetime64("2011-01-29")
PEERS = (
    "CrostonSBA", "SeasonalNaive", "MovingAverage28", "LightGBM", "LightGBM tweedie", "AutoETS", "AutoTheta",
    "prophet",
)  # fmt: skip
QUICK_PEERS = ("CrostonSBA", "SeasonalNaive", "MovingAverage28", "AutoETS")
QUICK_SERIES = 40
EVENT_COLUMNS = ("event_name_1", "event_name_2")
BAR_RATIO = 0.97
BAR_COVERAGE_POINTS = 2.0


def load(folder: str | None) -> tuple[pd.DataFrame, Floats]:
    """Return keys (sku, location, group) and daily sales [280, 1941]."""
    if folder is None:
        raise SystemExit(
            "m5_280 needs the real data: --data DIR or SHELFCAST_DATA, with m5_280/sales.parquet"
        )
    sales = pd.read_parquet(Path(folder) / "m5_280" / "sales.parquet")
    parts = [str(name).rsplit("_", 2) for name in sales.index]
    keys = pd.DataFrame(
        {
            "sku": [item for item, _, _ in parts],
            "location": [f"{state}_{store}" for _, state, store in parts],
            "group": [item.rsplit("_", 1)[0] for item, _, _ in parts],
        }
    )
    return keys, sales.to_numpy(dtype=np.float64)


def panel_until(keys: pd.DataFrame, sales: Floats, known: int) -> Panel:
    """Return the panel of all days before a cut-off."""
    return make_panel(keys, FIRST_DAY, "D", sales[:, :known], group=keys["group"].to_numpy(dtype=object))


def drivers(folder: str, keys: pd.DataFrame, known: int) -> Drivers:
    """Return events and SNAP days of the history and the horizon, and prices until the cut-off."""
    table = pd.read_parquet(Path(folder) / "m5_280" / "calendar_price.parquet")
    periods = known + HORIZON
    table["t"] = (pd.to_datetime(table["date"]).to_numpy().astype("datetime64[D]") - FIRST_DAY).astype(int)
    table = table[table["t"] < periods]
    row = pd.Series(np.arange(len(keys)), index=keys["sku"] + "_" + keys["location"])
    table = table[table["id"].isin(row.index)]
    price = np.full((len(keys), periods), np.nan)
    price[row.loc[table["id"]].to_numpy(), table["t"].to_numpy()] = table["sell_price"].to_numpy(float)
    price[:, known:] = np.nan
    states = sorted(keys["location"].str[:2].unique())
    named = pd.concat([table[["t", name]].set_axis(["t", "event"], axis=1) for name in EVENT_COLUMNS])
    # A day without an event has an empty name.
    named = named[named["event"].fillna("") != ""]
    names = sorted(named["event"].unique())
    events = np.zeros((len(states), periods, len(names) + 1), dtype=bool)
    events[:, named["t"], pd.Index(names).get_indexer(named["event"])] = True
    snap = table[table["snap"] > 0]
    events[pd.Index(states).get_indexer(snap["state_id"]), snap["t"], -1] = True
    none = np.zeros((len(keys), periods))
    region = pd.Index(states).get_indexer(keys["location"].str[:2]).astype(np.int64)
    return Drivers(none, none.astype(np.int16), ("",), events, (*names, "SNAP"), region, price)


def coverage(forecast: PortfolioForecast, actual: Floats) -> dict[str, float]:
    """Return what the 80 % interval covers, in per cent: single days, sums, and sums plainly counted."""
    noise = forecast.level_cv, forecast.dispersion
    wide = [np.broadcast_to(part[:, None], actual.shape) for part in noise]
    total, sold = forecast.mean.sum(axis=1), actual.sum(axis=1)
    low, high = sum_interval(forecast)
    return {
        "coverage_days": 100.0 * float(covered(forecast.mean, actual, *wide).mean()),
        "coverage_sums": 100.0 * float(covered(total, sold, *noise).mean()),
        "coverage_sums_plain": 100.0 * float(((sold >= low) & (sold <= high)).mean()),
    }


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    keys, sales = load(options.data)
    if options.quick:
        step = len(keys) // QUICK_SERIES
        keys, sales = keys.iloc[::step].reset_index(drop=True), sales[::step]
    peers = QUICK_PEERS if options.quick else PEERS
    origins = [sales.shape[1] - HORIZON * back for back in range(1, 2 if options.quick else 4)]
    losses: dict[str, list[tuple[float, float]]] = {}
    covers: list[dict[str, float]] = []
    cpu: dict[str, float] = {}
    cached = False
    for known in origins:
        history = since_first_sale(sales[:, :known])
        actual = sales[:, known : known + HORIZON]
        before = cpu_seconds()
        panel = panel_until(keys, sales, known)
        informed = replace(panel, drivers=drivers(options.data, keys, known))
        ours = forecast_panel(informed, HORIZON, protection_periods=HORIZON, seed=7)
        cpu["ours"] = cpu.get("ours", 0.0) + cpu_seconds() - before
        task = PeerTask(history, str(FIRST_DAY), "D", 7, HORIZON, LEVELS)
        plain = forecast_panel(panel, HORIZON, protection_periods=HORIZON, seed=7)
        own = {"ours": as_peer(ours), "history_only": as_peer(plain)}
        for name, forecast in {**own, **peer_forecasts(task, peers)}.items():
            pair = rmsse(forecast.mean, actual, history), scaled_pinball(forecast.quantiles, actual, history)
            losses.setdefault(name, []).append((float(pair[0].mean()), float(pair[1].mean())))
            cached |= forecast.cached
            if name not in own:
                cpu[name] = cpu.get(name, 0.0) + forecast.cpu
        covers.append(coverage(ours, actual))
    sizes = {"series": len(keys), "origins": len(origins), "horizon": HORIZON}
    mean = {name: np.mean(pairs, axis=0) for name, pairs in losses.items()}
    for m, label in enumerate(("rmsse", "scaled_pinball")):
        for name, values in mean.items():
            title = {"ours": f"m5_280.{label}", "history_only": f"m5_280.{label}_history_only"}
            report.figure(
                title.get(name, f"peer.m5_280.{label}.{name}"),
                float(values[m]),
                "",
                each_origin=[round(pair[m], 4) for pair in losses[name]],
                cpu_seconds=round(cpu.get(name, 0.0), 1),
                cached=cached,
                **sizes,
            )
        best = min(peers, key=lambda name: mean[name][m])
        ratio = float(mean["ours"][m] / mean[best][m])
        # A small sample decides nothing: bars hold for the whole run.
        bar = None if options.quick else BAR_RATIO
        alone = float(mean["history_only"][m] / mean[best][m])
        report.figure(
            f"m5_280.{label}_ratio",
            ratio,
            "of the best peer",
            bar=bar,
            best_peer=best,
            history_only=round(alone, 4),
            **sizes,
        )
    for name in covers[0]:
        share = float(np.mean([one[name] for one in covers]))
        barred = name == "coverage_days" and not options.quick
        report.figure(
            f"m5_280.{name}", abs(share - 80.0), "points from 80 %",
            bar=BAR_COVERAGE_POINTS if barred else None, covered=round(share, 2), **sizes,
        )  # fmt: skip
