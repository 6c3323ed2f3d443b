"""What alerts put at risk together: each shortage once."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.alerts.kinds import KINDS

SHORTAGES = ("stockout", "below_reorder_point", "late_order", "short_order")
"""Kinds that say why, or that, one and the same product runs short."""


def money_at_risk(alerts: Iterable[tuple[str, str, str, float]]) -> float:
    """Add up what alerts put at risk [money].

    Of several on one shortage the dearest counts: a late order is why stock runs out. What is wrong with data
    or messages does not count: its money is that of the lines it touches, which have alerts of their own.

    Parameters
    ----------
    alerts
        (kind, sku, location, money at risk) of each.

    Examples
    --------
    >>> late, out = ("late_order", "007", "S1", 40.0), ("stockout", "007", "S1", 30.0)
    >>> money_at_risk([late, out, ("expiry", "007", "S1", 5.0), ("data_stale", "", "", 900.0)])
    45.0
    """
    dearest: dict[tuple[str, str, str], float] = {}
    for kind, sku, location, severity in alerts:
        if kind in KINDS and not KINDS[kind].whole:
            about = ("shortage" if kind in SHORTAGES else kind, sku, location)
            dearest[about] = max(dearest.get(about, 0.0), severity)
    return math.fsum(dearest.values())
