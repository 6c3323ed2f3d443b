"""Runs, alerts and what people do."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, SKU, SOURCE, Table, date, flag, instant, number, text

TABLES = (
    Table(
        "runs",
        "Plan runs (the truth is `runs/<run_id>.json`).",
        ("run_id",),
        (
            RUN,
            date("as_of", "Day planned for", required=True),
            instant("created_at", "When", required=True),
            text("record", "The run record, JSON", required=True),
        ),
    ),
    Table(
        "alerts",
        "State of every alert.",
        ("alert_type", "sku", "location", "source"),
        (
            text("alert_type", "Type", required=True),
            SKU,
            LOCATION,
            SOURCE,
            number("severity", "Money at risk", "money", required=True),
            text("state", "State", required=True, allowed=("open", "in_progress", "snoozed", "closed")),
            instant("first_seen", "First seen", required=True),
            instant("last_seen", "Last seen", required=True),
        ),
    ),
    Table(
        "overrides",
        "Planners' changes of the forecast (folded from the ledger).",
        ("override",),
        (
            text("override", "Event id", required=True),
            text(
                "level",
                "What it applies to: products × places",
                required=True,
                allowed=(
                    "item_location",
                    "item_region",
                    "item",
                    "category_location",
                    "category_region",
                    "category",
                    "location",
                    "region",
                    "all",
                ),
            ),
            text("sku", "Product, or ''", required=True),
            text("category", "Category of products, or ''", required=True),
            text("location", "Location, or ''", required=True),
            text("region", "Region of locations, or ''", required=True),
            date("from_date", "First day", required=True),
            date("to_date", "Last day", required=True),
            number("old_value", "Mean forecast of the level before", "each/period"),
            number("new_value", "Mean forecast of the level after", "each/period"),
            number("factor", "new over old", "", required=True, minimum=0),
            text("author", "Author", required=True),
            text("reason", "Reason", required=True),
            date("expiry", "Day after which it no longer applies"),
            instant("created_at", "When", required=True),
        ),
    ),
    Table(
        "subscriptions",
        "Who is told of which alerts.",
        ("subscription",),
        (
            text("subscription", "Identifier", required=True),
            text("channel", "How", required=True, allowed=("email", "sms", "webhook", "queue")),
            text("endpoint", "Where: address, number, https address, queue", required=True),
            text("filter", "Filter, JSON", required=True),
            text("recipient", "Who it is for"),
            text("secret", "Signs webhooks; `env:NAME` names a variable that holds it"),
            text("digest", "How often", allowed=("immediately", "hourly", "daily")),
            text("digest_at", "Wall clock of the daily digest, HH:MM"),
            text("quiet_from", "Nothing goes out from here, HH:MM, or ''"),
            text("quiet_to", "until here, HH:MM, or ''"),
            text("time_zone", "IANA time zone of those clocks"),
            flag("active", "Off: nothing goes out and nothing new is kept for it"),
            instant("created_at", "When added"),
            instant("removed_at", "When removed; null: it stands"),
        ),
    ),
)
