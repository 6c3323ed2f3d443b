"""What the pages read: the views of the run they show. With `cache` and `acts` the only callers of jobs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Literal, NamedTuple, Protocol

import pandas as pd
import streamlit as st

from app import cache
from data_lake.errors import LakeError
from data_lake.lake import Lake
from data_lake.runs import Run
from engine.contracts import PERIOD_WORDS
from jobs.approve import ApprovalResult
from jobs.errors import JobError
from jobs.import_file import ImportResult, Preview, to_yaml, write_template
from jobs.views import health, imports, item, orders, today
from jobs.views.changes import Override
from jobs.views.health import SEVERITY_LABELS, HealthSummary
from jobs.views.imports import KIND_LABELS, fault_rows, mapping_rows
from jobs.views.item import HISTORY_SPANS, Item
from jobs.views.item_demand import ItemDemand
from jobs.views.lines import Choices, LakeSettings, records
from jobs.views.orders import Order, OrderCard, order_of, round_edits, total_of
from jobs.views.today import EXCEPTION_LABELS, Headline, Selection, Wanted, select
from jobs.views.what_if import Figure, Sandbox
from jobs.views.what_if import change as what_if
from jobs.views.what_if import figures as what_if_figures
from jobs.views.what_if import projection as what_if_projection
from jobs.what_if import WhatIfResult

__all__ = [
    "EXCEPTION_LABELS",
    "HISTORY_SPANS",
    "KIND_LABELS",
    "SEVERITY_LABELS",
    "ApprovalResult",
    "Figure",
    "Headline",
    "HealthSummary",
    "ImportResult",
    "Item",
    "ItemDemand",
    "JobError",
    "LakeError",
    "Order",
    "OrderCard",
    "Override",
    "Preview",
    "Sandbox",
    "Selection",
    "Wanted",
    "WhatIfResult",
    "fault_rows",
    "mapping_rows",
    "order_of",
    "round_edits",
    "select",
    "total_of",
    "what_if",
    "what_if_figures",
    "what_if_projection",
]


class Worklist(NamedTuple):
    """The rows shown and how many there are."""

    frame: pd.DataFrame
    matching: int


State = Literal["empty", "unplanned", "ready"]


def uri() -> str:
    """Return the address of the lake that the dashboard shows."""
    return os.environ.get("SHELFCAST_LAKE", "./lake")


def lake_name() -> str:
    """Return the lake's address as people say it: a folder by its name, a bucket with its prefix."""
    return uri() if uri().startswith("s3://") else PurePath(uri()).name


def author() -> str:
    """Return who acts: the signed-in person, else the person this server runs for."""
    email = st.user.get("email")
    return str(email or os.environ.get("SHELFCAST_USER") or "planner")


def lake() -> Lake:
    """Return the lake that the dashboard shows."""
    return cache.lake(uri())


def state() -> State:
    """Return how far the lake is: nothing imported, nothing planned, or ready."""
    if cache.latest(uri()) is not None:
        return "ready"
    return "unplanned" if lake().current("sales") is not None else "empty"


def run() -> Run:
    """Return the run that the pages show: the latest."""
    return cache.run(*key())


def period_word() -> str:
    """Return what one period of the forecast is called: day, week or month."""
    return PERIOD_WORDS[run().period]


def settings() -> LakeSettings:
    """Return the lake's settings that change how numbers are written."""
    return cache.settings(uri())


def choices() -> Choices:
    """Return what the filters offer."""
    return cache.choices(*key())


def lines() -> pd.DataFrame:
    """Return every line of the run, dearest first."""
    return cache.lines(*key())


def approved() -> pd.DataFrame:
    """Return what is approved of the run."""
    return cache.approved(*key(), ledger_state())


# Today


def headlines() -> list[Headline]:
    """Return the four cards of Today."""
    return cache.headlines(*key(), ledger_state())


def worklist(wanted: Wanted) -> Worklist:
    """Return the exceptions that match the filters, the dearest `today.LIMIT` of them."""
    found = today.worklist(lines(), approved(), wanted)
    return Worklist(found.head(today.LIMIT), len(found))


def worklist_csv(wanted: Wanted) -> bytes:
    """Return every exception that matches the filters as CSV, approved ones marked."""
    found = today.worklist(lines(), approved(), replace(wanted, with_approved=True))
    return csv(found.drop(columns=["projected_stock", "line_id"]).assign(label=found["label"].str[0]))


def exception_counts() -> dict[str, int]:
    """Return how many exceptions of each kind there are."""
    return today.count_exceptions(lines())


def fingerprint(frame: pd.DataFrame, column: str = "line_id") -> str:
    """Return a name for the rows shown: a selection by row number is void once they change."""
    return hashlib.sha256("\n".join(frame[column]).encode()).hexdigest()[:12]


