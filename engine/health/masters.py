"""Checks of what the company says about its products, locations and terms."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from engine.contracts import TABLES
from engine.health.fault import Fault, Severity
from engine.health.inputs import Inputs, renumber

LONGEST_LEAD_TIME_DAYS = 180.0
HIGHEST_HOLDING_RATE = 2.0
LONGEST_REVIEW_DAYS = 90.0
LOWEST_TARGET = 0.5
_RENUMBER_ABOVE = 2**32
_KEYED_TABLES = ("products", "locations", "suppliers", "sourcing", "policies", "sales", "inventory_snapshot")


def duplicate_keys(inputs: Inputs) -> Iterator[Fault]:
    """Rows that share a table's key: which of them is right cannot be told."""
    for table in _KEYED_TABLES:
        if not inputs.has(table):
            continue
        key = [name for name in TABLES[table].key if name in inputs.tables[table]]
        again = np.flatnonzero(_repeated(inputs, table, key))
        skus, places = inputs.text_at(table, "sku", again), inputs.text_at(table, "location", again)
        names = inputs.text_at(table, "supplier", again)
        counts: dict[tuple[str | None, str | None, str | None], int] = {}
        for where in zip(skus, places, names, strict=True):
            counts[where] = counts.get(where, 0) + 1
        for (sku, place, name), rows in counts.items():
            yield Fault(
                "duplicate_keys",
                "held",
                table,
                f"one row for each {', '.join(key)}",
                f"remove the rows of {table} that are wrong, or import the file again",
                sku,
                place,
                value=name,
                rows=rows,
                detail=name or "",
            )


