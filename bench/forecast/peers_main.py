"""Forecasts by other libraries, in an environment of their own (`peers-requirements.txt`: pandas below 3).

`python peers_main.py IN.npz OUT.npz`, called by `bench.forecast.peers`; imports nothing of this repository.
IN: values [n, T] (NaN: no history yet), start (ISO date), period "D", "W" or "M", horizon, season,
levels [q], peer (its name). OUT: mean [n, h] and quantiles [n, h, q], never below 0, and CPU seconds.
"""

from __future__ import annotations

import logging
import resource
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd

FREQUENCY = {"D": "D", "W": "7D", "M": "MS"}
CONFORMAL_WINDOWS = 10
LIGHTGBM_WINDOWS = 5
MAX_LAG = {"D": 28, "W": 13, "M": 12}


def long_frame(values: np.ndarray, start: str, period: str) -> pd.DataFrame:
    """Return unique_id, ds, y of what each series has."""
    dates = pd.date_range(start, periods=values.shape[1], freq=FREQUENCY[period])
    row, column = np.nonzero(~np.isnan(values))
    return pd.DataFrame({"unique_id": row, "ds": dates[column], "y": values[row, column]})


def symmetric_levels(levels: np.ndarray) -> list[float]:
    """Return the central intervals, in percent, whose ends are the quantiles asked for."""
    return sorted({round(abs(1.0 - 2.0 * level) * 100.0, 6) for level in levels} - {0.0})


