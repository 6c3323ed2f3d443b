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

from engine.contracts import (
    curves,
    expiry,
    facts,
    forecasting,
    joint,
    kpis,
    lanes,
    masters,
    network,
    people,
    planning,
    replanning,
    replay,
    scenarios,
    supply,
    told,
)
from engine.contracts.columns import Column, Kind, Table
from engine.contracts.vocabulary import (
    ALERT_LEVELS,
    ALERT_STATES,
    ALERT_TYPES,
    EXCEPTION_TYPES,
    EXPLAIN_TERMS,
    LINE_STATUSES,
    NOTICE_SETTING_DEFAULTS,
    OPEN_ORDER_STATUSES,
    ORDER_BOUNDS,
    ORDER_STATUSES,
    PERIOD_WORDS,
    PERIODS,
    QUANTILES,
    SCHEMA_VERSION,
    SETTING_DEFAULTS,
    SEVERITIES,
    SOURCE_KINDS,
    STOCK_STATUSES,
)

__all__ = [
    "ALERT_LEVELS",
    "ALERT_STATES",
    "ALERT_TYPES",
    "EXCEPTION_TYPES",
    "EXPLAIN_TERMS",
    "LINE_STATUSES",
    "NOTICE_SETTING_DEFAULTS",
    "OPEN_ORDER_STATUSES",
    "ORDER_BOUNDS",
    "ORDER_STATUSES",
    "PERIODS",
    "PERIOD_WORDS",
    "QUANTILES",
    "SCHEMA_VERSION",
    "SETTING_DEFAULTS",
    "SEVERITIES",
    "SOURCE_KINDS",
    "STOCK_STATUSES",
    "TABLES",
    "Column",
    "Kind",
    "Table",
]

TABLES: dict[str, Table] = {
    table.name: table
    for group in (
        masters,
        lanes,
        facts,
        forecasting,
        planning,
        network,
        curves,
        people,
        replanning,
        replay,
        scenarios,
        supply,
        joint,
        kpis,
        expiry,
        told,
    )
    for table in group.TABLES
}
"""Every table by its name."""
