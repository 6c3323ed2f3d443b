"""Newsvendor for demand given as a distribution object, a table of probabilities or a sample."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replenishment.textbook.checks import FINITE, POSITIVE, Floats, checked
from engine.replenishment.textbook.loss_given import (
    Distribution,
    check_table,
    continuous_loss,
    discrete_loss,
    table_loss,
)
from engine.replenishment.textbook.newsvendor import StockLevel

_ROUNDING = 1e-12
"""A cumulative probability this little below the critical ratio reaches it: sums of probabilities round."""


def newsvendor_continuous(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand: Distribution,
    *,
    level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the stock level of least cost under continuous demand, or the cost of a given one.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like
        Cost of a unit left over or short [currency / unit]; > 0.
    demand : Distribution
        For example `scipy.stats.lognorm(0.3, 0, 400)`.
    level : array_like, optional
        Level to cost instead [units].

    Examples
    --------
    >>> from scipy.stats import norm
    >>> best = newsvendor_continuous(0.18, 0.70, norm(50, 8))
    >>> round(float(best.level), 2), round(float(best.cost), 4)
    (56.6, 1.9976)
    """
    holding, penalty, ratio = _ratio(holding_cost, stockout_cost)
    (chosen,) = checked(("level", demand.ppf(ratio) if level is None else level, FINITE))
    loss = continuous_loss(chosen, demand)
    return StockLevel(chosen, holding * loss.over + penalty * loss.short)


def newsvendor_discrete(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand: Distribution,
    *,
    level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the smallest level of least cost for demand in whole units; arguments as of the other."""
    holding, penalty, ratio = _ratio(holding_cost, stockout_cost)
    (chosen,) = checked(("level", demand.ppf(ratio) if level is None else level, FINITE))
    loss = discrete_loss(chosen, demand)
    return StockLevel(chosen, holding * loss.over + penalty * loss.short)


def newsvendor_table(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    values: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the smallest level of least cost for demand that takes each of `values` with its probability.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like
        Cost of a unit left over or short [currency / unit]; > 0.
    values, probabilities : array_like, shape (m,)
        Demand [units] and its probabilities, which sum to 1.
    level : array_like, optional
        Level to cost instead [units].

    Examples
    --------
    >>> best = newsvendor_table(1, 2, [1, 2, 3, 4], [0.25, 0.25, 0.25, 0.25])
    >>> float(best.level), float(best.cost)
    (3.0, 1.25)
    """
    holding, penalty, ratio = _ratio(holding_cost, stockout_cost)
    values, probabilities = check_table(values, probabilities)
    if level is None:
        reached = np.searchsorted(np.cumsum(probabilities) + _ROUNDING, ratio)
        level = values[np.minimum(reached, len(values) - 1)]
    (chosen,) = checked(("level", level, FINITE))
    loss = table_loss(chosen, values, probabilities)
    return StockLevel(chosen, holding * loss.over + penalty * loss.short)


def newsvendor_empirical(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    sample: npt.ArrayLike,
) -> StockLevel:
    """Return the level of least average cost over observed or simulated demand, one sample an item.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like, shape (…)
        Cost of a unit left over or short [currency / unit]; > 0.
    sample : array_like, shape (…, m)
        Demand [units].

    Returns
    -------
    StockLevel
        The ⌈m·p/(p + h)⌉-th smallest value (Kleywegt, Shapiro & Homem-de-Mello 2002) and its average cost.

    Raises
    ------
    EngineError
        If a sample is empty or not finite.

    Examples
    --------
    >>> best = newsvendor_empirical(1, 3, [[3, 1, 2, 4], [10, 10, 20, 10]])
    >>> best.level.tolist(), best.cost.tolist()
    ([3.0, 10.0], [1.5, 7.5])
    """
    (demand,) = checked(("sample", np.atleast_1d(sample), FINITE))
    size = demand.shape[-1]
    if not size:
        raise EngineError("sample must have at least one value")
    holding, penalty, ratio = _ratio(holding_cost, stockout_cost)
    rank = np.clip(np.ceil(size * ratio - size * _ROUNDING), 1, size).astype(np.int64) - 1
    rank = np.broadcast_to(rank, demand.shape[:-1])
    ordered = np.sort(demand, axis=-1)
    level = np.take_along_axis(ordered, rank[..., None], axis=-1)
    over = np.maximum(level - demand, 0.0).mean(axis=-1)
    short = np.maximum(demand - level, 0.0).mean(axis=-1)
    return StockLevel(level[..., 0], holding * over + penalty * short)


def _ratio(holding_cost: npt.ArrayLike, stockout_cost: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    holding, penalty = checked(
        ("holding_cost", holding_cost, POSITIVE), ("stockout_cost", stockout_cost, POSITIVE)
    )
    return holding, penalty, penalty / (penalty + holding)
