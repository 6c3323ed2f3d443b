"""The price of a unit short that a plan implies: at which its order brings more than any other."""

from __future__ import annotations

import numpy as np

from engine.replenishment.lines import FloatArray, IntArray

_MOST_TIMES = 100.0
"""An implied price is at most this many times the greater of stockout and unit cost."""
_INSIDE = 0.01
"""How far a price stands inside the range of those that agree, relative, so that orders do not tie."""
_CLEAR = 1e-9
"""By how much the plan's order is ahead where its money was lifted, relative."""


def implied_price(
    saved: FloatArray, spent: FloatArray, own: IntArray, stockout_cost: FloatArray, unit_cost: FloatArray
) -> FloatArray:
    """Price nearest to the stockout cost at which each line's own candidate has most money.

    Parameters
    ----------
    saved : float array (n, K)
        Units that each candidate keeps from being short [each]; NaN: no candidate.
    spent : float array (n, K)
        Holding, write-off and order cost of each, against ordering nothing [money].
    own : int array (n,)
        The plan's candidate.
    stockout_cost, unit_cost : float array (n,)
        [money/each]

    Returns
    -------
    float array (n,)
        [money/each], ≥ 0. Where no price agrees, the one at which the own candidate is least behind.

    Notes
    -----
    At price p the own candidate is ahead of k by p·(S − s_k) − (C − c_k): every k that saves less bounds p
    from below, every k that saves more from above. How far it is behind the best is convex in p.
    """
    rows = np.arange(len(own))
    more = saved - saved[rows, own][:, None]
    dearer = spent - spent[rows, own][:, None]
    more = np.where(np.abs(more) <= 1e-12 * (1.0 + np.abs(saved)), 0.0, more)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = dearer / more
    low = np.max(ratio, axis=1, initial=0.0, where=more < 0.0)
    high = np.min(ratio, axis=1, initial=np.inf, where=more > 0.0)
    ceiling = _MOST_TIMES * np.maximum(stockout_cost, unit_cost)
    # the ends of the range that agrees, a little inside
    finite = np.isfinite(high)
    ends = np.where(finite, high, 0.0)
    from_below = low + np.where(finite, np.minimum(_INSIDE * low, (ends - low) / 2.0), _INSIDE * low)
    from_above = np.where(finite, ends - np.minimum(_INSIDE * ends, (ends - low) / 2.0), np.inf)
    nearest = np.maximum(np.minimum(stockout_cost, from_above), from_below)
    agreed = np.where((low < stockout_cost) & (stockout_cost < high), stockout_cost, nearest)
    price = np.where(low <= high, agreed, _least_behind(more, dearer, np.maximum(low, high)))
    return np.minimum(price, ceiling)


def _least_behind(more: FloatArray, dearer: FloatArray, top: FloatArray) -> FloatArray:
    """Price in 0 … top at which the candidate that is ahead the most is ahead the least."""
    low, high = np.zeros(len(top)), np.where(np.isfinite(top), top, 0.0)
    slopes, costs = np.where(np.isnan(more), 0.0, more), np.where(np.isnan(dearer), np.inf, dearer)
    for _ in range(60):
        middle = (low + high) / 2.0
        best = (middle[:, None] * slopes - costs).argmax(axis=1)
        rising = np.take_along_axis(slopes, best[:, None], axis=1)[:, 0] > 0.0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return (low + high) / 2.0


def lifted(money: FloatArray, own: IntArray) -> FloatArray:
    """Money with the own candidate of each line ahead of all others, raised as little as that takes."""
    rows = np.arange(len(own))
    others = np.where(np.isnan(money), -np.inf, money)
    others[rows, own] = -np.inf
    best = others.max(axis=1, initial=-np.inf)
    alone = np.isinf(best)
    ahead = np.where(alone, 0.0, best) + _CLEAR * np.maximum(np.where(alone, 0.0, np.abs(best)), 1.0)
    result = money.copy()
    result[rows, own] = np.where(alone, money[rows, own], np.maximum(money[rows, own], ahead))
    return result
