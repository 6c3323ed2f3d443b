"""The AWS path on one computer, whole: emulators, topology, a process for each function, and their queues."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from cli.devaws import emulators
from cli.devaws.emulators import ACCESS_KEY, REGION, SECRET_KEY, Emulator
from cli.devaws.functions import LocalFunction
from cli.devaws.lake_copy import copy_objects
from data_lake.errors import LakeError
from data_lake.objects import Objects, open_objects
from infra.messaging import TOPOLOGY
from infra.shapes import Function, SourceMapping, Topology
from jobs.notify_channels import MAIL_FROM, SMTP_URL
from messaging.event_source import EventSource, Source
from messaging.topology import Endpoint, Made, make_topology

BUCKET = "lake"
LAKE = f"s3://{BUCKET}/shelfcast"


START_AT_ONCE = ("inventory_processor", "optimization_engine", "notification_handler")
"""Functions between an event and its mail: importing takes seconds. The others start when needed."""


@dataclass(frozen=True)
class Pace:
    """How long things take on a laptop, where AWS takes its time to save money."""

    window_seconds: float = 0.2
    """Longest window in which a batch is gathered [s]; AWS: 5 and 30."""
    retry_seconds: int = 10
    """Visibility timeout: until a failed message comes again [s]; AWS: six times the function's timeout."""


class Stack:
    """Everything that `shelfcast dev-aws` runs; leaving the context stops all of it."""

    def __init__(
        self,
        lake: str | None,
        *,
        pace: Pace | None = None,
        smtp: str | None = None,
        topology: Topology = TOPOLOGY,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Take the lake to copy into the bucket, an SMTP server of your own, and who hears of failures."""
        self._lake = lake
        self._pace = pace or Pace()
        self._smtp = smtp
        self._topology = topology
        self._hear = tell
        self._exits = ExitStack()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.functions: dict[str, LocalFunction] = {}
        self.lake_address = LAKE
        self.copied = 0

    def __enter__(self) -> Stack:
        """Start everything; what was started is stopped again if something does not come up."""
        emulators.check_installed()
        with ExitStack() as exits:
            self.folder = Path(tempfile.mkdtemp(prefix="shelfcast-aws-"))
            exits.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._start(exits)
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, in the opposite order."""
        self._exits.close()

    @property
    def inbox(self) -> Path:
        """Maildir of the mail server that keeps every mail."""
        return self.folder / "mail"

    @property
    def endpoint(self) -> Endpoint:
        """SNS and SQS."""
        return Endpoint(self.messages.url, ACCESS_KEY, SECRET_KEY, REGION)

    @property
    def lake_options(self) -> dict[str, str]:
        """What `Lake(LAKE, …)` needs to open the lake in the emulated bucket."""
        return {
            "endpoint_url": self.s3.url,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "region_name": REGION,
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach the emulators, and nothing that leads to a real account."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_S3": self.s3.url,
            "AWS_ENDPOINT_URL_SNS": self.messages.url,
            "AWS_ENDPOINT_URL_SQS": self.messages.url,
        }

    def _start(self, exits: ExitStack) -> None:
        self.s3 = self._emulator(exits, emulators.start_s3(self.folder, BUCKET), at_once=True)
        self.messages = self._emulator(exits, emulators.start_messages(self.folder))
        self.mail = self._emulator(exits, emulators.start_mail(self.folder)) if self._smtp is None else None
        emulators.wait_for(*(part for part in (self.s3, self.messages, self.mail) if part is not None))
        self._fill_bucket()
        visibility = {queue.name: self._pace.retry_seconds for queue in self._topology.queues}
        self.made = make_topology(self.endpoint, self._topology, visibility_seconds=visibility)
        for function in self._topology.functions:
            self.functions[function.name] = self._function(function)
        exits.callback(self._shut)
        for name in self.functions.keys() & set(START_AT_ONCE):
            self.functions[name].start()
        self._poll()

    def _emulator(self, exits: ExitStack, emulator: Emulator, *, at_once: bool = False) -> Emulator:
        exits.callback(emulator.child.kill if at_once else emulator.child.stop)
        return emulator

    def _fill_bucket(self) -> None:
        bucket = open_objects(LAKE, self.lake_options)
        self.s3.child.wait_until(lambda: _writable(bucket))
        if self._lake is not None:
            self.copied = copy_objects(open_objects(self._lake), bucket)

    def _function(self, function: Function) -> LocalFunction:
        return LocalFunction(
            function.name,
            function.handler,
            timeout=function.timeout_seconds,
            folder=self.folder,
            environment=self.environment | self.mail_settings | _variables(function, self.made),
        )

    @property
    def mail_settings(self) -> dict[str, str]:
        """Variables that lead mail to the sink, or to the server given."""
        url = self._smtp if self.mail is None else f"smtp://127.0.0.1:{self.mail.port}"
        return {SMTP_URL: url or "", MAIL_FROM: "shelfcast@localhost"}

    def _poll(self) -> None:
        for mapping in self._topology.mappings:
            source = EventSource(
                self.endpoint.client("sqs"),
                self._source(mapping),
                self.functions[mapping.function].invoke,
                self._say,
            )
            thread = threading.Thread(target=source.run, args=(self._stop,), name=f"poll {mapping.queue}")
            thread.start()
            self._threads.append(thread)

    def _say(self, text: str) -> None:
        if not self._stop.is_set():  # what is cut off by stopping is no news
            self._hear(text)

    def _shut(self) -> None:
        """Stop functions and pollers; what a function had in hand stays in its queue."""
        self._stop.set()
        for function in self.functions.values():
            function.stop()
        for thread in self._threads:
            thread.join()

    def _source(self, mapping: SourceMapping) -> Source:
        return Source(
            url=self.made.queue_urls[mapping.queue],
            arn=self.made.queue_arns[mapping.queue],
            region=REGION,
            batch=mapping.batch,
            window_seconds=min(mapping.window_seconds, self._pace.window_seconds),
            partial_failures=mapping.partial_failures,
        )


def _variables(function: Function, made: Made) -> dict[str, str]:
    known: dict[str, Mapping[str, str]] = {
        "lake": {"": LAKE},
        "queue": made.queue_urls,
        "topic": made.topic_arns,
    }
    return {name: known[ref.kind][ref.name] for name, ref in function.variables.items()}


def _writable(bucket: Objects) -> bool:
    try:
        bucket.put_new("ready", b"")
    except LakeError:
        return False
    return True