def with_buttons(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the label of their button."""
    return frame.assign(open="Open")


def address_of(frame: pd.DataFrame, row: int) -> dict[str, str]:
    """Return the URL parameters of the item in a row."""
    line = frame.iloc[row]
    return {"sku": line["sku"], "location": line["location"]}


# Item


def item_locations(sku: str) -> list[str]:
    """Return where a product is planned."""
    return item.locations_of(lines(), sku)


def item_lines(sku: str, location: str) -> list[dict[str, Any]]:
    """Return the plan lines of a product at a location, one a source."""
    return records(item.lines_of(lines(), sku, location))


def dearest_sku() -> str:
    """Return the product with most money at risk that an order helps: what Item shows first."""
    return str(item.dearest(lines(), None)["sku"])


def dearest_location(sku: str) -> str:
    """Return where most money is at risk on a product."""
    return str(item.dearest(lines(), sku)["location"])


def item_view(line_id: str, span: str) -> Item:
    """Return all that the Item page shows of a line; `span` is a key of `HISTORY_SPANS`."""
    return cache.item_view(*key(), line_id, span)


def demand_view(line_id: str, span: str) -> ItemDemand:
    """Return the demand behind a line's stockouts; `span` is a key of `HISTORY_SPANS`."""
    return cache.demand_view(*key(), line_id, span, ledger_state())


def overrides(sku: str, location: str) -> list[Override]:
    """Return the overrides that the next plan applies to an item."""
    return cache.overrides(*key(), sku, location, ledger_state())


def plan_is_behind() -> bool:
    """Return whether inputs or overrides changed after the plan was made."""
    return cache.is_behind(*key(), ledger_state())


def sandbox(line_id: str) -> Sandbox:
    """Return a line ready for what-if."""
    return cache.sandbox(*key(), line_id)


# Orders


def order_cards() -> list[OrderCard]:
    """Return what each source is asked for."""
    return cache.order_cards(*key(), ledger_state())


def source_lines(source: str, edits: Mapping[str, float]) -> pd.DataFrame:
    """Return the lines of one source with a planner's edits applied."""
    return orders.source_lines(orders.with_state(lines(), approved()), source, edits)


def approved_orders(source: str | None) -> list[str]:
    """Return the approved orders of the run, of one source or of all."""
    return orders.approved_orders(lines(), approved(), source)


# Data health


def table_freshness() -> pd.DataFrame:
    """Return how old each table is."""
    return cache.table_freshness(*key())


def location_freshness() -> pd.DataFrame:
    """Return how old each location's feeds are."""
    return cache.location_freshness(*key())


def faults(severities: Sequence[str] = ()) -> pd.DataFrame:
    """Return what the checks found, most severe first; some severities only, or all."""
    return health.of_severity(cache.faults(*key()), severities)


def health_summary() -> HealthSummary:
    """Return how far the inputs can be trusted."""
    return health.summarise(faults(), lines())


def held_lines() -> pd.DataFrame:
    """Return the lines held because of their data."""
    return health.held_lines(lines())


# Import


class Upload(Protocol):
    """A file that a browser sent."""

    file_id: str
    name: str

    def getvalue(self) -> bytes:
        """Return its content."""


def preview(upload: Upload, kind: str | None, mapping: str | None) -> Preview:
    """Return what a file is taken for; `mapping` (YAML) is checked in place of a guess."""
    return cache.preview(uri(), upload.file_id, upload.name, kind, mapping, upload.getvalue)


def name_of(seen: Preview) -> str:
    """Return a name for a file's mapping, so that an editor starts anew when it changes."""
    return hashlib.sha256(f"{seen.name}\n{seen.mapping_yaml}".encode()).hexdigest()[:12]


def edited_mapping(seen: Preview, rows: pd.DataFrame, edited_rows: Mapping[int, Mapping[str, Any]]) -> str:
    """Return the mapping with a planner's edits, as YAML."""
    return to_yaml(imports.with_edits(seen.mapping, rows, edited_rows))


def date_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that hold days."""
    return [str(name) for name in frame.select_dtypes("datetime").columns]


def contents() -> pd.DataFrame:
    """Return what the lake holds."""
    return imports.contents(lake())


def template(kind: str) -> bytes:
    """Return a template of a kind of file."""
    return write_template(kind)


def plan_advice() -> str:
    """Return what planning would do now."""
    known = state()
    if known == "empty":
        return "Import sales first, then stock; then plan."
    if known == "unplanned":
        return "Sales are loaded and nothing is planned yet."
    made = f"The plan shown is of {run().created_at:%d %b %Y %H:%M} UTC."
    return (
        f"{made} Inputs or forecasts changed since." if plan_is_behind() else f"{made} Nothing changed since."
    )


# Tables


def in_per_cent(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose shares are written as whole per cent in a table."""
    shares = [
        name
        for name in (
            "won",
            "saved",
            "chosen",
            "pinball_gain",
            "wape_gain",
            "rmsse_gain",
            "wape",
            "bias",
            "coverage",
            "change",
        )
        if name in frame
    ]
    return frame.assign(**{name: frame[name] * 100 for name in shares})


# Downloads


def csv(frame: pd.DataFrame) -> bytes:
    """Return a frame as CSV that a spreadsheet opens with its accents."""
    return frame.to_csv(index=False).encode("utf-8-sig")


def file_name(name: str, extension: str) -> str:
    """Return the name of a download: what it is and of which plan."""
    return f"{name}-{run().as_of:%Y-%m-%d}.{extension}"


def key() -> tuple[str, str]:
    """Lake and run that this page shows."""
    run_id = cache.latest(uri())
    if run_id is None:
        raise LookupError("no run yet; a page asks states.require_run first")
    return uri(), run_id


def ledger_state() -> str:
    """Name of what the ledger holds now: an act changes it, and with it what the pages show."""
    return cache.ledger(uri())
