"""VN2: 599 weekly store-products, twelve windows; WAPE one, two and three weeks ahead.

At the first order of every window (61, 69, … 149 known weeks, as in the rules of the twelve historical
windows) the next three weeks are forecast. Scored are cells in stock: the others' demand is not known.
The peer is the organisers' forecast: pooled weekly seasonality × the mean of 13 weeks.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.report import Report, cpu_seconds
from engine.forecast.panel import make_panel
from engine.forecast.portfolio import forecast_panel

Floats = npt.NDArray[np.float64]

WINDOWS = tuple(range(61, 157 - 8 + 1, 8))
QUICK_WINDOWS = (85, 149)
HORIZON = 3
PROTECTION = 3
AVERAGED = 13


def load(folder: str | None) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return sales and in-stock flags (series × weeks), and each series' department."""
    if folder is None:
        raise SystemExit("vn2_history needs the real data: --data DIR or SHELFCAST_DATA, with vn2_history/")
    where = Path(folder) / "vn2_history"
    sales, in_stock = (
        pd.read_csv(where / name).set_index(["Store", "Product"]) for name in ("sales.csv", "in_stock.csv")
    )
    master = pd.read_csv(where / "master.csv").set_index(["Store", "Product"]).loc[sales.index]
    return sales, in_stock.astype(bool), master["DepartmentGroup"].astype(str)


def organisers(sales: pd.DataFrame, in_stock: pd.DataFrame, horizon: int) -> Floats:
    """Pooled seasonality by week of the year × the mean of the last 13 deseasonalised weeks, [n, horizon]."""
    weeks = pd.to_datetime(sales.columns)
    number = weeks.isocalendar().week.to_numpy(dtype=int)
    seen = sales.where(in_stock).to_numpy(dtype=float)
    season = pd.Series(np.nanmean(seen, axis=0)).groupby(number).mean()
    season /= season.mean()
    recent = (seen / season.loc[number].to_numpy())[:, -AVERAGED:]
    level = np.nansum(recent, axis=1) / np.maximum((~np.isnan(recent)).sum(axis=1), 1)
    ahead = (
        pd.date_range(weeks[-1], periods=horizon + 1, freq="7D")[1:].isocalendar().week.to_numpy(dtype=int)
    )
    return np.outer(level, season.reindex(ahead).fillna(1.0).to_numpy())


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    sales, in_stock, department = load(options.data)
    keys = pd.DataFrame(
        {
            "sku": sales.index.get_level_values("Product").astype(str),
            "location": sales.index.get_level_values("Store").astype(str),
        }
    )
    start = np.datetime64(sales.columns[0], "D")
    misses = {"ours": np.zeros(HORIZON), "organisers": np.zeros(HORIZON)}
    sold = np.zeros(HORIZON)
    windows = QUICK_WINDOWS if options.quick else WINDOWS
    before = cpu_seconds()
    for known in windows:
        past, seen = sales.iloc[:, :known], in_stock.iloc[:, :known]
        panel = make_panel(
            keys, start, "W", past.to_numpy(float), seen.to_numpy(float), group=department.to_numpy(object)
        )
        ours = forecast_panel(panel, HORIZON, protection_periods=PROTECTION, seed=7).mean
        actual = sales.iloc[:, known : known + HORIZON].to_numpy(float)
        scored = in_stock.iloc[:, known : known + HORIZON].to_numpy()
        for name, forecast in (("ours", ours), ("organisers", organisers(past, seen, HORIZON))):
            misses[name] += np.where(scored, np.abs(forecast - actual), 0.0).sum(axis=0)
        sold += np.where(scored, actual, 0.0).sum(axis=0)
    sizes = {"series": len(keys), "windows": len(windows), "cpu_seconds": round(cpu_seconds() - before, 1)}
    for h in range(HORIZON):
        peer = float(misses["organisers"][h] / sold[h])
        report.figure(f"peer.vn2_history.wape_{h + 1}.seasonal_ma13", peer, "share", **sizes)
        report.figure(
            f"vn2_history.wape_{h + 1}", float(misses["ours"][h] / sold[h]), "share", bar=peer, **sizes
        )
