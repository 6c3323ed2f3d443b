"""Every table that crosses a boundary: columns, kinds, units, keys. Standard library only.

`data_lake.schemas` turns these into Arrow schemas; importers, jobs and pages take names and units from
here, so a column is described once.

Examples
--------
>>> TABLES["sales"].key
('date', 'sku', 'location')
>>> TABLES["sales"].column("quantity").unit
'each'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "integer", "date", "instant", "flag", "numbers", "texts"]
"""numbers: list of float64 (sparklines, weekdays); texts: list of strings. Instants are UTC microseconds."""

SCHEMA_VERSION = 1

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Weekday lists hold 0 (Monday) … 6 (Sunday)."""


@dataclass(frozen=True)
class Column:
    """One column: its kind, unit, whether it may be null, and the values it may take."""

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    required: bool = False
    """No nulls allowed. Key columns are always required."""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: its grain, key, columns and how its files are split."""

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition: Literal["month"] | None = None
    """"month": one folder a calendar month of the `date` column (`month=YYYY-MM`)."""

    def column(self, name: str) -> Column:
        """Return one column; KeyError names the table."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


def _text(name: str, doc: str, *, required: bool = False, allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", doc, required=required, allowed=allowed)


def _number(
    name: str,
    doc: str,
    unit: str,
    *,
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Column:
    return Column(name, "number", doc, unit=unit, required=required, minimum=minimum, maximum=maximum)


def _integer(
    name: str, doc: str, unit: str = "", *, required: bool = False, minimum: float | None = None
) -> Column:
    return Column(name, "integer", doc, unit=unit, required=required, minimum=minimum)


def _date(name: str, doc: str, *, required: bool = False) -> Column:
    return Column(name, "date", doc, required=required)


def _instant(name: str, doc: str, *, required: bool = False) -> Column:
    return Column(name, "instant", doc, required=required)


def _flag(name: str, doc: str, *, required: bool = False) -> Column:
    return Column(name, "flag", doc, required=required)


def _numbers(name: str, doc: str, unit: str = "") -> Column:
    return Column(name, "numbers", doc, unit=unit)


_SKU = _text("sku", "Stock-keeping unit, as given ('007' stays '007')", required=True)
_LOCATION = _text("location", "Store or distribution centre", required=True)
_SOURCE = _text("source", "Supplier or location that replenishes", required=True)
_RUN = _text("run_id", "Plan run that wrote the row", required=True)
SOURCE_KINDS = ("supplier", "location")
STOCK_STATUSES = ("available", "blocked", "reserved", "in_transit")
ORDER_STATUSES = ("approved", "sent", "part_received", "received", "closed_short", "cancelled")
OPEN_ORDER_STATUSES = ("approved", "sent", "part_received")
LINE_STATUSES = ("proposed", "none", "held")
SEVERITIES = ("held", "warning", "info")
EXCEPTION_TYPES = ("stockout", "overstock", "expiry", "late_supply", "held")
ORDER_BOUNDS = ("none", "max_cover", "shelf_maximum", "shelf_life", "moq", "order_multiple", "horizon")
PERIODS = ("D", "W", "M")
"""Forecast periods: days, weeks (dated by their Monday), calendar months (dated by their first day)."""

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""Probabilities of the forecast quantiles that are stored, in column order `q05` … `q95`."""

_TABLES = (
    Table(
        "products",
        "One row a product.",
        ("sku",),
        (
            _SKU,
            _text("name", "Name for people"),
            _text("category", "Category"),
            _text("brand", "Brand"),
            _number("unit_cost", "Purchase cost", "money/each", minimum=0),
            _number("unit_price", "Selling price", "money/each", minimum=0),
            _number("shelf_life_days", "Life from production; null: does not expire", "days", minimum=1),
            _number("min_life_at_receipt_days", "Least life left when received", "days", minimum=0),
            _number("min_life_at_sale_days", "Least life left when sold", "days", minimum=0),
            _number("case_pack", "Eaches in a case", "each", minimum=1),
            _number("units_per_pallet", "Eaches on a pallet", "each", minimum=1),
            _number("volume", "Volume of one each", "litre", minimum=0),
            _number("weight", "Weight of one each", "kg", minimum=0),
            _text("predecessor_sku", "Product that this one replaces"),
            _text("substitute_sku", "Product that customers take instead"),
            _date("launch_date", "First day of sale"),
            _date("discontinue_date", "Last day of sale"),
        ),
    ),
    Table(
        "units",
        "Units of measure of a product.",
        ("sku", "unit"),
        (
            _SKU,
            _text("unit", "each, case, pallet …", required=True),
            _number("eaches", "Eaches in one unit", "each", required=True, minimum=0),
            _text("gtin", "Global trade item number"),
        ),
    ),
    Table(
        "locations",
        "One row a store or distribution centre.",
        ("location",),
        (
            _LOCATION,
            _text("name", "Name for people"),
            _text("kind", "dc or store", allowed=("dc", "store")),
            _text("region", "Region; chooses the holiday calendar"),
            _text("time_zone", "IANA time zone"),
            _numbers("receiving_weekdays", "Days on which goods are received; null: all", "weekday 0–6"),
            _number("latitude", "Latitude", "degree", minimum=-90, maximum=90),
            _number("longitude", "Longitude", "degree", minimum=-180, maximum=180),
            _number("storage_capacity", "Room for stock", "litre", minimum=0),
        ),
    ),
    Table(
        "assortment",
        "Which location sells which product, and how it is shown.",
        ("sku", "location"),
        (
            _SKU,
            _LOCATION,
            _date("from_date", "First day in the assortment"),
            _date("to_date", "Last day in the assortment"),
            _number("presentation_stock", "Least stock that looks right on the shelf", "each", minimum=0),
            _number("shelf_maximum", "Most that the shelf holds", "each", minimum=0),
            _flag("backorder_allowed", "Unmet demand waits instead of being lost"),
            _flag("perpetual_stock", "Sales events move stock"),
            _text("planner", "Who plans it"),
        ),
    ),
    Table(
        "suppliers",
        "One row a supplier.",
        ("supplier",),
        (
            _text("supplier", "Supplier", required=True),
            _text("name", "Name for people"),
            _text("email", "Where orders go"),
            _numbers("order_weekdays", "Days on which orders are taken; null: all", "weekday 0–6"),
            _text("cut_off_time", "Latest time on an order day, HH:MM local"),
            Column("closures", "texts", "Days closed, ISO dates"),
            _number("min_order_value", "Least value of an order", "money", minimum=0),
            _number("min_order_units", "Least units of an order", "each", minimum=0),
            _text("min_scope", "What a minimum applies to", allowed=("order", "location")),
            _number("truck_capacity", "What a truck holds", "truck_unit", minimum=0),
            _text("truck_unit", "Unit of truck_capacity", allowed=("each", "litre", "kg", "pallet")),
        ),
    ),
    Table(
        "sourcing",
        "Who replenishes a product at a location, and on which terms.",
        ("sku", "location", "source"),
        (
            _SKU,
            _LOCATION,
            _SOURCE,
            _text("source_kind", "supplier or location", required=True, allowed=SOURCE_KINDS),
            _date("valid_from", "First day of these terms"),
            _date("valid_to", "Last day of these terms"),
            _number("lead_time_mean", "Days from order to arrival", "days", required=True, minimum=0),
            _number("lead_time_sd", "Standard deviation of the lead time", "days", minimum=0),
            _number("moq", "Minimum order quantity", "each", minimum=0),
            _number("order_multiple", "Orders are whole multiples of this", "each", minimum=0),
            _numbers("price_break_quantities", "Quantities from which a break applies", "each"),
            _numbers("price_break_costs", "Unit cost from each break on", "money/each"),
            _number("order_cost", "Fixed cost of an order line", "money", minimum=0),
            _number("freight", "Freight", "money/each", minimum=0),
            _number("handling", "Handling", "money/each", minimum=0),
            _integer("priority", "1 is preferred", minimum=1),
        ),
    ),
    Table(
        "policies",
        "Planning policy. A row names a sku and location, or a segment; the most specific row wins.",
        ("segment", "sku", "location"),
        (
            _text("segment", "'*' for all, a category, or '' beside a sku and location", required=True),
            _text("sku", "Product, or ''", required=True),
            _text("location", "Location, or ''", required=True),
            _text(
                "target_kind", "How the target is stated", required=True, allowed=("fill", "cycle", "cost")
            ),
            _number("service_target", "Fill or cycle service target", "share", minimum=0, maximum=0.9999),
            _number("stockout_cost", "Cost of one unit short", "money/each", minimum=0),
            _number("holding_cost_rate", "Cost of holding stock, of its value", "/year", minimum=0),
            _number(
                "review_days", "Days between orders where the source has no order days", "days", minimum=0
            ),
            _numbers("review_weekdays", "Days on which orders are placed; null: the source's", "weekday 0–6"),
            _number("min_cover_days", "Least cover ordered", "days", minimum=0),
            _number("max_cover_days", "Most cover ordered", "days", minimum=0),
        ),
    ),
    Table(
        "calendar",
        "Holidays, events and promotions.",
        ("date", "region", "event"),
        (
            _date("date", "Day", required=True),
            _text("region", "Region, or '' for all", required=True),
            _text("event", "Name of the holiday, event or promotion", required=True),
            _text("kind", "What it is", required=True, allowed=("holiday", "event", "promotion", "closed")),
            _text("sku", "Product on promotion; '' or null: all"),
            _text("location", "Location of the promotion; '' or null: all"),
            _number("depth", "Discount depth", "share", minimum=0, maximum=1),
            _text("mechanic", "price_cut, multi_buy, feature …"),
        ),
    ),
    Table(
        "promotions",
        "Promotions, one row a product, location and period.",
        ("sku", "location", "from_date"),
        (
            _SKU,
            _text("location", "Location; '*' for all", required=True),
            _date("from_date", "First day", required=True),
            _date("to_date", "Last day", required=True),
            _number("depth", "Discount depth", "share", minimum=0, maximum=1),
            _text("mechanic", "price_cut, multi_buy, feature …"),
        ),
    ),
    Table(
        "sales",
        "Units sold. A week or month is dated by its first day; the lake's period is in `settings`.",
        ("date", "sku", "location"),
        (
            _date("date", "Day, Monday of the week, or first of the month", required=True),
            _SKU,
            _LOCATION,
            _number("quantity", "Units sold, net of returns", "each", required=True),
            _number("revenue", "Money taken", "money"),
            _number("price", "Selling price", "money/each", minimum=0),
            _flag("promo", "On promotion"),
            _number(
                "in_stock",
                "Share of the period with stock on the shelf; null: unknown, taken as 1",
                "share",
                minimum=0,
                maximum=1,
            ),
            _flag("lost_sales", "Known to have lost sales"),
        ),
        partition="month",
    ),
    Table(
        "inventory_snapshot",
        "Stock as counted or exported. The latest date of a sku and location is its stock.",
        ("date", "sku", "location", "batch", "status"),
        (
            _date("date", "Day of the snapshot (stock at its end)", required=True),
            _SKU,
            _LOCATION,
            _text("batch", "Batch; '' where not tracked", required=True),
            _text("status", "Status", required=True, allowed=STOCK_STATUSES),
            _number("on_hand", "Stock", "each", required=True),
            _date("expiry_date", "Last day of life; null: does not expire"),
            _number("unit_cost", "Cost", "money/each", minimum=0),
        ),
        partition="month",
    ),
    Table(
        "movements",
        "What changed stock.",
        ("movement",),
        (
            _text("movement", "Identifier", required=True),
            _text(
                "kind",
                "What happened",
                required=True,
                allowed=("receipt", "issue", "transfer", "count", "write_off", "markdown"),
            ),
            _SKU,
            _LOCATION,
            _text("batch", "Batch; '' where not tracked"),
            _number("quantity", "Change of stock", "each", required=True),
            _instant("at", "When", required=True),
        ),
    ),
    Table(
        "orders",
        "Purchase, transfer and customer orders, one row a line.",
        ("order_id", "line"),
        (
            _text("order_id", "Order", required=True),
            _text("line", "Line of the order", required=True),
            _text("kind", "Kind of order", required=True, allowed=("purchase", "transfer", "customer")),
            _SKU,
            _text("from_source", "Supplier or location that delivers"),
            _text("to_location", "Location that receives", required=True),
            _number("quantity", "Ordered", "each", required=True, minimum=0),
            _number("received", "Received so far", "each", minimum=0),
            _text("status", "Status", required=True, allowed=ORDER_STATUSES),
            _date("ordered_at", "Day of the order"),
            _date("promised_date", "Day promised by the source"),
            _date("expected_date", "Day now expected"),
            _number("unit_cost", "Cost", "money/each", minimum=0),
        ),
    ),
    Table(
        "forecasts",
        "Demand forecast, one row a series and period.",
        ("run_id", "sku", "location", "date"),
        (
            _RUN,
            _SKU,
            _LOCATION,
            _date("date", "Period", required=True),
            _number("mean", "Expected demand", "each/period", required=True, minimum=0),
            *(
                _number(f"q{round(p * 100):02d}", f"{p:.0%} quantile of demand", "each/period", minimum=0)
                for p in QUANTILES
            ),
            _text("model", "Model that made it", required=True),
            _number("censoring_share", "Share of history that was out of stock", "share"),
        ),
    ),
    Table(
        "series_models",
        "What regenerates the sample paths of a series: model, noise, seed.",
        ("run_id", "sku", "location"),
        (
            _RUN,
            _SKU,
            _LOCATION,
            _text("model", "Model chosen by backtest", required=True),
            _text("reason", "Why this model or fallback", required=True),
            _text(
                "pattern",
                "Demand pattern",
                allowed=("smooth", "erratic", "intermittent", "lumpy", "new", "none"),
            ),
            _number("adi", "Average demand interval", "periods"),
            _number("cv2", "Squared coefficient of variation of non-zero demand", ""),
            _number(
                "level_cv", "Relative error of the level, common to all periods", "", required=True, minimum=0
            ),
            _number("dispersion", "Variance over mean of a period's demand", "", required=True, minimum=1),
            _text("path_seed", "Seed of the sample paths, 64-bit hexadecimal", required=True),
            _number("wape", "Backtest weighted absolute percentage error", "share"),
            _number("bias", "Backtest bias, forecast minus actual over actual", "share"),
            _number("wape_naive", "The same error of seasonal naive", "share"),
            _number("censoring_share", "Share of history that was out of stock", "share"),
            _number("override_factor", "Factor of active overrides on the mean over the horizon", ""),
        ),
    ),
    Table(
        "backtests",
        "Scores of every model on every series over rolling origins.",
        ("run_id", "sku", "location", "model"),
        (
            _RUN,
            _SKU,
            _LOCATION,
            _text("model", "Model", required=True),
            _integer("origins", "Number of rolling origins", required=True),
            _number("wape", "Weighted absolute percentage error", "share"),
            _number("rmsse", "Root mean squared scaled error", ""),
            _number("bias", "Forecast minus actual over actual", "share"),
            _number("pinball", "Scaled pinball loss over the protection period", ""),
            _flag("chosen", "Chosen for the forecast"),
        ),
    ),
    Table(
        "line_inputs",
        "What each plan line was computed from, in periods from the day planned; a what-if starts here.",
        ("run_id", "line_id"),
        (
            _RUN,
            _text("line_id", "Stable key: sku|location|source", required=True),
            _SKU,
            _LOCATION,
            _SOURCE,
            _numbers("mean", "Expected demand of each future period", "each/period"),
            _number("level_cv", "Relative error of the level", "", required=True, minimum=0),
            _number("dispersion", "Variance over mean of a period's demand", "", required=True, minimum=1),
            _text("path_seed", "Seed of the sample paths, 64-bit hexadecimal", required=True),
            _numbers("batch_quantity", "Stock by batch", "each"),
            _numbers(
                "batch_last_period", "Last period in which each batch sells; 2**40: no expiry", "period"
            ),
            _numbers("receipt_period", "Period of arrival of each open order", "period"),
            _numbers("receipt_quantity", "What is still to come of it", "each"),
            _integer("order_period", "Period in which this order is placed", "period", required=True),
            _integer("next_order_period", "Period in which the next one can be", "period", required=True),
            _number("lead_time_mean", "Lead time", "periods", required=True, minimum=0),
            _number("lead_time_sd", "Its standard deviation", "periods", minimum=0),
            _number("moq", "Minimum order quantity", "each", minimum=0),
            _number("order_multiple", "Orders are whole multiples of this", "each", minimum=0),
            _number("min_cover", "Least cover at arrival", "periods", minimum=0),
            _number("max_cover", "Most cover at arrival; null: none", "periods", minimum=0),
            _number("presentation_stock", "Least stock on the shelf", "each", minimum=0),
            _number("shelf_maximum", "Most that the shelf holds; null: no limit", "each", minimum=0),
            _number("unit_cost", "Cost", "money/each", required=True, minimum=0),
            _number("unit_margin", "Price minus cost", "money/each", required=True),
            _text(
                "target_kind", "How the target is stated", required=True, allowed=("fill", "cycle", "cost")
            ),
            _number("service_target", "Fill or cycle service target", "share"),
            _number("stockout_cost", "Cost of one unit short; null: the margin", "money/each", minimum=0),
            _number("holding_cost", "Cost of one each held", "money/each/period", required=True, minimum=0),
            _number(
                "life_periods", "Sellable life when received; null: does not expire", "periods", minimum=1
            ),
            _flag("backorder", "Unmet demand waits instead of being lost", required=True),
            _number("order_cost", "Fixed cost of an order line", "money", minimum=0),
            _number("period_days", "Length of a period", "days", required=True, minimum=1),
        ),
    ),
    Table(
        "plan_lines",
        "The plan: one row a product, location and source. Terms sum exactly to `quantity`.",
        ("run_id", "line_id"),
        (
            _RUN,
            _text("line_id", "Stable key: sku|location|source", required=True),
            _SKU,
            _LOCATION,
            _SOURCE,
            _text("source_kind", "supplier or location", required=True, allowed=SOURCE_KINDS),
            _text(
                "status",
                "proposed: order; none: nothing to order; held: bad data",
                required=True,
                allowed=LINE_STATUSES,
            ),
            _text("held_reason", "Why the line is held"),
            _number("quantity", "Order proposed", "each", required=True, minimum=0),
            _number("unit_cost", "Cost", "money/each", required=True),
            _number("value", "quantity × unit_cost", "money", required=True),
            _date("order_by", "Order day that this line is for", required=True),
            _date("arrival_date", "Expected arrival", required=True),
            _date("next_order_date", "Order day after that", required=True),
            _date("next_arrival_date", "Expected arrival of the next order; protection ends", required=True),
            _date(
                "need_date",
                "First day on which the median path runs out without this order; null: not in the horizon",
            ),
            # the explain terms: they sum to `quantity`, exactly
            _number(
                "term_demand",
                "Expected demand until the next arrival, less what is lost before this order can arrive",
                "each",
                required=True,
            ),
            _number("term_buffer", "Uncertainty buffer", "each", required=True),
            _number("term_on_hand", "Minus stock usable before it expires", "each", required=True),
            _number("term_on_order", "Minus what arrives in time", "each", required=True),
            _number(
                "term_excess", "Stock beyond what is needed (keeps the sum at zero)", "each", required=True
            ),
            _number("term_cover", "Minimum or maximum cover", "each", required=True),
            _number(
                "term_moq", "Raised to the minimum order quantity, or dropped below it", "each", required=True
            ),
            _number("term_multiple", "Rounded to the order multiple", "each", required=True),
            # what it was computed from
            _number("on_hand", "Stock on hand, available", "each", required=True),
            _number("on_order", "Open orders", "each", required=True),
            _number("lead_time_mean", "Lead time used", "days", required=True),
            _number("lead_time_sd", "Its standard deviation", "days", required=True),
            _number("moq", "Minimum order quantity used", "each", required=True),
            _number("order_multiple", "Order multiple used", "each", required=True),
            _text("target_kind", "fill, cycle or cost", required=True),
            _number(
                "service_target",
                "Service target (share), or the critical ratio where costs decide",
                "share",
                required=True,
            ),
            _number("stockout_cost", "Cost of one unit short", "money/each", required=True),
            _number("holding_cost", "Cost of one each held for a day", "money/each/day", required=True),
            _number("reorder_point", "Position at which the order is needed", "each", required=True),
            _number("order_up_to", "Level that the order fills to", "each", required=True),
            # what it does
            _number(
                "expected_demand_daily", "Mean demand over the protection period", "each/day", required=True
            ),
            _number("days_of_cover", "Stock over mean demand; null: no demand", "days"),
            _number(
                "fill_before",
                "Expected fill rate over the protected window without the order",
                "share",
                required=True,
            ),
            _number("fill_after", "The same with the order", "share", required=True),
            _number(
                "lost_before",
                "Expected units lost until the next arrival without the order",
                "each",
                required=True,
            ),
            _number("lost_after", "The same with the order", "each", required=True),
            _number(
                "waste_before",
                "Expected units written off in the horizon without the order",
                "each",
                required=True,
            ),
            _number("waste_after", "The same with the order", "each", required=True),
            _text("bound", "What kept the order from its target; none: nothing did", allowed=ORDER_BOUNDS),
            _number(
                "expected_profit",
                "Expected money gained by the order against not ordering",
                "money",
                required=True,
            ),
            _number(
                "confidence", "Share of paths on which the order beats not ordering", "share", required=True
            ),
            _number(
                "excess_units",
                "Stock and orders beyond the level, expected at the next arrival",
                "each",
                required=True,
            ),
            _number(
                "money_at_risk",
                "Expected margin lost + write-off + excess holding if nothing is done",
                "money",
                required=True,
            ),
            _text("exception", "Kind of exception, null: none", allowed=EXCEPTION_TYPES),
            _text("cause", "Why, in words"),
            _text("recommendation", "The one act that helps, in words"),
            _numbers("projected_stock", "Expected end stock of each period without the order", "each"),
            _numbers("projected_stock_with_order", "The same with the order", "each"),
        ),
    ),
    Table(
        "data_faults",
        "What data health found, most severe first.",
        ("run_id", "fault_id"),
        (
            _RUN,
            _text("fault_id", "Stable key", required=True),
            _text("check", "Name of the check", required=True),
            _text("severity", "held: lines are held; warning; info", required=True, allowed=SEVERITIES),
            _text("table", "Table", required=True),
            _text("sku", "Product"),
            _text("location", "Location"),
            _date("date", "Day"),
            _text("column", "Column"),
            _text("value", "Offending value"),
            _text("rule", "Rule that it breaks", required=True),
            _text("fix", "What to do", required=True),
            _integer("rows", "Rows concerned", required=True),
        ),
    ),
    Table(
        "alerts",
        "State of every alert.",
        ("alert_type", "sku", "location", "source"),
        (
            _text("alert_type", "Type", required=True),
            _SKU,
            _LOCATION,
            _SOURCE,
            _number("severity", "Money at risk", "money", required=True),
            _text("state", "State", required=True, allowed=("open", "in_progress", "snoozed", "closed")),
            _instant("first_seen", "First seen", required=True),
            _instant("last_seen", "Last seen", required=True),
        ),
    ),
    Table(
        "runs",
        "Plan runs (the truth is `runs/<run_id>.json`).",
        ("run_id",),
        (
            _RUN,
            _date("as_of", "Day planned for", required=True),
            _instant("created_at", "When", required=True),
            _text("record", "The run record, JSON", required=True),
        ),
    ),
    Table(
        "scenarios",
        "What-if plans that were kept.",
        ("scenario",),
        (
            _text("scenario", "Identifier", required=True),
            _text("name", "Name", required=True),
            _text("author", "Author", required=True),
            _instant("created_at", "When", required=True),
            _RUN,
            _text("changes", "Changed parameters, JSON", required=True),
        ),
    ),
    Table(
        "overrides",
        "Planners' changes of the forecast (folded from the ledger).",
        ("override",),
        (
            _text("override", "Event id", required=True),
            _text(
                "level", "What it applies to", required=True, allowed=("item", "category", "location", "all")
            ),
            _text("sku", "Product, or ''", required=True),
            _text("location", "Location, or ''", required=True),
            _date("from_date", "First day", required=True),
            _date("to_date", "Last day", required=True),
            _number("old_value", "Mean forecast before", "each/period"),
            _number("new_value", "Mean forecast after", "each/period"),
            _number("factor", "new over old", "", required=True, minimum=0),
            _text("author", "Author", required=True),
            _text("reason", "Reason", required=True),
            _date("expiry", "Day after which it no longer applies"),
            _instant("created_at", "When", required=True),
        ),
    ),
    Table(
        "kpis",
        "Headline figures of a run.",
        ("run_id", "name"),
        (
            _RUN,
            _text("name", "Name", required=True),
            _number("value", "Value", "", required=True),
            _text("unit", "Unit", required=True),
        ),
    ),
    Table(
        "supplier_performance",
        "Measured lead time and fill of suppliers.",
        ("supplier", "date"),
        (
            _text("supplier", "Supplier", required=True),
            _date("date", "Measured up to", required=True),
            _integer("lines", "Order lines", required=True),
            _number("lead_time_mean", "Measured lead time", "days"),
            _number("lead_time_sd", "Its standard deviation", "days"),
            _number("fill_rate", "Received over ordered", "share"),
            _number("on_time_share", "Lines received by the promised day", "share"),
        ),
    ),
    Table(
        "settings",
        "The lake's own settings.",
        ("name",),
        (
            _text("name", "currency, period, company, default_lead_time_days …", required=True),
            _text("value", "Value, as text", required=True),
        ),
    ),
    Table(
        "subscriptions",
        "Who is told of which alerts.",
        ("subscription",),
        (
            _text("subscription", "Identifier", required=True),
            _text("channel", "How", required=True, allowed=("email", "sms", "webhook", "queue")),
            _text("endpoint", "Where", required=True),
            _text("filter", "Filter, JSON", required=True),
        ),
    ),
    Table(
        "demand_truth",
        "Planted demand of the demo lake, kept aside to score reconstruction; planning never reads it.",
        ("date", "sku", "location"),
        (
            _date("date", "Day", required=True),
            _SKU,
            _LOCATION,
            _number("demand", "Units wanted", "each", required=True, minimum=0),
        ),
        partition="month",
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}

EXPLAIN_TERMS = (
    "term_demand",
    "term_buffer",
    "term_on_hand",
    "term_on_order",
    "term_excess",
    "term_cover",
    "term_moq",
    "term_multiple",
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
}
"""What a lake without a `settings` row uses. Data health reports every default that a plan had to use."""
