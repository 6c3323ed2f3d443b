"""Export approved orders and whole plans: what the file says is what was approved, to the unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.events import make_event
from data_lake.ledger import append_events
from data_lake.runs import Run, read_run, read_run_table
from engine.contracts import Column
from jobs.approvals import PLAN_COLUMNS, approved_lines
from jobs.errors import JobError
from jobs.settings import settings
from jobs.sheets import FORMATS, Format, Sheet, encode
from jobs.transfer_approvals import approved_transfers

if TYPE_CHECKING:
    from data_lake.lake import Lake

__all__ = ["FORMATS", "ORDER_COLUMNS", "Format", "export_orders", "export_plan"]

ORDER_COLUMNS: tuple[Column, ...] = (
    Column("order_id", "text", "Order: one act of approval for one source"),
    Column("line", "text", "Line of the order"),
    Column("kind", "text", "purchase: from a supplier; transfer: from a location"),
    Column("supplier", "text", "Supplier or location that delivers"),
    Column("supplier_name", "text", "Its name"),
    Column("ship_to", "text", "Location that receives"),
    Column("ship_to_name", "text", "Its name"),
    Column("sku", "text", "Stock-keeping unit"),
    Column("name", "text", "Name of the product"),
    Column("quantity", "number", "Approved quantity", unit="each"),
    Column("cases", "number", "Approved quantity in cases; empty: no case pack known", unit="case"),
    Column("unit_cost", "number", "Purchase cost, to 4 decimals", unit="money/each"),
    Column("value", "number", "quantity × cost, to 2 decimals", unit="money"),
    Column("order_by", "date", "Order day that the line is for"),
    Column("expected_arrival", "date", "Expected arrival"),
    Column("proposed_quantity", "number", "What the plan proposed", unit="each"),
    Column("edited", "flag", "Approved quantity differs from the proposal"),
    Column("approved_by", "text", "Who approved the line, or edited it last"),
    Column("approved_at", "instant", "When, UTC"),
    Column("reason", "text", "Reason given"),
    Column("run_id", "text", "Plan run that proposed it"),
    Column("batches", "text", "Batches to pick, with their units; empty: any"),
)
"""Columns of an order export, in order."""


def export_orders(
    lake: Lake,
    fmt: Format,
    order_ids: Sequence[str] | Literal["all"] | None = None,
    *,
    bom: bool = False,
    author: str | None = None,
    at: datetime | None = None,
) -> bytes:
    """Write approved lines as a file for an order system or for people.

    Parameters
    ----------
    lake
        Where the approvals are.
    fmt
        csv, xlsx or json; `jobs.sheets.encode` says how each is written.
    order_ids
        Orders to write; None or "all": every approved order.
    bom
        Begin a CSV with a byte-order mark (Excel).
    author, at
        Given both, the export itself is recorded in the ledger: which orders, which format, by whom.

    Returns
    -------
    bytes
        The file. The same approvals give the same bytes.

    Raises
    ------
    JobError
        An order is not there: all of them are named. The format is not known.
    """
    if fmt not in FORMATS:
        raise JobError(f"format {fmt!r} is not known; known are {', '.join(FORMATS)}")
    lines = pd.concat(
        [_order_frame(lake, approved_lines(lake)), _transfer_frame(lake, approved_transfers(lake))],
        ignore_index=True,
    )
    if order_ids is not None and order_ids != "all":
        missing = sorted(set(order_ids) - set(lines["order_id"]))
        if missing:
            raise JobError(f"no approved line in order {', '.join(missing)}; withdrawn, or never made")
        lines = lines[lines["order_id"].isin(list(order_ids))].reset_index(drop=True)
    stamp = lines["approved_at"].max() if len(lines) else None
    body = encode(
        Sheet(
            "Approved orders",
            lines,
            ORDER_COLUMNS,
            ("quantity", "cases", "value"),
            run_notes(
                lake, (_run_or_none(lake, run_id) or run_id for run_id in sorted(set(lines["run_id"])))
            ),
            stamp.to_pydatetime() if stamp is not None else datetime(2000, 1, 1, tzinfo=UTC),
        ),
        fmt,
        bom=bom,
    )
    if author is not None and at is not None and len(lines):
        data = {"order_ids": sorted(set(lines["order_id"])), "format": fmt, "lines": len(lines)}
        append_events(lake, [make_event("order.exported", at=at, author=author, data=data)])
    return body


def export_plan(lake: Lake, run: Run, fmt: Format, *, bom: bool = False) -> bytes:
    """Write every line of a run's plan, with the definition of each column; formats as `export_orders`."""
    columns = tuple(column for column in PLAN_COLUMNS if column.name != "run_id")
    frame = read_run_table(lake, run, "plan_lines", columns=[column.name for column in columns])
    frame = frame.sort_values("line_id").reset_index(drop=True)
    notes = run_notes(lake, [run])
    sheet = Sheet(f"Plan {run.run_id}", frame, columns, ("quantity", "value"), notes, run.created_at)
    return encode(sheet, fmt, bom=bom)


