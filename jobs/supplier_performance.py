"""Supplier performance: what sources promise, what they do by order history, and what it costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.supply.history import OrderLines
from engine.supply.lead_times import FENCE_DAYS
from engine.supply.measure import LineTerms, SupplyMeasures, line_terms_of, measure_supply

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

CLOSED = ("received", "closed_short")
WAITING = ("sent", "part_received")
"""Open orders that the source knows of; what is approved here may not have been sent."""
STORE = "store"
"""Kind of a location that the lake does not know."""


@dataclass(frozen=True)
class MeasuredSupply:
    """What order history says, and which code stands for which source, location and kind."""

    measures: SupplyMeasures
    sources: pd.Index
    locations: pd.Index
    kinds: pd.Index
    kind_of: Mapping[str, str]
    """Kind of each location of the lake."""

    def line_terms(self, lines: pd.DataFrame, promise: Floats, promise_sd: Floats) -> LineTerms:
        """Return what the plan lines (source, location) are planned with, given their own promise."""
        return line_terms_of(
            self.measures,
            _codes(self.sources, lines["source"]),
            _codes(self.locations, lines["location"]),
            _codes(self.kinds, _kinds(lines["location"], self.kind_of)),
            promise,
            promise_sd,
        )


def measured_supply(tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> MeasuredSupply:
    """Measure every source from the orders known on the morning of `as_of`.

    Parameters
    ----------
    tables : orders, sourcing and locations of `jobs.inputs.PlanInputs`
    as_of : what is dated on this day or later is not known
    """
    orders = known_orders(tables["orders"], as_of)
    places = tables["locations"].dropna(subset="kind")
    kind_of: dict[str, str] = dict(zip(places["location"], places["kind"], strict=True))
    source, sources = pd.factorize(orders["from_source"], sort=True)
    location, locations = pd.factorize(orders["to_location"], sort=True)
    kind, kinds = pd.factorize(_kinds(locations, kind_of), sort=True)
    promise, promise_sd = _promised(orders, tables["sourcing"], source, location, sources, locations)
    ordered = orders["ordered_at"].to_numpy("datetime64[D]")
    day = np.datetime64(as_of, "D")
    arrived = orders["arrived"].to_numpy("datetime64[D]")
    lead = np.where(np.isnat(arrived), np.nan, (arrived - ordered).astype(np.float64))
    due = _days(orders["promised_date"], ordered)
    lines = OrderLines(
        source=source,
        location=location,
        kind=kind[location],
        age=(day - ordered).astype(np.float64),
        promise=promise,
        promise_sd=promise_sd,
        due=np.maximum(np.where(np.isnan(due), np.ceil(promise), due), 0.0),
        lead=np.maximum(lead, 0.0),
        waiting=orders["waiting"].to_numpy(dtype=bool),
        closed=orders["closed"].to_numpy(dtype=bool),
        quantity=orders["quantity"].to_numpy(dtype=np.float64),
        received=orders["received"].fillna(0.0).to_numpy(dtype=np.float64),
        n_sources=len(sources),
        n_locations=len(locations),
        n_kinds=len(kinds),
    )
    return MeasuredSupply(measure_supply(lines), sources, locations, kinds, kind_of)


def known_orders(orders: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the order lines that say something of their source, as known on the morning of `as_of`.

    Returns
    -------
    DataFrame
        Columns of contract `orders`, and `arrived` (day, or missing), `waiting` and `closed` (flags).

    Notes
    -----
    The day of arrival is `received_at`; where a file has none, the expected date of a received line, if its
    source ever changes expected dates (a file that repeats the promise says nothing about arrivals). A
    cancelled line says something only if it was expected late: it counts as never delivered.
    """
    day = pd.Timestamp(as_of)
    useful = (orders["kind"] != "customer") & orders["from_source"].notna() & (orders["quantity"] > 0)
    rows = orders[useful & (orders["ordered_at"] < day)]
    received = rows["status"].isin(CLOSED)
    told = rows["promised_date"].notna() & rows["expected_date"].notna()
    moved = received & told & (rows["expected_date"] != rows["promised_date"])
    updates = rows["from_source"].isin(rows.loc[moved, "from_source"].unique())
    arrived = rows["received_at"].fillna(rows["expected_date"].where(updates))
    came = received & (rows["received"].fillna(0.0) > 0)
    not_yet = came & (arrived >= day)
    cancelled = (rows["status"] == "cancelled") & told & (rows["expected_date"] > rows["promised_date"])
    waiting = rows["status"].isin(WAITING) | not_yet
    rows = rows.assign(
        arrived=arrived.where(came & ~not_yet & (arrived >= rows["ordered_at"])),
        waiting=waiting,
        closed=(received & ~not_yet) | cancelled,
        received=rows["received"].mask(not_yet | cancelled, 0.0),
    )
    return rows[rows["waiting"] | rows["closed"]]


