"""The table that the trees see: one row a series, cut-off and period ahead.

Demand is scaled by the series' level before the cut-off and its seasonal factors, so that a row of a slow
item and of a fast one look alike, and the trees learn by how much that simple forecast is wrong.

Not in it, for forecasts of later cut-offs were worse with them: codes of the product, its category and its
location (what happens to them lately is in it instead); the seasonal factor and the time of year (learnt from
the same history, they look truer there than they are); the length of the history (it tells the trees which
week a row is of, and they learn that week by heart).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.global_model.history import Block, levels, window_sum
from engine.forecast.global_model.promotion import promotion_ahead, promotion_state
from engine.forecast.global_model.settings import SETTINGS, Settings
from engine.forecast.global_model.state import momentum, state_features
from engine.forecast.global_model.target import calendar_features, event_features, lagged_features
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]

BLOCK_CELLS = 2_000_000
"""Cells of history, or rows of the table, that are worked on at once: memory stays bounded."""
CATEGORICAL = ("mechanic", "nearest event")


@dataclass(frozen=True)
class Table:
    """Rows of b consecutive series.

    Attributes
    ----------
    series : which series of the panel
    names : [F]
    values : float32[b·K·m, F]; NaN: not known
    scale : [b, K, m] level × seasonal factor: the simple forecast, units a period; 0: nothing sold yet
    """

    series: slice
    names: tuple[str, ...]
    values: Singles
    scale: Floats


def tables(panel: Panel, profile: Profile, cutoffs: Whole, steps: Whole) -> Iterator[Table]:
    """Build the rows of every series, a block of series at a time.

    Parameters
    ----------
    panel, profile : the history
    cutoffs : [K] periods known, each ≥ 1; a row sees nothing from its cut-off on but plans
    steps : [n, K, m] periods ahead, 1 …: the period forecast is cutoff + step − 1
    """
    settings = SETTINGS[panel.period]
    size = max(BLOCK_CELLS // max(panel.n_periods, steps[0].size if len(steps) else 1), 1)
    blocks = [slice(first, min(first + size, panel.n_series)) for first in range(0, panel.n_series, size)]
    level, shared = _shared(panel, profile, blocks, cutoffs, settings)
    for rows in blocks:
        block = Block.of(panel, profile, rows)
        known = {name: column[rows] for name, column in shared.items()}
        known |= state_features(block, level[rows], cutoffs, settings)
        due = cutoffs[None, :, None] + steps[rows] - 1
        last = int(due.max(initial=0)) + 1
        season = profile.rows(np.arange(panel.n_series)[rows]).factors(0, last)
        factor = season[np.arange(len(due))[:, None, None], due]
        ahead = {"step": steps[rows].astype(np.float64)}
        ahead |= lagged_features(block, level[rows], cutoffs, due, settings)
        ahead |= calendar_features(panel.start, panel.period, due)
        if panel.drivers is not None:
            drivers = panel.drivers.rows(rows)
            ahead |= event_features(drivers, due, settings.event_reach)
            known |= promotion_state(block, drivers, level[rows], cutoffs, settings)
            ahead |= promotion_ahead(block, drivers, cutoffs, due, settings)
        yield Table(
            rows,
            (*known, *ahead),
            _assemble(known, ahead, due.shape),
            level[rows][:, :, None] * factor,
        )


def _assemble(known: dict[str, Floats], ahead: dict[str, Floats], shape: tuple[int, ...]) -> Singles:
    values = np.empty((*shape, len(known) + len(ahead)), dtype=np.float32)
    for f, column in enumerate([column[:, :, None] for column in known.values()] + [*ahead.values()]):
        values[..., f] = column
    return values.reshape(-1, values.shape[-1])


def _shared(
    panel: Panel, profile: Profile, blocks: list[slice], cutoffs: Whole, settings: Settings
) -> tuple[Floats, dict[str, Floats]]:
    """Return levels [n, K] and what is known of the series that share a product, a location or a category."""
    level, sold, exposed = np.zeros((3, panel.n_series, len(cutoffs)))
    for rows in blocks:
        block = Block.of(panel, profile, rows)
        level[rows] = levels(block, cutoffs, settings)
        sold[rows] = window_sum(block.demand_sums, cutoffs, settings.recent)
        exposed[rows] = window_sum(block.exposure_sums, cutoffs, settings.recent)
    size = _sizes(level)
    features = {"level over the portfolio's": size}
    for what, names in zip(("product", "category", "location"), _names(panel), strict=True):
        numbers = np.unique(names, return_inverse=True)[1].astype(np.int64)
        features[f"recent rate of its {what}"] = momentum(sold, exposed, level, numbers)
        if what == "product":
            features["level of its product over the portfolio's"] = _mean(size, numbers)
    return level, features


def _sizes(level: Floats) -> Floats:
    """Return the logarithm of levels over the median of all that sold, [n, K]; NaN: nothing sold."""
    size = np.full_like(level, np.nan)
    for k in range(level.shape[1]):
        sold = level[:, k] > 0
        if sold.any():
            size[sold, k] = np.log(level[sold, k] / np.median(level[sold, k]))
    return size


def _mean(values: Floats, codes: Whole) -> Floats:
    """Return the mean of the known values of all series that share a code, [n, K]."""
    known = ~np.isnan(values)
    result = np.empty_like(values)
    for k in range(values.shape[1]):
        total = np.bincount(codes, np.where(known[:, k], values[:, k], 0.0))
        count = np.bincount(codes, known[:, k])
        result[:, k] = (total / np.maximum(count, 1))[codes]
    return result


def _names(panel: Panel) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.str_], npt.NDArray[np.str_]]:
    """Return product, category and location of every series."""
    group = np.zeros(panel.n_series) if panel.group is None else panel.group
    product, category, location = (
        np.asarray(column).astype(str) for column in (panel.sku, group, panel.location)
    )
    return product, category, location
