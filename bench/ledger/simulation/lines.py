"""Sets of facts as sets of canonical lines: what the simulation uses instead of Parquet."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from data_lake.facts.fact import Fact
from data_lake.facts.landing import from_line, unpack
from data_lake.facts.layout import bucket_of, day_of, folder

Lines = frozenset[bytes]

fact_of = lru_cache(20_000)(from_line)


@lru_cache(20_000)
def folder_of_line(line: bytes) -> str:
    """Return the partition of a fact."""
    fact = fact_of(line)
    return folder(day_of(fact.at), bucket_of(fact.sku))


class LineRows:
    """`data_lake.facts.rows.Rows` on sets of lines."""

    def landed(self, key: str, body: bytes) -> Lines:
        """Read an object of landing."""
        return frozenset(unpack(key, body).split(b"\n"))

    def compacted(self, key: str, body: bytes) -> Lines:
        """Read a compacted object."""
        assert hashlib.sha256(body).hexdigest()[:16] in key, f"{key} holds something else"
        return frozenset(body.split(b"\n"))

    def union(self, parts: Sequence[Lines]) -> Lines:
        """Unite sets."""
        return frozenset().union(*parts)

    def split(self, rows: Lines) -> dict[str, Lines]:
        """Split by partition."""
        parts: dict[str, set[bytes]] = {}
        for line in rows:
            parts.setdefault(folder_of_line(line), set()).add(line)
        return {name: frozenset(lines) for name, lines in parts.items()}

    def size(self, rows: Lines) -> int:
        """Count lines."""
        return len(rows)

    def encode(self, rows: Lines) -> bytes:
        """Write sorted lines."""
        return b"\n".join(sorted(rows))

    def marks(self, rows: Lines) -> Lines:
        """Keep all: a line is its own hash."""
        return rows

    def clashes(self, rows: Lines, marks: Sequence[Lines]) -> list[str]:
        """Count contents of each id."""
        contents = Counter(fact_of(line).event_id for line in self.union(marks))
        return sorted({fact_of(line).event_id for line in rows if contents[fact_of(line).event_id] > 1})

    def facts(self, rows: Lines, event_ids: Collection[str]) -> list[Fact]:
        """Filter lines."""
        return [fact_of(line) for line in rows if fact_of(line).event_id in event_ids]
