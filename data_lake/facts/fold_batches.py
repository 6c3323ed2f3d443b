"""Stock of one product at one location by batch: what a move takes, first expired first out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

NEVER = "9999-12-31"
"""Stands for the expiry of what does not expire, in comparisons."""


@dataclass(slots=True)
class Lot:
    """Stock of one batch."""

    on_hand: float = 0.0
    """[each]"""
    expiry: str = ""
    """Last day of life, ISO date; '' unknown or never."""


@dataclass(slots=True)
class Shelf:
    """Stock of one product at one location."""

    loose: float = 0.0
    """What belongs to no known batch [each]; below 0: more was taken than was known to be there."""
    loose_expiry: str = ""
    """Last day of life of it, ISO date; '' unknown or never."""
    batches: dict[str, Lot] = field(default_factory=dict)

    def move(self, fixes: bool, value: float, batch: str, expiry: str) -> None:
        """Apply one move; see `data_lake.facts.fold_moves.MOVES_SCHEMA`."""
        if batch:
            lot = self.batches.setdefault(batch, Lot())
            lot.on_hand = value + 0.0 if fixes else lot.on_hand + value
            lot.expiry = expiry or lot.expiry
        elif fixes:
            self._fix(value, expiry)
        elif value < 0:
            self._take(-value)
        else:
            self._put_loose(self.loose + value, expiry)

    def _first_out(self) -> list[Lot]:
        """Return the batches with stock, those that expire first before the others."""
        held = [(lot.expiry or NEVER, name, lot) for name, lot in self.batches.items() if lot.on_hand > 0]
        return [lot for _, _, lot in sorted(held, key=lambda entry: entry[:2])]

    def _take(self, quantity: float) -> None:
        for lot in self._first_out():
            taken = min(quantity, lot.on_hand)
            lot.on_hand -= taken
            quantity -= taken
            if quantity == 0:
                return
        self.loose -= quantity

    def _fix(self, total: float, expiry: str) -> None:
        """Count the whole: what was below 0 was taken from the rest; then the difference is applied."""
        for lot in self.batches.values():
            lot.on_hand = max(lot.on_hand, 0.0)
        held = self._first_out()
        if not held:
            if expiry:
                self.loose_expiry = expiry
            self.loose = total + 0.0
            return
        self.loose = max(self.loose, 0.0)
        difference = total - self.loose
        for lot in held:
            difference -= lot.on_hand
        if difference < 0:
            self._take(-difference)
        else:
            held[0].on_hand += difference

    def _put_loose(self, quantity: float, expiry: str) -> None:
        """Of two expiry dates of one heap the earlier counts, while something of the heap is there."""
        there = self.loose_expiry if self.loose > 0 else ""
        self.loose_expiry = min(there or NEVER, expiry) if expiry else there
        self.loose = quantity


def shelf_after(shelf: Shelf, moves: Iterable[tuple[bool, float, str, str]]) -> Shelf:
    """Apply moves (fixes, value, batch, expiry) in their order to a shelf, and return it.

    Examples
    --------
    >>> shelf = Shelf(0.0, "", {"old": Lot(6.0, "2026-11-24"), "new": Lot(10.0, "2026-12-01")})
    >>> after = shelf_after(shelf, [(False, -8.0, "", "")])
    >>> after.batches["old"].on_hand, after.batches["new"].on_hand
    (0.0, 8.0)
    >>> shelf_after(after, [(True, 11.0, "", "")]).batches["new"].on_hand
    11.0
    """
    for fixes, value, batch, expiry in moves:
        shelf.move(fixes, value, batch, expiry)
    return shelf
