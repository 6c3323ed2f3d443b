"""Purchase and transfer orders of the demo company, open and received."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.network import LATE_SUPPLIER, Network
from data_lake.demo.seasons import Seasons
from data_lake.demo.stock import Played
from data_lake.demo.text import names

Integers = npt.NDArray[np.int64]

PURCHASE_HISTORY_DAYS = 365
TRANSFER_HISTORY_DAYS = 28
PART_RECEIVED_SHARE = 0.04
"""Open supplier orders of which a first part has arrived."""
TOLD_SHARE = 2 / 3
"""Late lines for which the source has given a new date."""


def orders_table(
    what: Catalogue, where: Geography, when: Seasons, net: Network, played: Played, rng: np.random.Generator
) -> pl.DataFrame:
    """Return `orders`: all open lines, a year of received purchases, four weeks of received transfers.

    One order a source, location and day. Of open lines that are late, the source has told a new expected
    date for two in three; `LATE_SUPPLIER` never tells.
    """
    length, stores = len(when.days), len(where.store)
    day, location, sku, transfer = _lines(stores, net, played)
    lead = played.lead[day, location, sku].astype(np.int64)
    is_open = day + lead >= length
    store = np.minimum(location, stores - 1)
    source = np.where(transfer, len(net.supplier) + where.dc_of_store[store], net.supplier_of[sku])
    stated = np.where(transfer, net.store_lead[store], net.lead_mean[net.supplier_of[sku]]).astype(np.int64)

    delivered = played.delivered[day, location, sku]
    # A centre ships at once, so an open transfer is what left it; a supplier's shortage shows on arrival.
    quantity = np.where(is_open & transfer, delivered, played.ordered[day, location, sku])
    pack = what.case_pack[sku]
    first_part = np.floor(quantity * 0.4 / pack) * pack
    part = is_open & ~transfer & (rng.random(len(day)) < PART_RECEIVED_SHARE) & (first_part > 0)

    promised = day + stated
    overdue = is_open & (promised < length)
    told = rng.random(len(day)) < TOLD_SHARE
    if LATE_SUPPLIER in net.supplier:
        told &= source != net.supplier.index(LATE_SUPPLIER)
    knows = ~is_open | (overdue & told)
    numbered = pl.DataFrame(
        {
            "day": pl.Series(when.days[day]).cast(pl.Date),
            "from_source": names(net.supplier + where.dc, source),
            "to_location": names(where.location, location),
            "sku": names(what.sku, sku),
            "transfer": transfer,
            "quantity": quantity,
            "delivered": delivered,
            "first_part": np.where(part, first_part, 0.0),
            "open": is_open,
            "new": day == length - 1,
            "promised_date": pl.Series(when.days[0] + promised).cast(pl.Date),
            "expected_date": pl.Series(when.days[0] + np.where(knows, day + lead, promised)).cast(pl.Date),
            "received_at": pl.Series(when.days[0] + day + lead).cast(pl.Date),
            "unit_cost": what.unit_cost[sku],
        }
    ).sort("day", "from_source", "to_location", "sku")
    order = ["day", "from_source", "to_location"]
    prefix = pl.when("transfer").then(pl.lit("TO")).otherwise(pl.lit("PO"))
    date_text = pl.col("day").dt.strftime("%Y%m%d")
    status = (
        pl.when(pl.col("first_part") > 0)
        .then(pl.lit("part_received"))
        .when("open", "new")
        .then(pl.lit("approved"))
        .when("open")
        .then(pl.lit("sent"))
        .when(pl.col("delivered") < pl.col("quantity"))
        .then(pl.lit("closed_short"))
        .otherwise(pl.lit("received"))
    )
    return numbered.select(
        pl.concat_str(prefix, date_text, "from_source", "to_location", separator="-").alias("order_id"),
        pl.int_range(1, pl.len() + 1).over(order).cast(pl.String).alias("line"),
        pl.when("transfer").then(pl.lit("transfer")).otherwise(pl.lit("purchase")).alias("kind"),
        "sku",
        "from_source",
        "to_location",
        "quantity",
        pl.when("open").then("first_part").otherwise("delivered").alias("received"),
        status.alias("status"),
        pl.col("day").alias("ordered_at"),
        "promised_date",
        "expected_date",
        pl.when(~pl.col("open")).then("received_at").alias("received_at"),
        "unit_cost",
    )


def _lines(
    stores: int, net: Network, played: Played
) -> tuple[Integers, Integers, Integers, npt.NDArray[np.bool_]]:
    """Return (day, location, sku, is a transfer) of the order lines that are exported."""
    length = len(played.ordered)
    first = max(length - PURCHASE_HISTORY_DAYS, 0)
    day, location, sku = np.nonzero(played.ordered[first:])
    day = day + first
    transfer = (location < stores) & net.from_dc[np.minimum(location, stores - 1), sku]
    arrival = day + played.lead[day, location, sku]
    is_open = arrival >= length
    nothing_left = is_open & transfer & (played.delivered[day, location, sku] == 0)
    kept = (is_open | ~transfer | (day >= length - TRANSFER_HISTORY_DAYS)) & ~nothing_left
    return day[kept], location[kept], sku[kept], transfer[kept]
