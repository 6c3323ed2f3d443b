"""Which models forecast which series, and with what weights.

A series' own backtest is a handful of noisy protection-period sums, too few to choose one of ten models:
the one that was best by luck would be taken. So the segment (all series of the same demand pattern that the
same models may forecast) learns weights together, and a series' own losses, shrunk to the segment's, only
tilt them. Seasonal naive stays in the table: an average that does not beat it gives way to it.

J. M. Bates and C. W. J. Granger (1969), The combination of forecasts, Operational Research Quarterly 20,
451–468: weights that fall with a model's own loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.forecast.backtest import Backtest
from engine.forecast.ensemble import ensemble_weights
from engine.forecast.sum_loss import sum_pinball

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

SEGMENT_SUMS = 24.0
"""How many sums of its own a series needs for its loss to count as much as its segment's."""
TILT = 4.0
"""Weights fall with this power of the series' own relative loss."""
CORE = ("global boosting", "exponential smoothing", "seasonal moving average")
"""Equal weights of the first two of these that compete are taken where nothing was scored."""
AVERAGE = "weighted average"
CATEGORY_MEAN = "category mean"
"""For new items."""
NO_DEMAND = "no demand"
_LEAST_LOSS = 0.05


@dataclass(frozen=True)
class Trial:
    """Protection-period sums of every backtest, the ground of the choice.

    Attributes
    ----------
    models : names; seasonal naive first
    forecast : [models, n, K] sums over the scored periods
    actual, known : [n, K]
    level_cv, dispersion : [n] spread around every model's sum
    loss : [models, n, K] pinball loss, 0 where not known
    """

    models: tuple[str, ...]
    forecast: Floats
    actual: Floats
    known: Mask
    level_cv: Floats
    dispersion: Floats
    loss: Floats

    def without(self, cutoff: int) -> Trial:
        """Return the trial as if nothing had been seen at one cut-off."""
        known, loss = self.known.copy(), self.loss.copy()
        known[:, cutoff], loss[:, :, cutoff] = False, 0.0
        return replace(self, known=known, loss=loss)


@dataclass(frozen=True)
class Selection:
    """The choice for every series.

    Attributes
    ----------
    weights : [models, n], each column adds up to 1
    own_sums : [n] protection-period sums that were scored
    """

    weights: Floats
    own_sums: npt.NDArray[np.int64]

    @property
    def uses(self) -> Mask:
        """[models, n] whether the model is part of the series' forecast."""
        used: Mask = self.weights > 0
        return used

    @property
    def single(self) -> Mask:
        """[n] whether one model alone forecasts the series."""
        alone: Mask = self.uses.sum(axis=0) == 1
        return alone

    def labels(self, models: tuple[str, ...]) -> Names:
        """Return the model's name, [n]; `AVERAGE` where there are several."""
        names = np.array(models, dtype=object)[np.argmax(self.weights, axis=0)]
        return np.where(self.single, names, AVERAGE).astype(object)

    def combine(self, forecasts: Floats) -> Floats:
        """Return the chosen forecast [n, …] of forecasts [models, n, …]."""
        total = np.zeros(forecasts.shape[1:])
        for weight, forecast in zip(self.weights, forecasts, strict=True):
            total += weight.reshape(-1, *[1] * (forecast.ndim - 1)) * forecast
        return total


def trial_of(backtest: Backtest, level_cv: Floats, dispersion: Floats) -> Trial:
    """Add up each cut-off's scored periods and score the sums."""
    forecast, actual, known = backtest.sums()
    loss = np.stack(
        [np.where(known, sum_pinball(one, actual, level_cv, dispersion), 0.0) for one in forecast]
    )
    return Trial(backtest.models, forecast, actual, known, level_cv, dispersion, loss)


