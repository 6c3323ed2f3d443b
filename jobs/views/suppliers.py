"""Suppliers: who keeps their promises, and what it costs when they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.supply.fitted import lead_time_chances
from jobs.line_inputs import open_orders
from jobs.stock_now import orders_of_run
from jobs.views.lines import named, records, tags

Floats = npt.NDArray[np.float64]

LEAST_DELIVERIES = 8
"""With fewer, a supplier is not called slow or fast."""

LEAST_DAYS, LEAST_SHARE = 1.0, 0.1
"""And a difference below a day, or a tenth of the promise, is none."""

SLOWER, AS_PROMISED, FASTER, TOO_FEW = "Slower", "As promised", "Faster", "Too few"

LEAST_MONTHS = 3
"""Fewer months make no line."""


@dataclass(frozen=True)
class SupplierFigures:
    """The cards of the page, over the sources shown."""

    cost: float
    """Holding the buffers for a year, and money at risk of what waits for late orders [money]."""
    buffer_value: float
    """[money]"""
    on_time: float
    """Share of order lines in time, sources weighted by their deliveries."""
    slower: int
    """Sources that need longer than they promise."""
    known: int
    """Sources with enough deliveries to tell."""
    late_lines: int
    late_value: float
    """[money]"""


def load(lake: Lake, run: Run) -> pd.DataFrame | None:
    """Return the supplier performance of a run, costliest source first; None: the run is older than that.

    Returns
    -------
    DataFrame
        Columns of `supplier_performance`, and source_name, location_name ('' for all locations), cost
        (buffer_cost + late_money), difference (measured less promised) [days], verdict.
    """
    if "supplier_performance" not in run.outputs:
        return None
    table = read_run_table(lake, run, "supplier_performance").drop(columns="run_id")
    suppliers = lake.read("suppliers", version=run.inputs.get("suppliers"), columns=["supplier", "name"])
    locations = lake.read("locations", version=run.inputs.get("locations"), columns=["location", "name"])
    places = dict(zip(locations["location"], locations["name"], strict=True))
    names = places | dict(zip(suppliers["supplier"], suppliers["name"], strict=True))
    frame = table.assign(
        source_name=named(table["source"], names),
        location_name=named(table["location"], places),
        cost=table["buffer_cost"].fillna(0.0) + table["late_money"].fillna(0.0),
        difference=table["measured_lead_time"] - table["promised_lead_time"],
    )
    frame["verdict"] = verdicts(frame)
    return frame.sort_values(["cost", "source", "location"], ascending=[False, True, True], ignore_index=True)


def verdicts(frame: pd.DataFrame) -> list[str]:
    """Say of each row whether lead times are as promised; a difference must be clear and matter."""
    gap = frame["lead_time_mean"] - frame["promised_lead_time"]
    least = np.maximum(LEAST_DAYS, LEAST_SHARE * frame["promised_lead_time"])
    few = frame["deliveries"] < LEAST_DELIVERIES
    return [
        TOO_FEW if unknown else SLOWER if each >= bar else FASTER if each <= -bar else AS_PROMISED
        for each, bar, unknown in zip(gap, least, few, strict=True)
    ]


def sources(frame: pd.DataFrame, *, internal: bool) -> pd.DataFrame:
    """Return a row a source: of suppliers, or of locations that supply others too."""
    whole = frame[frame["location"] == ""]
    return whole if internal else whole[whole["source_kind"] == "supplier"]


def figures(frame: pd.DataFrame) -> SupplierFigures:
    """Return the cards over the sources of `sources`."""
    weight = frame["deliveries"].to_numpy(dtype=np.float64)
    share = frame["on_time_share"].to_numpy(dtype=np.float64)
    seen = (weight > 0) & ~np.isnan(share)
    return SupplierFigures(
        cost=float(frame["cost"].sum()),
        buffer_value=float(frame["buffer_value"].sum()),
        on_time=float(np.average(share[seen], weights=weight[seen])) if seen.any() else float("nan"),
        slower=int((frame["verdict"] == SLOWER).sum()),
        known=int((frame["verdict"] != TOO_FEW).sum()),
        late_lines=int(frame["late_lines"].sum()),
        late_value=float(frame["late_value"].sum()),
    )


def as_shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows as a table of the page shows them: shares in per cent, verdicts as tags.

    `against_promise` are the monthly lead times over the promise, so that 1 is as promised; months in which
    nothing arrived are left out.
    """
    ratios = [
        _against(np.asarray(months, dtype=np.float64), promise)
        for months, promise in zip(frame["monthly_lead_time"], frame["promised_lead_time"], strict=True)
    ]
    return frame.assign(
        on_time_share=100 * frame["on_time_share"],
        fill_rate=100 * frame["fill_rate"],
        verdict=tags(frame["verdict"]),
        against_promise=pd.Series(ratios, index=frame.index, dtype=object),
    )


