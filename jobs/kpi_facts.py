"""The sums that key figures are ratios of, from the last year of the lake and from the plan itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from jobs.demand import LineDemand

Floats = npt.NDArray[np.float64]

WINDOW_DAYS = 365
"""Key figures look back over this many days."""
OBSOLETE_DAYS = 180
"""Stock of what sold nothing for this long is obsolete."""
CYCLE = {"D": 7, "W": 1, "M": 1}
"""Periods of a cycle: a week, or the period where that is longer."""
_CELL = ["month", "category", "location"]
_FACTS = tuple(
    column.name
    for column in TABLES["kpi_facts"].columns
    if column.kind == "number" and column.name not in TABLES["kpi_facts"].key
)


def kpi_facts(
    *,
    sold: LineDemand,
    tables: Mapping[str, pd.DataFrame],
    lines: pd.DataFrame,
    plan_lines: pd.DataFrame,
    error: Floats,
    actual: Floats,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return `kpi_facts` without its run: one row a month, category and location of the last twelve months.

    Parameters
    ----------
    sold : demand of the lines
    tables : `inventory_snapshot` and `movements` of the last year, `products`, `sales` of the last year
    lines : sku, location, category, unit_cost, unit_price (`jobs.line_terms.line_terms`)
    plan_lines : contract `plan_lines`, row i is line i
    error, actual : [n] absolute error of each line's backtest, and the demand it was held against [each]
    as_of : day planned
    """
    known = lines[["sku", "location"]].assign(
        category=lines["category"].fillna("").to_numpy(),
        unit_cost=lines["unit_cost"].to_numpy(),
        unit_price=lines["unit_price"].to_numpy(),
    )
    parts = [
        _sold(sold, known, as_of),
        _stock(tables["inventory_snapshot"], known, as_of),
        _moved(tables["movements"], known),
        _planned(known, sold.sells, plan_lines, obsolete_lines(known, tables, as_of), as_of),
        _tested(known, error, actual, as_of),
    ]
    facts = pd.concat(parts).groupby(_CELL, as_index=False).sum()
    return facts.reindex(columns=[*_CELL, *_FACTS]).fillna(dict.fromkeys(_FACTS, 0.0))


