"""Take a batch of messages: facts become durable, poison is kept beside its reasons, acts are handed on.

Light: imports no frames, and boto3 only if the lake is on S3.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from data_lake.errors import LakeUnavailable, NoSuchObject
from data_lake.facts.ingest import Ingested, ingest_facts
from data_lake.facts.messages import Record
from jobs.dlq import keep_poison

if TYPE_CHECKING:
    from data_lake.ledger import HasObjects
    from data_lake.objects import Objects

__all__ = ["Ingested", "Record", "ingest"]


def ingest(
    lake: HasObjects | Objects, queue: str, records: Iterable[Record], *, received_at: datetime
) -> Ingested:
    """Take a batch of messages of a queue; the same batch again adds nothing.

    After this returns every message may be acknowledged whose act, if it carries one, is recorded too
    (`Ingested.decisions`): its facts are durable, or it is a dead letter.

    Parameters
    ----------
    lake
        A lake, or its objects.
    queue
        Name of the queue, for the dead letters.
    records
        The messages.
    received_at
        When they were received, with a time zone.

    Raises
    ------
    LakeUnavailable
        Acknowledge nothing: the whole batch must come again.
    """
    done = ingest_facts(lake, records, received_at=received_at)
    for poison in done.poison:
        try:
            keep_poison(lake, queue, poison, poison, at=received_at)
        except NoSuchObject as error:  # storage said that the letter exists already, and it does not
            raise LakeUnavailable(f"cannot keep message {poison.message_id}: {error}; try again") from error
    return done