def by_interval(frame: pd.DataFrame, name: str, levels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return quantiles [n, h, q] from columns `name-lo-80`, `name-hi-80`, the median being the mean."""
    columns = {column: column for column in frame.columns}
    result = np.empty((*shape, len(levels)))
    for q, level in enumerate(levels):
        width = round(abs(1.0 - 2.0 * level) * 100.0, 6)
        side = "lo" if level < 0.5 else "hi"
        wanted = [name] if width == 0 else [f"{name}-{side}-{text}" for text in (f"{width:g}", f"{width}")]
        found = next(columns[column] for column in wanted if column in columns)
        result[:, :, q] = frame[found].to_numpy().reshape(shape)
    return result


def statsforecast_peer(name: str, data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Forecast by one model of statsforecast."""
    from statsforecast import StatsForecast
    from statsforecast.models import (
        ADIDA,
        TSB,
        AutoETS,
        AutoTheta,
        CrostonClassic,
        CrostonSBA,
        SeasonalNaive,
        WindowAverage,
    )
    from statsforecast.utils import ConformalIntervals

    horizon, season = data["horizon"], data["season"]
    shortest = int((~np.isnan(data["values"])).sum(axis=1).min())
    windows = max(min(CONFORMAL_WINDOWS, shortest // horizon - 2), 2)
    conformal = ConformalIntervals(h=horizon, n_windows=windows)
    models = {
        "AutoETS": lambda: AutoETS(season_length=season),
        "AutoTheta": lambda: AutoTheta(season_length=season),
        "CrostonSBA": lambda: CrostonSBA(prediction_intervals=conformal),
        "Croston": lambda: CrostonClassic(prediction_intervals=conformal),
        "TSB": lambda: TSB(alpha_d=0.1, alpha_p=0.1, prediction_intervals=conformal),
        "ADIDA": lambda: ADIDA(prediction_intervals=conformal),
        "SeasonalNaive": lambda: SeasonalNaive(season_length=season),
        "MovingAverage28": lambda: WindowAverage(window_size=28, prediction_intervals=conformal),
    }
    model = models[name]()
    frame = long_frame(data["values"], data["start"], data["period"])
    forecast = StatsForecast(models=[model], freq=FREQUENCY[data["period"]], n_jobs=1).forecast(
        df=frame, h=horizon, level=symmetric_levels(data["levels"])
    )
    forecast = forecast.sort_values(["unique_id", "ds"])
    shape = (len(data["values"]), horizon)
    column = next(
        c for c in forecast.columns if c not in ("unique_id", "ds") and "-lo-" not in c and "-hi-" not in c
    )
    mean = forecast[column].to_numpy().reshape(shape)
    return mean, by_interval(forecast, column, data["levels"], shape)


def prophet_peer(data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Forecast by prophet with its defaults (1,000 samples); quantiles of its predictive samples."""
    from prophet import Prophet

    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    logging.getLogger("prophet").setLevel(logging.ERROR)
    values, horizon, levels = data["values"], data["horizon"], data["levels"]
    mean = np.empty((len(values), horizon))
    drawn = np.empty((len(values), horizon, len(levels)))
    np.random.seed(7)  # noqa: NPY002 - prophet draws from it
    for i in range(len(values)):
        frame = long_frame(values[i : i + 1], data["start"], data["period"])[["ds", "y"]]
        model = Prophet()
        model.fit(frame)
        future = model.make_future_dataframe(horizon, freq=FREQUENCY[data["period"]], include_history=False)
        mean[i] = model.predict(future)["yhat"].to_numpy()
        samples = model.predictive_samples(future)["yhat"]
        drawn[i] = np.quantile(samples, levels, axis=1).T
    return mean, drawn


def lightgbm_peer(data: dict[str, Any], objective: str) -> tuple[np.ndarray, np.ndarray]:
    """Forecast by LightGBM through mlforecast: lags, rolling means, calendar; conformal intervals."""
    import lightgbm
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean
    from mlforecast.utils import PredictionIntervals

    season, horizon = data["season"], data["horizon"]
    longest = MAX_LAG[data["period"]]
    lags = sorted({1, 2, 3, season, 2 * season, longest} if data["period"] == "D" else {1, 2, 3, 6, longest})
    features = ["dayofweek", "day", "month"] if data["period"] == "D" else ["month"]
    model = MLForecast(
        models={
            "LightGBM": lightgbm.LGBMRegressor(
                objective=objective, n_estimators=300, learning_rate=0.05, num_leaves=63,
                min_child_samples=50, subsample=0.8, subsample_freq=1, colsample_bytree=0.8,
                random_state=7, n_jobs=1, verbosity=-1, deterministic=True,
            )
        },
        freq=FREQUENCY[data["period"]],
        lags=lags,
        lag_transforms={1: [RollingMean(7), RollingMean(longest), ExponentiallyWeightedMean(0.05)]},
        date_features=features,
    )  # fmt: skip
    frame = long_frame(data["values"], data["start"], data["period"])
    shortest = int(frame.groupby("unique_id").size().min())
    windows = int(np.clip((shortest - longest) // horizon - 2, 2, LIGHTGBM_WINDOWS))
    model.fit(
        frame, static_features=[], prediction_intervals=PredictionIntervals(n_windows=windows, h=horizon)
    )
    forecast = model.predict(horizon, level=symmetric_levels(data["levels"])).sort_values(["unique_id", "ds"])
    shape = (len(data["values"]), horizon)
    mean = forecast["LightGBM"].to_numpy().reshape(shape)
    return mean, by_interval(forecast, "LightGBM", data["levels"], shape)


def forecast(name: str, data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Forecast by the peer of that name."""
    if name == "prophet":
        return prophet_peer(data)
    if name.startswith("LightGBM"):
        return lightgbm_peer(data, name.partition(" ")[2] or "regression")
    return statsforecast_peer(name, data)


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children (Stan is one) [s]."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def main() -> None:
    """Read IN, forecast, write OUT."""
    warnings.filterwarnings("ignore")
    source, target = sys.argv[1:3]
    with np.load(source, allow_pickle=False) as stored:
        data: dict[str, Any] = {key: stored[key] for key in ("values", "levels")}
        data |= {key: str(stored[key]) for key in ("start", "period")}
        data |= {key: int(stored[key]) for key in ("horizon", "season")}
        name = str(stored["peer"])
    before = cpu_seconds()
    mean, drawn = forecast(name, data)
    np.savez_compressed(
        target,
        mean=np.maximum(mean, 0.0),
        quantiles=np.maximum(np.sort(drawn, axis=2), 0.0),
        cpu=cpu_seconds() - before,
    )


if __name__ == "__main__":
    main()
