"""Sales since an earlier run beside its forecast of the same days with stock: what drift is judged by."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run, read_run_table, run_ids
from jobs.line_inputs import PERIOD_DAYS

AGE_DAYS = {"D": (7, 28), "W": (14, 56), "M": (31, 124)}
"""Forecasts made at least and at most so many days ago are judged, by period: the oldest of these."""

LEAST_SEEN = {"D": 5, "W": 1, "M": 1}
"""Periods with stock that it takes to judge a series."""

IN_STOCK = 0.99
"""A day with less of it in stock says nothing of demand."""

COLUMNS = ["row", "sold", "forecast", "days", "level_cv", "dispersion", "since"]


def drift_sums(lake: Lake, run: Run, lines: pd.DataFrame) -> pd.DataFrame | None:
    """Return sums over the days since an earlier run, a row a line that sells.

    Returns
    -------
    DataFrame or None
        row (place in `lines`), sold, forecast [each], days (with stock), level_cv, dispersion, since (first
        day). None: no run is old enough to be judged.
    """
    earlier = _origin(lake, run)
    if earlier is None:
        return None
    first = lines.drop_duplicates(["sku", "location"])
    index = pd.MultiIndex.from_frame(first[["sku", "location"]])
    start, last = earlier.as_of, run.as_of - dt.timedelta(days=1)
    length = (run.as_of - start).days
    table = ["date", "sku", "location"]
    sales = lake.read(
        "sales",
        version=run.inputs.get("sales"),
        since=start,
        until=last,
        columns=[*table, "quantity", "in_stock"],
    )
    mean = read_run_table(lake, earlier, "forecasts", since=start, until=last, columns=[*table, "mean"])
    sold = _grid(sales, "quantity", index, start, length)
    stock = _grid(sales, "in_stock", index, start, length)
    forecast = _grid(mean, "mean", index, start, length)
    both = _observed(sold, stock, first["location"]) & ~np.isnan(forecast)
    models = read_run_table(
        lake, earlier, "series_models", columns=["sku", "location", "level_cv", "dispersion"]
    ).drop_duplicates(["sku", "location"])
    noise = models.set_index(["sku", "location"])[["level_cv", "dispersion"]].reindex(index)
    seen = both.sum(axis=1)
    sums = pd.DataFrame(
        {
            "row": lines.index.get_indexer(first.index),
            "sold": np.where(both, np.maximum(np.nan_to_num(sold), 0.0), 0.0).sum(axis=1),
            "forecast": np.where(both, forecast, 0.0).sum(axis=1),
            "days": seen * PERIOD_DAYS[run.period],
            "level_cv": noise["level_cv"].to_numpy(dtype=np.float64),
            "dispersion": noise["dispersion"].to_numpy(dtype=np.float64),
            "since": pd.Timestamp(start),
        }
    )
    known = noise.notna().all(axis=1).to_numpy() & (sums["forecast"] > 0).to_numpy()
    enough: pd.DataFrame = sums[known & (seen >= LEAST_SEEN[run.period])]
    return enough.reset_index(drop=True)


def _origin(lake: Lake, run: Run) -> Run | None:
    """Return the oldest run that is young enough to be judged, and old enough."""
    first, last = (run.as_of - dt.timedelta(days=age) for age in reversed(AGE_DAYS[run.period]))
    ids = run_ids(lake, first, last)
    of_day = [name for name in ids if name[:8] == ids[0][:8]]
    for name in reversed(of_day):
        earlier = read_run(lake, name)
        if earlier.period == run.period and {"forecasts", "series_models"} <= earlier.outputs.keys():
            return earlier
    return None


def _observed(
    sold: npt.NDArray[np.float64], stock: npt.NDArray[np.float64], location: pd.Series
) -> npt.NDArray[np.bool_]:
    """Return which cells say what was wanted, [series, day].

    As in the panel that is forecast: with stock, and a row or, where its location sold anything at all that
    day, none: then nothing of it was sold.
    """
    row = ~np.isnan(sold)
    place, places = pd.factorize(location)
    up = np.zeros((len(places), sold.shape[1]), dtype=np.bool_)
    np.logical_or.at(up, place, row)
    seen: npt.NDArray[np.bool_] = (row | up[place]) & ~(stock < IN_STOCK)
    return seen


def _grid(
    frame: pd.DataFrame, column: str, index: pd.MultiIndex, start: dt.date, length: int
) -> npt.NDArray[np.float64]:
    """Lay rows out as [series, day]; NaN where there is none."""
    grid = np.full((len(index), length), np.nan)
    # codes of the few products and places, not of every row: text is compared once
    sku, skus = pd.factorize(frame["sku"])
    place, places = pd.factorize(frame["location"])
    pair, pairs = pd.factorize(sku * len(places) + place)
    known = pd.MultiIndex.from_arrays(
        [skus[pairs // max(len(places), 1)], places[pairs % max(len(places), 1)]]
    )
    row = index.get_indexer(known)[pair]
    day = (frame["date"].to_numpy(dtype="datetime64[D]") - np.datetime64(start, "D")).astype(np.int64)
    ok = (row >= 0) & (day >= 0) & (day < length)
    grid[row[ok], day[ok]] = frame[column].to_numpy(dtype=np.float64)[ok]
    return grid
