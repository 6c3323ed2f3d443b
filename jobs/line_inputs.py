"""From the lake's days to the engine's periods: the line inputs of a plan, and of one line of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import OPEN_ORDER_STATUSES
from engine.replenishment.lines import NEVER, LineInputs
from engine.replenishment.window_noise import window_dispersion
from jobs.order_calendar import order_days, order_days_until

Floats = npt.NDArray[np.float64]
PERIOD_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375}
LATE_ORDER_DAYS = 1
"""An open order whose day has passed is taken to arrive this many days from now."""


@dataclass(frozen=True)
class DemandModel:
    """What is expected of the lines, row by row; a plan's paths vary more on busy days (`window_noise`)."""

    mean: Floats
    level_cv: Floats
    dispersion: Floats
    path_seed: npt.NDArray[np.uint64]


def build_line_inputs(
    lines: pd.DataFrame,
    demand: DemandModel,
    stock: pd.DataFrame,
    orders: pd.DataFrame,
    *,
    as_of: dt.date,
    period: str,
) -> LineInputs:
    """Build the engine's inputs; row i is line i.

    Parameters
    ----------
    lines : `jobs.line_terms.line_terms` (any subset of its rows)
    demand : one row a line; period 0 begins on `as_of`
    stock : `latest_stock`
    orders : contract `orders`; open ones count
    as_of, period : day planned for; D, W or M
    """
    days = PERIOD_DAYS[period]
    line_of = pd.Series(range(len(lines)), index=pd.MultiIndex.from_frame(lines[["sku", "location"]]))
    offsets = order_offsets(lines, as_of)
    first = offsets[:, 0] // int(days)
    batches = _batches(stock, lines, line_of, as_of, days)
    receipts = _receipts(orders, line_of, as_of, days)
    following = np.maximum(offsets[:, 1] // int(days), first + 1)
    lead = _floats(lines["lead_time_mean"]) / days
    return LineInputs(
        mean=demand.mean,
        level_cv=demand.level_cv,
        dispersion=window_dispersion(
            demand.mean, demand.dispersion, np.floor(following + lead + 0.5), week=max(round(7.0 / days), 1)
        ),
        path_seed=demand.path_seed,
        batch_line=batches["line"].to_numpy(np.int64),
        batch_quantity=batches["on_hand"].to_numpy(np.float64),
        batch_last_period=batches["last_period"].to_numpy(np.int64),
        receipt_line=receipts["line"].to_numpy(np.int64),
        receipt_period=receipts["period"].to_numpy(np.int64),
        receipt_quantity=receipts["quantity"].to_numpy(np.float64),
        order_period=first,
        next_order_period=following,
        lead_time_mean=lead,
        lead_time_sd=_floats(lines["lead_time_sd"]) / days,
        moq=_floats(lines["moq"]),
        order_multiple=_floats(lines["order_multiple"]),
        min_cover=_floats(lines["min_cover_days"]) / days,
        max_cover=_floats(lines["max_cover_days"]) / days,
        presentation_stock=_floats(lines["presentation_stock"]),
        shelf_maximum=_floats(lines["shelf_maximum"]),
        unit_cost=_floats(lines["unit_cost"]),
        unit_margin=_floats(lines["unit_price"]) - _floats(lines["unit_cost"]),
        target_kind=lines["target_kind"].to_numpy(dtype=str),
        service_target=_floats(lines["service_target"]),
        stockout_cost=_floats(lines["stockout_cost"]),
        holding_cost=holding_cost_per_day(lines) * days,
        life_periods=np.maximum(np.floor(_floats(lines["life_days"]) / days), 1.0),
        backorder=lines["backorder"].to_numpy(dtype=bool),
        order_cost=_floats(lines["order_cost"]),
        period_days=days,
    )


def holding_cost_per_day(lines: pd.DataFrame) -> Floats:
    """Return the cost of holding one each for a day, [n]: of its capital and of its room."""
    capital = _floats(lines["unit_cost"]) * _floats(lines["holding_cost_rate"])
    return (capital + _floats(lines["space_cost"])) / 365.0


def order_offsets(lines: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.int64]:
    """Return days from `as_of` to this order day and to the next one, [n, 2].

    A line that is approved already is next ordered on the order day after that.
    """
    days = []
    for ordered, *calendar in _calendars(lines, as_of):
        first, second = order_days(as_of + dt.timedelta(days=ordered), *calendar)
        days.append((ordered + first, ordered + second))
    return np.array(days, dtype=np.int64).reshape(len(lines), 2)


def order_periods(lines: pd.DataFrame, as_of: dt.date, period: str, horizon: int) -> npt.NDArray[np.bool_]:
    """Return in which periods each line can be ordered, [n, horizon]; the first is `order_offsets`'s."""
    length = int(PERIOD_DAYS[period])
    found = np.zeros((len(lines), horizon), dtype=np.bool_)
    for row, (ordered, weekdays, closed, review) in enumerate(_calendars(lines, as_of)):
        left = max(horizon * length - ordered, 0)
        start = as_of + dt.timedelta(days=ordered)
        days = order_days_until(start, weekdays, closed, review, left)
        found[row, [(ordered + day) // length for day in days]] = True
    return found


def _calendars(lines: pd.DataFrame, as_of: dt.date) -> Iterator[tuple[int, Any, Any, float]]:
    """Yield days until the line is next free to be ordered, order weekdays, closures and review days."""
    wait = (lines["next_order_date"] - pd.Timestamp(as_of)).dt.days.fillna(0).astype("int64")
    columns = (wait, lines["order_weekdays"], lines["closures"], lines["review_days"])
    for ordered, weekdays, closed, review in zip(*columns, strict=True):
        yield ordered, _none_if_missing(weekdays), _none_if_missing(closed), review


def protection_periods(lines: pd.DataFrame, as_of: dt.date, period: str) -> npt.NDArray[np.int64]:
    """Return periods that each line's order must cover, [n]: until the next order arrives, at least 1."""
    days = order_offsets(lines, as_of)[:, 1] + _floats(lines["lead_time_mean"])
    return np.maximum(np.ceil(days / PERIOD_DAYS[period]), 1).astype(np.int64)


def latest_stock(snapshot: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each product and location's latest snapshot that can be sold."""
    newest = snapshot.groupby(["sku", "location"])["date"].transform("max")
    return snapshot[(snapshot["date"] == newest) & (snapshot["status"] == "available")]


def open_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """Return open order lines that receive stock, with `open_quantity` and the day they are `due`."""
    coming = orders[orders["status"].isin(OPEN_ORDER_STATUSES) & (orders["kind"] != "customer")]
    quantity = (coming["quantity"] - coming["received"].fillna(0.0)).clip(lower=0.0)
    return coming.assign(open_quantity=quantity, due=coming["expected_date"].fillna(coming["promised_date"]))


def _batches(
    stock: pd.DataFrame, lines: pd.DataFrame, line_of: pd.Series, as_of: dt.date, days: float
) -> pd.DataFrame:
    batches = _on_lines(stock, ["sku", "location"], line_of)
    sale_life = lines["min_life_at_sale_days"].to_numpy()[batches["line"]]
    last_sale = batches["expiry_date"] - pd.to_timedelta(sale_life, unit="D")
    periods = ((last_sale - pd.Timestamp(as_of)).dt.days / days).to_numpy(dtype=np.float64)
    last_period = np.where(np.isnan(periods), NEVER, np.floor(periods)).astype(np.int64)
    return batches.assign(last_period=last_period)


def _receipts(orders: pd.DataFrame, line_of: pd.Series, as_of: dt.date, days: float) -> pd.DataFrame:
    coming = _on_lines(open_orders(orders), ["sku", "to_location"], line_of)
    wait = (coming["due"] - pd.Timestamp(as_of)).dt.days.fillna(-1.0)
    wait = wait.where(wait >= 0, LATE_ORDER_DAYS)
    return coming.assign(period=np.floor(wait / days).astype(np.int64), quantity=coming["open_quantity"])


def _on_lines(rows: pd.DataFrame, keys: list[str], line_of: pd.Series) -> pd.DataFrame:
    """Keep rows whose product and location are planned; `line` is their row number."""
    position = line_of.index.get_indexer(pd.MultiIndex.from_frame(rows[keys]))
    return rows.assign(line=position)[position >= 0].sort_values("line", kind="stable")


def _floats(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64)


def _none_if_missing(value: Any) -> Any:
    """Return a list cell, None where pandas holds a missing value."""
    return None if isinstance(value, float) else value
