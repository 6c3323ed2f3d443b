"""Confirmations: what somebody did has arrived — an event is processed, an order approved, sent, received.

They are read from the two ledgers, so it does not matter by which way an act came: page, command or message.
Nothing is read unless somebody subscribed to confirmations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from data_lake.events import Event
from data_lake.facts.read import read_facts
from data_lake.ledger import read_events
from jobs.notices.news import CONFIRMATIONS, News, confirmation
from jobs.subscriptions import Subscription

if TYPE_CHECKING:
    from data_lake.lake import Lake

REACH = timedelta(days=3)
"""What happened earlier than this is not confirmed any more."""

_OF_FACTS = {"event.processed", "order.sent", "order.received"}
_OF_ACTS = {"event.processed", "order.approved"}


def confirmations(lake: Lake, standing: Iterable[Subscription], *, at: datetime) -> list[News]:
    """Return what happened lately that somebody wants confirmed.

    Parameters
    ----------
    standing
        Subscriptions; those that name no type of `CONFIRMATIONS` want none.
    at
        Now.

    Returns
    -------
    list of News
        The same ids each time: who tells them passes over what was told.
    """
    asking = [one for one in standing if one.active and set(one.wanted.types) & set(CONFIRMATIONS)]
    wanted = {name for one in asking for name in one.wanted.types} & set(CONFIRMATIONS)
    if not wanted:
        return []
    since = max(at - REACH, min((one.created_at or at - REACH) for one in asking)).astimezone(UTC)
    told: list[News] = []
    if wanted & _OF_ACTS:
        told += of_acts(event for event in read_events(lake) if event.timestamp >= since)
    if wanted & _OF_FACTS:
        told += of_facts(read_facts(lake, since=since).frame.iter_rows(named=True))
    return [one for one in told if one.news_type in wanted]


def of_acts(events: Iterable[Event]) -> list[News]:
    """Confirm acts of people: each as processed, and of approvals each order once."""
    found = list(events)
    told = [
        confirmation(
            "event.processed",
            of=event.event_id,
            cause=f"Event {event.event_id} ({_kind(event.event_type)}) is recorded.",
            at=event.timestamp,
            author=event.author,
        )
        for event in found
    ]
    orders: dict[str, list[Event]] = {}
    for event in found:
        if event.event_type == "plan_line.approved" and event.data["order_id"]:
            orders.setdefault(event.data["order_id"], []).append(event)
    return told + [_approved(order_id, lines) for order_id, lines in orders.items()]


def _approved(order_id: str, lines: Sequence[Event]) -> News:
    first = lines[0]
    source = str(first.data["plan"].get("source", ""))
    units = sum(float(line.data["quantity"]) for line in lines)
    worth = sum(float(line.data["quantity"]) * _cost(line.data["plan"]) for line in lines)
    count = f"{len(lines)} line{'' if len(lines) == 1 else 's'}"
    places = {str(line.data["plan"].get("location", "")) for line in lines}
    return confirmation(
        "order.approved",
        of=order_id,
        cause=f"Order {order_id} from {source}: {count}, {units:,.0f} units, approved by {first.author}.",
        at=first.timestamp,
        author=first.author,
        location=places.pop() if len(places) == 1 else "",
        source=source,
        worth=worth,
        link="orders",
    )


def _cost(plan: Mapping[str, Any]) -> float:
    cost = plan.get("unit_cost")
    return float(cost) if isinstance(cost, int | float) else 0.0


def of_facts(facts: Iterable[Mapping[str, Any]]) -> list[News]:
    """Confirm what systems told: each as processed; orders as sent, each receipt as received.

    Parameters
    ----------
    facts
        Rows of `data_lake.facts.read.FACT_SCHEMA`.
    """
    return [one for fact in facts for one in _of_fact(fact)]


def _of_fact(fact: Mapping[str, Any]) -> list[News]:
    sku, place, order = fact["sku"], fact["location"], fact["order_id"]
    about = {
        "sku": sku,
        "location": place,
        "at": fact["at"].astimezone(UTC),
        "author": str(json.loads(fact["details"] or "{}").get("author") or ""),
    }
    item = f"item?{urlencode({'sku': sku, 'location': place})}" if sku else ""
    where = " at ".join(part for part in (sku, place) if part)
    kind = " of ".join(part for part in (_kind(fact["kind"]), where) if part)
    event = fact["event_id"]
    told = [
        confirmation(
            "event.processed", of=event, cause=f"Event {event} ({kind}) is recorded.", link=item, **about
        )
    ]
    if fact["kind"] == "order_sent":
        told.append(
            confirmation("order.sent", of=order, cause=f"Order {order} was sent.", link="orders", **about)
        )
    if fact["kind"] == "order_received":
        line = f", line {fact['line']}" if fact["line"] else ""
        cause = f"{fact['quantity']:,.0f} units received on order {order}{line}."
        told.append(confirmation("order.received", of=event, cause=cause, link=item, **about))
    return told


def _kind(name: str) -> str:
    return name.replace("_", " ").replace(".", ": ")
