"""What inventory_processor needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.settings import lake_setting, queue_setting


@dataclass(frozen=True)
class Settings:
    """Where facts are kept, and who hears of them."""

    lake: str = lake_setting()
    replan_queue: str = queue_setting("SHELFCAST_REPLAN_QUEUE", "that asks for re-planning")
    decisions_queue: str = queue_setting("SHELFCAST_DECISIONS_QUEUE", "of what people decide (FIFO)")
