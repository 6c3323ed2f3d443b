"""A change of an alert's state: the only thing that anybody is told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Change = Literal["opened", "worsened", "resolved"]
Level = Literal["info", "warning", "critical"]


@dataclass(frozen=True)
class AlertChange:
    """One change of one alert; the same change has the same `change_id` for ever, wherever it is found."""

    change_id: str
    change: Change
    alert_type: str
    sku: str
    """'' where the alert is not about one product."""
    location: str
    source: str
    category: str
    product_name: str
    location_name: str
    severity: float
    """Money at risk [money]."""
    previous_severity: float
    """Money at risk when last told [money]; 0 when it opens."""
    level: Level
    cause: str
    """One sentence with its figures."""
    act: str
    """The one act that fixes it."""
    covered_by: str
    """'covered if approved by 24 Nov 2026', or ''."""
    link: str
    """Where the dashboard shows it: page and query, without host."""
    run_id: str
    at: datetime
