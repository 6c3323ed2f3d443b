"""Forecasts of other libraries for a bench: a process in `.venv-peers` (`make peers`), arrays in and out.

They take minutes. With SHELFCAST_PEERS_CACHE set to a folder they are kept there, under a hash of all that
they were made of, and the figures say so.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PYTHON = Path(__file__).resolve().parents[2] / ".venv-peers" / "bin" / "python"
SCRIPT = Path(__file__).with_name("peers_main.py")


@dataclass(frozen=True)
class PeerForecast:
    """Forecast of one peer: mean [n, h], quantiles [n, h, q], CPU seconds, whether read from the cache."""

    mean: Floats
    quantiles: Floats
    cpu: float
    cached: bool


@dataclass(frozen=True)
class PeerTask:
    """What every peer is given.

    Attributes
    ----------
    values : [n, T] sales; NaN before the first
    start : first period
    period : "D", "W" or "M"
    season : periods a season
    horizon : periods to forecast
    levels : [q] quantiles wanted
    """

    values: Floats
    start: str
    period: str
    season: int
    horizon: int
    levels: Floats


def since_first_sale(sales: Floats) -> Floats:
    """Return the sales with NaN before each series' first sale: what every competitor is told."""
    return np.where(np.maximum.accumulate(sales > 0, axis=1), sales, np.nan)


def peer_forecasts(task: PeerTask, peers: tuple[str, ...]) -> dict[str, PeerForecast]:
    """Forecast by every peer.

    Raises
    ------
    SystemExit : the peers' environment is missing; says how to make it.
    """
    if not PYTHON.exists():
        raise SystemExit("The peers need an environment of their own: run `make peers` first.")
    return {name: _forecast(task, name) for name in peers}


def _forecast(task: PeerTask, name: str) -> PeerForecast:
    cache = os.environ.get("SHELFCAST_PEERS_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.npz"
        target = Path(cache or folder) / f"{_digest(task, name)}.npz"
        cached = target.exists()
        if not cached:
            np.savez(source, peer=name, **vars(task))
            done = Path(folder) / "out.npz"
            ran = subprocess.run([PYTHON, SCRIPT, source, done], capture_output=True, text=True, check=False)
            if ran.returncode:
                raise SystemExit(f"The peer {name} failed:\n{ran.stderr[-2000:]}")
            target.write_bytes(done.read_bytes())
        with np.load(target) as stored:
            return PeerForecast(stored["mean"], stored["quantiles"], float(stored["cpu"]), cached)


def _digest(task: PeerTask, name: str) -> str:
    digest = hashlib.sha256(SCRIPT.read_bytes())
    digest.update(repr((name, task.start, task.period, task.season, task.horizon)).encode())
    digest.update(np.ascontiguousarray(task.values).tobytes())
    digest.update(np.ascontiguousarray(task.levels).tobytes())
    return digest.hexdigest()[:24]
