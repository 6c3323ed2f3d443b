"""Compile the engine's kernels once, so that the first plan does not wait for them: `python -m jobs.warm`.

Plans a demo lake of a few products in a temporary folder, and forecasts slow movers, of which so small a lake
has none. What numba compiles on the way stays in its cache (`jobs.kernel_cache`). Kernels of earlier versions
are deleted.
"""

from __future__ import annotations

import tempfile

import numpy as np

from engine.forecast.panel import Panel
from engine.forecast.portfolio import forecast_panel
from jobs.demo import build_demo
from jobs.kernel_cache import forget_other_kernels


def main() -> None:
    """Compile and cache every kernel that a plan needs."""
    forget_other_kernels()
    with tempfile.TemporaryDirectory() as folder:
        build_demo(folder, skus=8, stores=2, dcs=1, days=400)
    forecast_panel(_slow_movers(), 28, protection_periods=7, seed=1)


def _slow_movers() -> Panel:
    """Return series that sell on every fifth to twelfth day."""
    n, periods = 8, 400
    sold = np.array([day % (5 + series) == 0 for series in range(n) for day in range(periods)], np.float64)
    return Panel(
        sku=np.array([f"slow {series}" for series in range(n)]),
        location=np.full(n, "anywhere"),
        start=np.datetime64("2025-01-01"),
        period="D",
        values=sold.reshape(n, periods) * 3.0,
        observed=np.ones((n, periods), dtype=bool),
    )


if __name__ == "__main__":
    main()
