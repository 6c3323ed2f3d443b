"""What report_generator needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.settings import lake_setting


@dataclass(frozen=True)
class Settings:
    """Where plans are, and reports go."""

    lake: str = lake_setting()
