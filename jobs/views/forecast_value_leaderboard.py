"""Which model wins where, by the backtests of a run: each against seasonal naive on the same series."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table

Segment = Literal["pattern", "category", "location"]

SEGMENTS: dict[Segment, str] = {"pattern": "Pattern", "category": "Category", "location": "Location"}
"""What the leaderboard can be split by, in planners' words."""

PATTERN_LABELS = {
    "smooth": "Smooth",
    "erratic": "Erratic",
    "intermittent": "Intermittent",
    "lumpy": "Lumpy",
    "new": "New",
    "none": "No demand",
}

NAIVE = "seasonal naive"

BOARD = (
    "segment",
    "model",
    "series",
    "won",
    "chosen",
    "pinball_gain",
    "wape_gain",
    "rmsse_gain",
    "wape",
    "bias",
    "coverage",
)

_SCORES = ("wape", "rmsse", "pinball")


def backtests(lake: Lake, run: Run, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the run's backtests beside segment columns and the demand that weighs each series.

    Parameters
    ----------
    lines : `jobs.views.lines.load`
    """
    scores = read_run_table(lake, run, "backtests").drop(columns="run_id")
    models = read_run_table(lake, run, "series_models", columns=["sku", "location", "pattern"])
    about = lines.drop_duplicates(["sku", "location"])[
        ["sku", "location", "category", "location_name", "expected_demand_daily"]
    ]
    frame = scores.merge(models, on=["sku", "location"], how="left").merge(about, on=["sku", "location"])
    return frame.assign(
        weight=frame["expected_demand_daily"].clip(lower=0).fillna(0.0),
        pattern=frame["pattern"].map(PATTERN_LABELS).fillna(PATTERN_LABELS["none"]),
        location_code=frame["location"],
    )


def leaderboard(scores: pd.DataFrame, by: Segment) -> pd.DataFrame:
    """Compare every model with seasonal naive in every segment.

    Parameters
    ----------
    scores : `backtests`
    by : what a segment is

    Returns
    -------
    DataFrame
        Columns `BOARD`, segments by demand, in each the best model first: `series` that both were scored on;
        share `won` of them on which the model's pinball loss is lower; share `chosen` of the segment's; gains
        are 1 − model's loss ÷ naive's on the same series, weighted by demand (0.2: a fifth less);
        `wape`, `bias`, `coverage` are the model's own, NaN where no backtest knows them.
    """
    if scores.empty:
        return pd.DataFrame(columns=list(BOARD))
    segment = "location_name" if by == "location" else by
    key = ["sku", "location"]
    naive = scores.loc[scores["model"] == NAIVE, [*key, *_SCORES]]
    frame = scores.merge(naive, on=key, how="left", suffixes=("", "_naive"))
    series_of = frame.drop_duplicates(key).groupby(segment).size().to_dict()
    demand_of = frame.drop_duplicates(key).groupby(segment)["weight"].sum()
    rows = []
    for (name, model), part in frame.groupby([segment, "model"]):
        compared = int(part["pinball_naive"].notna().sum())
        wins = int((part["pinball"] < part["pinball_naive"]).sum())
        rows.append(
            {
                "segment": name,
                "model": model,
                "series": compared,
                "won": wins / compared if compared else float("nan"),
                "chosen": float(part["chosen"].sum()) / series_of[name],
                **{f"{score}_gain": _gain(part, score) for score in _SCORES},
                "wape": _weighted(part, "wape"),
                "bias": _weighted(part, "bias"),
                "coverage": _weighted(part, "coverage") if "coverage" in part else float("nan"),
            }
        )
    board = pd.DataFrame(rows, columns=list(BOARD))
    return (
        board.assign(size=board["segment"].map(demand_of))
        .sort_values(["size", "segment", "pinball_gain"], ascending=[False, True, False], ignore_index=True)
        .drop(columns="size")
    )


def winners(board: pd.DataFrame) -> pd.DataFrame:
    """Return the best model of each segment by pinball loss, among those scored on most of its series."""
    if board.empty:
        return board
    most = board.groupby("segment")["series"].transform("max")
    able = board[(board["series"] >= 0.5 * most) & board["pinball_gain"].notna()]
    return able.drop_duplicates("segment", ignore_index=True)


def _gain(part: pd.DataFrame, score: str) -> float:
    """1 − Σ weight · model ÷ Σ weight · naive, over series where both are known."""
    both = part[score].notna() & part[f"{score}_naive"].notna()
    weight = part.loc[both, "weight"]
    naive = float((weight * part.loc[both, f"{score}_naive"]).sum())
    return 1 - float((weight * part.loc[both, score]).sum()) / naive if naive > 0 else float("nan")


def _weighted(part: pd.DataFrame, name: str) -> float:
    known = part[name].notna()
    weight = part.loc[known, "weight"].to_numpy(dtype=np.float64)
    if weight.sum() == 0:
        return float("nan")
    return float(np.average(part.loc[known, name], weights=weight))
