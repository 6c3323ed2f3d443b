"""Who gets what of stock that does not suffice for all: most expected money above a floor of fairness.

One product at one distribution centre. Each store has a curve of the money that further units earn
there, takes whole lots, and is first given its floor: a stated share of its need. The rest goes where it
earns most, or stays where it is if it earns more there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import gcd, isfinite

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replenishment.network.curve import ValueCurve, concave_envelope

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

EXACT_WORK = 200_000_000
"""Additions beyond which a remainder of packs that do not fit is no longer searched through exactly."""


class Why(StrEnum):
    """What decided the quantity of a store."""

    FULL = "full"  # all that earns more there than it would at the centre
    FLOOR = "floor"  # money alone would have given it less
    SHORT = "short"  # more would pay, but earns more elsewhere or makes up no lot


@dataclass(frozen=True)
class Claim:
    """What a store asks for.

    Parameters
    ----------
    store : name, unique
    value : money that 0, 1, 2, … further units earn at the store, freight and handling taken off
    need : units that the store would order if there were enough, ≥ 0
    lot : units of one lot, ≥ 1
    """

    store: str
    value: ValueCurve
    need: float
    lot: int = 1


@dataclass(frozen=True)
class Share:
    """What a store gets: units, the part of them that is its floor, the money they earn, and why."""

    store: str
    units: int
    floor_units: int
    money: float
    why: Why


@dataclass(frozen=True)
class Allocation:
    """Shares in the order of the claims.

    left : units not given out
    money : expected money of all shares and of what is left
    money_without_floor : the most that could be earned without fairness
    floor_share : share of its need that every store was granted, before rounding down to lots
    gap : money by which a better allocation may exist; 0 where it was searched exactly
    """

    shares: tuple[Share, ...]
    left: int
    money: float
    money_without_floor: float
    floor_share: float
    gap: float


def allocate(
    claims: Sequence[Claim], available: int, *, floor_share: float = 0.0, value_kept: float = 0.0
) -> Allocation:
    """Share out stock for the most expected money, each store having its floor.

    Lots are taken in the order of money a unit on the concave envelopes of the curves; this is the best
    there is unless a piece of an envelope ends up cut. Then a dynamic programme over quantities
    decides, up to `EXACT_WORK`; beyond, the cut piece is filled as far as it goes and `gap` is reported.

    Parameters
    ----------
    claims : one per store
    available : whole units, ≥ 0
    floor_share : 0 to 1; every store gets this share of its need, rounded down to lots, before money decides.
        If the stock does not suffice for that, the share is lowered until it does, the same for all:
        with 1 the stores are filled equally.
    value_kept : money that a unit left at the centre is worth

    Raises
    ------
    EngineError : values out of range; all faults at once.

    Examples
    --------
    >>> rich, poor = ValueCurve((0, 6), (0.0, 30.0)), ValueCurve((0, 6), (0.0, 12.0))
    >>> claims = [Claim("rich", rich, need=6), Claim("poor", poor, need=6)]
    >>> [share.units for share in allocate(claims, 7).shares]
    [6, 1]
    >>> fair = allocate(claims, 7, floor_share=0.5)
    >>> [share.units for share in fair.shares], fair.money_without_floor - fair.money
    ([4, 3], 6.0)
    """
    _check(claims, available, floor_share, value_kept)
    # Money of 0, 1, 2, … lots, beyond what the units would be worth at the centre.
    gains = [
        claim.value.at(lots * claim.lot) - value_kept * lots * claim.lot
        for claim in claims
        for lots in [np.arange(claim.value.most // claim.lot + 1)]
    ]
    lots = np.array([claim.lot for claim in claims], dtype=np.int64)
    most = np.array([len(gain) - 1 for gain in gains], dtype=np.int64)
    need = np.array([claim.need for claim in claims], dtype=np.float64)
    granted, floors = _floors(need, lots, most, available, floor_share)
    free, free_gap = _best(gains, lots, np.zeros_like(floors), available)
    given, gap = (free, free_gap) if (free >= floors).all() else _best(gains, lots, floors, available)
    left = available - int(given @ lots)
    shares = tuple(
        Share(
            claim.store,
            int(given[i] * claim.lot),
            int(floors[i] * claim.lot),
            float(claim.value.at(given[i] * claim.lot)),
            _why(gains[i], int(given[i]), int(free[i])),
        )
        for i, claim in enumerate(claims)
    )
    total = value_kept * available
    return Allocation(
        shares,
        left,
        total + sum(float(gain[k]) for gain, k in zip(gains, given, strict=True)),
        total + sum(float(gain[k]) for gain, k in zip(gains, free, strict=True)),
        granted,
        gap,
    )


def _floors(
    need: Floats, lots: Whole, most: Whole, available: int, floor_share: float
) -> tuple[float, Whole]:
    """Return the greatest common share of needs up to `floor_share` that the stock covers, and its lots."""

    def floor_lots(share: float) -> Whole:
        # A share that is meant to make up a whole lot must not fail by a rounding of the product.
        return np.minimum(np.floor(share * need / lots + 1e-9), most).astype(np.int64)

    if floor_lots(floor_share) @ lots <= available:
        return floor_share, floor_lots(floor_share)
    steps = [
        np.arange(1, count + 1) * lot / units
        for count, lot, units in zip(floor_lots(floor_share), lots, need, strict=True)
        if count
    ]
    shares = np.unique(np.concatenate([[0.0], *steps]))
    low, high = 0, len(shares)
    while high - low > 1:
        middle = (low + high) // 2
        if floor_lots(float(shares[middle])) @ lots <= available:
            low = middle
        else:
            high = middle
    return float(shares[low]), floor_lots(float(shares[low]))


def _best(gains: list[Floats], lots: Whole, floors: Whole, available: int) -> tuple[Whole, float]:
    """Return lots of most money above the floors, and the money that may be missing."""
    unit = gcd(*lots.tolist())
    rest = (available - int(floors @ lots)) // unit * unit
    further = [gain[floor:] - gain[floor] for gain, floor in zip(gains, floors, strict=True)]
    envelopes = [concave_envelope(gain) for gain in further]
    rises = [np.diff(envelope) / lot for envelope, lot in zip(envelopes, lots, strict=True)]
    store = np.repeat(np.arange(len(rises)), [len(rise) for rise in rises])
    rise = np.concatenate([np.zeros(0), *rises])
    order = np.argsort(-rise, kind="stable")
    order = order[rise[order] > 0]
    used = np.cumsum(lots[store[order]])
    fits = int(np.searchsorted(used, rest, side="right"))
    taken = np.bincount(store[order[:fits]], minlength=len(rises)).astype(np.int64)
    bound = float(rise[order[:fits]] @ lots[store[order[:fits]]])
    if fits < len(order):
        bound += float(rise[order[fits]]) * (rest - (int(used[fits - 1]) if fits else 0))
    money = sum(float(gain[k]) for gain, k in zip(further, taken, strict=True))
    slack = 1e-9 * max(abs(bound), 1.0)
    if money >= bound - slack:
        return floors + taken, 0.0
    if sum(len(gain) for gain in further) * (rest // unit + 1) <= EXACT_WORK:
        return floors + _exact(further, lots // unit, rest // unit), 0.0
    taken = _filled_up(further, lots, taken, rest)
    money = sum(float(gain[k]) for gain, k in zip(further, taken, strict=True))
    return floors + taken, max(bound - money, 0.0)


def _exact(gains: list[Floats], lots: Whole, rest: int) -> Whole:
    """Dynamic programme: the best money of each quantity after each store."""
    best = np.zeros(rest + 1)
    choices = []
    for gain, lot in zip(gains, lots, strict=True):
        after = best.copy()
        choice = np.zeros(rest + 1, dtype=np.int32)
        for k in range(1, min(len(gain) - 1, rest // int(lot)) + 1):
            tried = best[: rest + 1 - k * lot] + gain[k]
            better = tried > after[k * lot :]
            after[k * lot :][better] = tried[better]
            choice[k * lot :][better] = k
        best = after
        choices.append(choice)
    taken = np.zeros(len(gains), dtype=np.int64)
    for i in reversed(range(len(gains))):
        taken[i] = choices[i][rest]
        rest -= int(taken[i] * lots[i])
    return taken


def _filled_up(gains: list[Floats], lots: Whole, taken: Whole, rest: int) -> Whole:
    """Give out the rest one best step at a time; a step may be several lots at once, or give some back."""
    taken = np.array([np.argmax(gain[: k + 1]) for gain, k in zip(gains, taken, strict=True)], dtype=np.int64)
    rest -= int(taken @ lots)
    while True:
        best, step = 1e-12, None
        for i, gain in enumerate(gains):
            reach = min(len(gain) - 1, int(taken[i] + rest // lots[i]))
            rises = gain[: reach + 1] - gain[taken[i]]
            k = int(np.argmax(rises))
            if rises[k] > best:
                best, step = float(rises[k]), (i, k)
        if step is None:
            return taken
        i, k = step
        rest -= int((k - taken[i]) * lots[i])
        taken[i] = k


def _why(gain: Floats, given: int, free: int) -> Why:
    if free < given:
        return Why.FLOOR
    return Why.SHORT if (gain[given + 1 :] > gain[given] + 1e-12).any() else Why.FULL


def _check(claims: Sequence[Claim], available: int, floor_share: float, value_kept: float) -> None:
    faults = []
    names = [claim.store for claim in claims]
    faults += [
        f"store {name} claims twice; it may once" for name in sorted(set(names)) if names.count(name) > 1
    ]
    for claim in claims:
        if not (isfinite(claim.need) and claim.need >= 0):
            faults.append(f"store {claim.store}: need is {claim.need}; it must be 0 or more")
        if claim.lot < 1 or claim.lot != int(claim.lot):
            faults.append(f"store {claim.store}: lot is {claim.lot}; it must be whole units, 1 or more")
    if not claims:
        faults.append("there are no claims; at least one store must ask")
    if available < 0 or available != int(available):
        faults.append(f"available is {available}; it must be whole units, 0 or more")
    if not 0 <= floor_share <= 1:
        faults.append(f"floor_share is {floor_share}; it must lie between 0 and 1")
    if not isfinite(value_kept):
        faults.append(f"value_kept is {value_kept}; it must be finite")
    if faults:
        raise EngineError("; ".join(faults))
