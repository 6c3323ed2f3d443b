"""Events: what came in of late, and how fresh each place's feed is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from data_lake.events import Event
from data_lake.facts.tail import Asked, Tail
from data_lake.lake import Lake
from jobs.views.lines import named, tags

SPANS = {"hour": "Last hour", "day": "Last 24 hours", "days": "Last 3 days", "week": "Last 7 days"}
"""How far the page looks back."""

_HOURS = {"hour": 1, "day": 24, "days": 72, "week": 168}

ACT = "act"
TYPE_LABELS = {
    "set": "Stock set",
    "delta": "Stock moved",
    "count": "Counted",
    "transfer": "Transferred",
    "write_off": "Written off",
    "sale": "Sold",
    "order_placed": "Order placed",
    "order_changed": "Order changed",
    "order_sent": "Order sent",
    "order_received": "Received",
    "order_cancelled": "Order cancelled",
    ACT: "Act of a person",
}
"""Kinds of event in planners' words."""

FAMILIES = {
    "Stock": ("set", "delta", "count", "transfer", "write_off"),
    "Sales": ("sale",),
    "Orders": ("order_placed", "order_changed", "order_sent", "order_received", "order_cancelled"),
    "People": (ACT,),
}
"""What the chart and the feeds tell apart."""

MOST = 300
"""Rows of the list; the filters find the rest."""

_FAMILY = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


@dataclass(frozen=True)
class EventsWanted:
    """What is looked for; empty: everything."""

    kinds: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    sku: str = ""
    order_id: str = ""


@dataclass(frozen=True)
class Came:
    """The rows of the list and how many events match."""

    frame: pd.DataFrame
    matching: int


@dataclass(frozen=True)
class Figures:
    """The cards."""

    count: int
    an_hour: float
    """Mean of the span."""
    newest: datetime | None
    after_plan: int | None
    """Facts that the plan shown does not know; None: there is no plan."""


def start_of(span: str, now: datetime) -> datetime:
    """Return the instant from which a span looks; it stays the same for a while, so that a read is kept."""
    whole = now.astimezone(UTC).replace(second=0, microsecond=0)
    if span != "hour":
        whole = whole.replace(minute=0)
    return whole - timedelta(hours=_HOURS[span])


def figures(tail: Tail, acts: Sequence[Event], span: str, planned_at: datetime | None) -> Figures:
    """Return the cards of a span."""
    count = len(tail) + len(acts)
    newest = max(
        [*(act.timestamp for act in acts[-1:]), *([tail.newest] if tail.newest else [])], default=None
    )
    after = None if planned_at is None else tail.since(planned_at)
    return Figures(count, count / _HOURS[span], newest, after)


def acts_since(events: Sequence[Event], start: datetime) -> list[Event]:
    """Return people's acts from an instant on, in order."""
    return [event for event in events if event.timestamp >= start]


def came(tail: Tail, acts: Sequence[Event], names: Mapping[str, Mapping[str, str]]) -> Came:
    """Return the newest events.

    Parameters
    ----------
    tail, acts
        Facts and people's acts, as `narrow` leaves them.
    names
        "products" and "locations": code → name.

    Returns
    -------
    Came
        event_id, at [UTC], kind, label (a list of one), sku, product, location, location_name, quantity
        [each], order_id, who, about.
    """
    rows = pd.concat([_fact_rows(tail.rows(MOST), names), _act_rows(acts[-MOST:])], ignore_index=True)
    rows = rows.sort_values(["at", "event_id"], ascending=False, ignore_index=True).head(MOST)
    rows["product"] = named(rows["sku"], dict(names["products"]))
    rows["location_name"] = named(rows["location"], dict(names["locations"]))
    rows["label"] = tags(rows["kind"].map(TYPE_LABELS))
    return Came(rows, len(tail) + len(acts))


def narrow(tail: Tail, acts: Sequence[Event], wanted: EventsWanted) -> tuple[Tail, list[Event]]:
    """Return the facts and the acts that match."""
    asked = Asked(wanted.kinds, wanted.locations, wanted.sku, wanted.order_id)  # no fact is an act
    people = not wanted.kinds or ACT in wanted.kinds
    return tail.of(asked), [act for act in acts if people and _matches(act, wanted)]