def _against(months: Floats, promise: float) -> Floats | None:
    known = months[~np.isnan(months)]
    return known / promise if promise > 0 and len(known) >= LEAST_MONTHS else None


def places(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the locations of one source, the furthest above its promise first."""
    found = frame[(frame["source"] == source) & (frame["location"] != "")]
    return found.sort_values(["difference", "location"], ascending=[False, True], ignore_index=True)


def in_words(row: dict[str, Any]) -> str:
    """Say in a sentence what a source promises, does, and what the plan makes of it."""
    days = f"{row['promised_lead_time']:.3g}"
    promise = f"promises **{days} {'day' if days == '1' else 'days'}**"
    if not row["deliveries"]:
        return f"{row['source_name']} {promise}. No order of it has arrived yet: the plan takes its word."
    many = "1 delivery" if row["deliveries"] == 1 else f"{row['deliveries']:,} deliveries"
    return (
        f"{row['source_name']} {promise}; {many} took **{row['measured_lead_time']:.1f} days** on average, "
        f"nine lines in ten came within {row['lead_time_p90']:.0f}. The plan counts with "
        f"**{row['lead_time_mean']:.1f} ± {row['lead_time_sd']:.1f} days**."
    )


def histogram(row: dict[str, Any]) -> pd.DataFrame:
    """Return the lead times of a source: day, measured [share], planned [chance], without gaps."""
    seen = np.asarray(row["lead_time_days"], dtype=np.float64).reshape(-1)
    share = np.asarray(row["lead_time_shares"], dtype=np.float64).reshape(-1)
    if not len(seen):
        return pd.DataFrame({"day": [], "measured": [], "planned": []}, dtype=np.float64)
    mean, sd = float(row["lead_time_mean"]), float(row["lead_time_sd"])
    first = max(min(seen.min(), np.floor(mean - 3 * sd), row["promised_lead_time"]) - 1, 0.0)
    last = max(seen.max(), np.ceil(mean + 3 * sd), row["promised_lead_time"]) + 1
    day = np.arange(np.floor(first), last + 1)
    measured = np.zeros(len(day))
    measured[(seen - day[0]).astype(np.int64)] = share
    return pd.DataFrame({"day": day, "measured": measured, "planned": lead_time_chances(mean, sd, day)})


def late_orders(lake: Lake, run: Run, source: str) -> pd.DataFrame:
    """Return the open order lines of a source whose promised day has passed, dearest first.

    Returns
    -------
    DataFrame
        order_id, sku, product, location_name, open_quantity [each], promised_date, expected_date, days_late,
        value [money].
    """
    orders = orders_of_run(lake, run, {"from_source": [source]})
    coming = open_orders(
        orders[orders["ordered_at"].isna() | (orders["ordered_at"] < pd.Timestamp(run.as_of))]
    )
    coming = coming[coming["open_quantity"] > 0]
    promised = coming["promised_date"].fillna(coming["due"])
    late = coming.assign(promised_date=promised)[promised < pd.Timestamp(run.as_of)]
    products = lake.read("products", version=run.inputs.get("products"), columns=["sku", "name", "unit_cost"])
    locations = lake.read("locations", version=run.inputs.get("locations"), columns=["location", "name"])
    costs = products.set_index("sku")["unit_cost"]
    late = late.assign(
        product=named(late["sku"], dict(zip(products["sku"], products["name"], strict=True))),
        location_name=named(
            late["to_location"], dict(zip(locations["location"], locations["name"], strict=True))
        ),
        days_late=(pd.Timestamp(run.as_of) - late["promised_date"]).dt.days,
        value=late["open_quantity"] * late["unit_cost"].fillna(late["sku"].map(costs)),
    )
    columns = ["order_id", "sku", "product", "location_name", "open_quantity", "promised_date"]
    late = late.sort_values(["value", "order_id", "sku"], ascending=[False, True, True], ignore_index=True)
    return late[[*columns, "expected_date", "days_late", "value"]]


def one(frame: pd.DataFrame, source: str) -> dict[str, Any]:
    """Return the row of a source over all its locations."""
    return records(frame[(frame["source"] == source) & (frame["location"] == "")])[0]


DOWNLOAD = (
    "source",
    "source_name",
    "location",
    "location_name",
    "cost",
    "buffer_value",
    "buffer_cost",
    "late_lines",
    "late_value",
    "late_money",
    "deliveries",
    "lines",
    "open_lines",
    "promised_lead_time",
    "promised_lead_time_sd",
    "measured_lead_time",
    "measured_lead_time_sd",
    "lead_time_p50",
    "lead_time_p90",
    "lead_time_mean",
    "lead_time_sd",
    "promise_weight",
    "on_time_share",
    "on_time_low",
    "on_time_high",
    "fill_rate",
    "fill_low",
    "fill_high",
    "short_share",
    "lost_share",
    "lost_low",
    "lost_high",
    "lateness_mean",
    "trend",
)
"""Columns of the CSV download."""
