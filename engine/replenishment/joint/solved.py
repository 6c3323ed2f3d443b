"""Answers of groups of lines, kept by what a group is: the same group is not solved twice.

Most groups of a company do not change between two plans of one morning. A group is named by a hash of its
lines' curves and its terms' figures, whoever they belong to, so an answer may be taken from another plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.groups import is_searched
from engine.replenishment.joint.terms import Term, rows_of


@dataclass(frozen=True)
class Solved:
    """The answer of one group of lines."""

    candidate: IntArray
    price: FloatArray
    gap: float


Groups = Mapping[bytes, Solved]
"""Answers by `group_key`."""


class Answers:
    """Answers that are known, and those that a plan met."""

    def __init__(self, known: Groups | None = None) -> None:
        self._known = dict(known or {})
        self._met: dict[bytes, Solved] = {}

    def __contains__(self, key: bytes) -> bool:
        return key in self._met or key in self._known

    def __getitem__(self, key: bytes) -> Solved:
        if key not in self._met:
            self._met[key] = self._known[key]
        return self._met[key]

    def __setitem__(self, key: bytes, answer: Solved) -> None:
        self._met[key] = answer

    def proven(self) -> Groups:
        """Return the answers that were met and are proven: what the next plan may take over."""
        return {key: answer for key, answer in self._met.items() if answer.gap == 0}


def group_key(curves: Curves, terms: Sequence[Term], lines: IntArray) -> bytes:
    """Name a group by all that its answer depends on.

    Parameters
    ----------
    curves : Curves
        Of all lines.
    terms : sequence of Term
        Of the group.
    lines : int array
        Rows of the group, rising.
    """
    digest = hashlib.sha256(b"searched" if is_searched(curves) else b"programmed")
    for values in (curves.quantity, curves.money, curves.cash):
        digest.update(values[lines].data)
    for term in terms:
        digest.update(type(term).__name__.encode())
        for field in fields(term):  # type: ignore[arg-type]  # every term is a dataclass
            value = getattr(term, field.name)
            if field.name == "lines":
                digest.update(np.searchsorted(lines, rows_of(value)).tobytes())
            elif field.name == "load":
                digest.update(np.asarray(value, np.float64).tobytes())
            elif field.name != "name":
                digest.update(f"{field.name}={value!r};".encode())
    return digest.digest()
