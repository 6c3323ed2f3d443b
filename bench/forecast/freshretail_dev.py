"""FreshRetailNet: days in stock throughout are hidden after real stockout hours and reconstructed.

A store-product-day counts if no hour from 6 to 22 (the data set's own `oos_hours_6_22`) was out of stock; its
demand is what sold in those hours. A quarter of such days is hidden: the hours in which some real stockout
day, drawn at random, was out of stock lose their sales. The other days stay as they are, stockouts
included. Settings were chosen on one half of the stores; the other half is reported.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.report import Report, cpu_seconds
from engine.forecast.censored.days import reconstruct_days
from engine.forecast.censored.periods import demand_estimate
from engine.forecast.censored.posterior import interval
from engine.forecast.panel import make_panel

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HOURS = range(6, 22)
HIDDEN_SHARE = 0.25
SEED = 2025
ANY_MONDAY = np.datetime64("2024-01-01")
BIAS_BAR = 0.01
ERROR_BAR = 0.85
WINDOWS = {"trailing_7": (7, 0), "trailing_14": (14, 0), "trailing_28": (28, 0), "centred_29": (14, 14)}
"""Days before and after that a moving average takes."""


@dataclass(frozen=True, eq=False)
class Days:
    """Series [n] by day [T] by hour [H]."""

    sales: Floats
    out_of_stock: Mask
    store: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]

    def rows(self, which: Mask) -> Days:
        """Return some of the series."""
        return Days(self.sales[which], self.out_of_stock[which], self.store[which], self.product[which])


def run(report: Report, options: Namespace) -> None:
    """Report bias and error on the stores on which nothing was chosen, beside both peers."""
    if not options.data:
        report.figure("freshretail_dev.data", 0, "folders", bar=1, better="higher", why="give --data DIR")
        return
    days = load(Path(options.data) / "freshretail_dev")
    _, unseen = halves(days)
    if options.quick:
        unseen = unseen.rows(np.arange(len(unseen.store)) % 4 == 0)
    score(report, "freshretail_dev", unseen, SEED)


def load(folder: Path) -> Days:
    """Read the hours that count of every series, sorted by store, product and day."""
    columns = [f"s{hour}" for hour in HOURS]
    keys = ["store_id", "product_id", "dt"]
    hourly = pd.read_parquet(folder / "hourly.parquet", columns=[*keys, *columns, "stockout_bits"])
    hourly = hourly.sort_values(keys, kind="stable")
    periods = hourly["dt"].nunique()
    shape = (len(hourly) // periods, periods, len(HOURS))
    bits = hourly["stockout_bits"].to_numpy()[:, None] >> np.array(HOURS) & 1
    first = hourly.iloc[::periods]
    return Days(
        hourly[columns].to_numpy(dtype=np.float64).reshape(shape),
        bits.astype(bool).reshape(shape),
        first["store_id"].to_numpy(dtype=np.int64),
        first["product_id"].to_numpy(dtype=np.int64),
    )


def halves(days: Days) -> tuple[Days, Days]:
    """Return the series of the stores on which settings were chosen, and of the others."""
    stores = np.unique(days.store)
    chosen_on = np.random.default_rng(0).permutation(stores)[: len(stores) // 2]
    here = np.isin(days.store, chosen_on)
    return days.rows(here), days.rows(~here)


def hide(days: Days, seed: int) -> tuple[Days, Mask]:
    """Return the days with some of those in stock throughout hidden in part, and which they are, [n, T]."""
    rng = np.random.default_rng(seed)
    short = days.out_of_stock.any(axis=2)
    hidden: Mask = ~short & (rng.random(short.shape) < HIDDEN_SHARE)
    patterns = days.out_of_stock[short]
    out = days.out_of_stock.copy()
    out[hidden] = patterns[rng.integers(0, len(patterns), int(hidden.sum()))]
    sales = np.where(hidden[:, :, None] & out, 0.0, days.sales)
    return Days(sales, out, days.store, days.product), hidden


def score(report: Report, part: str, days: Days, seed: int) -> None:
    """Hide, reconstruct and report, with peers in the same run."""
    seen, hidden = hide(days, seed)
    demand = days.sales.sum(axis=2)
    before = cpu_seconds()
    found = reconstruct_days(seen.sales, seen.out_of_stock, product=seen.product, location=seen.store)
    seconds = cpu_seconds() - before
    sizes = {"series": len(days.store), "days": demand.shape[1], "hidden_days": int(hidden.sum())}
    error, bias = _against(demand, hidden)
    alone = reconstruct_days(seen.sales, seen.out_of_stock)
    whole = ~seen.out_of_stock.any(axis=2)
    sold = seen.sales.sum(axis=2)
    averages = {name: _average(sold, whole, *window) for name, window in WINDOWS.items()}
    best = min(averages, key=lambda name: error(averages[name]))
    share = 1.0 - seen.out_of_stock.mean(axis=2)
    scaled = np.where(share > 0, sold / np.where(share > 0, share, 1.0), averages[best])
    report.figure(
        f"{part}.bias", abs(bias(found.mean)), "share", bar=BIAS_BAR, signed=bias(found.mean), **sizes
    )
    for name, values in averages.items():
        report.figure(f"{part}.peer.moving_average_{name}.wape", error(values), "share", bias=bias(values))
    report.figure(f"{part}.peer.share_of_hours.wape", error(scaled), "share", bias=bias(scaled))
    report.figure(
        f"{part}.wape", error(found.mean), "share", bar=ERROR_BAR * min(error(averages[best]), error(scaled))
    )
    for name, peer in (("moving_average", averages[best]), ("share_of_hours", scaled)):
        ratio = error(found.mean) / error(peer)
        report.figure(f"{part}.wape_over_{name}", ratio, "ratio", bar=ERROR_BAR, averaged=best)
    report.figure(f"{part}.wape_without_groups", error(alone.mean), "share", bias=bias(alone.mean))
    # What a daily lake knows: the day's sales and the share of its hours with stock.
    keys = pd.DataFrame({"sku": seen.product.astype(str), "location": seen.store.astype(str)})
    daily = demand_estimate(make_panel(keys, ANY_MONDAY, "D", sold, share)).mean
    report.figure(f"{part}.wape_by_daily_shares", error(daily), "share", bias=bias(daily))
    part_hidden = hidden & ~whole
    low, high = (edge[part_hidden] for edge in interval(found, sold))
    inside = (demand[part_hidden] >= low - 1e-9) & (demand[part_hidden] <= high + 1e-9)
    report.figure(f"{part}.coverage_80", float(inside.mean()), "share")
    report.figure(f"{part}.cpu", seconds, "s")


def _against(demand: Floats, which: Mask) -> tuple[Callable[[Floats], float], Callable[[Floats], float]]:
    """Return the functions error (WAPE) and bias of an estimate on some days."""
    truth, total = demand[which], demand[which].sum()
    return (
        lambda estimate: float(np.abs(estimate[which] - truth).sum() / total),
        lambda estimate: float((estimate[which].sum() - total) / total),
    )


def _average(sold: Floats, whole: Mask, before: int, after: int) -> Floats:
    """Mean of the days in stock throughout around each day, itself left out; of all where there are none."""
    counts = whole.astype(np.float64)

    def window(values: Floats) -> Floats:
        total = np.zeros((len(values), values.shape[1] + 1))
        np.cumsum(values, axis=1, out=total[:, 1:])
        day = np.arange(values.shape[1])
        first, last = np.maximum(day - before, 0), np.minimum(day + after + 1, values.shape[1])
        around: Floats = (
            total[:, last] - total[:, first] - (values if after else total[:, day + 1] - total[:, day])
        )
        return around

    near, known = window(sold * whole), window(counts)
    overall = (sold * whole).sum(axis=1) / np.maximum(counts.sum(axis=1), 1.0)
    return np.where(known > 0.5, near / np.maximum(known, 1.0), overall[:, None])
