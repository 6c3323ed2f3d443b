"""Record what statsforecast forecasts, for tests/engine/test_forecast_golden.py.

statsforecast needs pandas < 3, so it has an environment of its own (bench/forecast/peers-requirements.txt):

    .venv-peers/bin/python scripts/golden_forecasts.py

Parameters and starting states are given, because the libraries' optimisers differ: the recursions are
compared and nothing else. (statsforecast 2.1.1 damps a trend h periods ahead by φ + φ + φ² + …: one φ too
many.)
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from statsforecast.ets import etsforecast, pegelsresid_C, switch
from statsforecast.models import TSB, CrostonClassic, CrostonSBA, SeasonalNaive
from statsforecast.theta import forecast_theta, thetamodel

SEED = 20261123
HORIZON = 10
TARGET = Path(__file__).resolve().parents[1] / "tests" / "golden" / "statsforecast.json"


def main() -> None:
    """Write the golden file."""
    rng = np.random.default_rng(SEED)
    week = np.array([0.6, 0.8, 0.9, 1.0, 1.2, 1.6, 0.9])
    days = np.arange(140)
    regular = rng.poisson((30.0 + 0.1 * days) * week[days % 7]).astype(float)
    slow = rng.poisson(0.4, 90).astype(float) * rng.integers(1, 5, 90)
    cases = [
        *(theta(regular, alpha) for alpha in (0.1, 0.35)),
        ets("Holt", regular, "AAN", [0.2, 0.05, 0.0, 1.0]),
        ets("damped trend", regular, "AAN", [0.2, 0.05, 0.0, 0.92]),
        ets("Holt-Winters additive", regular, "AAA", [0.15, 0.02, 0.1, 1.0], 30.0 * (week - 1.0)),
        ets("Holt-Winters multiplicative", regular, "MAM", [0.15, 0.02, 0.1, 1.0], week),
        {"method": "Croston", "alpha": 0.1, "values": slow, **forecast(CrostonClassic(), slow)},
        {"method": "SBA", "alpha": 0.1, "values": slow, **forecast(CrostonSBA(), slow)},
        {"method": "TSB", "alpha": [0.2, 0.1], "values": slow, **forecast(TSB(0.2, 0.1), slow)},
        {"method": "seasonal naive", "values": regular, **forecast(SeasonalNaive(7), regular)},
    ]
    content = {
        "command": ".venv-peers/bin/python scripts/golden_forecasts.py",
        "versions": {name: version(name) for name in ("statsforecast", "numpy", "pandas")},
        "seed": SEED,
        "cases": cases,
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(content, indent=1, default=plain) + "\n")


def forecast(model: Any, values: np.ndarray) -> dict[str, Any]:
    """Forecast with one of statsforecast's model classes."""
    return {"forecast": model.forecast(y=values, h=HORIZON)["mean"]}


def theta(values: np.ndarray, alpha: float) -> dict[str, Any]:
    """Standard theta model (STM) with a given smoothing constant and start."""
    start = float(values[:7].mean())
    fit = thetamodel(values, 1, "STM", initial_smoothed=start, alpha=alpha, theta=2.0, nmse=3)
    ahead = forecast_theta(fit, HORIZON)["mean"]
    return {"method": "Theta", "alpha": alpha, "start": start, "values": values, "forecast": ahead}


def ets(
    method: str, values: np.ndarray, model: str, parameters: list[float], season: np.ndarray | None = None
) -> dict[str, Any]:
    """Exponential smoothing with given α, β, γ, φ and starting level, trend and season (by day)."""
    start = [30.0, 0.2]
    # statsforecast lists the latest season first
    state = np.array([*start, *(() if season is None else season[::-1])])
    m = 1 if season is None else 7
    damped = parameters[3] < 1.0
    _, _, states, _ = pegelsresid_C(values, m, state, *model, damped, *parameters, 3)
    ahead = np.empty(HORIZON)
    etsforecast(states[-1], m, switch(model[1]), switch(model[2]), parameters[3], HORIZON, ahead)
    return {
        "method": method,
        "parameters": parameters,
        "start": start,
        "season": [] if season is None else season,
        "end": states[-1, :2],
        "values": values,
        "forecast": ahead,
    }


def plain(value: Any) -> Any:
    """JSON of NumPy arrays and numbers."""
    return value.tolist()


if __name__ == "__main__":
    main()
