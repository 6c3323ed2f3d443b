"""The protocol of every bench: one JSON object a line, exit 1 if a bar is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Literal

import numpy as np

PACKAGES = ("numpy", "pandas", "polars", "pyarrow", "prophet", "numba", "scipy", "streamlit")


class Report:
    """Prints figures as they are measured and remembers whether every bar was met."""

    def __init__(self, bench: str) -> None:
        self.bench = bench
        self.failed: list[str] = []

    def figure(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        bar: float | None = None,
        better: Literal["higher", "lower"] = "lower",
        **sizes: Any,
    ) -> None:
        """Print one figure; with a bar, `ok` says whether it was met."""
        ok = None
        if bar is not None:
            ok = bool(value >= bar if better == "higher" else value <= bar)
            if not ok:
                self.failed.append(name)
        line = {"name": f"{self.bench}.{name}", "value": value, "unit": unit, "bar": bar, "ok": ok}
        print(json.dumps({**line, **sizes}), flush=True)

    def close(self) -> None:
        """Print versions and the machine; exit 1 if a bar was missed."""
        print(
            json.dumps(
                {
                    "name": f"{self.bench}.environment",
                    "value": len(self.failed),
                    "unit": "bars missed",
                    "bar": 0,
                    "ok": not self.failed,
                    "python": platform.python_version(),
                    "cores": os.cpu_count(),
                    "versions": {name: version(name) for name in PACKAGES},
                }
            ),
            flush=True,
        )
        sys.exit(1 if self.failed else 0)


def arguments(doc: str, parts: tuple[str, ...] = ()) -> argparse.Namespace:
    """Parse `[PART] [--quick] [--data DIR]`, the arguments that every bench takes."""
    parser = argparse.ArgumentParser(description=doc)
    if parts:
        parser.add_argument("part", nargs="?", choices=parts, help="one part only")
    parser.add_argument("--quick", action="store_true", help="a smaller run of at most a minute")
    parser.add_argument("--data", default=os.environ.get("SHELFCAST_DATA"), help="folder with real data")
    return parser.parse_args()


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children [s]."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def median_cpu(run: Callable[[], object], repeats: int = 5) -> float:
    """Median CPU time of `run` over `repeats` calls [s]."""
    seconds = []
    for _ in range(repeats):
        before = cpu_seconds()
        run()
        seconds.append(cpu_seconds() - before)
    return statistics.median(seconds)


def calibration_seconds() -> float:
    """CPU time of a fixed kernel [s]: set an absolute figure beside it to compare machines."""
    rng = np.random.default_rng(0)
    a = rng.random((600, 600))

    def kernel() -> None:
        x = a
        for _ in range(12):
            x = np.tanh(x @ a / 600)
        sorted(float(v) for v in x.ravel()[:200_000])

    return median_cpu(kernel)


def wall_seconds(run: Callable[[], object], repeats: int = 5) -> float:
    """Best wall time of `run` [s]; use only for ratios inside one run."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best