def _sold(sold: LineDemand, known: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Sales, demand, availability and margin of every line that sells."""
    panel, rows = sold.panel, sold.sells
    first = int(np.searchsorted(panel.dates, np.datetime64(as_of - dt.timedelta(days=WINDOW_DAYS), "D")))
    if first == panel.n_periods or not rows.any():
        return pd.DataFrame(columns=_CELL)
    about, dates = known[rows], panel.dates[first:]
    on_sale, share = sold.on_sale[rows, first:], sold.in_stock[rows, first:]
    quantity, price = sold.quantity[rows, first:], sold.price[rows, first:]
    price = np.where(np.isnan(price), about["unit_price"].to_numpy()[:, None], price)
    cost = about["unit_cost"].to_numpy()[:, None]
    days = _period_days(dates, panel.period)
    facts = {
        "sold_units": quantity,
        "demand_units": sold.wanted[rows, first:],
        "open_days": on_sale * days,
        "in_stock_days": share * days,
        "revenue": quantity * price,
        "cost_of_sales": quantity * cost,
        "margin": quantity * (price - cost),
    }
    month = dates.astype("datetime64[M]")
    length = CYCLE[panel.period]
    cycles, full = _cycles(on_sale, share, length)
    ends = month[length - 1 :: length]
    return pd.concat(
        [_by_month(facts, month, about), _by_month({"cycles": cycles, "full_cycles": full}, ends, about)]
    )


def _by_month(
    facts: Mapping[str, Floats], month: npt.NDArray[np.datetime64], about: pd.DataFrame
) -> pd.DataFrame:
    """Add up [n, T] facts by month, category and location."""
    names, start = np.unique(month, return_index=True)
    sums = (
        {name: np.add.reduceat(values, start, axis=1) for name, values in facts.items()} if len(names) else {}
    )
    frames = [
        about[["category", "location"]].assign(
            month=pd.Timestamp(name), **{fact: values[:, i] for fact, values in sums.items()}
        )
        for i, name in enumerate(names)
    ]
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=_CELL)
    return frame.groupby(_CELL, as_index=False).sum()


def _cycles(on_sale: npt.NDArray[np.bool_], share: Floats, length: int) -> tuple[Floats, Floats]:
    """Whole stretches of `length` periods on sale, and those without a stockout, [n, stretches]."""
    n, periods = on_sale.shape
    stretches = periods // length
    shape = (n, stretches, length)
    open_all = on_sale[:, : stretches * length].reshape(shape).all(axis=2)
    full = (share[:, : stretches * length].reshape(shape) >= 1.0).all(axis=2)
    both = np.stack([open_all, open_all & full]).astype(np.float64)
    return both[0], both[1]


def _stock(snapshot: pd.DataFrame, known: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Average stock at cost of each month times its days; a month without a snapshot has its neighbour's."""
    first = np.datetime64(as_of - dt.timedelta(days=WINDOW_DAYS), "D")
    held = snapshot[snapshot["date"] >= pd.Timestamp(first)]
    held = held.merge(known, on=["sku", "location"], how="inner", suffixes=("_paid", ""))
    if held.empty:
        return pd.DataFrame(columns=_CELL)
    held = held.assign(value=held["on_hand"].clip(lower=0.0) * held["unit_cost"])
    by_day = held.pivot_table("value", ["category", "location"], "date", aggfunc="sum", fill_value=0.0)
    mean = by_day.T.groupby(by_day.columns.to_numpy().astype("datetime64[M]")).mean()
    days = np.arange(first, np.datetime64(as_of, "D")).astype("datetime64[M]")
    names, count = np.unique(days, return_counts=True)
    mean = mean.reindex(names.astype("datetime64[s]")).ffill().bfill().mul(count, axis=0)
    place = by_day.index.to_frame(index=False)
    return pd.concat(
        place.assign(month=pd.Timestamp(month), stock_value_days=values)
        for month, values in zip(names, mean.to_numpy(), strict=True)
    )


def _moved(movements: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Write-offs at cost, and counts."""
    moved = movements.merge(known, on=["sku", "location"], how="inner")
    kind, quantity = moved["kind"], moved["quantity"]
    month = moved["at"].dt.tz_localize(None).to_numpy().astype("datetime64[M]")
    counted = kind.eq("count")
    frame = pd.DataFrame(
        {
            "month": pd.Series(month.astype("datetime64[us]"), index=moved.index),
            "category": moved["category"],
            "location": moved["location"],
            "waste_value": (-quantity * moved["unit_cost"]).where(kind.eq("write_off"), 0.0),
            "counts": counted.astype(np.float64),
            "exact_counts": (counted & quantity.eq(0.0)).astype(np.float64),
        }
    )
    return frame[kind.isin(["write_off", "count"])].groupby(_CELL, as_index=False).sum()


def _planned(
    known: pd.DataFrame,
    sells: npt.NDArray[np.bool_],
    plan: pd.DataFrame,
    obsolete: npt.NDArray[np.bool_],
    as_of: dt.date,
) -> pd.DataFrame:
    """What the plan itself says, in its last month; a centre's demand is that of its stores."""
    cost = known["unit_cost"].to_numpy()
    stock = plan["on_hand"].clip(lower=0.0).to_numpy() * cost
    frame = known[["category", "location"]].assign(
        month=_last_month(as_of),
        stock_value=stock,
        demand_cost_daily=np.where(sells, plan["expected_demand_daily"].to_numpy() * cost, 0.0),
        excess_value=np.minimum(plan["excess_units"].to_numpy() * cost, stock),
        obsolete_value=np.where(obsolete, stock, 0.0),
    )
    return frame.groupby(_CELL, as_index=False).sum()


def _tested(known: pd.DataFrame, error: Floats, actual: Floats, as_of: dt.date) -> pd.DataFrame:
    """What the backtest said of the plan's forecasts, in its last month."""
    frame = known[["category", "location"]].assign(
        month=_last_month(as_of),
        forecast_error_units=np.nan_to_num(error),
        forecast_units=np.where(np.isnan(error), 0.0, actual),
    )
    return frame.groupby(_CELL, as_index=False).sum()


def _last_month(as_of: dt.date) -> pd.Timestamp:
    return pd.Timestamp(as_of - dt.timedelta(days=1)).to_period("M").to_timestamp().as_unit("us")


def replanned_facts(
    facts: pd.DataFrame,
    lines: pd.DataFrame,
    plan_lines: pd.DataFrame,
    *,
    sells: npt.NDArray[np.bool_],
    obsolete: npt.NDArray[np.bool_],
    stock_days: pd.DataFrame,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return `kpi_facts` of a plan whose stock and orders changed; what was sold and forecast stays.

    Parameters
    ----------
    facts : contract `kpi_facts` of the earlier plan
    lines : sku, location, category, unit_cost, unit_price
    plan_lines : contract `plan_lines`, row i is line i
    sells, obsolete : [n] of `line_terms`
    stock_days : month, category, location, stock_value_days: by how much more stock was held
    as_of : day planned
    """
    known = lines.assign(category=lines["category"].fillna("").to_numpy())
    planned = _planned(known, sells, plan_lines, obsolete, as_of).set_index(_CELL)
    found = facts.set_index(_CELL)
    found.loc[planned.index, list(planned.columns)] = planned
    more = stock_days.groupby(_CELL)["stock_value_days"].sum()
    more = more[more.index.isin(found.index)]
    found.loc[more.index, "stock_value_days"] += more
    return found.reset_index()[list(facts.columns)]


def obsolete_lines(
    known: pd.DataFrame, tables: Mapping[str, pd.DataFrame], as_of: dt.date
) -> npt.NDArray[np.bool_]:
    """Return whether a line's product sold nowhere for `OBSOLETE_DAYS`, or is discontinued, [n]."""
    recent = tables["sales"]
    recent = recent[
        (recent["date"] >= pd.Timestamp(as_of) - pd.Timedelta(days=OBSOLETE_DAYS)) & (recent["quantity"] > 0)
    ]
    products = tables["products"]
    ended = products.loc[products["discontinue_date"] < pd.Timestamp(as_of), "sku"]
    launched = products.loc[
        products["launch_date"] >= pd.Timestamp(as_of) - pd.Timedelta(days=OBSOLETE_DAYS), "sku"
    ]
    idle = ~known["sku"].isin(recent["sku"].unique()) & ~known["sku"].isin(launched)
    return np.asarray(idle | known["sku"].isin(ended))


def _period_days(dates: npt.NDArray[np.datetime64], period: str) -> Floats:
    """Days of each period, [T]."""
    if period != "M":
        return np.full(len(dates), 7.0 if period == "W" else 1.0)
    months = dates.astype("datetime64[M]")
    length: Floats = ((months + 1).astype("datetime64[D]") - dates).astype(np.float64)
    return length
