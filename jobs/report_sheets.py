"""What each kind of report holds: the sheets, made of the same views that the pages show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from engine.contracts import TABLES, Column
from engine.kpis import KPIS
from jobs.kpis import kpis_of
from jobs.report_columns import (
    ALERT_COLUMNS,
    ALERT_FIGURE_COLUMNS,
    BATCH_COLUMNS,
    DELIVERY_COLUMNS,
    HORIZON_COLUMNS,
    KPI_COLUMNS,
    LINE_COLUMNS,
    PART_COLUMNS,
    STOCK_COLUMNS,
    SUPPLIER_COLUMNS,
    WEEK_COLUMNS,
)
from jobs.sheets import Sheet
from jobs.views import alerts as alerts_view
from jobs.views import approved as approved_view
from jobs.views import expiry, forecast_accuracy, kpis, suppliers
from jobs.views import lines as lines_view
from jobs.views import orders as orders_view

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run


@dataclass(frozen=True)
class Source:
    """What a report is made of: one run, its lines, and what was decided of them."""

    lake: Lake
    run: Run
    lines: pd.DataFrame
    """`jobs.views.lines.load`."""
    approved: pd.DataFrame
    """`jobs.views.approved.approved_of`."""
    notes: tuple[tuple[str, str], ...]
    at: datetime
    """When it is made: a snooze may have ended."""

    def sheet(
        self, name: str, title: str, frame: pd.DataFrame, columns: Sequence[Column], *totals: str
    ) -> Sheet:
        """Return a sheet of this run: the columns that are declared, in their order."""
        shown = frame[[column.name for column in columns]].reset_index(drop=True)
        return Sheet(title, shown, tuple(columns), totals, self.notes, self.run.created_at, name)


def source_of(lake: Lake, run: Run, notes: tuple[tuple[str, str], ...], at: datetime) -> Source:
    """Read what the reports of a run share."""
    lines = lines_view.load(lake, run)
    return Source(lake, run, lines, approved_view.approved_of(lake, lines), notes, at)


def reorder(source: Source) -> list[Sheet]:
    """Return what to order: a row a supplier and order day, and every line of these orders."""
    cards = orders_view.cards(source.lake, source.run, source.lines, source.approved)
    rows = [
        {
            "source": card.source,
            "source_name": card.name,
            "source_kind": card.source_kind,
            "order_day": pd.Timestamp(card.order_day),
            "due": card.due,
            "cut_off_time": card.cut_off_time or None,
            "lines": float(card.lines),
            "units": card.units,
            "value": card.value,
            "approved_lines": float(card.approved_lines),
            "approved_value": card.approved_value,
            "minimum_short": "; ".join(
                f"{short.scope + ': ' if short.scope else ''}{short.short:,.2f} {short.unit} below "
                f"{short.required:,.2f}"
                for short in card.short
            )
            or None,
        }
        for card in cards
    ]
    frame = pd.DataFrame(rows, columns=[column.name for column in SUPPLIER_COLUMNS])
    ordered = orders_view.with_state(source.lines, source.approved)
    shown = {(card.source, pd.Timestamp(card.order_day)) for card in cards}
    keys = zip(ordered["source"], ordered["order_by"], strict=True)
    ordered = ordered[[key in shown for key in keys]]
    ordered = ordered.sort_values(["order_by", "source", "line_id"], ignore_index=True)
    return [
        source.sheet(
            "Suppliers", "Reorder proposal by supplier", frame, SUPPLIER_COLUMNS, "value", "approved_value"
        ),
        source.sheet("Lines", "Lines to order", ordered, LINE_COLUMNS, "order", "order_value"),
    ]


def stock(source: Source) -> list[Sheet]:
    """Return the stock of every product and location with its cover, excess and risk."""
    lines = source.lines
    value = lines["on_hand"].clip(lower=0.0) * lines["unit_cost"]
    waits = lines["exception"].notna() & ~lines["line_id"].isin(source.approved["line_id"])
    frame = lines.assign(
        stock_value=value,
        excess_value=(lines["excess_units"] * lines["unit_cost"]).clip(upper=value),
        money_at_risk=lines["money_at_risk"].where(waits),
    ).sort_values(["location", "sku", "source"], ignore_index=True)
    parts = frame.groupby(["category", "location", "location_name"], as_index=False)[
        ["stock_value", "excess_value", "money_at_risk"]
    ].sum()
    return [
        source.sheet(
            "Stock",
            "Stock by product and location",
            frame,
            STOCK_COLUMNS,
            "stock_value",
            "excess_value",
            "money_at_risk",
        ),
        source.sheet(
            "Summary",
            "Stock by category and location",
            parts,
            PART_COLUMNS,
            "stock_value",
            "excess_value",
            "money_at_risk",
        ),
    ]


def expiring(source: Source) -> list[Sheet]:
    """Return what will be written off by batch with the act that saves most, and by week."""
    plan = expiry.load(source.lake, source.run, source.lines)
    if plan is None:
        return []
    table = expiry.table(plan, source.approved, ())
    table = table.assign(source=table["source_label"])
    return [
        source.sheet(
            "Batches", "Expected write-off by batch", table, BATCH_COLUMNS, "units_with_order", "money"
        ),
        source.sheet("Weeks", "Expected write-off by week", expiry.week_totals(plan), WEEK_COLUMNS, "money"),
    ]


def alerts(source: Source) -> list[Sheet]:
    """Return the alerts that stand, dearest first, and what they add up to, each shortage counted once."""
    found = alerts_view.load(source.lake, source.at)
    figures = alerts_view.figures(found)
    standing = found[~found["state"].isin(["resolved", "closed"])]
    version = source.lake.current("alerts")
    told = ("alerts", f"table version {version.number}" if version else "none were ever raised")
    told_of = replace(source, notes=(*source.notes, told))
    return [
        told_of.sheet("Alerts", "Alerts that stand", standing, ALERT_COLUMNS),
        told_of.sheet(
            "Summary", "What they add up to", pd.DataFrame([asdict(figures)]), ALERT_FIGURE_COLUMNS
        ),
    ]


def performance(source: Source) -> list[Sheet]:
    """Return service, stock and waste, what suppliers keep of their promises, and the forecast's error."""
    sheets = []
    facts = kpis.load(source.lake, source.run)
    if facts is not None:
        values = kpis_of(facts)
        frame = pd.DataFrame(
            [
                {
                    "label": kpi.label,
                    "value": float(values[kpi.name].iloc[0]) if len(values) else float("nan"),
                    "unit": {"share": "share", "days": "days", "ratio": "times"}[kpi.unit],
                    "definition": kpi.definition,
                    "formula": kpis.formula(kpi),
                    "source": kpi.source,
                }
                for kpi in KPIS
            ]
        )
        sheets.append(source.sheet("Key figures", "Key figures of the last year", frame, KPI_COLUMNS))
        for by, name in (("category", "Categories"), ("location", "Locations")):
            columns = (
                TABLES["kpi_facts"].column(by),
                *(Column(kpi.name, "number", kpi.definition, unit=kpi.unit) for kpi in KPIS),
            )
            sheets.append(source.sheet(name, f"Key figures by {by}", kpis_of(facts, by), columns))
    deliveries = suppliers.load(source.lake, source.run)
    if deliveries is not None:
        sheets.append(source.sheet("Suppliers", "Supplier performance", deliveries, DELIVERY_COLUMNS))
    horizon = forecast_accuracy.by_horizon(source.lake, source.run)
    if len(horizon):
        sheets.append(source.sheet("Forecast", "Forecast error by periods ahead", horizon, HORIZON_COLUMNS))
    return sheets


KINDS: dict[str, tuple[str, Callable[[Source], list[Sheet]]]] = {
    "reorder": ("Reorder proposal by supplier", reorder),
    "stock": ("Stock status", stock),
    "expiry": ("Expiry and write-off", expiring),
    "alerts": ("Alerts", alerts),
    "performance": ("Service and forecast performance", performance),
}
"""Kind of report → its title and what makes its sheets."""
