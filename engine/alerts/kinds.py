"""Every kind of alert: its name, what its threshold measures, and the thresholds without any rule set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of alert."""

    name: str
    """Of `engine.contracts.ALERT_TYPES`."""
    label: str
    """In planners' words."""
    limit_unit: str
    """What `limit` counts."""
    limit: float
    """The kind's own threshold."""
    least_money: float
    """Money at risk from which it fires [money]."""
    whole: bool = False
    """Also where it costs no money that is known: what is wrong is the data or the messages."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind("stockout", "Stockout", "times the shortage that the service target tolerates", 1.0, 20.0),
        Kind("below_reorder_point", "Below reorder point", "reorder point over stock position", 1.0, 20.0),
        Kind("excess", "Excess cover", "days of sales beyond the level", 14.0, 20.0),
        Kind("expiry", "Expiry risk", "share of stock and open orders written off", 0.05, 20.0),
        Kind("late_order", "Late order", "days after the day promised", 1.0, 20.0),
        Kind("short_order", "Short delivery", "share of the order that did not come", 0.05, 20.0),
        Kind("forecast_drift", "Forecast drift", "standard deviations off the forecast", 4.0, 20.0),
        Kind("data_stale", "Data stale", "periods missing", 2.0, 0.0, whole=True),
        Kind("dead_letters", "Dead letters", "messages", 1.0, 0.0, whole=True),
    )
}
"""By name, most urgent first."""

WARNING_MONEY, CRITICAL_MONEY = 50.0, 250.0
"""Levels by money at risk where no rule says otherwise [money]."""

WORSEN_SHARE, WORSEN_MONEY = 0.5, 25.0
"""Told again when half as dear again as when last told, and at least this much dearer [money]."""

RELEASE_SHARE = 0.75
"""An alert that stands ends below this share of its thresholds, so that it does not flap around them."""

AHEAD_DAYS = 0.0
"""Only what has to be ordered today is due; 1 tells of it the evening before."""
