"""Car parts: monthly intermittent demand; pinball loss of three months' demand against Croston, SBA and TSB.

Four cut-offs that do not overlap, the last four; only parts without a gap, as the reference does. The loss is
that of the quantiles .5, .8, .9 and .95 of each month, over the mean demand; the peers' quantiles are
statsforecast's conformal ones, or ours around their mean, whichever is better.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.forecast.peers import PeerTask, peer_forecasts, since_first_sale
from bench.report import Report, cpu_seconds
from engine.forecast.panel import make_panel
from engine.forecast.paths import quantiles
from engine.forecast.portfolio import forecast_panel

Floats = npt.NDArray[np.float64]

START = np.datetime64("1998-01-01")
LEVELS = np.array([0.5, 0.8, 0.9, 0.95])
HORIZON = 3
CUTOFFS = 4
PEERS = ("Croston", "CrostonSBA", "TSB")
LEAST_MONTHS = 18
"""Months since the first sale that the peers' conformal windows need."""


def load(folder: str | None) -> tuple[pd.DataFrame, Floats]:
    """Return keys and monthly demand [parts, 51] of the parts without a gap."""
    if folder is None:
        raise SystemExit(
            "carparts needs the real data: --data DIR or SHELFCAST_DATA, with intermittent/carparts.csv"
        )
    table = pd.read_csv(Path(folder) / "intermittent" / "carparts.csv")
    demand = table.iloc[:, 1:].to_numpy(dtype=float)
    whole = ~np.isnan(demand).any(axis=1)
    return pd.DataFrame({"sku": table["Part"][whole].astype(str), "location": "all"}), demand[whole]


def loss(drawn: Floats, actual: Floats) -> float:
    """Mean pinball loss of quantiles [n, h, levels] over mean demand."""
    short = actual[:, :, None] - drawn
    return float(np.maximum(LEVELS * short, (LEVELS - 1.0) * short).mean() / actual.mean())


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    keys, demand = load(options.data)
    months = demand.shape[1]
    origins = [months - HORIZON * back for back in range(1, 2 if options.quick else CUTOFFS + 1)]
    losses: dict[str, list[float]] = {}
    cpu = 0.0
    for known in origins:
        past = since_first_sale(demand[:, :known])
        used = (~np.isnan(past)).sum(axis=1) >= LEAST_MONTHS
        actual = demand[used, known : known + HORIZON]
        before = cpu_seconds()
        panel = make_panel(keys[used].reset_index(drop=True), START, "M", demand[used, :known])
        ours = forecast_panel(panel, HORIZON, protection_periods=HORIZON, seed=7)
        cpu += cpu_seconds() - before
        drawn = quantiles(ours.mean, ours.level_cv, ours.dispersion, LEVELS)
        losses.setdefault("ours", []).append(loss(drawn, actual))
        task = PeerTask(past[used], str(START), "M", 12, HORIZON, LEVELS)
        for name, peer in peer_forecasts(task, PEERS).items():
            # The better of their own spread and ours around their mean.
            lent = quantiles(peer.mean, ours.level_cv, ours.dispersion, LEVELS)
            losses.setdefault(name, []).append(min(loss(peer.quantiles, actual), loss(lent, actual)))
    sizes = {"series": int(used.sum()), "origins": len(origins)}
    means = {name: float(np.mean(values)) for name, values in losses.items()}
    for name in PEERS:
        report.figure(f"peer.carparts.pinball.{name}", means[name], "of mean demand", **sizes)
    best = min(means[name] for name in PEERS)
    report.figure(
        "carparts.pinball", means["ours"], "of mean demand", bar=best, cpu_seconds=round(cpu, 1), **sizes
    )
