"""What moves demand, from the lake's tables to the forecast's grid: promotions, prices, calendar."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.series import SalesPanel
from engine.forecast.drivers.drivers import Drivers
from engine.forecast.drivers.regular_price import regular_price
from engine.forecast.panel import period_dates
from jobs.drivers_calendar import calendar_events, line_regions, overlapping
from jobs.drivers_supplied import passed_to_suppliers
from jobs.inputs import PlanInputs
from jobs.planned_promotions import PROMOTION, planned_promotions
from jobs.supply_flows import supply_flows

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Mechanics = npt.NDArray[np.int16]
Days = npt.NDArray[np.datetime64]


def plan_drivers(inputs: PlanInputs, lines: pd.DataFrame, horizon: int) -> Drivers | None:
    """Return the drivers of every line, in history and `horizon` periods after it; None if there are none.

    Parameters
    ----------
    inputs : tables promotions, calendar, locations, and the sales
    lines : columns sku, location, source, source_kind; row i of the result is line i
    horizon : periods after the last one of the sales history

    Notes
    -----
    Promotions are those of `promotions` and of the calendar. A period that sales flag as promoted and neither
    names is one too. A depth that nobody states is how far the price was below the regular one. Of several
    promotions at once the deepest counts; in weeks and months, with the share of the period that they fill.
    A distribution centre has the promotions of the stores that it supplies.
    """
    sales, tables = inputs.sales, inputs.tables
    periods = sales.quantity.shape[1] + horizon
    edges = period_dates(sales.start, sales.period, 0, periods + 1)
    names, region = line_regions(lines, tables["locations"])
    planned = planned_promotions(tables["promotions"], tables["calendar"], lines, names[region])
    mechanics, mechanic, depth, share = _on_grid(planned, edges, len(lines))
    price, flagged = _charged(sales, lines, periods)
    flagged &= mechanic == 0
    if flagged.any():
        if PROMOTION not in mechanics:
            mechanics = (*mechanics, PROMOTION)
        mechanic[flagged] = mechanics.index(PROMOTION)
    unknown = (mechanic > 0) & (depth == 0.0)
    if unknown.any() and price is not None:
        depth[unknown] = _depth_by_price(price, sales.period)[unknown]
    events, event_names, closed = calendar_events(tables["calendar"], names, edges, sales.period)
    if price is None and not (mechanic.any() or events.any() or closed.any()):
        return None
    drivers = Drivers(
        depth=depth,
        mechanic=mechanic,
        mechanics=mechanics,
        events=events,
        event_names=event_names,
        region=region,
        price=price,
        share=share if (share < 1.0).any() else None,
        closed=closed if closed.any() else None,
    )
    return passed_to_suppliers(drivers, _mean_sales(sales, lines), supply_flows(lines))


def _on_grid(
    planned: pd.DataFrame, edges: Days, n_lines: int
) -> tuple[tuple[str, ...], Mechanics, Floats, Floats]:
    """Return mechanics, and [n, P] mechanic, depth and share of the period; the deepest promotion wins."""
    shape = (n_lines, len(edges) - 1)
    mechanic, depth = np.zeros(shape, dtype=np.int16), np.zeros(shape)
    covered = np.zeros(shape)
    planned = planned.sort_values("depth", kind="stable")
    code, known = pd.factorize(planned["mechanic"], sort=True)
    entry, period, share = overlapping(planned["from_date"], planned["to_date"], edges)
    row = planned["row"].to_numpy(dtype=np.int64)[entry]
    # Of entries for the same cell the last one, the deepest, stays.
    mechanic[row, period] = code[entry] + 1
    depth[row, period] = planned["depth"].to_numpy()[entry]
    np.add.at(covered, (row, period), share)
    share_of_period = np.where(mechanic > 0, np.minimum(covered, 1.0), 1.0)
    return ("", *(str(name) for name in known)), mechanic, depth, share_of_period


def _rows_of(sales: SalesPanel, lines: pd.DataFrame) -> Codes:
    """Return the row of each line in the sales, -1 where it never sold."""
    wanted = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return pd.MultiIndex.from_frame(sales.keys[["sku", "location"]]).get_indexer(wanted).astype(np.int64)


def _mean_sales(sales: SalesPanel, lines: pd.DataFrame) -> Floats:
    """Return what each line sells a period, [n]."""
    rows = _rows_of(sales, lines)
    mean = np.nan_to_num(sales.quantity).clip(min=0.0).mean(axis=1)
    return np.where(rows >= 0, mean[rows], 0.0)


def _charged(sales: SalesPanel, lines: pd.DataFrame, periods: int) -> tuple[Floats | None, Mask]:
    """Return prices [n, P] of the lines (None if none ever moved), and whether sales flag a promotion."""
    rows = _rows_of(sales, lines)
    sold, history = rows >= 0, sales.quantity.shape[1]
    flagged = np.zeros((len(lines), periods), dtype=bool)
    flagged[sold, :history] = sales.promo[rows[sold]] > 0
    price = np.full((len(lines), periods), np.nan)
    price[sold, :history] = sales.price[rows[sold]]
    known = np.isfinite(price)
    lowest = np.min(price, axis=1, where=known, initial=np.inf)
    highest = np.max(price, axis=1, where=known, initial=-np.inf)
    return (price if (highest > lowest).any() else None), flagged


def _depth_by_price(price: Floats, period: str) -> Floats:
    """Return how far each price is below the regular one, as a share; 0 where not known or not below."""
    regular = regular_price(price, period)
    below = np.where(np.isfinite(price) & (regular > 0), 1.0 - price / np.where(regular > 0, regular, 1), 0)
    depth: Floats = np.clip(below, 0.0, 1.0)
    return depth
