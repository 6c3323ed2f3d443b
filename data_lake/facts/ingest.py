"""Ingest: messages become one immutable object a batch, durable before anything is acknowledged.

Light: no frames, and boto3 only if the lake is on S3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from data_lake.events import Event
from data_lake.facts.durable import put_durably
from data_lake.facts.fact import Fact
from data_lake.facts.landing import pack
from data_lake.facts.messages import Poison, Record, parse_message
from data_lake.ledger import HasObjects
from data_lake.objects import Objects


class PoisonRecord(NamedTuple):
    """A message that could not be taken, and all that is wrong with it."""

    message_id: str
    body: str
    reason: str
    faults: tuple[str, ...]


class Decision(NamedTuple):
    """A person's act that a message carries: not stored here, the act's own job records it."""

    message_id: str
    event: Event


class Ingested(NamedTuple):
    """What a batch came to. Once this is returned its facts are durable and may be acknowledged."""

    stored: int
    """Distinct facts of the batch."""
    key: str | None
    """Object that holds them; None: the batch told no fact."""
    changed: frozenset[tuple[str, str]]
    """(sku, location) that facts of the batch name, both ends of a transfer."""
    orders: frozenset[str]
    """Orders that facts of the batch name; some name no product."""
    decisions: list[Decision]
    """Acts in order of their messages: acknowledge their messages after the act is recorded."""
    poison: list[PoisonRecord]
    """Messages of which nothing was taken."""


def ingest_facts(lake: HasObjects | Objects, records: Iterable[Record], *, received_at: datetime) -> Ingested:
    """Store the facts of a batch of messages durably as one object.

    The same batch again writes nothing; a fact that is stored already adds nothing. Poison is named and
    never blocks the rest.

    Parameters
    ----------
    lake
        A lake, or its four verbs.
    records
        The messages.
    received_at
        When they were received, with a time zone.

    Raises
    ------
    LakeUnavailable
        Nothing of the batch is known to be durable: acknowledge none of it.
    """
    held: Any = lake
    objects: Objects = getattr(held, "objects", held)
    facts: list[Fact] = []
    decisions: list[Decision] = []
    poison: list[PoisonRecord] = []
    for record in records:
        try:
            told, acts = parse_message(record, received_at)
        except Poison as bad:
            poison.append(PoisonRecord(*record, bad.reason, bad.faults))
        else:
            facts += told
            decisions += [Decision(record.message_id, act) for act in acts]
    key = put_facts(objects, facts)
    places = {(fact.sku, fact.location) for fact in facts if fact.sku}
    places.update((fact.sku, fact.to_location) for fact in facts if fact.to_location)
    orders = frozenset(fact.order_id for fact in facts if fact.order_id)
    return Ingested(len(set(facts)), key, frozenset(places), orders, decisions, poison)


def put_facts(objects: Objects, facts: Sequence[Fact]) -> str | None:
    """Store facts durably as one object and return its key; None: there are none."""
    if not facts:
        return None
    key, body = pack(facts)
    put_durably(objects, key, body)
    return key
