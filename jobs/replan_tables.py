"""The tables of a re-planned run: rows of lines that changed, and all that adds up over lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import read_run_table
from engine.contracts import TABLES
from engine.replenishment.plan_rows import take_plans
from engine.replenishment.value_curves import LineCurves
from jobs.expiry import expiry_tables
from jobs.expiry_response import allowed_depths, responses_of
from jobs.headlines import headlines
from jobs.inputs import PlanInputs
from jobs.kpi_facts import replanned_facts
from jobs.kpis import measured_kpis
from jobs.plan_line_table import Decided, allocations_table, plan_lines_table
from jobs.plan_orders import PlannedOrders
from jobs.plan_tables import line_tables
from jobs.replan_transfers import TransfersAgain, transfers_again
from jobs.run_state import RunState
from jobs.stock_days import more_stock_days
from jobs.supplier_performance_table import replanned_supplier_table

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Replan:
    """What was planned again."""

    run_id: str
    state: RunState
    """The run that it started from."""
    inputs: PlanInputs
    lines: pd.DataFrame
    """Terms of all lines, as they are now."""
    planned: PlannedOrders
    held: pd.DataFrame
    faults: pd.DataFrame
    supply: Sequence[str]
    late_quantity: npt.NDArray[np.float64]
    changed: Mask
    """[n] lines whose rows change."""
    dates: npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Changes:
    """What changes of one table."""

    frame: pd.DataFrame
    gone: Sequence[str] | None = None
    """Values of `column` of rows that the frame replaces; None: it is the whole table."""
    column: str = "line_id"


def replanned_tables(lake: Lake, done: Replan) -> tuple[dict[str, Changes], pd.DataFrame]:
    """Return what changes, table by table, and the figures of all lines as `RunState` has them.

    Tables that are not named stay as they are.
    """
    run = done.state.run
    moves = transfers_again(
        lake,
        run,
        done.inputs,
        done.lines,
        done.planned.line_inputs,
        done.planned.plans,
        done.held,
        done.changed,
    )
    rows = np.flatnonzero(done.changed | _gives_otherwise(lake, done, moves))
    part = _part(lake, done, rows)
    plan_lines = plan_lines_table(part)
    names = part.lines["line_id"].tolist()
    figures = _merged(done.state.figures, plan_lines, rows)
    of_lines = line_tables(part, plan_lines) | expiry_tables(part, plan_lines, moves.tables.transfers)
    found = {table: Changes(frame, names) for table, frame in of_lines.items()}
    moved = done.lines["next_order_date"].to_numpy() != done.state.lines["next_order_date"].to_numpy()
    moved &= ~(done.lines["next_order_date"].isna() & done.state.lines["next_order_date"].isna()).to_numpy()
    if moved.any():
        terms = done.lines[moved]
        for name in ("max_cover_days", "shelf_maximum", "life_days"):
            terms = terms.assign(**{name: terms[name].where(np.isfinite(terms[name]))})
        found["line_terms"] = Changes(terms, terms["line_id"].tolist())
    whole = {
        "allocations": allocations_table(part, done.planned.allocations.table),
        "order_terms": done.planned.joint.terms,
        "order_increments": done.planned.joint.increments,
        "data_faults": done.faults,
    }
    skus = None if moves.skus is None else sorted(moves.skus)
    for table, frame in (
        ("transfers", moves.tables.transfers),
        ("transfers_idle", moves.tables.idle),
        ("transfer_loads", moves.tables.loads),
    ):
        found[table] = Changes(frame, skus, "sku")
    facts = replanned_facts(
        read_run_table(lake, run, "kpi_facts"),
        done.lines,
        figures,
        sells=done.lines["sells"].to_numpy(dtype=bool),
        obsolete=done.lines["obsolete"].to_numpy(dtype=bool),
        stock_days=more_stock_days(lake, done.state, done.inputs, done.planned.line_inputs, rows),
        as_of=done.inputs.as_of,
    )
    whole["kpi_facts"] = facts
    whole["kpis"] = pd.concat([_headlines(lake, done, figures), measured_kpis(facts)])
    whole["supplier_performance"] = replanned_supplier_table(
        read_run_table(lake, run, "supplier_performance"),
        done.lines.assign(period_days=done.planned.line_inputs.period_days),
        figures,
        done.inputs.tables["orders"],
        as_of=done.inputs.as_of,
    )
    found |= {table: Changes(frame) for table, frame in whole.items()}
    tables = {
        table: Changes(
            change.frame.assign(run_id=done.run_id).reindex(columns=list(TABLES[table].names)),
            change.gone,
            change.column,
        )
        for table, change in found.items()
    }
    return tables, figures


def _part(lake: Lake, done: Replan, rows: Rows) -> Decided:
    """Return what was decided of lines `rows`."""
    planned, lines = done.planned, done.lines.iloc[rows].reset_index(drop=True)
    curves = planned.curves
    responses = read_run_table(
        lake, done.state.run, "markdown_responses", where={"line_id": lines["line_id"].tolist()}
    )
    place = pd.Index(responses["line_id"]).get_indexer(lines["line_id"])
    skus = set(lines["sku"])
    tables = dict(done.inputs.tables)
    for table in ("inventory_snapshot", "orders"):
        tables[table] = tables[table][tables[table]["sku"].isin(skus)]
    return Decided(
        run_id=done.run_id,
        inputs=replace(done.inputs, tables=tables),
        lines=lines,
        line_inputs=planned.line_inputs.take(rows),
        own=take_plans(planned.own, rows),
        plans=take_plans(planned.plans, rows),
        curves=LineCurves(**{name: getattr(curves, name)[rows] for name in vars(curves)}),
        held=done.held,
        dates=done.dates,
        responses=responses_of(responses.iloc[place], allowed_depths(done.inputs.settings)),
        supply=[done.supply[row] for row in rows],
        late_quantity=done.late_quantity[rows],
    )


def _merged(figures: pd.DataFrame, plan_lines: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    """Return the figures of all lines, those of `rows` anew."""
    new = plan_lines[list(figures.columns)].set_index(rows)
    kept = figures[~figures.index.isin(rows)]
    return pd.concat([kept, new]).sort_index()


def _gives_otherwise(lake: Lake, done: Replan, moves: TransfersAgain) -> Mask:
    """Return the lines that transfers leave otherwise than before, [n]: what expires there changes."""
    before = read_run_table(lake, done.state.run, "transfers")
    if moves.skus is not None:
        before = before[before["sku"].isin(moves.skus)]
    givers = {(sku, origin) for sku, origin, *_ in _moves(before) ^ _moves(moves.tables.transfers)}
    keys = pd.MultiIndex.from_frame(done.lines[["sku", "location"]])
    return np.asarray(keys.isin(list(givers)))


def _moves(transfers: pd.DataFrame) -> set[tuple[Any, ...]]:
    """Return what expiry takes of transfers."""
    columns = transfers[[*_MOVE, "batches"]].itertuples(index=False)
    return {(*move, tuple(batches)) for *move, batches in columns}


_MOVE = ("sku", "origin", "destination", "quantity", "gain", "freight", "handling", "fixed_cost")


def _headlines(lake: Lake, done: Replan, figures: pd.DataFrame) -> pd.DataFrame:
    stored = read_run_table(lake, done.state.run, "kpis").set_index("name")["value"]
    return headlines(
        done.run_id,
        done.inputs.as_of,
        figures,
        int((done.lines["assumed"] != "").sum()),
        float(stored["wape"]),
        float(stored["wape_naive"]),
    )
