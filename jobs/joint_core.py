"""The lines among which something is chosen: those that a term may move, and what the others leave them.

Most lines of a large company stand in nothing but a room with space to spare, or can order nothing at all
today. Their orders stay as they are, so their curves are not needed; those that could order are taken in as
soon as their room turns out too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.replenishment.joint.curves import Curves
from engine.replenishment.joint.limits import Budget, Storage
from engine.replenishment.joint.terms import Term
from jobs.joint_terms import SharedTerm

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fixed:
    """One order of each line that takes part: what it is, and what is paid for it."""

    quantity: Floats
    cash: Floats

    def total(self, term: Term) -> float:
        """Return the use of a term."""
        none = np.zeros((len(self.quantity), 1))
        return float(term.use(Curves(self.quantity[:, None], none, self.cash[:, None], none)).sum())

    def with_rows(self, rows: Rows, quantity: Floats, cash: Floats) -> Fixed:
        """Return the orders with those of some lines replaced."""
        quantities, paid = self.quantity.copy(), self.cash.copy()
        quantities[rows], paid[rows] = quantity, cash
        return Fixed(quantities, paid)


def first_core(shared: Sequence[SharedTerm], own: Fixed, always: Mask, may_order: Mask) -> Mask:
    """Return which lines may be moved from the start, [part]: of those that may order anything."""
    core = always.copy()
    for one in shared:
        if one.matters and (not _is_plain(one.term) or one.term.broken_by(own.total(one.term))):
            core[one.rows] = True
    return core & may_order


def core_terms(shared: Sequence[SharedTerm], own: Fixed, core: Mask) -> tuple[list[Term], list[int]]:
    """Return the terms over core lines, numbered among them; what other lines take is off their limit."""
    place = np.cumsum(core) - 1
    terms: list[Term] = []
    of: list[int] = []
    for number, one in enumerate(shared):
        inside = core[one.rows]
        if one.matters and inside.any():
            terms.append(_restricted(one.term, one.rows, inside, place, own))
            of.append(number)
    return terms, of


def grown(shared: Sequence[SharedTerm], core: Mask, orders: Fixed, may_order: Mask) -> Mask:
    """Return the core with the lines of every plain limit that these orders overstep."""
    wider = core.copy()
    for one in shared:
        if one.matters and is_left(one, core, may_order) and one.term.broken_by(orders.total(one.term)):
            wider[one.rows] = True
    return wider & may_order


def is_left(one: SharedTerm, core: Mask, may_order: Mask) -> bool:
    """Return whether lines outside the core could order less of a term."""
    return bool((may_order & ~core)[one.rows].any())


def _is_plain(term: Term) -> bool:
    """Whether a term only limits what is ordered: room, cash."""
    return isinstance(term, Storage | Budget)


def _restricted(term: Any, rows: Rows, inside: Mask, place: Rows, own: Fixed) -> Term:
    """Return a term over its core lines; `rows` are those of the term."""
    numbered: dict[str, Any] = {"lines": place[rows[inside]]}
    if hasattr(term, "load"):
        numbered["load"] = np.asarray(term.load, np.float64)[inside]
    if not inside.all() and _is_plain(term):  # of the others only lines that order nothing are outside
        outside = replace(term, lines=rows[~inside], **_loads(term, ~inside))
        left = term.limit - own.total(outside)
        numbered |= {"room": left} if isinstance(term, Storage) else {"cash": left}
    found: Term = replace(term, **numbered)
    return found


def _loads(term: Any, rows: Mask) -> dict[str, Floats]:
    return {"load": np.asarray(term.load, np.float64)[rows]} if hasattr(term, "load") else {}
