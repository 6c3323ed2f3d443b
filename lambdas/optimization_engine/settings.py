"""What optimization_engine needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.settings import lake_setting, queue_setting


@dataclass(frozen=True)
class Settings:
    """Where plans are, who hears of changes of alerts, and who plans again after an act of a person."""

    lake: str = lake_setting()
    replan_queue: str = queue_setting("SHELFCAST_REPLAN_QUEUE", "that asks for re-planning")
    notifications_queue: str = queue_setting("SHELFCAST_NOTIFICATIONS_QUEUE", "of changes of alerts")
