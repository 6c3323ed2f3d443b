"""What an act of approval is asked for and what comes of it, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NotRequired, TypedDict

from jobs.errors import JobError


class LineChoice(TypedDict):
    """A line and the quantity to order [each]; a reason of its own goes before the act's."""

    line_id: str
    quantity: float
    reason: NotRequired[str]


class ApprovedLine(TypedDict):
    """A line that was approved: its quantity [each] and its order."""

    line_id: str
    quantity: float
    order_id: str


class RefusedLine(TypedDict):
    """A line that was not approved, and why, for the planner."""

    line_id: str
    why: str


@dataclass(frozen=True)
class ApprovalResult:
    """What an act did, line by line: every line asked for is in exactly one of the lists."""

    order_ids: list[str] = field(default_factory=list)
    approved: list[ApprovedLine] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    """Lines with quantity 0: recorded as not to be ordered."""


def check_act(author: str, at: datetime, lines: Sequence[object]) -> None:
    """Raise JobError with every reason why an act cannot be recorded at all."""
    faults = []
    if not author.strip():
        faults.append("author is empty; say who approves")
    if at.tzinfo is None:
        faults.append(f"at {at.isoformat()} has no time zone")
    if not lines:
        faults.append("no line was chosen")
    if faults:
        raise JobError("; ".join(faults))
