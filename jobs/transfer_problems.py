"""One product's transfers as the engine solves them: supplies, needs and lanes, with their money curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite

import numpy as np
import pandas as pd

from engine.replenishment.line import draw
from engine.replenishment.lines import NEVER
from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.network.transfer_curves import Arrival, Place
from engine.replenishment.network.transfers import (
    Batch,
    Lane,
    Need,
    Product,
    Supply,
    Transfer,
    Unused,
    WhyNot,
)
from jobs.transfer_candidates import PlannedPlaces
from jobs.transfer_lanes import LaneTerms
from jobs.transfer_lots import EXPIRY_DAYS, Lot, at_most, lots_of_lines, merged

N_PATHS = 128
"""Demand paths a place: what a transfer earns is then known within a few per cent."""
NO_LIMIT = 1_000_000_000


@dataclass(frozen=True)
class _Way:
    """A lane between two lines of one product."""

    lane: LaneTerms
    giver: int
    taker: int


@dataclass(frozen=True)
class Problem:
    """A product to solve, and what its solution is read by."""

    product: Product
    givers: Mapping[str, int]
    """Line of each origin."""
    takers: Mapping[str, int]
    lots: Mapping[str, Sequence[Lot]]
    """What each origin may give, oldest first."""
    lanes: Mapping[tuple[str, str], LaneTerms]


class Problems:
    """The products of a plan that may be worth moving."""

    def __init__(self, places: PlannedPlaces, pairs: pd.DataFrame, least_money: float) -> None:
        self.planned, self.least_money = places, least_money
        self.given_up: list[Unused] = []
        """Lanes that no solution can make worth their cost."""
        self.places = _drawn(places, pairs)
        lots = lots_of_lines(places.inputs, places.lines, np.unique(pairs["giver"].to_numpy(np.int64)))
        self.by_sku: dict[str, Problem] = {}
        for sku, group in pairs.groupby("sku", sort=True):
            ends = zip(group["lane"], group["giver"], group["taker"], strict=True)
            ways = [_Way(places.lanes[lane], int(giver), int(taker)) for lane, giver, taker in ends]
            problem = self._problem(str(sku), ways, lots)
            if problem is not None:
                self.by_sku[str(sku)] = problem

    @property
    def products(self) -> list[Product]:
        """What the engine solves."""
        return [problem.product for problem in self.by_sku.values()]

    def _problem(self, sku: str, ways: Sequence[_Way], lots: Mapping[int, Sequence[Lot]]) -> Problem | None:
        planned = self.planned
        givers, takers = (
            dict.fromkeys(ends) for ends in zip(*((w.giver, w.taker) for w in ways), strict=True)
        )
        offered = {giver: self._usable(giver, ways, lots.get(giver, ())) for giver in givers}
        needs = {taker: self._need(taker, ways, offered) for taker in takers}
        wanted = sum(need.gain.most for need in needs.values())
        kept = {
            giver: at_most(mine, wanted, planned.line_inputs.presentation_stock[giver])
            for giver, mine in offered.items()
        }
        supplies = {giver: self._supply(giver, mine) for giver, mine in kept.items() if mine}
        lanes: list[Lane] = []
        used: list[_Way] = []
        for way in ways:
            found: Lane | WhyNot = WhyNot.LIMIT if offered[way.giver] else WhyNot.EXPIRES
            if not needs[way.taker].gain.most:
                found = WhyNot.LATE
            elif way.giver in supplies:
                found = self._lane(way, needs[way.taker], supplies[way.giver], ways)
            if isinstance(found, WhyNot):
                self.given_up.append(Unused(sku, way.lane.origin, way.lane.destination, found))
            else:
                lanes.append(found)
                used.append(way)
        if not used:
            return None
        origins = {way.lane.origin: way.giver for way in used}
        destinations = {way.lane.destination: way.taker for way in used}
        product = Product(
            sku,
            tuple(supplies[giver] for giver in origins.values()),
            tuple(needs[taker] for taker in destinations.values()),
            tuple(lanes),
            float(planned.volume[used[0].giver]),
        )
        lots_of = {name: kept[giver] for name, giver in origins.items()}
        terms = {(way.lane.origin, way.lane.destination): way.lane for way in used}
        return Problem(product, origins, destinations, lots_of, terms)

    def _usable(self, giver: int, ways: Sequence[_Way], lots: Sequence[Lot]) -> list[Lot]:
        """What of the stock would arrive somewhere with enough days left."""
        spent = min(
            way.lane.arrival_days + self.planned.least_days[way.taker] for way in ways if way.giver == giver
        )
        return [lot for lot in lots if lot.usable_days >= spent]

    def _need(self, taker: int, ways: Sequence[_Way], offered: Mapping[int, Sequence[Lot]]) -> Need:
        """What a place earns by more units, from the first day on which some can be there."""
        planned, place = self.planned, self.places[taker]
        mine = [way for way in ways if way.taker == taker]
        arrival = min(way.lane.arrival_period(planned.period) for way in mine)
        most = max(place.useful(arrival), self._absorbed(taker, mine, offered))
        last = min((lot.last_period for way in mine for lot in offered[way.giver]), default=NEVER)
        return Need(
            str(planned.location[taker]),
            place.gain(arrival, min(most, self._room(taker, arrival)), last),
            float(planned.least_days[taker]),
            float(planned.daily_rate[taker]),
        )

    def _absorbed(self, taker: int, ways: Sequence[_Way], offered: Mapping[int, Sequence[Lot]]) -> int:
        """Units that would be written off elsewhere and that this place sells before they expire."""
        days = [
            lot.usable_days - way.lane.arrival_days
            for way in ways
            if self.planned.write_off[way.giver] >= self.least_money
            for lot in offered[way.giver]
            if not lot.lasts
        ]
        return int(self.planned.daily_rate[taker] * max(days, default=0.0))

    def _room(self, taker: int, arrival: int) -> int:
        """Units that still fit on the shelf when they arrive."""
        shelf = self.planned.line_inputs.shelf_maximum[taker]
        stock = self.planned.plans.projected_stock_with_order[taker]
        if not isfinite(shelf):
            return NO_LIMIT
        return max(int(shelf - max(stock[min(arrival, len(stock) - 1)], 0.0)), 0)

    def _supply(self, giver: int, lots: Sequence[Lot]) -> Supply:
        loss = self.places[giver].loss([(lot.last_period, lot.units) for lot in lots])
        batches = tuple(Batch(name, units, days) for name, units, days in merged(lots))
        return Supply(str(self.planned.location[giver]), loss, batches)

    def _lane(self, way: _Way, need: Need, supply: Supply, ways: Sequence[_Way]) -> Lane | WhyNot:
        """Return the lane for this product, or why it cannot be worth its cost whatever else moves."""
        planned = self.planned
        useful = inf
        first = min(other.lane.arrival_days for other in ways if other.taker == way.taker)
        if way.lane.arrival_days > first and planned.write_off[way.giver] < self.least_money:
            useful = self.places[way.taker].useful(way.lane.arrival_period(planned.period))
        lane = way.lane.of_product(planned.volume[way.giver], planned.case_pack[way.giver], useful)
        if min(useful, max(need.gain.money)) <= 0 and min(supply.loss.money) > -self.least_money:
            return WhyNot.LATE
        if _best(need.gain, supply.loss, lane) < self.least_money:
            return WhyNot.COST
        return lane

    def priced(self, transfers: Iterable[Transfer]) -> list[Transfer]:
        """Return the transfers with what each earns at the hour it arrives, after those that come before it.

        The programme takes every arrival at a place to be as early as the first possible one.
        """
        period = self.planned.period
        coming: dict[tuple[str, str], list[Transfer]] = defaultdict(list)
        for transfer in transfers:
            coming[transfer.product, transfer.destination].append(transfer)
        priced = []
        for (sku, destination), mine in coming.items():
            problem = self.by_sku[sku]
            arrivals = {one.origin: problem.lanes[one.origin, destination].arrival_days for one in mine}
            place, earlier = self.places[problem.takers[destination]], list[Arrival]()
            for one in sorted(mine, key=lambda one: (arrivals[one.origin], -one.money, one.origin)):
                arrival = problem.lanes[one.origin, destination].arrival_period(period)
                last = min(lot.last_period for lot in self.batches_of(one))
                gain = place.gain_of(one.units, arrival, earlier, last)
                earlier.append(Arrival(arrival, one.units))
                change = gain - one.gain
                if_cancelled = one.money_if_cancelled + change
                priced.append(
                    replace(one, gain=gain, money=one.money + change, money_if_cancelled=if_cancelled)
                )
        return priced

    def batches_of(self, transfer: Transfer) -> list[Lot]:
        """Return the batches that move, oldest first, with the units of each."""
        lots = self.by_sku[transfer.product].lots[transfer.origin]
        units = dict(transfer.batches)
        lasting = next(
            (units[name] for name, _, _ in merged(lots)[-1:] if name in units and lots[-1].lasts), 0
        )
        moved = []
        for lot in lots:
            part = min(lot.units, lasting) if lot.lasts else units.get(lot.name, 0)
            lasting -= part if lot.lasts else 0
            if part:
                moved.append(replace(lot, units=part))
        return moved

    def write_off_saved(self, transfer: Transfer) -> float:
        """Return the money of write-offs that a transfer avoids at its origin."""
        place = self.places[self.by_sku[transfer.product].givers[transfer.origin]]
        return place.write_off_saved([(lot.last_period, lot.units) for lot in self.batches_of(transfer)])


def _drawn(planned: PlannedPlaces, pairs: pd.DataFrame) -> dict[int, Place]:
    """Draw the paths of the lines concerned, as far ahead as a transfer matters."""
    inputs, plans = planned.line_inputs, planned.plans
    rows = np.unique(pairs[["giver", "taker"]].to_numpy(np.int64))
    near = max(ceil(EXPIRY_DAYS / inputs.period_days), 2)
    soon = plans.next_arrival_period[rows] + near // 2 <= near
    places: dict[int, Place] = {}
    for part, horizon in ((rows[soon], min(near, inputs.horizon)), (rows[~soon], inputs.horizon)):
        taken = inputs.take(part)
        ahead = replace(taken, mean=taken.mean[:, :horizon])
        for row, line in zip(part, draw(ahead, slice(0, len(part)), N_PATHS), strict=True):
            places[int(row)] = Place(line, float(plans.quantity[row]))
    return places


def _best(gain: ValueCurve, loss: ValueCurve, lane: Lane) -> float:
    """Return the most that a lane earns on its own: others only lower what is left for it."""
    most = min(gain.most, loss.most, lane.capacity)
    points = np.array([q for q in {*gain.quantities, *loss.quantities} if q <= most] + [most])
    return float((gain.at(points) - loss.at(points) - lane.unit_cost * points).max() - lane.fixed_cost)
