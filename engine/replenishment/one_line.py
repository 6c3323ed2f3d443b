"""A single line from plain numbers: to try the policy, and for examples and tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.replenishment.lines import NEVER, LineInputs


def one_line(
    mean: Sequence[float],
    *,
    batches: Sequence[tuple[float, int]] = (),
    receipts: Sequence[tuple[int, float]] = (),
    seed: int = 1,
    period_days: float = 1.0,
    **figures: Any,
) -> LineInputs:
    """Build inputs of one line; what is not said is plain.

    Parameters
    ----------
    mean : sequence of float
        Expected demand of each future period [each/period].
    batches : sequence of (quantity, last period)
        Stock.
    receipts : sequence of (period, quantity)
        Open orders.
    seed : int
    period_days : float
    figures
        Any scalar field of `LineInputs`. Unsaid: Poisson demand, ordered today and again next period, no
        lead time, no limits, lost sales, 95 % fill, cost 2, margin 1, holding 0.01 a period.

    Returns
    -------
    LineInputs

    Examples
    --------
    >>> from engine.replenishment.plan import plan_lines
    >>> line = one_line([5.0] * 10, batches=[(20, 1 << 40)], lead_time_mean=2, next_order_period=7)
    >>> float(plan_lines(line).quantity[0])
    28.0
    """
    plain: dict[str, Any] = {
        "level_cv": 0.0,
        "dispersion": 1.0,
        "order_period": 0,
        "next_order_period": 1,
        "lead_time_mean": 0.0,
        "lead_time_sd": 0.0,
        "moq": 0.0,
        "order_multiple": 0.0,
        "min_cover": 0.0,
        "max_cover": np.inf,
        "presentation_stock": 0.0,
        "shelf_maximum": np.inf,
        "unit_cost": 2.0,
        "unit_margin": 1.0,
        "target_kind": "fill",
        "service_target": 0.95,
        "stockout_cost": np.nan,
        "holding_cost": 0.01,
        "life_periods": float(NEVER),
        "backorder": False,
        "order_cost": 0.0,
    }
    unknown = sorted(set(figures) - set(plain))
    if unknown:
        raise TypeError(f"a line has no figure called {', '.join(unknown)}")
    return LineInputs(
        mean=np.array([mean], dtype=np.float64),
        path_seed=np.array([seed], dtype=np.uint64),
        batch_line=np.zeros(len(batches), np.int64),
        batch_quantity=np.array([quantity for quantity, _ in batches], dtype=np.float64),
        batch_last_period=np.array([last for _, last in batches], dtype=np.int64),
        receipt_line=np.zeros(len(receipts), np.int64),
        receipt_period=np.array([period for period, _ in receipts], dtype=np.int64),
        receipt_quantity=np.array([quantity for _, quantity in receipts], dtype=np.float64),
        **{name: np.array([value]) for name, value in {**plain, **figures}.items()},
        period_days=period_days,
    ).checked()
