"""Holidays and events: what they do to a category in a region, on their days and around them.

An event falls on few days, so it is read from the sums of a category in a region. Index = demand ÷ usual
demand of the series observed, log; its local mean and its weekday taken out on both sides (the partial
residuals of Robinson 1988, Root-N-consistent semiparametric regression, Econometrica 56, 931–954), a linear
regression on event days and the days around, every coefficient pooled over categories and shrunk to none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.drivers import Drivers, Floats, Mask
from engine.forecast.drivers.pooling import Pooled, pool
from engine.forecast.panel import SEASON_LENGTH

Codes = npt.NDArray[np.int64]

LEADS = {"D": ((1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 14)), "W": ((1, 1), (2, 2)), "M": ()}
"""Periods before an event that share an effect: from, to."""
LAGS = {"D": ((1, 1), (2, 2), (3, 4), (5, 9)), "W": ((1, 1),), "M": ()}
HALF_WINDOW = {"D": 28, "W": 6, "M": 3}
"""Periods before and after whose mean is usual."""
RARE_APART = {"D": 60, "W": 9, "M": 3}
"""Events that return sooner have no effect before and after: there is no usual between."""
LEAST_INDEX = 0.02
"""Demand below this share of the usual counts as this share: an event may close the shop."""
START_SIGNAL = 0.002
PRIOR = 0.02
PRIOR_COLUMNS = 2.0
MEDIAN_CHI_SQUARED = 0.455
OWN_COLUMNS = 4.0
"""How many columns the others' variance weighs beside what a column shows itself."""
PRIOR_ROUNDS = 3
ROUNDS = 4
MOST_WORK = 1.5e9
"""Leaves × columns³ above which leaves are put together."""


@dataclass(frozen=True)
class EventEffects:
    """Effects of events.

    Attributes
    ----------
    log_factor : [cells, P] log effect on a category in a region
    cell : [n] row of each series
    columns : (event, first period, last period, relative to the event: negative before) of each coefficient
    pooled : coefficients by leaf and for all
    leaf_group : [leaves] category of each leaf; −1: all
    occurrences : [columns] periods of history
    """

    log_factor: Floats
    cell: Codes
    columns: list[tuple[str, int, int]]
    pooled: Pooled
    leaf_group: Codes
    occurrences: Codes


def event_windows(on: Mask, period: str) -> list[tuple[tuple[int, int], Mask]]:
    """Return ((from, to), [P] mask) of the days of an event, (0, 0), and of those around it.

    Examples
    --------
    >>> [(span, mask.nonzero()[0].tolist()) for span, mask in event_windows(np.arange(5) == 3, "W")]
    [((0, 0), [3]), ((-1, -1), [2]), ((-2, -2), [1]), ((1, 1), [4])]
    """
    windows = [((0, 0), on)]
    begins = np.flatnonzero(on & ~np.r_[False, on[:-1]])
    ends = np.flatnonzero(on & ~np.r_[on[1:], False])
    if not len(begins) or (len(begins) > 1 and np.median(np.diff(begins)) < RARE_APART[period]):
        return windows
    spans = [(-last, -first, begins) for first, last in LEADS[period]]
    spans += [(first, last, ends) for first, last in LAGS[period]]
    for first, last, anchors in spans:
        mask = np.zeros(len(on), dtype=bool)
        near = (anchors[:, None] + np.arange(first, last + 1)).ravel()
        mask[near[(near >= 0) & (near < len(on))]] = True
        windows.append(((first, last), mask & ~on))
    return windows


