"""Feed a function from a queue as Lambda's event-source mapping does.

Messages are gathered up to the batch size or until the window has passed since the first. What the function
did not report as failed is deleted. What it did, and everything if it raised, stays: it is seen again after
the queue's visibility timeout, and after `maxReceiveCount` deliveries the queue moves it to its dead-letter
queue.
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RECEIVE_MOST = 10
"""Messages of one ReceiveMessage, and of one DeleteMessageBatch."""
BATCH_BYTES = 6 * 1024 * 1024
"""Largest event of a synchronous invocation; a batch is closed before its bodies reach it [byte]."""
LONG_POLL_SECONDS = 1
"""AWS polls 20 s at a time; this one is to stop soon after it was asked to [s]."""
POLL_SECONDS = 0.05
"""Between two looks when less than a second of the window is left: ReceiveMessage waits whole seconds."""


@dataclass(frozen=True)
class Source:
    """A queue and how it feeds its function."""

    url: str
    arn: str
    region: str
    batch: int
    window_seconds: float
    partial_failures: bool


Told = Callable[[str], None]


def failed_of(response: object, message_ids: Sequence[str]) -> set[str]:
    """Return which messages a function reports as failed, read as strictly as Lambda reads it.

    An empty answer is success. An answer that is not understood, or that names a message that was not in the
    batch, fails the whole batch: nothing is deleted on a misunderstanding.

    Examples
    --------
    >>> failed_of({"batchItemFailures": [{"itemIdentifier": "b"}]}, ["a", "b"])
    {'b'}
    >>> sorted(failed_of({"batchItemFailures": [{"itemIdentifier": "c"}]}, ["a", "b"]))
    ['a', 'b']
    >>> failed_of(None, ["a"])
    set()
    """
    everything = set(message_ids)
    if response is None:
        return set()
    if not isinstance(response, Mapping):
        return everything
    failures = response.get("batchItemFailures") or []
    if not isinstance(failures, Sequence):
        return everything
    named = {item.get("itemIdentifier") if isinstance(item, Mapping) else None for item in failures}
    return {str(name) for name in named} if named <= everything else everything


class EventSource:
    """One mapping: receives, calls the function, deletes what it took."""

    def __init__(
        self, sqs: Any, source: Source, invoke: Callable[[Mapping[str, Any]], Any], tell: Told
    ) -> None:
        """Take a boto3 client, the queue, the function (raises if it failed), and who hears of failures."""
        self._sqs = sqs
        self._source = source
        self._invoke = invoke
        self._tell = tell

    def run(self, stop: threading.Event) -> None:
        """Work until asked to stop; a batch in hand is finished first."""
        while not stop.is_set():
            try:
                if records := self.gather(stop):
                    self.deliver(records)
            except Exception as error:  # noqa: BLE001 - a poller that ends takes every later message with it
                if not stop.is_set():
                    self._tell(f"{self._source.arn}: {type(error).__name__}: {error}")
                    stop.wait(1)

    def gather(self, stop: threading.Event) -> list[dict[str, Any]]:
        """Return the next batch as records of a Lambda event; empty if nothing came."""
        records = self._receive(LONG_POLL_SECONDS, self._source.batch)
        until = time.monotonic() + self._source.window_seconds
        size = sum(len(record["body"]) for record in records)
        while records and len(records) < self._source.batch and size < BATCH_BYTES and not stop.is_set():
            left = until - time.monotonic()
            if left <= 0:
                break
            more = self._receive(int(left), self._source.batch - len(records))
            records += more
            size += sum(len(record["body"]) for record in more)
            if not more:
                stop.wait(min(POLL_SECONDS, left))
        return records

    def deliver(self, records: Sequence[Mapping[str, Any]]) -> set[str]:
        """Call the function with a batch, delete what it did not fail, and return the ids of what it did."""
        ids = [str(record["messageId"]) for record in records]
        try:
            response = self._invoke({"Records": list(records)})
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch was not processed
            self._tell(f"{error}; {len(ids)} messages return to {self._source.url.rpartition('/')[2]}")
            return set(ids)
        failed = failed_of(response, ids) if self._source.partial_failures else set()
        done = [record for record in records if record["messageId"] not in failed]
        for first in range(0, len(done), RECEIVE_MOST):
            entries = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                for number, record in enumerate(done[first : first + RECEIVE_MOST])
            ]
            self._sqs.delete_message_batch(QueueUrl=self._source.url, Entries=entries)
        if failed:
            self._tell(
                f"{len(failed)} of {len(ids)} messages return to {self._source.url.rpartition('/')[2]}"
            )
        return failed

    def _receive(self, wait_seconds: int, most: int) -> list[dict[str, Any]]:
        told = self._sqs.receive_message(
            QueueUrl=self._source.url,
            MaxNumberOfMessages=min(RECEIVE_MOST, most),
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [self._record(message) for message in told.get("Messages", [])]

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message.get("Attributes", {})),
            "messageAttributes": {
                name: {
                    "stringValue": value.get("StringValue"),
                    "stringListValues": [],
                    "binaryListValues": [],
                    "dataType": value["DataType"],
                }
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._source.arn,
            "awsRegion": self._source.region,
        }
