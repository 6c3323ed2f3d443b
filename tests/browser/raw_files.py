"""Small files of the very shapes that docs/tutorial.md starts from: M5 (wide) and UCI Online Retail (lines).

`python tests/browser/raw_files.py FOLDER` writes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = 420
FIRST_DAY = pd.Timestamp("2011-01-29")
ITEMS = ("FOODS_1_033", "FOODS_3_702", "HOBBIES_1_330", "HOUSEHOLD_1_272")
STORES = ("CA_1", "TX_2", "WI_3")

FIRST_INVOICE_DAY = pd.Timestamp("2010-06-01")
INVOICE_DAYS = 190
GOODS = {
    "22086": ("PAPER CHAIN KIT 50'S CHRISTMAS", 2.95),
    "85123A": ("WHITE HANGING HEART T-LIGHT HOLDER", 2.55),
    "21232": ("STRAWBERRY CERAMIC TRINKET BOX", 1.25),
    "79323P": ("PINK CHERRY LIGHTS", 6.75),
    "84879": ("ASSORTED COLOUR BIRD ORNAMENT", 1.69),
}


def write_raw_files(folder: Path) -> None:
    """Write both data sets into a folder, where the tutorial's `$DATA` has the real ones."""
    rng = np.random.default_rng(20110129)
    _m5(folder / "m5_280", rng)
    _online_retail(folder / "online_retail_2010", rng)


def _m5(folder: Path, rng: np.random.Generator) -> None:
    """A row a series, a column a day; and a price a day, item and store."""
    folder.mkdir(parents=True)
    ids = [f"{item}_{store}" for item in ITEMS for store in STORES]
    week = np.array([1.4, 1.2, 0.8, 0.8, 0.8, 0.9, 1.1])[np.arange(DAYS) % 7]
    level = rng.uniform(2, 18, len(ids))
    sold = rng.poisson(level[:, None] * week[None])
    sold[1, : DAYS // 2] = 0  # a launch
    pd.DataFrame(
        sold, index=pd.Index(ids, name="id"), columns=[f"d_{day}" for day in range(1, DAYS + 1)]
    ).to_parquet(folder / "sales.parquet")
    rows = [(item, store, day) for item in ITEMS for store in STORES for day in range(DAYS)]
    item, store, day = (pd.Series(column) for column in zip(*rows, strict=True))
    price = item.map({name: 1.5 + 2 * number for number, name in enumerate(ITEMS)}) + 0.1 * (day > 200)
    date = FIRST_DAY + pd.to_timedelta(day, unit="D")
    pd.DataFrame(
        {
            "item_id": item,
            "dept_id": item.str[:-4],
            "cat_id": item.str.split("_").str[0],
            "store_id": store,
            "state_id": store.str[:2],
            "date": date.astype("datetime64[ms]"),
            "wm_yr_wk": (11101 + day // 7).astype("int32"),
            "weekday": date.dt.day_name(),
            "wday": ((day % 7) + 1).astype("int32"),
            "month": date.dt.month,
            "year": date.dt.year,
            "event_name_1": "",
            "event_type_1": "",
            "event_name_2": "",
            "event_type_2": "",
            "snap": (day % 10 < 3).astype("int32"),
            "sell_price": price,
            "id": item + "_" + store,
        }
    ).to_parquet(folder / "calendar_price.parquet")


def _online_retail(folder: Path, rng: np.random.Generator) -> None:
    """Invoice lines with returns, postage, adjustments without a price, and days closed."""
    folder.mkdir(parents=True)
    lines: list[tuple[str, str, str | None, int, pd.Timestamp, float, float | None, str]] = []
    invoice = 489434
    for day in pd.date_range(FIRST_INVOICE_DAY, periods=INVOICE_DAYS):
        if day.day_name() == "Saturday":
            continue
        for hour in (8, 11, 15):
            invoice += 1
            at = day + pd.Timedelta(hours=hour, minutes=int(rng.integers(60)))
            customer = float(rng.integers(12346, 18287)) if rng.random() < 0.8 else None
            for code, (name, price) in GOODS.items():
                if rng.random() < 0.7:
                    quantity = int(rng.choice((1, 2, 6, 12, 24)))
                    lines.append((f"{invoice}", code, name, quantity, at, price, customer, "United Kingdom"))
            if hour == 11:
                lines.append((f"{invoice}", "POST", "POSTAGE", 1, at, 18.0, customer, "France"))
            if hour == 15 and day.day % 9 == 0:
                lines.append(
                    (f"C{invoice}", "22086", GOODS["22086"][0], -3, at, 2.95, customer, "United Kingdom")
                )
                lines.append((f"{invoice}", "21232", None, -40, at, 0.0, None, "United Kingdom"))
                lines.append((f"C{invoice}", "M", "Manual", -1, at, 36.7, customer, "United Kingdom"))
    names = (
        *("Invoice", "StockCode", "Description", "Quantity"),
        *("InvoiceDate", "Price", "Customer ID", "Country"),
    )
    frame = pd.DataFrame(lines, columns=names)
    frame["InvoiceDate"] = frame["InvoiceDate"].dt.strftime("%Y-%m-%d %H:%M:%S")
    frame.to_parquet(folder / "order_lines.parquet", index=False)


if __name__ == "__main__":
    write_raw_files(Path(sys.argv[1]))
