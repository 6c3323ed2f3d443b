"""Checks of stock: what is counted against what is sold and what is supplied."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.health.fault import Fault
from engine.health.inputs import Inputs

SURPRISE = 14.0
"""−log of the chance of a silence that makes stock doubtful: once in a million lines."""
BASELINE_PERIODS = 56


def negative_stock(inputs: Inputs) -> Iterator[Fault]:
    """Stock below zero now."""
    stock = inputs.stock
    below = stock[stock["on_hand"] < 0]
    for (sku, place), rows in below.groupby(["sku", "location"], sort=True):
        yield Fault(
            "negative_stock",
            "held",
            "inventory_snapshot",
            "stock is not below 0",
            f"count {sku} at {place}, and book the receipt or correction that is missing",
            str(sku),
            str(place),
            rows["date"].iloc[0].date(),
            "on_hand",
            f"{rows['on_hand'].sum():g}",
            len(rows),
        )


def expired_stock(inputs: Inputs) -> Iterator[Fault]:
    """Batches past their last day that still count as available."""
    stock = inputs.stock
    over = stock[
        (stock["status"] == "available")
        & (stock["on_hand"] > 0)
        & (stock["expiry_date"] < inputs.today.astype("datetime64[s]"))
    ]
    for (sku, place), rows in over.groupby(["sku", "location"], sort=True):
        yield Fault(
            "expired_stock",
            "warning",
            "inventory_snapshot",
            "stock past its expiry date is not available",
            f"take {rows['on_hand'].sum():g} of {sku} off the shelf at {place} and write them off; "
            "the plan does not count them",
            str(sku),
            str(place),
            rows["date"].iloc[0].date(),
            "expiry_date",
            f"{rows['expiry_date'].min():%Y-%m-%d}",
            len(rows),
        )


def phantom_stock(inputs: Inputs) -> Iterator[Fault]:
    """Stock on the books of a line that used to sell and suddenly does not: it may not be there.

    The chance of so long a silence is the share of periods without a sale, before it, to the power of its
    length; of the last `BASELINE_PERIODS` and of the whole window the calmer counts.
    """
    sales = inputs.sales
    if sales is None:
        return
    known = ~np.isnan(sales.quantity)
    counted = known if sales.writes_zeros else sales.open[sales.location_index]
    quantity = np.nan_to_num(sales.quantity)
    sold = quantity > 0
    column = np.arange(sold.shape[1])
    last_sale = np.where(sold.any(axis=1), column[-1] - np.argmax(sold[:, ::-1], axis=1), -1)[:, None]
    silent = (counted & (column > last_sale)).sum(axis=1)
    surprise, missed = np.full(len(sold), np.inf), np.full(len(sold), np.inf)
    for baseline in (BASELINE_PERIODS, sold.shape[1]):
        before = counted & (column <= last_sale) & (column > last_sale - baseline)
        periods = before.sum(axis=1)
        # Half a period is added to each side, so that a line that sold every day has a finite surprise.
        unsold = (periods - (before & sold).sum(axis=1) + 0.5) / (periods + 1)
        surprise = np.minimum(surprise, -np.log(np.minimum(unsold, 1.0)) * silent)
        mean = np.where(before, quantity, 0.0).sum(axis=1) / np.maximum(periods, 1)
        missed = np.minimum(missed, mean * silent)
    watched = (counted & (column <= last_sale)).sum(axis=1)
    silence = inputs.cadence.silence
    doubtful = (silent >= silence) & (watched >= silence) & (surprise >= SURPRISE)
    for row in np.flatnonzero(doubtful):
        sku, place = str(sales.sku[row]), str(sales.location[row])
        units = inputs.available.get((sku, place), 0.0)
        if units > 0 and not inputs.delisted(sku, place):
            yield Fault(
                "phantom_stock",
                "warning",
                "inventory_snapshot",
                "a line with stock that sells does not stop selling at once",
                f"look whether {units:g} of {sku} are really on the shelf at {place}; "
                f"about {missed[row]:.0f} should have sold",
                sku,
                place,
                column="on_hand",
                value=f"{units:g} on hand, no sale in {silent[row]} {inputs.words}",
            )


def stock_without_sales(inputs: Inputs) -> Iterator[Fault]:
    """Stock of a product that this location never sold, where the location does report sales."""
    selling = {place for _, place in inputs.sold_ever}
    for (sku, place), units in inputs.available.items():
        if units > 0 and place in selling and (sku, place) not in inputs.sold_ever:
            if sku not in inputs.skus or sku in inputs.not_launched:
                continue
            yield Fault(
                "stock_without_sales",
                "info",
                "inventory_snapshot",
                "what is in stock has been sold at least once",
                f"check that {sku} belongs to {place} and that both feeds use the same code",
                sku,
                place,
                column="on_hand",
                value=f"{units:g}",
            )


def missing_stock(inputs: Inputs) -> Iterator[Fault]:
    """Lines that sell and have no stock at all on file: the plan would take them for empty."""
    if not inputs.has("inventory_snapshot"):
        if inputs.sold_ever and inputs.has("sourcing"):
            yield Fault(
                "missing_stock",
                "warning",
                "inventory_snapshot",
                "what is sold has a stock on file",
                "import the stock; until then every line is planned as if its shelf were empty",
                rows=len(inputs.sold_ever),
            )
        return
    counted = set(zip(inputs.stock["sku"], inputs.stock["location"], strict=True))
    for sku, place in sorted(inputs.sold_ever - counted):
        if (sku in inputs.skus or not inputs.skus) and not inputs.delisted(sku, place):
            yield Fault(
                "missing_stock",
                "warning",
                "inventory_snapshot",
                "what is sold has a stock on file, 0 included",
                f"import the stock of {sku} at {place}; until then it is planned as if its shelf were empty",
                sku,
                place,
                column="on_hand",
            )


def old_stock(inputs: Inputs) -> Iterator[Fault]:
    """Lines left out of their location's latest count: the older figure still stands."""
    stock = inputs.stock
    newest = stock.groupby("location")["date"].transform("max")
    left_out = stock[(stock["date"] < newest) & (stock["on_hand"] > 0)]
    for (sku, place), rows in left_out.groupby(["sku", "location"], sort=True):
        if inputs.delisted(str(sku), str(place)):
            continue
        yield Fault(
            "old_stock",
            "warning",
            "inventory_snapshot",
            "a stock file lists every product of its location, 0 included",
            f"send the stock of {sku} at {place} again, as 0 if there is none; "
            f"the plan still counts {rows['on_hand'].sum():g}",
            str(sku),
            str(place),
            rows["date"].iloc[0].date(),
            "date",
            f"{rows['date'].iloc[0]:%Y-%m-%d}",
            len(rows),
        )


def missing_sourcing(inputs: Inputs) -> Iterator[Fault]:
    """Stocked products that nobody replenishes."""
    if not inputs.available:
        return
    if not inputs.has("sourcing"):
        yield Fault(
            "missing_sourcing",
            "warning",
            "sourcing",
            "every stocked product has a source",
            "import who supplies what; until then every line has the default lead time and no minimum",
            rows=len(inputs.available),
        )
        return
    sku, place = inputs.text("sourcing", "sku"), inputs.text("sourcing", "location")
    started, over = inputs.days("sourcing", "valid_from"), inputs.days("sourcing", "valid_to")
    valid = ~(started > inputs.today) & ~(over < inputs.today)
    sourced = set(zip(sku[valid], place[valid], strict=True))
    for line in sorted(set(inputs.available) - sourced):
        if line[0] in inputs.skus and not inputs.delisted(*line):
            yield Fault(
                "missing_sourcing",
                "warning",
                "sourcing",
                "every stocked product has a source that is valid today",
                f"say who replenishes {line[0]} at {line[1]}, or end it in the assortment; "
                "it is planned with defaults",
                line[0],
                line[1],
                column="source",
            )
