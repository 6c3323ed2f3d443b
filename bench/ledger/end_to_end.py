"""From `publish` to the mail in laptop AWS mode: SNS → SQS → functions → lake on S3 → SMTP, all over HTTP.

The lake is the demo company, planned; its standing alerts are recorded before anybody subscribes. Then, one
after the other, a shelf that would be missed is told empty, every tenth time twice. Measured is the time from
`publish` until the mail that names the shelf is a file of the SMTP server. In the end every change of an
alert that was recorded must be in exactly one mail.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.report import Report
from cli.devaws.inbox import read_mails
from cli.devaws.publishing import publish
from cli.devaws.shelves import Shelf, empty, missed_if_empty
from cli.devaws.stack import Pace, Stack
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.alert_book import read_acts, read_book
from jobs.demo import build_demo
from jobs.notices.mail import message_id
from jobs.notify_log import Message as Told
from jobs.notify_log import read_state
from jobs.react import follow
from jobs.subscriptions import add_subscription, subscriptions

BAR_SECONDS = 5.0
RUNS, QUICK_RUNS = 50, 8
DUPLICATES = 0.1
LOOK_SECONDS = 0.01
LOST_SECONDS = 60.0
"""A mail that takes longer is counted as lost."""

DEMO: dict[str, int] = {}
QUICK_DEMO = {"skus": 20, "stores": 4, "dcs": 1, "days": 400}
"""Sizes of the demo company; the default is 150 products, 12 stores, 2 centres, three years."""


def run(report: Report, options: argparse.Namespace) -> None:
    """Print the latency and whether every change was told exactly once."""
    runs = QUICK_RUNS if options.quick else RUNS
    pace = Pace()
    with tempfile.TemporaryDirectory(prefix="shelfcast-bench-") as folder:
        address = Path(folder) / "lake"
        told_before = _company(address, QUICK_DEMO if options.quick else DEMO)
        shelves = missed_if_empty(address, at=datetime.now(UTC))
        random.Random(7).shuffle(shelves)
        if len(shelves) <= runs:
            raise SystemExit(f"the demo company has {len(shelves)} shelves to empty; {runs + 1} are needed")
        with Stack(str(address), pace=pace) as stack:
            lake = Lake(stack.lake_address, stack.lake_options)
            twice = random.Random(7).sample(range(1, runs + 1), k=max(1, round(runs * DUPLICATES)))
            seconds: list[float] = []
            messages: dict[str, Told] = {}
            for number, shelf in enumerate(shelves[: runs + 1]):
                seconds.append(_told_after(stack, shelf, twice=number in twice))
                messages |= {one.name: one for one in read_state(lake.objects).messages}
            del seconds[0]  # it started the functions' processes
            again, missing, changes = _copies(stack, lake, told_before, messages.values())
            size = _size(lake)
    lost = sum(second >= LOST_SECONDS for second in seconds)
    load = round(os.getloadavg()[1], 1)  # of the last five minutes: who else wanted the processors
    shown = {
        "load": load,
        "runs": runs,
        "window_seconds": pace.window_seconds,
        "duplicates": len(twice),
        **size,
    }
    report.figure("end_to_end.median", round(statistics.median(seconds), 2), "s", bar=BAR_SECONDS, **shown)
    report.figure("end_to_end.slowest", round(max(seconds), 2), "s")
    report.figure("end_to_end.lost", lost, "mails", bar=0)
    report.figure("end_to_end.told_again", again, "changes", bar=0, changes=changes)
    report.figure("end_to_end.not_told", missing, "changes", bar=0, changes=changes)


def _company(address: Path, sizes: dict[str, int]) -> int:
    """Make the lake, record what stands, subscribe somebody; return how many acts of alerts there are."""
    build_demo(str(address), **sizes)
    lake = Lake(address)
    now = datetime.now(UTC)
    follow(lake, at=now)
    add_subscription(
        lake, channel="email", endpoint="ana@example.com", recipient="Ana", author="bench", at=now
    )
    return read_book(lake).number


def _told_after(stack: Stack, shelf: Shelf, *, twice: bool) -> float:
    """Tell that a shelf is empty; return the time until a new mail names it [s]."""
    seen = {mail.key for mail in read_mails(stack.inbox)}
    message = empty(shelf, datetime.now(UTC))
    start = time.perf_counter()
    publish(stack.endpoint, [message] * (2 if twice else 1))
    while (spent := time.perf_counter() - start) < LOST_SECONDS:
        new = read_mails(stack.inbox, but=seen)
        if any(shelf.name in mail.text for mail in new):
            break
        time.sleep(LOOK_SECONDS)
    return spent


def _copies(stack: Stack, lake: Lake, told_before: int, messages: Iterable[Told]) -> tuple[int, int, int]:
    """Return how many changes are in more than one mail, how many in none, and how many there are."""
    (who,) = (one.subscription for one in subscriptions(lake) if one.channel == "email")
    arrived = Counter(
        str(mail.message["Message-ID"]).strip("<>").partition("@")[0] for mail in read_mails(stack.inbox)
    )
    told: Counter[str] = Counter()
    for message in messages:
        if message.subscription == who:
            copies = arrived[message_id(message.news, who)]
            told.update({news.news_id: copies for news in message.news})
    changes = [
        each.change.change_id for _, acts in read_acts(lake, after=told_before) for each in acts if each.told
    ]
    again = sum(told[change] > 1 for change in changes)
    return again, sum(told[change] == 0 for change in changes), len(changes)


def _size(lake: Lake) -> dict[str, int]:
    run = latest_run(lake)
    assert run is not None
    lines = read_run_table(lake, run, "plan_lines", columns=["sku", "location"])
    return {"lines": len(lines), "products": lines["sku"].nunique(), "locations": lines["location"].nunique()}
