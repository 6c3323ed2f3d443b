"""Look at `incoming/` again and again: take each file once it is whole, and a refused one only once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from data_lake import whole_files
from jobs.incoming import Arrived, take_file, waiting

if TYPE_CHECKING:
    from data_lake.lake import Lake


class Watch:
    """What the last look saw: a file is taken when it is the same at the next."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._seen: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    def look(self, at: datetime) -> list[Arrived]:
        """Import the files that have not changed since the last look, and were not refused as they are.

        A program that still copies a file changes its size or time from look to look.
        """
        now = {key: stamp for key in waiting(self._lake) if (stamp := whole_files.stamp(self._lake, key))}
        whole = [key for key, stamp in now.items() if self._seen.get(key) == stamp]
        self._seen = now
        found = []
        for key in whole:
            if self._refused.get(key) == now[key]:
                continue
            arrived = take_file(self._lake, key, at=at)
            if arrived.outcome == "refused":
                self._refused[key] = now[key]
            found.append(arrived)
        return found
