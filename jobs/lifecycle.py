"""Launches, ends, predecessors and likeness of the lines of a plan, from the lake's masters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.lifecycle import LifecycleFacts
from engine.forecast.panel import Panel
from jobs.demand import planning_panel
from jobs.inputs import PlanInputs

Days = npt.NDArray[np.datetime64]


def plan_lifecycle(inputs: PlanInputs, lines: pd.DataFrame) -> LifecycleFacts:
    """Return the facts of every line; row i is line i.

    A product is on sale from its launch date or, if later, its first day in the location's assortment, until
    its discontinue date or, if earlier, its last day there. A predecessor counts at its own location, whether
    it is still planned or not; a distribution centre's is what it supplied.

    Parameters
    ----------
    inputs : tables products and assortment, and the sales
    lines : columns sku, location, source, source_kind, unit_price (`jobs.line_terms.line_terms`)
    """
    tables = inputs.tables
    launch, end, about = _on_sale(lines, tables["products"], tables["assortment"])
    replaced = about["predecessor_sku"].fillna("").to_numpy(dtype=object)
    old = lines[["sku", "location", "source", "source_kind"]].assign(sku=replaced)
    old = old[(replaced != "") & (replaced != lines["sku"].to_numpy())].drop_duplicates(["sku", "location"])
    ancestors, ancestor_end = _ancestors(inputs, old)
    predecessor = np.full(len(lines), -1, dtype=np.int64)
    if ancestors is not None:
        known = pd.MultiIndex.from_arrays([ancestors.sku, ancestors.location])
        predecessor = known.get_indexer(pd.MultiIndex.from_arrays([replaced, lines["location"]]))
    return LifecycleFacts(
        launch,
        end,
        predecessor.astype(np.int64),
        ancestors,
        ancestor_end,
        brand=about["brand"].fillna("").to_numpy(dtype=object),
        price=lines["unit_price"].to_numpy(dtype=np.float64),
    )


def _on_sale(
    lines: pd.DataFrame, products: pd.DataFrame, assortment: pd.DataFrame
) -> tuple[Days, Days, pd.DataFrame]:
    """Return first and last day of sale [n], and the products' columns, row by row."""
    about = lines[["sku", "location"]].merge(products, on="sku", how="left")
    about = about.merge(
        assortment[["sku", "location", "from_date", "to_date"]], on=["sku", "location"], how="left"
    )
    launch = about[["launch_date", "from_date"]].max(axis=1)
    end = about[["discontinue_date", "to_date"]].min(axis=1)
    return launch.to_numpy(dtype="datetime64[D]"), end.to_numpy(dtype="datetime64[D]"), about


def _ancestors(inputs: PlanInputs, old: pd.DataFrame) -> tuple[Panel | None, Days | None]:
    """Return the panel of predecessors that ever sold, and the last day of sale of each."""
    if old.empty:
        return None, None
    panel = planning_panel(inputs.sales, old, inputs.tables["products"])
    _, end, _ = _on_sale(old, inputs.tables["products"], inputs.tables["assortment"])
    sold = panel.values.sum(axis=1) > 0
    return (panel.rows(sold), end[sold]) if sold.any() else (None, None)
