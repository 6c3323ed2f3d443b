"""The words and numbers that columns may hold."""

from __future__ import annotations

SCHEMA_VERSION = 1

PERIODS = ("D", "W", "M")
"""Forecast periods: days, weeks (dated by their Monday), calendar months (dated by their first day)."""

PERIOD_WORDS = {"D": "day", "W": "week", "M": "month"}
"""What one period is called, by its code."""

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""Probabilities of the forecast quantiles that are stored, in column order `q05` … `q95`."""

SOURCE_KINDS = ("supplier", "location")

STOCK_STATUSES = ("available", "blocked", "reserved", "in_transit")

ORDER_STATUSES = ("approved", "sent", "part_received", "received", "closed_short", "cancelled")

OPEN_ORDER_STATUSES = ("approved", "sent", "part_received")

LINE_STATUSES = ("proposed", "none", "held")

SEVERITIES = ("held", "warning", "info")

EXCEPTION_TYPES = ("stockout", "overstock", "expiry", "late_supply", "held")

ALERT_TYPES = (
    "stockout",
    "below_reorder_point",
    "excess",
    "expiry",
    "late_order",
    "short_order",
    "forecast_drift",
    "data_stale",
    "dead_letters",
)
"""What alerts are about; `engine.alerts.kinds` says how each is decided."""

ALERT_STATES = ("open", "in_progress", "snoozed", "closed", "resolved")
"""in_progress: acknowledged; closed: by a person; resolved: its cause is gone."""

ALERT_LEVELS = ("info", "warning", "critical")

ORDER_BOUNDS = (
    "none",
    "max_cover",
    "shelf_maximum",
    "shelf_life",
    "moq",
    "order_multiple",
    "horizon",
    "price_break",
    "supplier_minimum",
    "truck",
    "storage",
    "budget",
    "rebate",
    "dc_shortage",
)
"""What made an order differ from what its target asks for: the line's own limits, then what lines share."""

EXPLAIN_TERMS = (
    "term_demand",
    "term_buffer",
    "term_on_hand",
    "term_on_order",
    "term_excess",
    "term_cover",
    "term_moq",
    "term_multiple",
    "term_joint",
)
"""Columns of `plan_lines` whose sum is `quantity`, exactly."""

SETTING_DEFAULTS: dict[str, str] = {
    "company": "",
    "currency": "EUR",
    "period": "D",
    "country": "",
    "default_lead_time_days": "7",
    "default_lead_time_sd_days": "1",
    "default_review_days": "7",
    "default_service_target": "0.97",
    "default_holding_cost_rate": "0.25",
    "default_margin_share": "0.3",
    "exception_least_money": "5",
    "allocation_floor_share": "0.5",
    "markdown_steps": "10 20 30 40 50",
    "markdown_most_depth": "0.5",
    "order_budget": "",
    "learn_lead_times": "yes",
}
"""What a lake without a `settings` row uses. Data health reports every default that a plan had to use."""

NOTICE_SETTING_DEFAULTS: dict[str, str] = {"dashboard_url": ""}
"""Settings of notices; a plan does not depend on them."""
