"""The record of alerts: `ledger/alerts/<20 digits>`, one object an act of `jobs.alert`, for ever.

What stands is a fold over the acts. Now and then the fold so far is kept beside them, so that a reader starts
there; it is computed from the acts alone, so whoever writes it writes the same.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from data_lake import numbered
from data_lake.lake import Lake
from data_lake.ledger import CorruptBatchError
from engine.alerts.change import AlertChange
from engine.alerts.transitions import Book, Standing, Transition, fold

ACTS = "ledger/alerts/"
FOLDS = "ledger/alerts_so_far/"

EVERY = 50
"""Acts after which the fold is kept."""


@dataclass(frozen=True)
class Recorded:
    """Every alert as it stands, and the number of the act that said so last (0: none yet)."""

    number: int
    book: Book


def read_book(lake: Lake) -> Recorded:
    """Read what stands.

    Raises
    ------
    CorruptBatchError
        An act cannot be read.
    """
    kept = numbered.numbers(lake.objects, FOLDS)
    start = kept[-1] if kept else 0
    book = _load_book(lake, start) if kept else {}
    acts = read_acts(lake, after=start)
    for number, transitions in acts:
        book = fold(book, transitions)
        if number % EVERY == 0 and number > start:
            lake.objects.put_new(numbered.name(FOLDS, number), _pack_book(book))
    return Recorded(acts[-1][0] if acts else start, book)


def read_acts(lake: Lake, *, after: int = 0) -> list[tuple[int, list[Transition]]]:
    """Return the acts beyond a number, in order."""
    return read_some(lake, numbered.numbers(lake.objects, ACTS, after=after))


def read_some(lake: Lake, which: Sequence[int]) -> list[tuple[int, list[Transition]]]:
    """Return acts by their numbers."""
    bodies = numbered.read(lake.objects, ACTS, which)
    return [(number, _unpack(number, body)) for number, body in zip(which, bodies, strict=True)]


def append_act(lake: Lake, number: int, transitions: Sequence[Transition]) -> bool:
    """Record changes as one act; False if another act has this number: read again and decide again."""
    # a token of one's own: two that decide the same at once must not both take the object for theirs
    head = json.dumps({"writer": uuid4().hex, "changes": len(transitions)})
    lines = [head, *(_to_json(each) for each in transitions)]
    body = gzip.compress("\n".join(lines).encode(), 6, mtime=0)
    return numbered.append(lake.objects, ACTS, number, body)


def _to_json(made: Transition) -> str:
    body = asdict(made.change) | {"episode": made.episode, "step": made.step, "told": made.told}
    body["at"] = made.change.at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _of(body: dict[str, Any]) -> Transition:
    episode, step, told = body.pop("episode"), body.pop("step"), body.pop("told")
    body["at"] = datetime.fromisoformat(body["at"])
    return Transition(AlertChange(**body), episode, step, told)


def _unpack(number: int, content: bytes) -> list[Transition]:
    try:
        lines = gzip.decompress(content).decode().split("\n")
        return [_of(json.loads(line)) for line in lines[1:]]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise CorruptBatchError(numbered.name(ACTS, number), f"is no act of alerts ({error})") from error


def _pack_book(book: Book) -> bytes:
    rows = [
        {
            "last": _to_json(book[key].last),
            "opened_at": book[key].opened_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "told_severity": book[key].told_severity,
            "told_level": book[key].told_level,
        }
        for key in sorted(book)
    ]
    return gzip.compress("\n".join(json.dumps(row) for row in rows).encode(), 6, mtime=0)


def _load_book(lake: Lake, number: int) -> Book:
    book: Book = {}
    for line in gzip.decompress(lake.objects.get(numbered.name(FOLDS, number))).decode().split("\n"):
        row = json.loads(line)
        last = _of(json.loads(row["last"]))
        opened = datetime.fromisoformat(row["opened_at"])
        book[last.key] = Standing(last, opened, row["told_severity"], row["told_level"])
    return book
