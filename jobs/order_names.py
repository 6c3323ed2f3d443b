"""Names of orders: readable, the same for the same act."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime


def order_ids(
    sources: Mapping[tuple[str, str], Sequence[str]], *, author: str, at: datetime, taken: Set[str]
) -> dict[tuple[str, str], str]:
    """Name one order a source: kind, date, source and four digits of the act's hash; more only if they clash.

    Parameters
    ----------
    sources
        (kind of source, source): ids of the lines ordered from it.
    author, at
        Who approves, and when: part of the hash.
    taken
        Names that exist.

    Examples
    --------
    >>> at = datetime(2026, 11, 22, tzinfo=UTC)
    >>> order_ids({("supplier", "Acme & Co"): ["007|S1|Acme & Co"]}, author="ana", at=at, taken=set())
    {('supplier', 'Acme & Co'): 'PO-20261122-Acme-Co-E7FE'}
    """
    names: dict[tuple[str, str], str] = {}
    for (kind, source), line_ids in sources.items():
        act = "\n".join([author, at.isoformat(), kind, source, *sorted(line_ids)])
        digest = hashlib.sha256(act.encode()).hexdigest().upper()
        prefix = "PO" if kind == "supplier" else "TO"
        readable = re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-")[:24] or "X"
        stem = f"{prefix}-{at.astimezone(UTC):%Y%m%d}-{readable}-"
        candidates = (stem + digest[:length] for length in range(4, len(digest) + 1))
        names[kind, source] = next(name for name in candidates if name not in {*taken, *names.values()})
    return names
