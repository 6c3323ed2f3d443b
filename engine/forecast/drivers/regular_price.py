"""The regular price, and how far the price of a period is from that of today."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WINDOW = {"D": 364, "W": 52, "M": 12}
"""Periods before which a price says nothing of today's regular price."""
QUANTILE = 0.8
"""Share of the window's periods that were not dearer than the regular price: products promoted in half of
all weeks have one, a single dear week is none."""
STEP = {"D": 14, "W": 2, "M": 1}
"""The regular price is looked up anew after this many periods."""
SAMPLES = 52
"""Prices of a window that are looked at."""


def regular_price(price: Floats, period: str) -> Floats:
    """Return the regular price [n, P]: a running upper quantile of the prices charged until then.

    price : [n, P] selling price; NaN: not known. NaN is returned where none was known yet.

    Examples
    --------
    >>> regular_price(np.array([[2.0, 2.0, 1.5, 2.0, 1.5]]), "M")
    array([[2., 2., 2., 2., 2.]])
    """
    n, periods = price.shape
    regular = np.full((n, periods), np.nan)
    known = np.isfinite(price)
    lowest = np.min(price, axis=1, where=known, initial=np.inf)
    highest = np.max(price, axis=1, where=known, initial=-np.inf)
    constant = lowest >= highest
    regular[constant] = np.where(known[constant].any(axis=1), highest[constant], np.nan)[:, None]
    moving = np.flatnonzero(~constant)
    last = last_known(price[moving], known[moving])
    window, step = WINDOW[period], STEP[period]
    stride = max(window // SAMPLES, 1)
    for first in range(0, periods, step):
        seen = last[:, max(first + step - window, 0) : first + step][:, ::-stride]
        regular[moving, first : first + step] = _quantile(seen)[:, None]
    regular[moving] = np.where(np.isnan(last), np.nan, regular[moving])
    return regular


def last_known(values: Floats, known: Mask) -> Floats:
    """Return each row's last known value until then, [n, P]; NaN before the first."""
    place = np.where(known, np.arange(values.shape[1], dtype=np.int32), -1)
    np.maximum.accumulate(place, axis=1, out=place)
    filled = np.take_along_axis(values, np.maximum(place, 0), axis=1)
    filled[place < 0] = np.nan
    return filled


def price_index(price: Floats, promoted: Mask, period: str) -> Floats | None:
    """Return log(price ÷ the regular price last known), [n, P]; None if no price ever moves.

    In promotions it is the regular price of then instead: a promotion's own price cut is its depth. Where no
    price is known the last known one stays: a price holds until it is changed.
    """
    usable = np.isfinite(price) & (price > 0)
    regular = regular_price(np.where(usable, price, np.nan), period)  # known from the first price on
    reference = regular[:, -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        index = last_known(np.log(price / reference), usable & ~promoted)
        index = np.where(promoted, np.log(regular / reference), index)
    index[~np.isfinite(index)] = 0.0
    return index if index.any() else None


def _quantile(values: Floats) -> Floats:
    """Return the `QUANTILE` of the known values of each row (the next lower one), [n]; NaN without any."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    place = np.maximum(np.ceil(QUANTILE * count).astype(np.int64) - 1, 0)
    chosen: Floats = np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]
    return chosen