def _repeated(inputs: Inputs, table: str, key: list[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Flag every row whose key occurs more than once."""
    combined = np.zeros(inputs.rows(table), dtype=np.int64)
    span = 1
    for name in key:
        codes, values = inputs.codes(table, name)
        combined = combined * (len(values) + 1) + codes + 1
        span *= len(values) + 1
        if span > _RENUMBER_ABOVE:  # before the next factor overflows
            present, combined = renumber(combined, span)
            span = len(present)
    _, place = renumber(combined, span)
    return np.asarray(np.bincount(place)[place] > 1)


def duplicate_products(inputs: Inputs) -> Iterator[Fault]:
    """Products whose names are the same but for case, spaces and punctuation."""
    first: dict[str, str] = {}
    names = zip(inputs.text("products", "sku"), inputs.text("products", "name"), strict=True)
    for sku, name in sorted(names, key=lambda pair: str(pair[0])):
        plain = re.sub(r"[\W_]+", " ", name).strip().casefold() if name else ""
        if not plain:
            continue
        if plain in first and first[plain] != sku:
            yield Fault(
                "duplicate_product",
                "warning",
                "products",
                f"no two products have the same name; {first[plain]} has it too",
                f"if {sku} and {first[plain]} are one, give it one code; else tell them apart by name",
                sku,
                column="name",
                value=name,
            )
        first.setdefault(plain, sku)


def unknown_codes(inputs: Inputs) -> Iterator[Fault]:
    """Products, locations and sources that no master knows. A lake without the master is not checked."""
    for table in ("sourcing", "sales", "inventory_snapshot", "assortment", "orders", "promotions"):
        if not inputs.has(table):
            continue
        severity: Severity = "held" if table == "sourcing" else "warning"
        place_column = "to_location" if table == "orders" else "location"
        sku, skus = inputs.codes(table, "sku")
        place, places = inputs.codes(table, place_column)
        strange_sku = np.array([s not in inputs.skus for s in skus] + [False], dtype=bool)
        strange_place = np.array([p not in inputs.locations and p not in ("*", "") for p in places] + [False])
        bad = np.zeros(inputs.rows(table), dtype=bool)
        if inputs.skus:
            bad |= strange_sku[sku]
        if inputs.locations:
            bad |= strange_place[place].astype(bool)
        counts: dict[tuple[int, int], int] = {}
        for pair in zip(sku[bad].tolist(), place[bad].tolist(), strict=True):
            counts[pair] = counts.get(pair, 0) + 1
        for (s, p), rows in counts.items():
            by_product = bool(inputs.skus) and bool(strange_sku[s])
            master, code = ("products", skus[s]) if by_product else ("locations", places[p])
            yield Fault(
                "unknown_code",
                severity,
                table,
                f"every code of {table} is in {master}",
                f"add {code} to {master}, or correct the code where it comes from",
                skus[s] if s >= 0 else None,
                places[p] if p >= 0 else None,
                column="sku" if by_product else place_column,
                value=str(code),
                rows=rows,
            )
    yield from _unknown_sources(inputs)


def _unknown_sources(inputs: Inputs) -> Iterator[Fault]:
    known = {
        "supplier": set(inputs.text("suppliers", "supplier")),
        "location": inputs.locations,
    }
    columns = [inputs.text("sourcing", name) for name in ("sku", "location", "source", "source_kind")]
    for sku, place, source, kind in zip(*columns, strict=True):
        if kind in known and known[kind] and source not in known[kind]:
            master = "suppliers" if kind == "supplier" else "locations"
            yield Fault(
                "unknown_code",
                "held",
                "sourcing",
                f"every source of kind {kind} is in {master}",
                f"add {source} to {master}, or correct the source",
                sku,
                place,
                column="source",
                value=source,
                detail=str(source),
            )


def missing_money(inputs: Inputs) -> Iterator[Fault]:
    """Products without a cost or price, or with one that is not above zero."""
    for column, word in (("unit_cost", "cost"), ("unit_price", "price")):
        value = inputs.number("products", column)
        for row in np.flatnonzero(~(value > 0)):
            missing = bool(np.isnan(value[row]))
            sku = inputs.text("products", "sku")[row]
            guess = (
                "a default margin on the price" if column == "unit_cost" else "a default margin on the cost"
            )
            yield Fault(
                f"missing_{word}" if missing else f"{word}_not_positive",
                "warning",
                "products",
                f"every product has a {word} above 0",
                f"enter the {word} of {sku}; until then the plan takes {guess}",
                sku,
                column=column,
                value=None if missing else f"{value[row]:g}",
            )


def lead_times(inputs: Inputs) -> Iterator[Fault]:
    """Lead times that are missing, absurd, or less certain than they are long."""
    mean, sd = inputs.number("sourcing", "lead_time_mean"), inputs.number("sourcing", "lead_time_sd")
    absurd = (mean < 0) | (mean > LONGEST_LEAD_TIME_DAYS)
    columns = [inputs.text("sourcing", name) for name in ("sku", "location", "source")]
    for row in np.flatnonzero(np.isnan(mean) | absurd | (sd > 2 * mean + 7)):
        sku, place, source = (column[row] for column in columns)
        if absurd[row]:
            yield Fault(
                "absurd_lead_time",
                "held",
                "sourcing",
                f"lead time is between 0 and {LONGEST_LEAD_TIME_DAYS:g} days",
                f"correct the lead time from {source}; check that it is in days",
                sku,
                place,
                column="lead_time_mean",
                value=f"{mean[row]:g} days",
                detail=str(source),
            )
        else:
            missing = bool(np.isnan(mean[row]))
            yield Fault(
                "missing_lead_time" if missing else "uncertain_lead_time",
                "warning",
                "sourcing",
                "every source has a lead time"
                if missing
                else "the spread of a lead time is below twice its mean",
                f"enter the lead time from {source}"
                + (
                    "; until then the plan takes the default"
                    if missing
                    else " and its standard deviation in days"
                ),
                sku,
                place,
                column="lead_time_mean" if missing else "lead_time_sd",
                value=None if missing else f"{sd[row]:g} days",
                detail=str(source),
            )


def defaults(inputs: Inputs) -> Iterator[Fault]:
    """Values that a plan takes from the lake's settings because the tables do not say."""
    unknown = int(np.isnan(inputs.number("sourcing", "lead_time_sd")).sum())
    if unknown:
        yield Fault(
            "default_used",
            "info",
            "sourcing",
            "every source has the standard deviation of its lead time",
            "enter it in days; until then the setting default_lead_time_sd_days holds",
            column="lead_time_sd",
            value=f"{unknown} of {inputs.rows('sourcing')} sources",
            rows=unknown,
        )
    if inputs.has("inventory_snapshot") and "*" not in inputs.text("policies", "segment"):
        yield Fault(
            "default_used",
            "info",
            "policies",
            "a policy for segment '*' states the service target",
            "add it; until then the settings default_service_target and default_holding_cost_rate hold",
            column="segment",
        )


def order_terms(inputs: Inputs) -> Iterator[Fault]:
    """Minimum orders that are no multiple of the order multiple."""
    moq, multiple = inputs.number("sourcing", "moq"), inputs.number("sourcing", "order_multiple")
    ratio = np.divide(moq, multiple, out=np.zeros_like(moq), where=multiple > 0)
    columns = [inputs.text("sourcing", name) for name in ("sku", "location", "source")]
    for row in np.flatnonzero(np.abs(ratio - np.rint(ratio)) > 1e-6):
        sku, place, source = (column[row] for column in columns)
        yield Fault(
            "order_terms",
            "info",
            "sourcing",
            "the minimum order is a multiple of the order multiple",
            f"ask {source} which is right; the plan orders the next multiple above the minimum",
            sku,
            place,
            column="moq",
            value=f"{moq[row]:g}, multiple {multiple[row]:g}",
            detail=str(source),
        )


def policies(inputs: Inputs) -> Iterator[Fault]:
    """Targets, costs and covers outside what makes sense."""
    table = "policies"
    target = inputs.number(table, "service_target")
    kind = inputs.text(table, "target_kind")
    rate = inputs.number(table, "holding_cost_rate")
    review = inputs.number(table, "review_days")
    least, most = inputs.number(table, "min_cover_days"), inputs.number(table, "max_cover_days")
    shares = np.array([k in ("fill", "cycle") for k in kind], dtype=bool)
    faulty = (
        (
            shares & ((target < LOWEST_TARGET) | (target >= 1)),
            "service_target",
            target,
            f"a service target is a share between {LOWEST_TARGET:g} and 0.9999",
            "enter it as a share: 0.97 for 97 %",
        ),
        (
            shares & np.isnan(target),
            "service_target",
            target,
            "a fill or cycle policy has a service target",
            "enter the target, or let costs decide (kind cost)",
        ),
        (
            (rate < 0) | (rate > HIGHEST_HOLDING_RATE),
            "holding_cost_rate",
            rate,
            f"holding cost is between 0 and {HIGHEST_HOLDING_RATE:g} of the value a year",
            "enter it as a share a year: 0.25 for 25 %",
        ),
        (
            review > LONGEST_REVIEW_DAYS,
            "review_days",
            review,
            f"orders are at most {LONGEST_REVIEW_DAYS:g} days apart",
            "enter the days between two orders",
        ),
        (
            least > most,
            "min_cover_days",
            least,
            "the least cover is not above the most cover",
            "raise the most cover or lower the least",
        ),
    )
    columns = [inputs.text(table, name) for name in ("segment", "sku", "location")]
    for bad, column, value, rule, fix in faulty:
        for row in np.flatnonzero(bad):
            segment, sku, place = (texts[row] for texts in columns)
            yield Fault(
                "policy_range",
                "warning",
                table,
                rule,
                fix,
                sku or None,
                place or None,
                column=column,
                value=f"{value[row]:g}",
                detail=segment or "",
            )