def _promised(
    orders: pd.DataFrame,
    sourcing: pd.DataFrame,
    source: Codes,
    location: Codes,
    sources: pd.Index,
    locations: pd.Index,
) -> tuple[Floats, Floats]:
    """Return the lead time of each line by its terms, and its spread.

    Without terms, or where they contradict what the source promised on the order itself by more than the
    fence (a slip in the terms), it is the promise of the order.
    """
    skus = pd.Index(sourcing["sku"].unique())
    place = len(locations)
    terms = sourcing.assign(
        key=(_codes(skus, sourcing["sku"]) * len(sources) + _codes(sources, sourcing["source"])) * place
        + _codes(locations, sourcing["location"])
    )
    terms = terms[sourcing["source"].isin(sources) & sourcing["location"].isin(locations)]
    sku = _codes(skus, orders["sku"])
    keys = np.where(sku >= 0, (sku * len(sources) + source) * place + location, -1)
    order = terms.sort_values("key")
    known = order["key"].to_numpy(dtype=np.int64)
    at = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    hit = (known[at] == keys) if len(known) else np.zeros(len(keys), dtype=bool)
    own = _days(orders["promised_date"], orders["ordered_at"].to_numpy("datetime64[D]"))
    lead, spread = np.maximum(np.nan_to_num(own), 0.0), np.zeros(len(orders))
    if len(known):
        stated = order["lead_time_mean"].fillna(0.0).to_numpy(dtype=np.float64)[at]
        hit &= np.isnan(own) | (np.abs(stated - lead) <= FENCE_DAYS + lead)
        lead = np.where(hit, stated, lead)
        spread = np.where(hit, order["lead_time_sd"].fillna(0.0).to_numpy(dtype=np.float64)[at], 0.0)
    return lead, spread


def _kinds(locations: Iterable[str], kind_of: Mapping[str, str]) -> pd.Index:
    """Return the kind of each location."""
    return pd.Index([kind_of.get(name, STORE) for name in locations], dtype=object)


def _codes(names: pd.Index, column: pd.Series | pd.Index) -> Codes:
    """Return the place of each value among the names, −1 where it is not there."""
    return names.get_indexer(pd.Index(column)).astype(np.int64)


def _days(until: pd.Series, since: npt.NDArray[np.datetime64]) -> Floats:
    day = until.to_numpy("datetime64[D]")
    return np.where(np.isnat(day), np.nan, (day - since).astype(np.float64))


def with_measured_supply(lines: pd.DataFrame, supply: MeasuredSupply, *, learn: bool) -> pd.DataFrame:
    """Plan with the lead times that were measured, and keep what is promised beside them.

    Parameters
    ----------
    lines : source, location, lead_time_mean, lead_time_sd [days]: as promised
    supply : MeasuredSupply
    learn : bool
        Whether lead times are replaced; what was measured is told either way.

    Returns
    -------
    DataFrame
        `lines` with lead_time_mean and lead_time_sd as planned with, and promised_lead_time,
        promised_lead_time_sd, lead_time_basis, delivered_share, loss_chance.
    """
    promise = lines["lead_time_mean"].to_numpy(dtype=np.float64)
    promise_sd = lines["lead_time_sd"].to_numpy(dtype=np.float64)
    found = supply.line_terms(lines, promise, promise_sd)
    known = zip(promise, found.measured, found.deliveries, strict=True)
    return lines.assign(
        promised_lead_time=promise,
        promised_lead_time_sd=promise_sd,
        lead_time_mean=found.lead_time_mean if learn else promise,
        lead_time_sd=found.lead_time_sd if learn else promise_sd,
        lead_time_basis=[basis_in_words(*line) for line in known],
        delivered_share=found.delivered_share,
        loss_chance=found.loss_chance,
    )


def basis_in_words(promise: float, measured: float, deliveries: int) -> str:
    """Say what a lead time rests on.

    Examples
    --------
    >>> basis_in_words(12.0, 16.1, 24)
    'promised 12 d, measured 16.1 d from 24 deliveries'
    >>> basis_in_words(2.0, float("nan"), 0)
    ''
    """
    if not deliveries or np.isnan(measured):
        return ""
    times = "1 delivery" if deliveries == 1 else f"{deliveries:,} deliveries"
    return f"promised {promise:.3g} d, measured {measured:.3g} d from {times}"