def _matches(act: Event, wanted: EventsWanted) -> bool:
    sku, location = _line_of(act)
    return (
        (not wanted.locations or location in wanted.locations)
        and (not wanted.sku or sku == wanted.sku)
        and (not wanted.order_id or act.data.get("order_id") == wanted.order_id)
    )


def _line_of(act: Event) -> tuple[str, str]:
    """Return the product and location that an act is about; '' where it is about none."""
    sku, _, rest = str(act.data.get("line_id", "")).partition("|")
    location = rest.partition("|")[0]
    return str(act.data.get("sku", sku)), str(act.data.get("location", location))


_ROWS = ["event_id", "at", "kind", "sku", "location", "quantity", "order_id", "who", "about"]


def _fact_rows(facts: pd.DataFrame, names: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    told = [json.loads(details) if details else {} for details in facts["details"]]
    to = named(facts["to_location"], dict(names["locations"]))
    about = [
        " · ".join(
            part
            for part in (
                f"to {place}" if place else "",
                f"batch {batch}" if batch else "",
                f"expires {expiry}" if expiry else "",
                str(one.get("reason") or ""),
            )
            if part
        )
        for place, batch, expiry, one in zip(to, facts["batch"], facts["expiry"], told, strict=True)
    ]
    frame = facts.assign(who=[str(one.get("author") or "") for one in told], about=about)
    return frame[_ROWS].astype({"quantity": "float64"})


def _act_rows(acts: Sequence[Event]) -> pd.DataFrame:
    rows = []
    for act in acts:
        sku, location = _line_of(act)
        quantity = act.data.get("quantity")
        about = act.event_type.replace("_", " ").replace(".", " ")
        rows.append(
            {
                "event_id": act.event_id,
                "at": act.timestamp,
                "kind": ACT,
                "sku": sku,
                "location": location,
                "quantity": float(quantity) if isinstance(quantity, int | float) else float("nan"),
                "order_id": str(act.data.get("order_id") or ""),
                "who": act.author,
                "about": f"{about}: {act.reason}" if act.reason else about,
            }
        )
    frame = pd.DataFrame(rows, columns=_ROWS)
    return frame.astype({"at": "datetime64[us, UTC]", "quantity": "float64"})


def by_hour(tail: Tail, acts: Sequence[Event]) -> pd.DataFrame:
    """Return hour [UTC], family and count, hours in order."""
    facts = tail.by_hour()
    hours = [act.timestamp.replace(minute=0, second=0, microsecond=0) for act in acts]
    mine = pd.DataFrame({"hour": pd.Series(hours, dtype="datetime64[us, UTC]"), "kind": ACT, "count": 1.0})
    frame = pd.concat([facts, mine], ignore_index=True)
    frame["family"] = frame["kind"].map(_FAMILY)
    return frame.groupby(["hour", "family"])["count"].sum().reset_index()


def feeds(tail: Tail, names: Mapping[str, str], now: datetime) -> pd.DataFrame:
    """Return how fresh each location's facts are, the quietest first.

    Returns
    -------
    DataFrame
        location_name, count (in the span), age [hours since the newest], and the newest instant of each
        family but people's: stock, sales, orders (null: none in the span).
    """
    facts = tail.by_location()
    facts = facts[facts["location"] != ""]
    facts = facts.assign(family=facts["kind"].map(_FAMILY).str.lower())
    newest = facts.pivot_table("newest", "location", "family", aggfunc="max")
    total = facts.groupby("location").agg(count=("count", "sum"), newest=("newest", "max"))
    frame = total.join(newest).reindex(columns=["count", "newest", "stock", "sales", "orders"])
    quiet = pd.Index([code for code in names if code not in frame.index], dtype="str", name="location")
    frame = frame.reindex(frame.index.append(quiet)).rename_axis("location").reset_index()
    frame["count"] = frame["count"].fillna(0.0)
    for name in ("newest", "stock", "sales", "orders"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    frame["age"] = (pd.Timestamp(now) - frame["newest"]).dt.total_seconds() / 3600
    frame["location_name"] = named(frame["location"], dict(names))
    return frame.sort_values(["newest", "location"], na_position="first", ignore_index=True)


def names_of(lake: Lake) -> dict[str, dict[str, str]]:
    """Return the names of products and locations by code."""
    found = {}
    for table, key in (("products", "sku"), ("locations", "location")):
        frame = lake.read(table, columns=[key, "name"]).dropna()
        found[table] = dict(zip(frame[key], frame["name"], strict=True))
    return found
