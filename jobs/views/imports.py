"""Import: a file's guessed mapping as rows to edit, its faults as rows to read, and what the lake holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from jobs.import_file import KINDS, Fault, Preview
from jobs.import_file import Mapping as FileMapping

KIND_LABELS = {
    "sales": "Sales",
    "order_lines": "Order lines (summed to sales)",
    "stock": "Stock",
    "orders": "Open orders",
    "products": "Products",
    "locations": "Locations",
    "suppliers": "Suppliers",
    "sourcing": "Sourcing: who delivers what where",
    "promotions": "Promotions",
    "policies": "Policies: service targets and rhythm",
    "assortment": "Assortment: what is sold where",
    "lanes": "Lanes: ways between locations",
}
"""Kinds of file in planners' words, in the order in which a new lake needs them."""

CONTENT = {
    "sales": ("Sales", "needed: what was sold"),
    "inventory_snapshot": ("Stock", "needed: what is there"),
    "products": ("Products", "names, costs, shelf life; without costs money is zero"),
    "sourcing": ("Sourcing", "lead times, minimums, multiples; otherwise defaults"),
    "suppliers": ("Suppliers", "order days and minimums"),
    "locations": ("Locations", "names, regions"),
    "orders": ("Open orders", "what is on the way"),
    "promotions": ("Promotions", "uplift and dip of demand"),
    "lanes": ("Lanes", "which locations can send stock to each other, at what cost"),
}
"""Tables of the lake: name and what each is for."""

MAX_FAULTS = 500
"""Faults shown; the report has all of them."""


def mapping_rows(preview: Preview) -> pd.DataFrame:
    """Return what each target is read from.

    Returns
    -------
    DataFrame
        target, need ("needed" or ""), header (column of the file; null: none), constant (one value for all
        rows; null: none), sure [share; null: not guessed], meaning.
    """
    spec = KINDS[preview.kind]
    sure = {finding.target: finding.confidence for finding in preview.findings}
    mapping = preview.mapping
    rows = [
        {
            "target": target.name,
            "need": "needed" if target.name in spec.required else "",
            "header": mapping.columns.get(target.name),
            "constant": mapping.constants.get(target.name),
            "sure": sure.get(target.name),
            "meaning": target.doc,
        }
        for target in spec.targets
    ]
    frame = pd.DataFrame(rows).astype({"header": "str", "constant": "str", "sure": "float64"})
    unused = ~frame["target"].isin(mapping.mapped) & (frame["need"] == "")
    return frame.loc[unused.sort_values(kind="stable").index].reset_index(drop=True)


def with_edits(
    mapping: FileMapping, rows: pd.DataFrame, edited_rows: Mapping[int, Mapping[str, Any]]
) -> FileMapping:
    """Return the mapping with a planner's edits of `mapping_rows`.

    Parameters
    ----------
    mapping : Mapping
        As guessed or remembered.
    rows : DataFrame
        From `mapping_rows`.
    edited_rows : mapping
        Row number → {"header": column or None, "constant": value or None}.
    """
    columns, constants = dict(mapping.columns), dict(mapping.constants)
    for row, cells in edited_rows.items():
        target = str(rows["target"].iloc[int(row)])
        for name, chosen in (("header", columns), ("constant", constants)):
            if name in cells:
                chosen.pop(target, None)
                if cells[name]:
                    chosen[target] = str(cells[name])
    return mapping.with_changes(columns=columns, constants=constants)


def fault_rows(faults: Iterable[Fault]) -> pd.DataFrame:
    """Return at most `MAX_FAULTS` faults: label (a list of one: the severity), row, column, value, rule."""
    rows = [
        {
            "label": [fault.severity.capitalize()],
            "row": fault.row,
            "column": fault.column,
            "value": fault.value,
            "rule": fault.rule,
        }
        for _, fault in zip(range(MAX_FAULTS), faults, strict=False)
    ]
    return pd.DataFrame(rows, columns=["label", "row", "column", "value", "rule"])


def contents(lake: Lake) -> pd.DataFrame:
    """Return what the lake holds: table, rows, loaded_at [UTC; null: nothing yet], purpose."""
    rows = []
    for table, (label, purpose) in CONTENT.items():
        version = lake.current(table)
        rows.append(
            {
                "table": label,
                "rows": float(version.rows) if version else 0.0,
                "loaded_at": version.created_at if version else None,
                "purpose": purpose,
            }
        )
    frame = pd.DataFrame(rows)
    frame["loaded_at"] = pd.to_datetime(frame["loaded_at"], utc=True)
    return frame
