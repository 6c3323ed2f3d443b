"""Demand patterns: how often and how evenly a product sells.

A. A. Syntetos, J. E. Boylan and J. D. Croston (2005), On the categorization of demand patterns, Journal of
the Operational Research Society 56, 495–503: cut-offs 1.32 for the average demand interval and 0.49 for the
squared coefficient of variation of the demand sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel

Floats = npt.NDArray[np.float64]

ADI_CUT = 1.32
CV2_CUT = 0.49
NEW_BELOW = {"D": 28, "W": 8, "M": 6}
"""Fewer observed periods than this: the series is new."""
RECENT = {"D": 364, "W": 104, "M": 48}
"""The pattern is judged on at most this many of the last periods."""


@dataclass(frozen=True)
class Patterns:
    """Pattern of every series.

    Attributes
    ----------
    pattern : [n] smooth, erratic, intermittent, lumpy, new or none (no demand observed)
    adi : [n] average demand interval: observed periods a period with demand; NaN without demand
    cv2 : [n] squared coefficient of variation of non-zero demand (population); NaN without demand
    """

    pattern: npt.NDArray[np.object_]
    adi: Floats
    cv2: Floats


def classify(panel: Panel) -> Patterns:
    """Classify every series by its recent observed demand.

    Examples
    --------
    >>> panel = Panel(np.array(["a"]), np.array(["x"]), np.datetime64("2024-01-01"), "W",
    ...               np.array([[2.0, 0, 0, 2, 0, 0, 2, 0, 0, 2]]), np.ones((1, 10), dtype=bool))
    >>> classify(panel).pattern[0], float(classify(panel).adi[0])
    ('intermittent', 2.5)
    """
    recent = RECENT[panel.period]
    values = panel.values[:, -recent:]
    sold = values > 0
    periods = panel.observed[:, -recent:].sum(axis=1)
    demands = sold.sum(axis=1)
    any_demand = demands > 0
    divisor = np.where(any_demand, demands, 1)
    mean = values.sum(axis=1) / divisor
    adi = np.where(any_demand, periods / divisor, np.nan)
    # Relative to the mean, so that squares of very large demand do not cancel.
    relative = np.where(sold, values / np.where(mean > 0, mean, 1.0)[:, None] - 1.0, 0.0)
    cv2 = np.where(any_demand, (relative**2).sum(axis=1) / divisor, np.nan)
    often = adi < ADI_CUT
    even = cv2 < CV2_CUT
    pattern = np.select(
        [
            panel.values.sum(axis=1) <= 0,
            panel.observations < NEW_BELOW[panel.period],
            ~any_demand,
            often & even,
            often,
            even,
        ],
        ["none", "new", "intermittent", "smooth", "erratic", "intermittent"],
        "lumpy",
    )
    return Patterns(pattern.astype(object), adi, cv2)
