"""Names and days of what lies in the engine's lots: batches of stock, open orders, the proposed order."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replenishment.lines import IntArray, LineInputs
from engine.replenishment.write_offs import ON_ORDER, ORDER, STOCK, WriteOffs
from jobs.line_inputs import latest_stock, open_orders

Dates = npt.NDArray[np.datetime64]
_NOT = np.datetime64("NaT", "D")


def week_buckets(as_of: dt.date, dates: Dates, period_days: float) -> IntArray:
    """Return the calendar week in which each period ends, counted from that of `as_of`, [h].

    Examples
    --------
    From a Sunday on, days:

    >>> week_buckets(dt.date(2026, 11, 22), np.arange("2026-11-22", "2026-11-25", dtype="datetime64[D]"), 1)
    array([0, 1, 1])
    """
    start = monday(np.array([as_of], dtype="datetime64[D]"))
    weeks = (monday(last_days(dates, period_days)) - start).astype(np.int64) // 7
    return np.maximum(weeks, 0).astype(np.int64)


def last_days(dates: Dates, period_days: float) -> Dates:
    """Return the last day of each period, [h]."""
    days = dates.astype("datetime64[D]")
    length = days[1:] - days[:-1] if len(days) > 1 else np.array([], dtype="timedelta64[D]")
    final = length[-1:] if len(length) else np.array([round(period_days)], dtype="timedelta64[D]")
    ends: Dates = days + np.concatenate([length, final]) - np.timedelta64(1, "D")
    return ends


def monday(days: Dates) -> Dates:
    """Return the Monday of each day's week; NaT stays."""
    day = days.astype("datetime64[D]")
    weekday = (day.astype(np.int64) + 3) % 7  # 1 Jan 1970 was a Thursday
    mondays: Dates = np.where(np.isnat(day), _NOT, day - weekday.astype("timedelta64[D]"))
    return mondays


def named_lots(
    found: WriteOffs,
    lines: pd.DataFrame,
    inputs: LineInputs,
    stock: pd.DataFrame,
    orders: pd.DataFrame,
    *,
    as_of: dt.date,
    dates: Dates,
) -> pd.DataFrame:
    """Return batch, expiry_date, last_sale_date and week of each row of `found`.

    Parameters
    ----------
    found : WriteOffs
        Rows of `line` are those of `lines`.
    lines, inputs
        Terms of the plan's lines, and what the engine was given of them.
    stock, orders
        Tables `inventory_snapshot` and `orders` of the plan.
    as_of, dates
        Day planned for; first day of each period.

    Notes
    -----
    Batches and orders are found as they were counted into the lines. One that is not there, because a plan
    adds to what the tables say, has no name; its days are those of its last period.
    """
    keep = lines["min_life_at_sale_days"].to_numpy(dtype=np.float64)[found.line]
    ends = last_days(dates, inputs.period_days)
    by_period = np.where(found.period >= 0, ends[np.maximum(found.period, 0)], _NOT)
    frame = pd.DataFrame({"batch": "", "expiry_date": pd.NaT, "last_sale_date": by_period.astype("M8[us]")})
    life = pd.to_timedelta(keep, unit="D")
    frame["expiry_date"] = frame["last_sale_date"] + life
    for source, known in (
        (STOCK, _batches(latest_stock(stock), lines)),
        (ON_ORDER, _open_orders(orders, lines)),
    ):
        rows = np.flatnonzero(found.source == source)
        wanted = pd.DataFrame({"line": found.line[rows], "entry": found.entry[rows]}, index=rows)
        wanted["quantity"] = found.quantity[rows]
        seen = wanted.reset_index().merge(known, on=["line", "entry", "quantity"], how="inner")
        at = seen["index"].to_numpy(dtype=np.int64)
        frame.loc[at, "batch"] = seen["batch"].to_numpy()
        if source == STOCK:
            expiry = pd.Series(seen["expiry_date"].to_numpy(), index=at)
            frame.loc[at, "expiry_date"] = expiry
            frame.loc[at, "last_sale_date"] = expiry - pd.Series(life[at], index=at)
    frame.loc[found.source == ORDER, "batch"] = ""
    this_week = monday(np.array([as_of], dtype="datetime64[D]"))
    last_sale = frame["last_sale_date"].to_numpy().astype("datetime64[D]")
    weeks = np.where(found.period < 0, this_week, monday(last_sale))
    return frame.assign(week=weeks.astype("M8[us]"))


def _batches(stock: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return line, entry, batch, quantity and expiry_date of the batches of lines."""
    found = _on_lines(stock, ["sku", "location"], lines)
    return found.assign(batch=found["batch"].fillna(""), quantity=found["on_hand"])[
        ["line", "entry", "batch", "quantity", "expiry_date"]
    ]


def _open_orders(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return line, entry, batch (the order) and quantity of the open orders of lines."""
    found = _on_lines(open_orders(orders), ["sku", "to_location"], lines)
    return found.assign(batch=found["order_id"].fillna(""), quantity=found["open_quantity"])[
        ["line", "entry", "batch", "quantity"]
    ]


def _on_lines(rows: pd.DataFrame, keys: list[str], lines: pd.DataFrame) -> pd.DataFrame:
    """Keep rows of planned products and locations; `entry` counts within a line, in the rows' order."""
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    line = index.get_indexer(pd.MultiIndex.from_frame(rows[keys]))
    kept = rows.assign(line=line)[line >= 0]
    return kept.assign(entry=kept.groupby("line").cumcount())
