"""An exclusive, numbered stream of immutable objects: who writes number n + 1 has seen all before it.

Standard library only.
Numbers are created exclusively and without gaps. Of two writers at once one gets the number; the other reads
what won and decides again. So an act that depends on all acts before it is recorded once, whatever crashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data_lake.objects import Objects

_DIGITS = 20
_READERS = 16
"""Objects are fetched side by side: on S3 each takes tens of milliseconds and little else."""


def name(folder: str, number: int) -> str:
    """Return the key of one number.

    Examples
    --------
    >>> name("ledger/alerts/", 7)
    'ledger/alerts/00000000000000000007'
    """
    return f"{folder}{number:0{_DIGITS}d}"


def numbers(objects: Objects, folder: str, *, after: int = 0) -> list[int]:
    """Return the numbers beyond `after` that exist, rising; one listing of what is new."""
    keys = objects.list(folder, start_after=name(folder, after))
    return [int(key[len(folder) :]) for key in keys]


def read(objects: Objects, folder: str, which: Sequence[int]) -> list[bytes]:
    """Return the content of some numbers, in the order asked; `NoSuchObject` where one does not exist."""
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(lambda number: objects.get(name(folder, number)), which))


def append(objects: Objects, folder: str, number: int, body: bytes) -> bool:
    """Write one number; False if another writer has it.

    `body` must differ between writers (a random token does), so that one's own write, whose answer was lost
    and which the store repeated, is told from another's.
    """
    key = name(folder, number)
    return objects.put_new(key, body) or objects.get(key) == body
