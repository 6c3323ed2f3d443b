"""Settings as people read them: plan settings with their meaning, thresholds, and who changed what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.ledger import read_events
from engine.alerts.limits import VALUES
from jobs.alert_rules import default_rules, in_words, read_rules
from jobs.settings import settings
from jobs.views.lines import Choices

if TYPE_CHECKING:
    from data_lake.events import Event
    from data_lake.lake import Lake

MEANINGS: dict[str, tuple[str, str]] = {
    "company": ("Company", "Name on pages, files and notices"),
    "currency": ("Currency", "Code of the one currency of all money, such as EUR"),
    "period": ("Forecast period", "D (days), W (weeks) or M (months)"),
    "country": ("Country", "Code whose public holidays count, such as DE; empty: none"),
    "default_lead_time_days": ("Lead time", "Where sourcing states none [days]"),
    "default_lead_time_sd_days": ("Spread of lead times", "Where sourcing states none [days]"),
    "default_review_days": ("Days between orders", "Where neither policy nor supplier states them"),
    "default_service_target": ("Service target", "Share of demand served, where no policy states it"),
    "default_holding_cost_rate": ("Holding cost", "A year, as a share of the stock's cost"),
    "default_margin_share": ("Margin", "Share of the price, where a product has no price or no cost"),
    "exception_least_money": ("Least money of an exception", "Below, Today does not show it"),
    "allocation_floor_share": ("Least share in a shortage", "Of its need, what each store gets first"),
    "markdown_steps": ("Markdown steps", "Whole per cent off the price that may be proposed"),
    "markdown_most_depth": ("Deepest markdown", "Share of the price"),
    "order_budget": ("Order budget", "Of one order day [money]; empty: none"),
    "learn_lead_times": ("Learn lead times", "yes: from received orders; no: as sourcing states"),
    "dashboard_url": ("Address of the dashboard", "Notices link there; empty: notices have no links"),
}
"""Setting → what it is called, and what it means with its unit."""

THRESHOLDS = {
    "limit": "Threshold",
    "least_money": "Fires from",
    "warning_money": "Warning from",
    "critical_money": "Critical from",
    "worsen_share": "Worse by",
    "worsen_money": "And at least",
    "release_share": "Ends below",
    "ahead_days": "Days ahead",
}
"""Column of `alert_rules` → what it is called."""

EVERYWHERE = "Everywhere"

RECENT = 50
"""Changes listed."""

_AUDITED = ("parameter.changed", "subscription.changed")


def setting_rows(lake: Lake) -> pd.DataFrame:
    """Return every setting that is known: name, label, value, stated (else its default), meaning."""
    known = settings(lake)
    rows = [
        {
            "name": name,
            "label": label,
            "value": known[name],
            "stated": "Set here" if name not in known.defaulted and known[name] else "Default",
            "meaning": meaning,
        }
        for name, (label, meaning) in MEANINGS.items()
    ]
    return pd.DataFrame(rows)


def threshold_rows(lake: Lake) -> pd.DataFrame:
    """Return the thresholds of every type of alert, then those of segments.

    Returns
    -------
    DataFrame
        label, segment, fires (yes, no or '' as the less specific rule says), unit
        of the threshold, the columns of `THRESHOLDS` (null: as the less specific rule says).
    """
    defaults = default_rules()
    labels = dict(zip(defaults["alert_type"], defaults["label"], strict=True))
    units = dict(zip(defaults["alert_type"], defaults["limit_unit"], strict=True))
    rules = read_rules(lake)
    everywhere = defaults.assign(segment=EVERYWHERE, unit=defaults["limit_unit"], fires="yes")
    if rules.empty:
        return everywhere[_THRESHOLD_COLUMNS]
    segments = rules.assign(
        label=rules["alert_type"].map(labels).fillna("All types"),
        segment=[_segment(row) for row in _rows(rules)],
        unit=rules["alert_type"].map(units).fillna(""),
        fires=[{True: "yes", False: "no"}.get(value, "") for value in rules["enabled"].astype(object)],
    )
    return pd.concat([everywhere, segments], ignore_index=True)[_THRESHOLD_COLUMNS]


_THRESHOLD_COLUMNS = ["alert_type", "label", "segment", "fires", "unit", *VALUES]


def _segment(row: dict[str, Any]) -> str:
    named = in_words({**row, "alert_type": "everything"}).removeprefix("everything").removeprefix(", ")
    return named[:1].upper() + named[1:] or EVERYWHERE


def audit(lake: Lake) -> pd.DataFrame:
    """Return who changed which setting, threshold or subscription, newest first: the last `RECENT`."""
    events = [event for event in read_events(lake) if event.event_type in _AUDITED]
    rows = [
        {
            "at": event.timestamp,
            "author": event.author,
            "what": _what(event),
            "change": _change(event),
            "reason": event.reason,
        }
        for event in reversed(events[-RECENT:])
    ]
    return pd.DataFrame(rows, columns=["at", "author", "what", "change", "reason"])


def choices(lake: Lake) -> Choices:
    """Return the locations and categories that filters and thresholds may name, planned or not."""
    places = lake.read("locations", columns=["location", "name"])
    categories = lake.read("products", columns=["category"])["category"].dropna()
    names = places["name"].fillna(places["location"])
    return Choices(dict(zip(places["location"], names, strict=True)), tuple(sorted(set(categories))))


def _what(event: Event) -> str:
    if event.event_type == "subscription.changed":
        return f"Subscription {event.data['subscription']}"
    name = str(event.data["name"])
    return MEANINGS.get(name, (name,))[0]


def _change(event: Event) -> str:
    data = event.data
    if event.event_type == "parameter.changed":
        return f"{_text(data.get('old_value'))} → {_text(data['new_value'])}"
    said = data.get("changes", {})
    if data["act"] != "changed":
        where = said.get("endpoint", "")
        return f"{data['act'].capitalize()}{f': {where}' if where else ''}"
    return "; ".join(
        f"{name.replace('_', ' ')} {_text(old)} → {_text(new)}" for name, (old, new) in said.items()
    )


def _text(value: Any) -> str:
    if value in (None, "", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return records
