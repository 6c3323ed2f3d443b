"""What is known of when products are sold and what they replace; and what that does to a forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.lifecycle_bins import BIN_PERIODS, bin_sums, pooled_bins
from engine.forecast.panel import Panel, period_dates

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]

ENDING = "ending"
"""Name of the model of a series whose sale ends within the forecast."""
RUN_DOWN_BINS = {"D": 8, "W": 8, "M": 2}
"""Bins (weeks; months) before the end in which demand may run down."""


@dataclass(frozen=True, eq=False)
class LifecycleFacts:
    """Life cycle and likeness of the n series of a panel.

    Attributes
    ----------
    launch, end : [n] first and last day of sale, datetime64[D]; NaT: not known
    predecessor : [n] row of `ancestors` that the series replaces at its location; -1: none
    ancestors : series that have been replaced, on the panel's grid, demand behind stockouts estimated;
        None: there are none
    ancestor_end : [m] last day of sale of each ancestor; NaT: not known
    brand : [n] '' where not known; None: not known of any
    price : [n] regular price, money/each; NaN where not known; None: not known of any
    """

    launch: Days
    end: Days
    predecessor: Codes
    ancestors: Panel | None = None
    ancestor_end: Days | None = None
    brand: npt.NDArray[np.object_] | None = None
    price: Floats | None = None

    def __post_init__(self) -> None:
        n, m = len(self.launch), 0 if self.ancestors is None else self.ancestors.n_series
        faults = [
            f"{name} has {len(column)} rows for {n} series"
            for name in ("end", "predecessor", "brand", "price")
            if (column := getattr(self, name)) is not None and len(column) != n
        ]
        if len(self.predecessor) and self.predecessor.max() >= m:
            faults.append(f"predecessor names row {self.predecessor.max()} of {m} ancestors")
        if self.ancestor_end is not None and len(self.ancestor_end) != m:
            faults.append(f"ancestor_end has {len(self.ancestor_end)} rows for {m} ancestors")
        if faults:
            raise EngineError("; ".join(faults))


def unknown_lifecycle(n_series: int) -> LifecycleFacts:
    """Return the facts of series of which nothing is known."""
    never = np.full(n_series, np.datetime64("NaT", "D"))
    return LifecycleFacts(never, never, np.full(n_series, -1, dtype=np.int64))


def on_sale(launch: Days, end: Days, start: np.datetime64, period: str, first: int, count: int) -> Floats:
    """Return the share of each period's days on which each series is on sale, [n, count].

    Parameters
    ----------
    launch, end : [n] first and last day of sale; NaT: no limit
    start, period : of the panel
    first, count : periods asked for

    Examples
    --------
    >>> nat = np.array(["NaT"], dtype="datetime64[D]")
    >>> on_sale(nat, np.array(["2024-01-10"], dtype="datetime64[D]"), np.datetime64("2024-01-01"), "W", 0, 3)
    array([[1.        , 0.42857143, 0.        ]])
    """
    edges = period_dates(start, period, first, count + 1).astype(np.int64)
    begin = np.where(np.isnat(launch), edges[0], launch.astype("datetime64[D]").astype(np.int64))
    stop = np.where(np.isnat(end), edges[-1], end.astype("datetime64[D]").astype(np.int64) + 1)
    within = np.minimum(edges[1:], stop[:, None]) - np.maximum(edges[:-1], begin[:, None])
    share: Floats = np.maximum(within, 0) / np.diff(edges)
    return share


def lifecycle_factors(panel: Panel, about: LifecycleFacts, horizon: int) -> Floats:
    """Return factors [n, horizon] on the mean forecast: 0 before the launch and after the end.

    Before an end demand runs down as it did before past ends, pooled and shrunk to not at all
    (`pooled_bins`). What of it recent demand shows already is not taken off again.
    """
    factors = on_sale(about.launch, about.end, panel.start, panel.period, panel.n_periods, horizon)
    shape = run_down(panel, about)
    ending = np.flatnonzero(~np.isnat(about.end))
    if shape is None or not len(ending):
        return factors
    width, bins = BIN_PERIODS[panel.period], len(shape)
    last = period_index(panel, about.end[ending])
    before = (last[:, None] - np.arange(panel.n_periods, panel.n_periods + horizon)) // width
    now = np.minimum((last - (panel.n_periods - 1)) // width, bins)
    shown = np.append(shape, 1.0)[np.maximum(now, 0)]
    within = (before >= 0) & (before < bins)
    factors[ending] *= np.where(within, shape[np.clip(before, 0, bins - 1)] / shown[:, None], 1.0)
    return factors


def say_limits(
    model: npt.NDArray[np.object_], reason: npt.NDArray[np.object_], about: LifecycleFacts, dates: Days
) -> None:
    """Name series that end, or begin later, within the forecast; change `model` and `reason` in place.

    dates : [horizon + 1] first days of the periods forecast, and of the one after
    """
    first, after = dates[0], dates[-1]
    for row in np.flatnonzero(~np.isnat(about.launch) & (about.launch > first)):
        reason[row] = f"{reason[row]}; on sale from {about.launch[row]}, nothing before"
    for row in np.flatnonzero(~np.isnat(about.end) & (about.end < after)):
        told = "sold until" if about.end[row] >= first else "ended on"
        reason[row] = (
            f"ending: {told} {about.end[row]}, nothing after; {model[row]} until then: {reason[row]}"
        )
        model[row] = ENDING


def run_down(panel: Panel, about: LifecycleFacts) -> Floats | None:
    """Return demand of the last bins before an end over the level before, [bins], last one first.

    None if nothing has ended in history.
    """
    if about.ancestors is None or about.ancestor_end is None:
        return None
    width, bins = BIN_PERIODS[panel.period], RUN_DOWN_BINS[panel.period]
    last = period_index(about.ancestors, about.ancestor_end)
    rows = np.flatnonzero((last < panel.n_periods) & (last >= 2 * bins * width))
    if not len(rows):
        return None
    old = about.ancestors
    backwards = last[rows, None] - np.arange(2 * bins * width)
    values = np.take_along_axis(old.values[rows], backwards, axis=1)
    seen = np.take_along_axis(old.observed[rows], backwards, axis=1).astype(np.float64)
    sums = bin_sums(values, seen, bins, width)
    shape: Floats = pooled_bins(*sums, old.sku[rows], np.zeros(len(rows), dtype=np.int64))[0]
    return shape


def period_index(panel: Panel, days: Days) -> Codes:
    """Return the number of the period that each day lies in, [n]; a number beyond any panel for NaT."""
    known = np.where(np.isnat(days), panel.start, days).astype("datetime64[D]")
    if panel.period == "M":
        index = known.astype("datetime64[M]").astype(np.int64) - panel.start.astype("datetime64[M]").astype(
            np.int64
        )
    else:
        length = 7 if panel.period == "W" else 1
        index = (known - panel.start.astype("datetime64[D]")).astype(np.int64) // length
    result: Codes = np.where(np.isnat(days), np.iinfo(np.int32).max, index)
    return result