def estimate_events(
    drivers: Drivers,
    history: int,
    period: str,
    values: Floats,
    observed: Mask,
    log_effect: Floats | None,
    group: Codes,
) -> EventEffects | None:
    """Estimate the effects of events; None if none ever took place in the history.

    values, observed : [n, T]
    log_effect : [n, T] of promotions and price, taken out first; None: none
    group : [n] category
    """
    columns, design = _design(drivers, history, period)
    if not columns:
        return None
    regions = len(drivers.events)
    cells, cell = np.unique(group * regions + drivers.region, return_inverse=True)
    index, usable = _index(values, observed, log_effect, cell, len(cells))
    x = design[cells % regions]
    response = _around_usual(_log_index(index, usable)[:, None], usable, period)[:, 0]
    leaf = np.arange(len(cells))
    leaf_group = cells // regions
    work = len(columns) ** 3
    if len(leaf_group) * work > MOST_WORK:
        leaf_group, leaf = np.unique(leaf_group, return_inverse=True)
    if len(leaf_group) * work > MOST_WORK:
        leaf_group, leaf = np.array([-1]), np.zeros(len(cells), dtype=np.int64)
    information = np.zeros((len(leaf_group), len(columns), len(columns)))
    evidence = np.zeros((len(leaf_group), len(columns)))
    known: dict[tuple[int, bytes], Floats] = {}
    for place, seen in enumerate(usable):
        region = int(cells[place] % regions)
        key = (region, seen.tobytes())
        if key not in known:  # most cells of a region are observed alike
            columns_seen = design[region][None, :, :history]
            known[key] = _around_usual(columns_seen, seen[None], period)[0, :, seen].T
        h, e = _evidence(response[place, seen], known[key], design[region][:, :history][:, seen])
        information[leaf[place]] += h
        evidence[leaf[place]] += e
    start = np.full((2, len(columns)), START_SIGNAL)
    start[-1] = PRIOR
    parents = [np.zeros(len(leaf_group), dtype=np.int64)]
    overlap = _overlap(response, usable, ~x[:, :, :history].any(axis=(0, 1)), leaf)
    pooled = pool(information, evidence, parents, start, start, ROUNDS, overlap)
    for _ in range(PRIOR_ROUNDS):
        prior = _prior(columns, pooled)
        start[-1] = prior
        signal = np.vstack([pooled.signal[:-1], prior])
        pooled = pool(information, evidence, parents, start, signal, 1, overlap)
    log_factor = np.ascontiguousarray(np.einsum("ck,ckp->cp", pooled.coefficients[0][leaf], x))
    return EventEffects(
        log_factor=log_factor,
        cell=cell.astype(np.int64),
        columns=columns,
        pooled=pooled,
        leaf_group=leaf_group,
        occurrences=design[:, :, :history].any(axis=0).sum(axis=1),
    )


def _design(drivers: Drivers, history: int, period: str) -> tuple[list[tuple[str, int, int]], Floats]:
    """Return the columns that are not empty in the history, and [regions, K, P]."""
    columns: list[tuple[str, int, int]] = []
    parts: list[Floats] = []
    for place, name in enumerate(drivers.event_names):
        windows = [event_windows(on, period) for on in drivers.events[:, :, place]]
        for span in dict.fromkeys(span for found in windows for span, _ in found):
            masks = [dict(found).get(span, np.zeros(drivers.n_periods, dtype=bool)) for found in windows]
            part = np.stack(masks).astype(np.float64)
            if part[:, :history].any():
                columns.append((name, *span))
                parts.append(part)
    if not columns:
        return columns, np.empty((len(drivers.events), 0, drivers.n_periods))
    return columns, np.stack(parts, axis=1)


def _index(
    values: Floats, observed: Mask, log_effect: Floats | None, cell: Codes, cells: int
) -> tuple[Floats, Mask]:
    """Return demand over usual demand of each cell [cells, T], and where it is known.

    A series weighs by the root of its usual demand: neither the largest nor the many small ones rule.
    """
    total, exposed = np.zeros((2, cells, values.shape[1]))
    order = np.argsort(cell, kind="stable")
    for begin in range(0, len(order), 256):  # blocks that stay in the cache
        rows = order[begin : begin + 256]
        seen = observed[rows]
        demand = values[rows] if log_effect is None else values[rows] * np.exp(-log_effect[rows])
        usual = demand.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        root = np.sqrt(usual)
        scaled = demand * np.where(usual > 0, 1.0 / np.where(usual > 0, root, 1.0), 0.0)[:, None]
        bounds = np.flatnonzero(np.diff(cell[rows], prepend=-1))
        total[cell[rows][bounds]] += np.add.reduceat(scaled, bounds, axis=0)
        exposed[cell[rows][bounds]] += np.add.reduceat(seen * root[:, None], bounds, axis=0)
    usable: Mask = exposed > 0.1 * exposed.max(axis=1, keepdims=True)
    index = np.where(usable, total / np.where(usable, exposed, 1.0), 0.0)
    return index, usable