def choose(
    trial: Trial,
    eligible: Mask,
    segment: Names,
    asked: Mask | None = None,
    order: npt.NDArray[np.intp] | None = None,
) -> Selection:
    """Choose the weights of every series.

    Parameters
    ----------
    trial : losses of every model
    eligible : [models, n] which models may forecast which series; the first, seasonal naive, always may
    segment : [n] series that learn weights together: the demand pattern
    asked : [n] series whose models a person named: seasonal naive is their baseline and no choice
    order : [n] an order of the series that does not depend on that of the panel, from which large segments
        are sampled; None: as given
    """
    n_models, n = eligible.shape
    choice = eligible.copy()
    if asked is not None:
        choice[0] &= ~asked
    own_sums = trial.known.sum(axis=1, dtype=np.int64)
    relative = _relative(trial.loss.sum(axis=2), eligible)
    scale = _eligible_mean(trial.loss.sum(axis=2), eligible) / np.maximum(own_sums, 1)
    names = np.array(trial.models)
    weights = np.zeros((n_models, n))
    tilt = np.ones((n_models, n))
    ordered = np.arange(n) if order is None else order
    for name in sorted(set(segment.tolist())):
        rows = ordered[segment[ordered] == name]
        signatures, member = np.unique(choice[:, rows], axis=1, return_inverse=True)
        for s in range(signatures.shape[1]):
            may = np.flatnonzero(signatures[:, s])
            own = rows[member.ravel() == s]
            pool = rows[choice[np.ix_(may, rows)].all(axis=0)]
            core = core_weights(names[may], np.ones((len(may), 1), dtype=bool))[:, 0]
            weights[np.ix_(may, own)] = ensemble_weights(
                trial.forecast[np.ix_(may, pool)], trial.actual[pool], trial.known[pool],
                trial.level_cv[pool], trial.dispersion[pool], scale[pool], core,
            )[:, None]  # fmt: skip
            tilt[np.ix_(may, own)] = _own_evidence(relative[may], own_sums, own, pool)
    weights *= tilt
    weights /= weights.sum(axis=0)
    selection = Selection(weights, own_sums)
    return _not_worse_than_naive(selection, trial, choice[0], relative[0], scale, segment)


def core_weights(names: npt.NDArray[np.str_], eligible: Mask) -> Floats:
    """Return weights before any evidence, [models, n]: equal over the core, or over all if none competes.

    Examples
    --------
    >>> core_weights(np.array(["seasonal naive", "exponential smoothing"]), np.ones((2, 1), dtype=bool)).T
    array([[0., 1.]])
    """
    core = np.zeros(eligible.shape, dtype=bool)
    for name in CORE:
        core |= (names == name)[:, None] & eligible & (core.sum(axis=0) < 2)
    core = np.where(core.any(axis=0), core, eligible)
    weights: Floats = core / core.sum(axis=0)
    return weights


def _relative(loss: Floats, eligible: Mask) -> Floats:
    """Each model's loss over the mean of the eligible ones' [models, n]; 1 where nothing was lost."""
    mean = _eligible_mean(loss, eligible)
    result: Floats = np.where(mean > 0, loss / np.where(mean > 0, mean, 1.0), 1.0)
    return result


def _eligible_mean(values: Floats, eligible: Mask) -> Floats:
    result: Floats = np.where(eligible, values, 0.0).sum(axis=0) / np.maximum(eligible.sum(axis=0), 1)
    return result


def _shrunk(relative: Floats, sums: npt.NDArray[np.int64], mean: Floats) -> Floats:
    result: Floats = (relative * sums + SEGMENT_SUMS * mean) / (sums + SEGMENT_SUMS)
    return result


def _own_evidence(
    relative: Floats,
    sums: npt.NDArray[np.int64],
    own: npt.NDArray[np.intp],
    pool: npt.NDArray[np.intp],
) -> Floats:
    """Return (own shrunk loss ÷ the pool's)^−TILT, [members, own]."""
    total = max(int(sums[pool].sum()), 1)
    mean = np.maximum((relative[:, pool] * sums[pool]).sum(axis=1) / total, _LEAST_LOSS)[:, None]
    shrunk = _shrunk(relative[:, own], sums[own], mean)
    result: Floats = (np.maximum(shrunk, _LEAST_LOSS) / mean) ** -TILT
    return result


def _not_worse_than_naive(
    selection: Selection, trial: Trial, allowed: Mask, naive: Floats, scale: Floats, segment: Names
) -> Selection:
    """Give way to seasonal naive where the average, by losses shrunk to the segment's, does not beat it."""
    combined = selection.combine(trial.forecast)
    loss = np.where(
        trial.known, sum_pinball(combined, trial.actual, trial.level_cv, trial.dispersion), 0.0
    ).sum(axis=1)
    sums = selection.own_sums
    total = scale * np.maximum(sums, 1)
    relative = np.where(total > 0, loss / np.where(total > 0, total, 1.0), 1.0)
    loses = np.zeros(len(segment), dtype=bool)
    for name in sorted(set(segment.tolist())):
        rows = np.flatnonzero(segment == name)
        weight = sums[rows] / max(int(sums[rows].sum()), 1)
        pair = [_shrunk(one[rows], sums[rows], (one[rows] * weight).sum()) for one in (relative, naive)]
        loses[rows] = pair[0] > pair[1]
    loses &= allowed & (sums > 0)
    weights = np.where(loses, 0.0, selection.weights)
    weights[0, loses] = 1.0
    return Selection(weights, sums)
