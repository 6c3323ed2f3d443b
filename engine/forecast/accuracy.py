"""Who wins against seasonal naive, and by how much: backtest scores by segment and horizon."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast import metrics
from engine.forecast.backtest import Backtest, by_series
from engine.forecast.conformal import covered
from engine.forecast.panel import Panel
from engine.forecast.select import AVERAGE, Trial
from engine.forecast.sum_loss import sum_pinball

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

COLUMNS = (
    "segment", "horizon", "model", "wape", "rmsse", "bias", "pinball", "pinball_naive", "coverage", "series",
)  # fmt: skip
_MOST_CELLS = 20_000


def accuracy_by_segment(
    panel: Panel,
    backtest: Backtest,
    trial: Trial,
    held_out: Floats,
    eligible: Mask,
    segment: Names,
    level_cv: Floats,
    dispersion: Floats,
    buckets: Sequence[int],
) -> pd.DataFrame:
    """Score every model on every segment and bucket of horizons.

    Parameters
    ----------
    held_out : [K, n, H] forecasts by weights that were learnt without the cut-off
    segment : [n]
    buckets : last period ahead of each bucket but the last

    Returns
    -------
    One row a segment, horizon ("1–7", "8–14", …) and model: WAPE and bias of single periods (units pooled),
    mean RMSSE, pinball loss of the bucket's sum over the sum sold, the same of seasonal naive on the same
    series, coverage of single periods (of the weighted average only), how many series it was scored on.
    """
    horizon = backtest.actual.shape[2]
    ends = [0, *[end for end in buckets if end < horizon], horizon]
    models = [*backtest.forecast, held_out]
    may = np.vstack([eligible, np.ones((1, panel.n_series), dtype=bool)])
    scale = metrics.naive_scale(panel.values, panel.observed)
    noise = trial.level_cv, trial.dispersion
    rows = []
    for first, end in pairwise(ends):
        part = slice(first, end)
        scored, actual = backtest.scored[:, :, part], backtest.actual[:, :, part]
        known = np.asarray(scored.any(axis=2).T)
        sold = np.where(scored, actual, 0.0).sum(axis=2).T
        seen, flat_actual = by_series(scored), by_series(actual)
        losses, misses, signed, scaled = [], [], [], []
        for cube in models:
            forecast = np.where(scored, cube[:, :, part], 0.0)
            loss = sum_pinball(forecast.sum(axis=2).T, sold, *noise)
            losses.append(np.where(known, loss, 0.0).sum(axis=1))
            error = by_series(np.where(scored, forecast - actual, 0.0))
            misses.append(np.abs(error).sum(axis=1))
            signed.append(error.sum(axis=1))
            scaled.append(metrics.rmsse(by_series(forecast), flat_actual, seen, scale))
        for name in sorted(set(segment.tolist())):
            among = (segment == name) & known.any(axis=1)
            inside = _coverage(
                by_series(held_out[:, :, part]), flat_actual, seen, among, level_cv, dispersion
            )
            for m, label in enumerate((*backtest.models, AVERAGE)):
                here = among & may[m]
                if not here.any():
                    continue
                total = sold[here].sum()
                share = 1.0 / total if total > 0 else np.nan
                rmsse = scaled[m][here]
                rows.append(
                    (
                        name,
                        f"{first + 1}–{end}" if end > first + 1 else f"{end}",
                        label,
                        misses[m][here].sum() * share,
                        np.nanmean(rmsse) if np.isfinite(rmsse).any() else np.nan,
                        signed[m][here].sum() * share,
                        losses[m][here].sum() * share,
                        losses[0][here].sum() * share,
                        inside if label == AVERAGE else np.nan,
                        int(here.sum()),
                    )
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _coverage(
    forecast: Floats, actual: Floats, seen: Mask, among: Mask, level_cv: Floats, dispersion: Floats
) -> float:
    """Coverage of single periods of some of the series; NaN without any."""
    series, cell = np.nonzero(seen & among[:, None] & (forecast > 0))
    if not len(series):
        return float("nan")
    step = -(-len(series) // _MOST_CELLS)
    series, cell = series[::step], cell[::step]
    return float(
        covered(forecast[series, cell], actual[series, cell], level_cv[series], dispersion[series]).mean()
    )
