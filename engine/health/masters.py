"""Checks of what the company says about its products and locations: keys, names, codes, money."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from engine.contracts import TABLES
from engine.health.fault import Fault, Severity
from engine.health.inputs import Inputs, renumber

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


_DECIDES = ("sourcing", "sales", "inventory_snapshot")
"""Tables whose unknown codes hold a line: it may be one that is planned under another code already."""


def unknown_codes(inputs: Inputs) -> Iterator[Fault]:
    """Products, locations and sources that no master knows. A lake without the master is not checked."""
    for table in ("sourcing", "sales", "inventory_snapshot", "assortment", "orders", "promotions"):
        if not inputs.has(table):
            continue
        severity: Severity = "held" if table in _DECIDES else "warning"
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
