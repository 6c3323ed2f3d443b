"""Which recorded changes of alerts are handed over: what a crash leaves untold is found."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from data_lake import numbered
from data_lake.lake import Lake
from engine.alerts.change import AlertChange
from engine.alerts.transitions import Transition
from jobs.alert_book import ACTS, read_some

TOLD = "ledger/alerts_told/"
"""`<20 digits>`: the act of that number is told whole; `<20 digits>.<hash>`: the changes named in it are."""
UP_TO = "ledger/alerts_told_up_to/"
"""`<20 digits>`: all acts up to that number are told, so that nobody lists them again."""

EVERY = 50


def pending(lake: Lake) -> list[AlertChange]:
    """Return the changes that are recorded and that nobody was told of yet, in the order of recording."""
    return [
        each.change for _, transitions, told in _open_acts(lake) for each in transitions if _waits(each, told)
    ]


def mark_told(lake: Lake, change_ids: Iterable[str]) -> None:
    """Record that these changes are handed over, durably; again, or at once by two, is harmless."""
    ids = set(change_ids)
    for number, transitions, told in _open_acts(lake):
        mine = {each.change.change_id for each in transitions} & ids - told
        if not any(_waits(each, told | mine) for each in transitions):
            lake.objects.put_new(numbered.name(TOLD, number), b"")
        elif mine:
            body = "\n".join(sorted(mine)).encode()
            lake.objects.put_new(f"{numbered.name(TOLD, number)}.{zlib.crc32(body):08x}", body)
    _shorten(lake)


def _waits(made: Transition, told: set[str]) -> bool:
    return made.told and made.change.change_id not in told


def _open_acts(lake: Lake) -> list[tuple[int, Sequence[Transition], set[str]]]:
    """Return the acts that are not told whole, with the changes of each that are."""
    start = _up_to(lake)
    done, partly = _told(lake, start)
    which = [number for number in numbered.numbers(lake.objects, ACTS, after=start) if number not in done]
    return [(number, part, partly.get(number, set())) for number, part in read_some(lake, which)]


def _told(lake: Lake, start: int) -> tuple[set[int], dict[int, set[str]]]:
    """Return the acts beyond `start` that are told whole, and what is told of the others."""
    done: set[int] = set()
    partly: dict[int, set[str]] = {}
    for key in lake.objects.list(TOLD, start_after=numbered.name(TOLD, start)):
        number, _, part = key[len(TOLD) :].partition(".")
        if not part:
            done.add(int(number))
        else:
            partly.setdefault(int(number), set()).update(lake.objects.get(key).decode().split("\n"))
    return done, {number: ids for number, ids in partly.items() if number not in done}


def _up_to(lake: Lake) -> int:
    return max(numbered.numbers(lake.objects, UP_TO), default=0)


def _shorten(lake: Lake) -> None:
    """Note now and then up to which act all are told."""
    start = end = _up_to(lake)
    done, _ = _told(lake, start)
    while end + 1 in done:
        end += 1
    if end // EVERY > start // EVERY:
        lake.objects.put_new(numbered.name(UP_TO, end // EVERY * EVERY), b"")
