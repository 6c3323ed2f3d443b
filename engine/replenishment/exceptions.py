"""Which lines need a person: the kind of exception, its cause and the one act that helps, in words.

A line is an exception for the greatest of its risks in money, if that risk is material:

- stockout: more units are short before the next arrival than the service target tolerates, and the
  order is due today or comes too late to prevent it;
- late_supply: the same, with open orders overdue;
- expiry: at least one unit and 5 % of the stock and open orders will be written off;
- overstock: stock and open orders exceed the level and a whole lot by a quarter of the level and by what
  sells in a fortnight;
- held: the data of the line is wrong.

A risk of less money than the planner cares for is no exception.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.replenishment.exception_words import LEAST_UNITS, cause_and_act
from engine.replenishment.lines import FloatArray

_WASTE_SHARE = 0.05
_EXCESS_SHARE = 0.25
_EXCESS_DAYS = 14.0
_LISTS = ("projected_stock", "projected_stock_with_order")


def describe(
    frame: pd.DataFrame, *, as_of: dt.date | None = None, currency: str = "", least_money: float = 0.0
) -> pd.DataFrame:
    """Decide the exception of every line and put it in words.

    Parameters
    ----------
    frame : DataFrame
        Columns of `plan_lines`, any index. Optional column late_quantity: overdue on open orders [each].
    as_of : date, optional
        Orders due by this day are due now; default: the earliest order day in the frame.
    currency : str
        Written after money.
    least_money : float
        A smaller risk is no exception [money]; a held line always is one.

    Returns
    -------
    DataFrame
        exception (None: none), cause, recommendation; the frame's index.
    """
    kinds = _kinds(frame, as_of, least_money)
    rows = frame.drop(columns=[name for name in _LISTS if name in frame])
    causes: list[str | None] = [None] * len(frame)
    acts: list[str | None] = [None] * len(frame)
    chosen = np.flatnonzero(kinds != "")
    for row, record in zip(chosen, rows.iloc[chosen].to_dict("records"), strict=True):
        line = {str(name): value for name, value in record.items()}
        causes[row], acts[row] = cause_and_act(str(kinds[row]), line, currency)
    return pd.DataFrame(
        {
            "exception": pd.Series([kind or None for kind in kinds], index=frame.index, dtype="str"),
            "cause": pd.Series(causes, index=frame.index, dtype="str"),
            "recommendation": pd.Series(acts, index=frame.index, dtype="str"),
        }
    )


def _kinds(
    frame: pd.DataFrame, as_of: dt.date | None, least_money: float
) -> np.ndarray[Any, np.dtype[np.object_]]:
    kinds = np.full(len(frame), "", dtype=object)
    if frame.empty:
        return kinds
    column = {name: frame[name].to_numpy(dtype=np.float64) for name in _FIGURES}
    due = (frame["order_by"] <= (pd.Timestamp(as_of) if as_of else frame["order_by"].min())).to_numpy()
    late = frame["late_quantity"].to_numpy(np.float64) if "late_quantity" in frame else np.zeros(len(frame))

    lost_money = column["lost_before"] * column["stockout_cost"]
    waste_money = column["waste_before"] * column["unit_cost"]
    excess_money = column["money_at_risk"] - lost_money - waste_money
    prevented = _short(column, column["lost_before"]) & due
    short = prevented | _short(column, column["lost_after"])
    wasted = (column["waste_before"] >= 1.0) & (
        column["waste_before"] >= _WASTE_SHARE * (column["on_hand"] + column["on_order"])
    )
    excess = column["excess_units"]
    heavy = (excess >= 1.0) & (excess >= _EXCESS_SHARE * column["order_up_to"])
    heavy &= excess >= _EXCESS_DAYS * column["expected_demand_daily"]

    risks = np.stack(
        [
            np.where(short, lost_money, -np.inf),
            np.where(wasted, waste_money, -np.inf),
            np.where(heavy, excess_money, -np.inf),
        ]
    )
    greatest = risks.argmax(axis=0)
    worst = risks.max(axis=0)
    some = np.isfinite(worst) & (worst >= least_money)
    kinds[some] = np.array(["stockout", "expiry", "overstock"], dtype=object)[greatest[some]]
    kinds[(kinds == "stockout") & (late > 0.0)] = "late_supply"
    kinds[(frame["status"] == "held").to_numpy()] = "held"
    return kinds


_FIGURES = (
    "lost_before",
    "lost_after",
    "waste_before",
    "excess_units",
    "money_at_risk",
    "stockout_cost",
    "unit_cost",
    "on_hand",
    "on_order",
    "order_up_to",
    "service_target",
    "term_demand",
    "expected_demand_daily",
)


def _short(column: Mapping[str, FloatArray], lost: FloatArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether more is lost until the next arrival than the service target tolerates."""
    wanted = np.maximum(column["term_demand"], lost)
    short: np.ndarray[Any, np.dtype[np.bool_]] = (lost >= LEAST_UNITS) & (
        lost > (1.0 - column["service_target"]) * wanted
    )
    return short