def _names(lake: Lake, table: str, key: str) -> dict[str, str]:
    frame = lake.read(table, columns=[key, "name"]).dropna()
    return dict(zip(frame[key], frame["name"], strict=True))


def _order_frame(lake: Lake, lines: pd.DataFrame) -> pd.DataFrame:
    """Lay out approved order lines as rows of an order export."""
    is_supplier = lines["source_kind"] == "supplier"
    return _export_rows(
        lake,
        lines,
        kind=is_supplier.map({True: "purchase", False: "transfer"}).astype("str"),
        source=lines["source"],
        ship_to=lines["location"],
        quantity=lines["approved_quantity"],
        value=lines["approved_value"],
        order_by=lines["order_by"],
        edited=lines["edited"],
        reason=lines["reason"],
        batches=pd.Series("", index=lines.index, dtype="str"),
    )


def _transfer_frame(lake: Lake, transfers: pd.DataFrame) -> pd.DataFrame:
    """Lay out approved transfers as rows of an order export."""
    return _export_rows(
        lake,
        transfers,
        kind=pd.Series("transfer", index=transfers.index, dtype="str"),
        source=transfers["origin"],
        ship_to=transfers["destination"],
        quantity=transfers["quantity"],
        value=transfers["value"],
        order_by=transfers["ship_date"],
        edited=pd.Series(False, index=transfers.index, dtype="bool"),
        reason=transfers["reason_given"],
        batches=transfers["batches"].map(", ".join).astype("str"),
    )


def _export_rows(
    lake: Lake,
    approved: pd.DataFrame,
    *,
    kind: pd.Series,
    source: pd.Series,
    ship_to: pd.Series,
    quantity: pd.Series,
    value: pd.Series,
    order_by: pd.Series,
    edited: pd.Series,
    reason: pd.Series,
    batches: pd.Series,
) -> pd.DataFrame:
    """Return `ORDER_COLUMNS`: what approved lines and transfers name alike, and what each calls its own."""
    products = lake.read("products", columns=["sku", "name", "case_pack"]).set_index("sku")
    locations = _names(lake, "locations", "location")
    sources = {**locations, **_names(lake, "suppliers", "supplier")}
    inside = kind == "transfer"
    columns: dict[str, Any] = {
        "order_id": approved["order_id"],
        "line": approved["line"],
        "kind": kind,
        "supplier": source,
        "supplier_name": source.map(sources).mask(inside, source.map(locations)),
        "ship_to": ship_to,
        "ship_to_name": ship_to.map(locations),
        "sku": approved["sku"],
        "name": approved["sku"].map(products["name"]),
        "quantity": quantity,
        "cases": quantity / approved["sku"].map(products["case_pack"]).astype("float64"),
        # an order system takes money, not the last bit of a product of two of them
        "unit_cost": approved["unit_cost"].round(4),
        "value": value.round(2),
        "order_by": order_by,
        "expected_arrival": approved["arrival_date"],
        "proposed_quantity": approved["quantity"],
        "edited": edited,
        "approved_by": approved["author"],
        "approved_at": approved["approved_at"],
        "reason": reason,
        "run_id": approved["run_id"],
        "batches": batches,
    }
    return pd.DataFrame(columns)


def _run_or_none(lake: Lake, run_id: str) -> Run | None:
    try:
        return read_run(lake, run_id)
    except NoSuchObject:
        return None


def run_notes(lake: Lake, runs: Iterable[Run | str]) -> tuple[tuple[str, str], ...]:
    """Say what rows were computed from: currency, runs, data versions."""
    notes = [("currency", settings(lake)["currency"])]
    for run in runs:
        if isinstance(run, str):
            notes.append((f"run {run}", "its record is no longer in the lake"))
            continue
        versions = ", ".join(f"{table} {number}" for table, number in sorted(run.inputs.items()))
        planned = f"planned for {run.as_of} with seed {run.seed} and code {run.code_version or 'unknown'}"
        notes.append((f"run {run.run_id}", f"{planned}; data versions: {versions}"))
    return tuple(notes)
