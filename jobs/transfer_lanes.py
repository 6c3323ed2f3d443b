"""Lanes of the lake as a plan uses them: defaults filled in, the next departure and arrival in days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

import pandas as pd

from engine.replenishment.network.transfers import Lane, Truck
from jobs.line_inputs import PERIOD_DAYS

DEFAULT_TRANSIT_DAYS = 1.0
WEEK = 7


@dataclass(frozen=True)
class LaneTerms:
    """One lane as it runs next.

    Parameters
    ----------
    ship_days, arrival_days : days from the day planned to leaving and to being for sale
    least_quantity : each; `case` : whole cases only
    """

    origin: str
    destination: str
    freight_per_litre: float
    freight_per_unit: float
    handling: float
    fixed_cost: float
    least_quantity: float
    case: bool
    capacity: float
    truck_capacity: float
    ship_days: int
    arrival_days: int

    def freight(self, volume: float) -> float:
        """Money a unit of a product of this volume [litre]."""
        return self.freight_per_unit + self.freight_per_litre * volume

    def lot(self, case_pack: float) -> int:
        """Units that are carried whole."""
        return max(int(case_pack), 1) if self.case else 1

    def least(self, case_pack: float) -> int:
        """Least units of a product that it carries."""
        lot = self.lot(case_pack)
        return max(ceil(self.least_quantity / lot) * lot, lot)

    def arrival_period(self, period: str) -> int:
        """Forecast period in which it arrives; 0 begins on the day planned."""
        return int(self.arrival_days // PERIOD_DAYS[period])

    def of_product(self, volume: float, case_pack: float, useful: float) -> Lane:
        """Return the lane for a product of which `useful` units are of use when they arrive [each]."""
        return Lane(
            self.origin,
            self.destination,
            freight=self.freight(volume),
            handling=self.handling,
            fixed_cost=self.fixed_cost,
            least_quantity=self.least(case_pack),
            lot=self.lot(case_pack),
            capacity=min(self.capacity, useful),
            transit_days=float(self.arrival_days),
        )


def lane_terms(lanes: pd.DataFrame, locations: pd.DataFrame, as_of: dt.date) -> list[LaneTerms]:
    """Return the lanes as they run from `as_of` on, sorted by origin and destination.

    Parameters
    ----------
    lanes : contract `lanes`
    locations : contract `locations`; arrivals wait for a day on which the destination receives
    """
    receiving = dict(zip(locations["location"], locations["receiving_weekdays"], strict=True))
    terms = []
    for row in lanes.sort_values(["origin", "destination"]).to_dict("records"):
        ship = _days_to(as_of, row["ship_weekdays"])
        transit = ceil(_number(row["transit_days"], DEFAULT_TRANSIT_DAYS))
        arrival = ship + transit
        arrival += _days_to(as_of + dt.timedelta(days=arrival), receiving.get(row["destination"]))
        terms.append(
            LaneTerms(
                origin=str(row["origin"]),
                destination=str(row["destination"]),
                **{name: _number(row[name], 0.0) for name in _COSTS},
                case=row["lot"] == "case",
                capacity=_number(row["capacity"], inf),
                truck_capacity=_number(row["truck_capacity"], inf),
                ship_days=ship,
                arrival_days=arrival,
            )
        )
    return [lane for lane in terms if lane.origin != lane.destination]


_COSTS = ("freight_per_litre", "freight_per_unit", "handling", "fixed_cost", "least_quantity")


def trucks_of(lanes: Iterable[LaneTerms]) -> list[Truck]:
    """Return the room that products share, in litres, of lanes where it is limited."""
    return [
        Truck(lane.origin, lane.destination, lane.truck_capacity)
        for lane in lanes
        if lane.truck_capacity < inf
    ]


def _days_to(day: dt.date, weekdays: Any) -> int:
    """Return days from `day` to the first one among `weekdays`; 0 where none are given."""
    if weekdays is None or isinstance(weekdays, float) or not len(weekdays):
        return 0
    return min((int(weekday) - day.weekday()) % WEEK for weekday in weekdays)


def _number(value: Any, default: float) -> float:
    return default if pd.isna(value) else float(value)