def _prior(columns: list[tuple[str, int, int]], pooled: Pooled) -> Floats:
    """Return the variance of each coefficient around none, [K].

    Most days around events are as usual: how much they differ at all is learnt from all of them, for the
    events' own days apart, and each adds what it shows itself, so that one closed day loosens no other.
    """
    squares = pooled.coefficients[-1][0] ** 2 + pooled.errors[-1][0] ** 2
    around = np.array([first != 0 for _, first, _ in columns])
    prior = np.empty(len(columns))
    for these in (around, ~around):
        if these.any():
            usual = float(np.median(squares[these])) / MEDIAN_CHI_SQUARED
            count = int(these.sum())
            usual = (count * usual + PRIOR_COLUMNS * PRIOR) / (count + PRIOR_COLUMNS)
            prior[these] = (squares[these] + OWN_COLUMNS * usual) / (1.0 + OWN_COLUMNS)
    return prior


def _overlap(response: Floats, usable: Mask, plain: Mask, leaf: Codes) -> float:
    """Return the design effect of leaves on days without an event: 1 if each is wrong for itself."""
    leaves = int(leaf.max()) + 1
    if leaves < 2 or plain.sum() < 10:
        return 1.0
    error = np.zeros((leaves, int(plain.sum())))
    count = np.zeros_like(error)
    np.add.at(error, leaf, np.where(usable, response, 0.0)[:, plain])
    np.add.at(count, leaf, usable[:, plain])
    scale = np.sqrt((error * error).mean(axis=1, keepdims=True))
    unit = error / np.where(scale > 0, scale, 1.0)
    return float(np.clip((unit.sum(axis=0) ** 2).mean() / leaves, 1.0, leaves))


def _log_index(index: Floats, usable: Mask) -> Floats:
    """Return log(index ÷ its mean), 0 where it is not known."""
    usual = index.sum(axis=1, keepdims=True) / np.maximum(usable.sum(axis=1, keepdims=True), 1)
    relative = np.maximum(index / np.where(usual > 0, usual, 1.0), LEAST_INDEX)
    return np.where(usable, np.log(relative), 0.0)


def _around_usual(columns: Floats, usable: Mask, period: str) -> Floats:
    """Return columns [cells, K, T] less their local mean and their weekday's; 0 where not usable."""
    half, season = HALF_WINDOW[period], SEASON_LENGTH["D"]
    seen = usable.astype(np.float64)[:, None]
    rest = columns * seen
    rest -= _window_sum(rest, half) / np.maximum(_window_sum(seen, half), 1.0)
    rest *= seen
    for phase in range(season if period == "D" else 0):
        days = np.maximum(seen[:, :, phase::season].sum(axis=2, keepdims=True), 1.0)
        rest[:, :, phase::season] -= rest[:, :, phase::season].sum(axis=2, keepdims=True) / days
    rest *= seen
    return rest


def _window_sum(values: Floats, half: int) -> Floats:
    """Sum over the periods at most `half` away, along the last axis."""
    periods = values.shape[-1]
    total = np.zeros((*values.shape[:-1], periods + 1))
    np.cumsum(values, axis=-1, out=total[..., 1:])
    at = np.arange(periods)
    result: Floats = total[..., np.minimum(at + half + 1, periods)] - total[..., np.maximum(at - half, 0)]
    return result


def _evidence(response: Floats, regressors: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return information [K, K] and evidence [K] of one cell; its noise is that of days without an event."""
    plain = ~x.any(axis=0)
    sample = response[plain] if plain.sum() >= 10 else response
    variance = max(float((sample * sample).mean()) if len(sample) else 0.0, 1e-6)
    return regressors @ regressors.T / variance, regressors @ response / variance
