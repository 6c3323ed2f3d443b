"""What is asked of report_generator, by message or by schedule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.report import FORMATS, KINDS
from jobs.sheets import Format


@dataclass(frozen=True)
class Request:
    """One report."""

    kind: str
    formats: tuple[Format, ...] = ("xlsx",)
    run_id: str = ""
    """'': of the latest plan."""
    author: str = "shelfcast"


def request_of(told: Mapping[str, Any]) -> Request:
    """Read a request; ValueError names everything that is wrong with it."""
    kind, formats = told.get("kind"), told.get("formats", ["xlsx"])
    faults = []
    if kind not in KINDS:
        faults.append(f"kind is {kind!r}; known are {', '.join(KINDS)}")
    if not isinstance(formats, list) or not formats or not set(map(str, formats)) <= set(FORMATS):
        faults.append(f"formats is {formats!r}; it must be a list of some of {', '.join(FORMATS)}")
    wrong = [name for name in ("run_id", "author") if not isinstance(told.get(name, ""), str)]
    faults += [f"{name} is {told[name]!r}; it must be text" for name in wrong]
    if faults:
        raise ValueError("; ".join(faults))
    author = told.get("author") or "shelfcast"
    return Request(str(kind), tuple(formats), told.get("run_id", ""), author)


def request_in(body: str) -> Request:
    """Read a message that asks for a report; ValueError says why it is none."""
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("a request for a report is a JSON object with a `kind`")
    return request_of(told)
