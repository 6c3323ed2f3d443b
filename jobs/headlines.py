"""The headline figures of a run, from its lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd


def headlines(
    run_id: str, as_of: dt.date, lines: pd.DataFrame, assumed: int, wape: float, wape_naive: float
) -> pd.DataFrame:
    """Return headline figures: sums and demand-weighted means over the lines of `plan_lines`.

    Parameters
    ----------
    run_id, as_of : of the run
    lines : contract `plan_lines`, all of the run
    assumed : lines of which something had to be assumed
    wape, wape_naive : pooled error of the backtests
    """
    proposed = lines[lines["status"] == "proposed"]
    due = proposed[proposed["order_by"] == pd.Timestamp(as_of)]
    exceptions, held = lines["exception"].notna(), lines["status"] == "held"
    demand = lines["term_demand"].to_numpy()
    weight = demand / demand.sum() if demand.sum() > 0 else np.full(len(lines), 1 / max(len(lines), 1))
    figures: Mapping[str, tuple[float, str]] = {
        "money_at_risk": (lines.loc[exceptions, "money_at_risk"].sum(), "money"),
        "exceptions": (exceptions.sum(), "lines"),
        "fill_rate_without_orders": ((lines["fill_before"] * weight).sum(), "share"),
        "fill_rate_with_orders": ((lines["fill_after"] * weight).sum(), "share"),
        "orders_proposed": (len(proposed), "lines"),
        "orders_due": (len(due), "lines"),
        "order_value": (proposed["value"].sum(), "money"),
        "order_value_due": (due["value"].sum(), "money"),
        "stock_value": ((lines["on_hand"].clip(lower=0) * lines["unit_cost"]).sum(), "money"),
        "excess_value": ((lines["excess_units"] * lines["unit_cost"]).sum(), "money"),
        "expected_write_off": ((lines["waste_after"] * lines["unit_cost"]).sum(), "money"),
        "lines": (len(lines), "lines"),
        "lines_held": (held.sum(), "lines"),
        "lines_assumed": (assumed, "lines"),
        "wape": (wape, "share"),
        "wape_naive": (wape_naive, "share"),
    }
    return pd.DataFrame(
        {
            "run_id": run_id,
            "name": list(figures),
            "value": [float(value) for value, _ in figures.values()],
            "unit": [unit for _, unit in figures.values()],
        }
    )
