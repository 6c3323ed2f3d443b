"""The tables of a replay: totals, lines, weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from engine.contracts.replay import REPLAY_MONEY
from engine.forecast.panel import period_dates
from engine.replay.classes import CLASSES
from engine.replay.interval import difference
from engine.replay.money import Costs, costs
from engine.replay.play import Played

if TYPE_CHECKING:
    from jobs.replay_setup import Setup

Floats = npt.NDArray[np.float64]


def replay_tables(
    setup: Setup, about: dict[str, Any], ours: Played, theirs: Played
) -> dict[str, pd.DataFrame]:
    """Return `replays`, `replay_lines` and `replay_weeks` of a replay played.

    Parameters
    ----------
    setup : what was played
    about : columns of `replays` that say what was asked for
    ours, theirs : what happened
    """
    money = {"ours": costs(ours, setup.prices), "theirs": costs(theirs, setup.prices)}
    played = {"ours": ours, "theirs": theirs}
    demand = setup.game.demand.sum(axis=1)
    by_line: dict[str, Any] = {}
    for side, one in played.items():
        by_line |= _of_lines(side, one, money[side], demand, setup.prices.unit_cost)
    lines = pd.DataFrame(
        {
            "replay_id": about["replay_id"],
            "sku": setup.lines["sku"].to_numpy(),
            "location": setup.lines["location"].to_numpy(),
            "category": setup.lines["category"].to_numpy(),
            "class": np.array(CLASSES, dtype=object)[setup.code],
            "demand_units": demand,
            **by_line,
        }
    )
    total = {name: lines[name].sum() for name in by_line if not name.endswith("_fill_rate")}
    for side in played:
        wanted = float(demand.sum())
        total[f"{side}_fill_rate"] = 1.0 - total[f"{side}_short"] / wanted if wanted > 0.0 else np.nan
    found = difference(
        lines["ours_cost"].to_numpy(),
        lines["theirs_cost"].to_numpy(),
        lines["sku"].to_numpy(),
        seed=about["seed"],
    )
    whole = pd.DataFrame(
        [
            {
                **about,
                "demand_units": float(demand.sum()),
                **total,
                "saved": -found.money,
                "saved_low": -found.high,
                "saved_high": -found.low,
                "ratio": found.ratio,
                "ratio_low": found.ratio_low,
                "ratio_high": found.ratio_high,
            }
        ]
    )
    tables = {"replays": whole, "replay_lines": lines, "replay_weeks": _weeks(setup, about, played, money)}
    return {name: frame[list(TABLES[name].names)] for name, frame in tables.items()}


def _of_lines(
    side: str, played: Played, money: Costs, demand: Floats, unit_cost: Floats
) -> dict[str, npt.NDArray[Any]]:
    short = played.short.sum(axis=1)
    stock = played.end_stock.mean(axis=1)
    served = np.where(demand > 0.0, 1.0 - short / np.where(demand > 0.0, demand, 1.0), np.nan)
    return {
        f"{side}_fill_rate": served,
        f"{side}_short": short,
        f"{side}_stock": stock,
        f"{side}_stock_value": stock * unit_cost,
        f"{side}_waste": played.waste.sum(axis=1),
        f"{side}_ordered": played.ordered.sum(axis=1),
        f"{side}_orders": (played.ordered > 0.0).sum(axis=1).astype(np.int64),
        **{f"{side}_{name}_cost": getattr(money, name).sum(axis=1) for name in REPLAY_MONEY},
        f"{side}_cost": money.total.sum(axis=1),
    }


def _weeks(
    setup: Setup, about: dict[str, Any], played: dict[str, Played], money: dict[str, Costs]
) -> pd.DataFrame:
    """Return money by seven days from the first one, or by period where that is longer."""
    periods = setup.game.periods
    each = 7 if setup.inputs.period == "D" else 1
    starts = np.arange(0, periods, each)
    dates = period_dates(np.datetime64(setup.span.from_date, "D"), setup.inputs.period, 0, periods)
    frame: dict[str, Any] = {"replay_id": about["replay_id"], "date": dates[starts].astype("datetime64[us]")}
    lengths = np.diff(starts, append=periods)
    for side, one in played.items():
        for name in REPLAY_MONEY:
            frame[f"{side}_{name}_cost"] = np.add.reduceat(getattr(money[side], name).sum(axis=0), starts)
        value = (one.end_stock * setup.prices.unit_cost[:, None]).sum(axis=0)
        frame[f"{side}_stock_value"] = np.add.reduceat(value, starts) / lengths
    return pd.DataFrame(frame)
