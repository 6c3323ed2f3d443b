"""What every column of a report means: the contracts' own words, and those of what a report adds."""

from __future__ import annotations

from engine.contracts import TABLES, Column


def _of(table: str, *names: str) -> tuple[Column, ...]:
    return tuple(TABLES[table].column(name) for name in names)


_PRODUCT = Column("product", "text", "Name of the product")
_CATEGORY = Column("category", "text", "Category of the product")
_PLACE = Column("location_name", "text", "Name of the location")
_SOURCE_NAME = Column("source_name", "text", "Name of the source")
_AT_RISK = Column(
    "money_at_risk",
    "number",
    "Expected loss if nothing is done, of exceptions that nobody has decided, as on Today",
    unit="money",
)
_STATE = Column("state", "text", "open, approved or rejected")

SUPPLIER_COLUMNS = (
    Column("source", "text", "Supplier or location that delivers"),
    _SOURCE_NAME,
    Column("source_kind", "text", "supplier or location"),
    Column("order_day", "date", "Order day"),
    Column("due", "flag", "To be ordered on the day planned for, or before"),
    Column("cut_off_time", "text", "Time of day by which the source wants the order"),
    Column("lines", "number", "Lines of the order"),
    Column("units", "number", "Units of the order", unit="each"),
    Column("value", "number", "Value of the order", unit="money"),
    Column("approved_lines", "number", "Of these, approved"),
    Column("approved_value", "number", "Their value", unit="money"),
    Column("minimum_short", "text", "Minimum of the source that the order does not reach"),
)

LINE_COLUMNS = (
    *_of("plan_lines", "source"),
    _SOURCE_NAME,
    *_of("plan_lines", "order_by", "arrival_date", "sku"),
    _PRODUCT,
    _CATEGORY,
    *_of("plan_lines", "location"),
    _PLACE,
    Column("order", "number", "Quantity decided, else proposed", unit="each"),
    *_of("plan_lines", "quantity", "unit_cost"),
    Column("order_value", "number", "order × unit_cost", unit="money"),
    _STATE,
    *_of("plan_lines", "on_hand", "on_order", "days_of_cover", "expected_demand_daily"),
    *_of("plan_lines", "expected_profit", "money_at_risk", "confidence", "cause", "recommendation"),
)

STOCK_COLUMNS = (
    *_of("plan_lines", "location"),
    _PLACE,
    *_of("plan_lines", "sku"),
    _PRODUCT,
    _CATEGORY,
    *_of("plan_lines", "source", "on_hand", "on_order", "unit_cost"),
    Column("stock_value", "number", "on_hand × unit_cost, never below 0", unit="money"),
    *_of("plan_lines", "expected_demand_daily", "days_of_cover", "reorder_point", "order_up_to"),
    *_of("plan_lines", "excess_units"),
    Column("excess_value", "number", "excess_units at cost, at most the stock's value", unit="money"),
    _AT_RISK,
    *_of("plan_lines", "exception", "need_date", "next_arrival_date", "held_reason"),
)

PART_COLUMNS = (
    _CATEGORY,
    *_of("plan_lines", "location"),
    _PLACE,
    Column("stock_value", "number", "Stock on hand at cost", unit="money"),
    Column("excess_value", "number", "Of it, beyond the level", unit="money"),
    _AT_RISK,
)

BATCH_COLUMNS = (
    *_of("write_offs", "sku"),
    _PRODUCT,
    _CATEGORY,
    *_of("write_offs", "location"),
    _PLACE,
    Column("source", "text", "In stock, on order, or the proposed order"),
    *_of("write_offs", "batch", "expiry_date", "last_sale_date", "week", "quantity", "units"),
    *_of("write_offs", "units_with_order", "low", "high", "unit_cost", "money"),
    Column("act", "text", "What saves most on this line"),
    Column("act_money", "number", "What the act brings, of the whole line", unit="money"),
    Column("confidence", "number", "Share of paths on which it beats doing nothing", unit="share"),
    Column("state", "text", "What is decided already"),
)

WEEK_COLUMNS = (
    Column("week", "date", "Monday of the week in which it is written off"),
    Column("money", "number", "Expected write-off", unit="money"),
    Column("low", "number", "Low end of its 80 % range", unit="money"),
    Column("high", "number", "High end of its 80 % range", unit="money"),
)

ALERT_COLUMNS = _of(
    "alerts",
    *("level", "alert_type", "severity", "sku", "product_name", "category", "location", "location_name"),
    *("source", "cause", "act", "covered_by", "state", "first_seen", "changed_at", "author", "reason"),
    *("link", "run_id"),
)

ALERT_FIGURE_COLUMNS = (
    Column("alerts", "number", "Alerts that need somebody: open or in progress"),
    Column("money", "number", "At risk; of several alerts on one shortage the dearest", unit="money"),
    Column("critical", "number", "Of the alerts, critical"),
    Column("covered", "number", "Of the alerts, covered if a proposal is approved in time"),
    Column("covered_money", "number", "What these put at risk", unit="money"),
    Column("snoozed", "number", "Alerts that somebody put off"),
)

KPI_COLUMNS = (
    Column("label", "text", "Key figure"),
    Column("value", "number", "Value; a share of 1 is 100 %"),
    Column("unit", "text", "share, days or times a year"),
    Column("definition", "text", "What it means"),
    Column("formula", "text", "How it is computed from the table kpi_facts"),
    Column("source", "text", "Where the definition is from"),
)

DELIVERY_COLUMNS = (
    *_of("supplier_performance", "source"),
    _SOURCE_NAME,
    *_of("supplier_performance", "location"),
    _PLACE,
    Column("verdict", "text", "Lead times against the promise"),
    Column("cost", "number", "A year of the buffer, and money at risk of late orders", unit="money"),
    *_of("supplier_performance", "deliveries", "on_time_share", "fill_rate", "promised_lead_time"),
    *_of("supplier_performance", "measured_lead_time", "lead_time_mean", "lead_time_sd", "late_lines"),
    *_of("supplier_performance", "late_value"),
)

HORIZON_COLUMNS = (
    Column("pattern", "text", "Pattern of demand"),
    Column("horizon", "text", "Periods ahead"),
    Column("wape", "number", "Sum of |forecast − demand| over demand", unit="share"),
    Column("saved", "number", "Share of seasonal naive's pinball loss that it saves", unit="share"),
    Column("bias", "number", "Forecast less demand, over demand", unit="share"),
    Column("coverage", "number", "Share of periods inside the 80 % interval", unit="share"),
    Column("series", "number", "Series"),
)
