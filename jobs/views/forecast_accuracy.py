"""How far ahead the forecast holds: its backtest by demand pattern and periods ahead."""

from __future__ import annotations

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.views.forecast_value_leaderboard import PATTERN_LABELS

COLUMNS = ("pattern", "horizon", "wape", "saved", "bias", "coverage", "series")


def by_horizon(lake: Lake, run: Run) -> pd.DataFrame:
    """Return the scores of the forecast in use, patterns in their usual order, nearest periods first.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: `saved` is the share of seasonal naive's pinball loss that the forecast saves;
        `coverage` the share of periods inside the 80 % interval. Empty for a run that was not backtested, or
        was made before this table was.
    """
    if "forecast_accuracy" not in run.outputs:
        return pd.DataFrame(columns=list(COLUMNS))
    scores = read_run_table(lake, run, "forecast_accuracy")
    scores = scores[scores["coverage"].notna()]  # intervals are those of the forecast in use alone
    order = list(PATTERN_LABELS)
    scores = scores.assign(
        first=scores["horizon"].str.extract(r"^(\d+)", expand=False).astype(int),
        place=scores["pattern"].map(order.index),
        saved=1 - scores["pinball"] / scores["pinball_naive"].where(scores["pinball_naive"] > 0),
    ).sort_values(["place", "first"], ignore_index=True)
    return scores.assign(pattern=scores["pattern"].map(PATTERN_LABELS))[list(COLUMNS)]
