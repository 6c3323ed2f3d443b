"""A run read back as the arrays of its plan: what a part of it is planned again from.

Rows are lines by sku and location, as in the plan; the tables of a run have them by line_id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.lists import Lists, read_lists
from data_lake.runs import Run, read_run_table
from engine.contracts import ORDER_BOUNDS, TABLES
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.plan_rows import put_plans, take_plans
from engine.replenishment.value_curves import LineCurves
from jobs.curve_tables import LISTS
from jobs.known_orders import KnownOrders
from jobs.line_inputs import DemandModel
from jobs.line_state import ENDLESS, PLAN_FIGURES

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_RAGGED = {
    "batch_line": ("batch_quantity", "batch_last_period"),
    "receipt_line": ("receipt_period", "receipt_quantity"),
}
_WHOLE = ("batch_last_period", "receipt_period")
_MOVED = (
    "quantity",
    "term_joint",
    "fill_after",
    "lost_after",
    "waste_after",
    "expected_profit",
    "confidence",
    "order_up_to",
)
"""Figures that another order changes."""


@dataclass(frozen=True)
class RunState:
    """The lines of a run; row i of each part is line i."""

    run: Run
    lines: pd.DataFrame
    """Contract `line_terms`."""
    figures: pd.DataFrame
    """Columns of `plan_lines` that are neither lists nor words."""
    supply: npt.NDArray[np.object_]
    """Fingerprints of `jobs.supply_marks`."""
    line_inputs: LineInputs
    """What each line was planned on; a centre's demand is that of its stores' orders."""
    known: KnownOrders
    """Its orders; nothing is changed yet."""

    @property
    def held(self) -> Mask:
        """Lines that ordered nothing because of their data, [n]."""
        return self.figures["status"].eq("held").to_numpy(dtype=bool)

    def own_demand(self, rows: Rows) -> DemandModel:
        """Return the own forecast of some lines; where nothing is sold on its own it does not matter."""
        mean = self.line_inputs.mean[rows].copy()
        for place, own in enumerate(self.lines["own_mean"].iloc[rows]):
            if own is not None:
                mean[place] = own
        terms = self.lines.iloc[rows]
        return DemandModel(
            mean=mean,
            level_cv=terms["level_cv"].to_numpy(dtype=np.float64),
            dispersion=terms["dispersion"].to_numpy(dtype=np.float64),
            path_seed=self.line_inputs.path_seed[rows],
        )


def run_state(lake: Lake, run: Run) -> RunState:
    """Read a run back; it must keep `line_terms` and `line_plans`."""
    terms = read_run_table(lake, run, "line_terms")
    order = _order(terms)
    lines = _ordered(terms, order)
    for name in ENDLESS:
        lines[name] = lines[name].fillna(np.inf)
    plain = [
        column.name for column in TABLES["plan_lines"].columns if column.kind not in ("numbers", "texts")
    ]
    figures = _read(lake, run, "plan_lines", plain, order)
    line_inputs = _line_inputs(lake, run, order)
    plans = _read(lake, run, "line_plans", ["supply", "bound", "late_quantity", *PLAN_FIGURES], order)
    stock = _lists(lake, run, "plan_lines", ["projected_stock", "projected_stock_with_order"], order)
    own_stock = _lists(lake, run, "line_plans", ["projected_stock_with_order"], order)
    final_stock = stock["projected_stock_with_order"].matrix(line_inputs.horizon)
    own = _own_plans(plans, stock["projected_stock"].matrix(line_inputs.horizon), final_stock)
    moved = np.flatnonzero(own_stock["projected_stock_with_order"].lengths)
    if len(moved):
        with_own = own.projected_stock_with_order.copy()
        with_own[moved] = own_stock["projected_stock_with_order"].take(moved).matrix(line_inputs.horizon)
        own = replace(own, projected_stock_with_order=with_own)
    final = _final_plans(own, figures, final_stock, moved)
    allocations = _allocations(lake, run, lines, line_inputs)
    shared, is_known = shared_plans(own, final, allocations, lines)
    known = KnownOrders(
        changed=np.zeros(len(lines), dtype=np.bool_),
        own=own,
        curves=_curves(lake, run, order),
        shared=shared,
        is_shared_known=is_known,
        allocations=allocations,
        final=final,
    )
    return RunState(run, lines, figures, plans["supply"].to_numpy(dtype=object), line_inputs, known)


def _order(terms: pd.DataFrame) -> Rows | None:
    """Return the rows by sku and location; None where they are already."""
    keys = pd.MultiIndex.from_frame(terms[["sku", "location"]])
    if keys.is_monotonic_increasing:
        return None
    return np.lexsort((terms["location"].to_numpy(dtype=object), terms["sku"].to_numpy(dtype=object)))


def _ordered(frame: pd.DataFrame, order: Rows | None) -> pd.DataFrame:
    return frame if order is None else frame.iloc[order].reset_index(drop=True)


def _read(lake: Lake, run: Run, table: str, columns: list[str], order: Rows | None) -> pd.DataFrame:
    return _ordered(read_run_table(lake, run, table, columns=columns), order)


def _lists(lake: Lake, run: Run, table: str, columns: list[str], order: Rows | None) -> dict[str, Lists]:
    found = read_lists(lake, table, columns, version=run.outputs[table])
    return found if order is None else {name: lists.take(order) for name, lists in found.items()}


def _line_inputs(lake: Lake, run: Run, order: Rows | None) -> LineInputs:
    ragged = [name for names in _RAGGED.values() for name in names]
    own = {"run_id", "line_id", "sku", "location", "source", "mean", "path_seed", "period_days", *ragged}
    scalars = [column.name for column in TABLES["line_inputs"].columns if column.name not in own]
    stored = _read(lake, run, "line_inputs", ["path_seed", "period_days", *scalars], order)
    lists = _lists(lake, run, "line_inputs", ["mean", *ragged], order)
    parts: dict[str, Any] = {name: stored[name].to_numpy() for name in scalars}
    for line, names in _RAGGED.items():
        parts[line] = lists[names[0]].row
        for name in names:
            values = lists[name].values
            parts[name] = values.astype(np.int64) if name in _WHOLE else values
    return LineInputs(
        mean=lists["mean"].matrix(),
        path_seed=np.array([int(seed, 16) for seed in stored["path_seed"]], dtype=np.uint64),
        **parts,
        period_days=float(stored["period_days"].iloc[0]),
    ).checked()


def _own_plans(stored: pd.DataFrame, before: Floats, after: Floats) -> LinePlans:
    figures: dict[str, Any] = {name: stored[name].to_numpy() for name in PLAN_FIGURES}
    for name in ("need_period", "arrival_period", "next_arrival_period"):
        figures[name] = stored[name].to_numpy(dtype=np.int64)
    return LinePlans(
        **figures,
        bound=_bounds(stored["bound"]),
        projected_stock=before,
        projected_stock_with_order=after,
        stock_quantiles=np.zeros((len(stored), 0, before.shape[1])),
    )


def _bounds(names: pd.Series) -> Rows:
    codes = {name: code for code, name in enumerate(ORDER_BOUNDS)}
    return np.asarray(names.map(codes), dtype=np.int64)


def _final_plans(own: LinePlans, figures: pd.DataFrame, stock: Floats, moved: Rows) -> LinePlans:
    """Return the plans after all that lines share: of those moved as `plan_lines` says."""
    part = figures.iloc[moved]
    changed: dict[str, Any] = {name: part[name].to_numpy(dtype=np.float64) for name in _MOVED}
    plans = replace(
        take_plans(own, moved),
        **changed,
        bound=_bounds(part["bound"]),
        projected_stock_with_order=stock[moved],
    )
    return put_plans(own, (moved, plans))


def _allocations(lake: Lake, run: Run, lines: pd.DataFrame, inputs: LineInputs) -> pd.DataFrame:
    stored = read_run_table(lake, run, "allocations").drop(columns=["run_id", "order_by"])
    row = pd.Series(range(len(lines)), index=lines["line_id"]).reindex(stored["line_id"]).to_numpy(np.int64)
    return stored.assign(period=inputs.order_period[row])


def shared_plans(
    own: LinePlans, final: LinePlans, allocations: pd.DataFrame, lines: pd.DataFrame
) -> tuple[LinePlans, Mask]:
    """Return the plans after shortages, and of which lines they are known."""
    cut = allocations[allocations["granted"] != allocations["wanted"]]
    row = pd.Series(range(len(lines)), index=lines["line_id"]).reindex(cut["line_id"]).to_numpy(np.int64)
    granted = cut["granted"].to_numpy(dtype=np.float64)
    known = np.ones(len(lines), dtype=np.bool_)
    same = final.quantity[row] == granted
    known[row[~same]] = False
    rows = row[same]
    short = np.full(len(rows), ORDER_BOUNDS.index("dc_shortage"))
    return put_plans(own, (rows, replace(take_plans(final, rows), bound=short))), known


def _curves(lake: Lake, run: Run, order: Rows | None) -> LineCurves:
    stored = _read(lake, run, "line_curves", ["window_demand", "shortage_price"], order)
    lists = _lists(lake, run, "line_curves", list(LISTS), order)
    width = max(int(lists["quantity"].lengths.max(initial=1)), 1)
    figures: dict[str, Any] = {name: lists[name].matrix(width) for name in LISTS}
    return LineCurves(
        **figures,
        window_demand=stored["window_demand"].to_numpy(dtype=np.float64),
        shortage_price=stored["shortage_price"].to_numpy(dtype=np.float64),
    )
