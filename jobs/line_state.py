"""What a run keeps of each line so that it can be planned again in part, laid out as tables.

`line_terms` holds what the plan took as given, `line_plans` what each line came to on its own.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import ORDER_BOUNDS, TABLES
from engine.replenishment.lines import LinePlans
from jobs.line_inputs import DemandModel

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ENDLESS = ("max_cover_days", "shelf_maximum", "life_days")
"""Terms that may be without limit: null in the table."""
PLAN_FIGURES = tuple(
    field.name
    for field in fields(LinePlans)
    if field.name not in ("projected_stock", "projected_stock_with_order", "stock_quantiles", "bound")
)
"""Figures of `line_plans`, one number a line."""
TERMS = tuple(
    name
    for name in TABLES["line_terms"].names
    if name not in ("run_id", "line_id", "own_mean", "level_cv", "dispersion", "sells", "obsolete")
)
"""Columns of `line_terms` that `jobs.line_terms.line_terms` returns."""


def line_ids(lines: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the key of each line: sku|location|source."""
    return (lines["sku"] + "|" + lines["location"] + "|" + lines["source"]).to_numpy(dtype=object)


def line_terms_table(
    run_id: str, lines: pd.DataFrame, demand: DemandModel, sells: Mask, obsolete: Mask
) -> pd.DataFrame:
    """Lay out terms as the contract `line_terms` says; row i is line i.

    Parameters
    ----------
    run_id : str
    lines : `jobs.line_terms.line_terms`
    demand : each line's own forecast
    sells, obsolete : [n] it has sales of its own; nothing of the product is sold any more
    """
    terms: dict[str, Any] = {name: lines[name].to_numpy() for name in TERMS}
    for name in ENDLESS:
        terms[name] = np.where(np.isfinite(lines[name]), lines[name], np.nan)
    shares = lines["own_share"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "run_id": run_id,
            "line_id": line_ids(lines),
            **terms,
            "own_mean": _lists(demand.mean, shares > 0),
            "level_cv": demand.level_cv,
            "dispersion": demand.dispersion,
            "sells": sells,
            "obsolete": obsolete,
        }
    )[list(TABLES["line_terms"].names)]


def line_plans_table(
    run_id: str, lines: pd.DataFrame, own: LinePlans, final: LinePlans, supply: list[str], late: Floats
) -> pd.DataFrame:
    """Lay out each line's plan on its own as the contract `line_plans` says; row i is line i.

    Parameters
    ----------
    run_id : str
    lines : sku, location and source of each line
    own, final : on its own, and after all that lines share
    supply, late : `jobs.supply_marks`
    """
    figures = {name: getattr(own, name) for name in PLAN_FIGURES}
    return pd.DataFrame(
        {
            "run_id": run_id,
            "line_id": line_ids(lines),
            **figures,
            "bound": np.array(ORDER_BOUNDS)[own.bound],
            "projected_stock_with_order": _lists(
                own.projected_stock_with_order, own.quantity != final.quantity
            ),
            "supply": supply,
            "late_quantity": late,
        }
    )[list(TABLES["line_plans"].names)]


def _lists(values: Floats, rows: Mask) -> list[Floats | None]:
    return [row if wanted else None for row, wanted in zip(values, rows, strict=True)]
