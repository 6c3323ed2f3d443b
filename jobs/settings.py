"""The lake's own settings: what they are, which were left to their default, and how to change them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from data_lake.events import make_event
from data_lake.ledger import append_events
from engine.contracts import NOTICE_SETTING_DEFAULTS, PERIODS, SETTING_DEFAULTS
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake


class Settings(dict[str, str]):
    """Every setting as text, by name; `defaulted` names those that the lake does not state."""

    def __init__(self, values: dict[str, str], defaulted: tuple[str, ...]) -> None:
        super().__init__(values)
        self.defaulted = defaulted

    def number(self, name: str) -> float:
        """Return a setting as a number; JobError names the setting and its value."""
        try:
            return float(self[name])
        except ValueError:
            raise JobError(f"setting {name} is {self[name]!r}; it must be a number") from None


def settings(lake: Lake) -> Settings:
    """Read the settings: the lake's, and the default of each that the lake does not state.

    Returns
    -------
    Settings
        A dict of text by name. `.defaulted`: names that took `SETTING_DEFAULTS`; those of notices, which no
        plan depends on, are not among them.
    """
    table = lake.read("settings")
    stated = dict(zip(table["name"], table["value"], strict=True))
    defaulted = tuple(name for name in SETTING_DEFAULTS if name not in stated)
    return Settings({**SETTING_DEFAULTS, **NOTICE_SETTING_DEFAULTS, **stated}, defaulted)


def _between(low: float, high: float) -> Callable[[str], str | None]:
    def rule(value: str) -> str | None:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if low <= number <= high:
            return None
        return f"must be a number from {low:g}{'' if math.isinf(high) else f' to {high:g}'}"

    return rule


def _or_empty(rule: Callable[[str], str | None]) -> Callable[[str], str | None]:
    def checked(value: str) -> str | None:
        fault = rule(value) if value else None
        return f"{fault}, or empty for none" if fault else None

    return checked


def _matches(pattern: str, meaning: str) -> Callable[[str], str | None]:
    return lambda value: None if re.fullmatch(pattern, value) else f"must be {meaning}"


_RULES: dict[str, Callable[[str], str | None]] = {
    "company": lambda _: None,
    "currency": _matches(r"[A-Z]{3}", "a currency code of three capitals, such as EUR"),
    "period": _matches("|".join(PERIODS), "D (days), W (weeks) or M (months)"),
    "country": _matches(r"([A-Z]{2})?", "a country code of two capitals, such as DE, or empty"),
    "default_lead_time_days": _between(0, 3650),
    "default_lead_time_sd_days": _between(0, 3650),
    "default_review_days": _between(0, 366),
    "default_service_target": _between(0, 0.9999),
    "default_holding_cost_rate": _between(0, math.inf),
    "default_margin_share": _between(0, 1),
    "exception_least_money": _between(0, math.inf),
    "allocation_floor_share": _between(0, 1),
    "markdown_steps": _matches(
        r"([1-9]\d?)([ ,]+[1-9]\d?)*", "whole per cent off the price from 1 to 99, such as 10 20 30"
    ),
    "markdown_most_depth": _between(0, 0.99),
    "order_budget": _or_empty(_between(0, math.inf)),
    "learn_lead_times": _matches("yes|no", "yes or no"),
    "dashboard_url": _matches(
        r"(https?://[^\s/?#@]+(/[^\s?#]*)?)?",
        "where the dashboard is, such as https://plan.example.com, or empty",
    ),
}


def setting_fault(name: str, value: str) -> str | None:
    """Say what is wrong with a setting, or None.

    Examples
    --------
    >>> setting_fault("period", "weekly")
    "setting period is 'weekly'; it must be D (days), W (weeks) or M (months)"
    """
    if name not in _RULES:
        return f"setting {name!r} is not known; known are {', '.join(_RULES)}"
    rule = _RULES[name](value)
    return f"setting {name} is {value!r}; it {rule}" if rule else None


def change_settings(
    lake: Lake, changes: Mapping[str, str], *, author: str, reason: str = "", at: datetime
) -> None:
    """Change settings, all or none, and record who did, when, why, from what to what.

    Raises
    ------
    JobError
        A setting is not known or its value breaks its rule: every fault is listed, nothing was changed.
    """
    faults = [fault for name, value in changes.items() if (fault := setting_fault(name, value))]
    if faults:
        raise JobError("; ".join(faults))
    old = settings(lake)
    events = [
        make_event(
            "parameter.changed",
            at=at,
            author=author,
            reason=reason,
            data={"name": name, "old_value": old[name], "new_value": value},
        )
        for name, value in changes.items()
    ]
    append_events(lake, events)
    note = ", ".join(f"{name} = {value}" for name, value in changes.items())
    frame = pd.DataFrame({"name": list(changes), "value": list(changes.values())})
    lake.upsert("settings", frame, note=f"{author}: {note}")
