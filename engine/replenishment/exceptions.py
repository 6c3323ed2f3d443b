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

from engine.replenishment.lines import FloatArray
from engine.replenishment.words import day, explain_in_words, known, money, units

__all__ = ["describe", "explain_in_words"]

_LEAST_UNITS = 0.5
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
        causes[row], acts[row] = _WORDS[str(kinds[row])](line, currency)
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
    short: np.ndarray[Any, np.dtype[np.bool_]] = (lost >= _LEAST_UNITS) & (
        lost > (1.0 - column["service_target"]) * wanted
    )
    return short


def _shortage(line: Mapping[str, Any], currency: str) -> str:
    out = known(line["need_date"]) and line["need_date"] < line["next_arrival_date"]
    runs_out = f"stock runs out on {day(line['need_date'])}" if out else "stock runs low"
    cost = money(line["lost_before"] * line["stockout_cost"], currency)
    return (
        f"{runs_out}: shortage of {units(line['lost_before'])} until {day(line['next_arrival_date'])} "
        f"({cost}); {units(line['on_hand'])} on hand, {units(line['on_order'])} on order"
    )


def _order_or_expedite(line: Mapping[str, Any]) -> str:
    quantity, lost_after = float(line["quantity"]), float(line["lost_after"])
    saved = float(line["lost_before"]) - lost_after
    if quantity <= 0.0:
        return _without_order(line)
    order = f"Order {units(quantity)} by {day(line['order_by'])}: it saves {units(saved)}"
    limited = -float(line["term_cover"])
    if limited >= 1.0 and lost_after >= _LEAST_UNITS:
        return (
            f"{order}, but {units(lost_after)} stay short: the shelf or the most cover keeps the order "
            f"{units(limited)} below the need. Deliver more often, or raise the limit."
        )
    if lost_after >= _LEAST_UNITS and lost_after >= 0.5 * saved:
        return (
            f"{order}, but {units(lost_after)} stay short, mostly before it arrives on "
            f"{day(line['arrival_date'])}: expedite, or move stock from elsewhere."
        )
    return f"{order}, arriving {day(line['arrival_date'])}."


def _without_order(line: Mapping[str, Any]) -> str:
    limited, dropped = -float(line["term_cover"]), -float(line["term_moq"])
    lot = float(max(line["moq"], line["order_multiple"]))
    if _LEAST_UNITS <= dropped < lot:
        return (
            f"No order: {units(dropped)} are needed, but the least lot of {units(lot)} is more than is allowed or "
            f"pays. Agree smaller lots, raise the limit, or move stock from elsewhere."
        )
    if limited >= _LEAST_UNITS:
        return (
            f"No order: the shelf or the most cover leaves no room for the {units(limited)} needed. Deliver "
            f"more often, or raise the limit."
        )
    late = f"a new order would arrive too late, on {day(line['arrival_date'])}"
    if float(line["on_order"]) >= _LEAST_UNITS:
        return f"Bring forward the {units(line['on_order'])} on order, or move stock from elsewhere: {late}."
    return f"Move stock from elsewhere: {late}."


def _stockout(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    return _sentence(_shortage(line, currency)), _order_or_expedite(line)


def _late_supply(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    late = units(line["late_quantity"])
    cause = f"{late} are overdue on open orders; {_shortage(line, currency)}"
    act = f"Chase the {late} overdue from {line['source']}"
    if float(line["quantity"]) > 0.0:
        return _sentence(cause), f"{act}. {_order_or_expedite(line)}"
    return _sentence(cause), f"{act}; {units(line['lost_before'])} depend on it."


def _expiry(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    waste = units(line["waste_before"])
    cost = money(line["waste_before"] * line["unit_cost"], currency)
    cause = (
        f"{waste} of the {units(line['on_hand'] + line['on_order'])} on hand and on order expire before they "
        f"sell, at {units(line['expected_demand_daily'])} a day ({cost})"
    )
    return _sentence(cause), f"Mark down or move {waste} before they expire."


def _overstock(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    excess = units(line["excess_units"])
    supply, rate = float(line["on_hand"]) + float(line["on_order"]), float(line["expected_demand_daily"])
    cover = f"enough for {units(supply / rate)} days" if rate > 0.0 else "nothing is selling"
    cause = (
        f"{excess} more than needed: {units(line['on_hand'])} on hand and {units(line['on_order'])} "
        f"on order, {cover}, {money(line['excess_units'] * line['unit_cost'], currency)} tied up"
    )
    if float(line["on_order"]) >= 1.0:
        least = min(float(line["on_order"]), float(line["excess_units"]))
        return _sentence(cause), f"Cancel or postpone {units(least)} of the open orders."
    return _sentence(cause), f"Move {excess} to where they sell, or promote them."


def _held(line: Mapping[str, Any], _currency: str) -> tuple[str, str]:
    reason = str(line["held_reason"]) if known(line.get("held_reason")) else "data is wrong"
    return _sentence(reason), "Repair the data; nothing is ordered until then."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".") + "."


_WORDS = {
    "stockout": _stockout,
    "late_supply": _late_supply,
    "expiry": _expiry,
    "overstock": _overstock,
    "held": _held,
}
