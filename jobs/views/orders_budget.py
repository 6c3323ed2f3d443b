"""If cash is limited: one list of what suppliers are asked for, best use of cash first, and its cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.views.lines import as_date

MOST_POINTS = 600
"""Of the curve that is drawn."""
AROUND = 8
"""Steps shown above and below the cut line."""


@dataclass(frozen=True)
class Floor:
    """The least value of an order of a supplier, or of a location of it."""

    supplier: str
    location: str
    """"" for the whole order."""
    name: str
    least: float
    """[money]"""


@dataclass(frozen=True)
class BudgetDay:
    """The supplier orders of one day, step by step."""

    day: date
    steps: pd.DataFrame
    """Contract `order_increments` without approved lines, with product, location_name and source_name."""
    cash: npt.NDArray[np.float64]
    """Cash of all steps up to each, from 0: one more than there are steps [money]."""
    money: npt.NDArray[np.float64]
    """Expected money of them [money]."""
    floors: tuple[Floor, ...] = ()

    @property
    def total(self) -> float:
        """Cash of all steps [money]."""
        return float(self.cash.max(initial=0.0))


@dataclass(frozen=True)
class Cut:
    """What a budget buys, and what it leaves."""

    steps: int
    """Above the line."""
    spent: float
    kept: float
    """Expected money of what is bought."""
    given_up: float
    """Expected money of what is not."""
    lines_cut: int
    """Lines that get less, or nothing."""
    below: tuple[Floor, ...]
    """Minimums that what is left of the orders would miss."""


def load(lake: Lake, run: Run, lines: pd.DataFrame) -> pd.DataFrame | None:
    """Return the contract `order_increments` with names; None: the run is older than that."""
    if "order_increments" not in run.outputs:
        return None
    steps = read_run_table(lake, run, "order_increments").drop(columns="run_id")
    names = lines[["line_id", "product", "location_name", "source_name"]]
    return steps.merge(names, on="line_id", how="left")


def days(steps: pd.DataFrame) -> list[date]:
    """Return the order days of which there is a list, the next one first."""
    return [day for cell in sorted(steps["day"].unique()) if (day := as_date(cell))]


def budget_day(steps: pd.DataFrame, terms: pd.DataFrame, approved: pd.DataFrame, day: date) -> BudgetDay:
    """Return the list of a day; what is approved or rejected already is no longer in it.

    Parameters
    ----------
    steps : from `load`
    terms : contract `order_terms`
    approved : line_id of what is decided
    day : order day
    """
    when = pd.Timestamp(day)
    mine = steps[(steps["day"] == when) & ~steps["line_id"].isin(approved["line_id"])]
    mine = mine.sort_values("rank").reset_index(drop=True)
    of_day = terms[
        (terms["kind"] == "supplier_minimum") & (terms["unit"] == "money") & (terms["day"] == when)
    ]
    names = dict(zip(mine["source"], mine["source_name"], strict=True))
    places = dict(zip(mine["location"], mine["location_name"], strict=True))
    floors = []
    for row in of_day.to_dict("records"):
        supplier, place = str(row["supplier"]), row["location"] if isinstance(row["location"], str) else ""
        if supplier in names and row["limit"] > 0:
            name = str(names[supplier]) + (f" at {places.get(place, place)}" if place else "")
            floors.append(Floor(supplier, place, name, float(row["limit"])))
    return BudgetDay(
        day,
        mine,
        np.concatenate([[0.0], np.cumsum(mine["cash"].to_numpy(dtype=np.float64))]),
        np.concatenate([[0.0], np.cumsum(mine["money"].to_numpy(dtype=np.float64))]),
        tuple(floors),
    )


def cut(budget: BudgetDay, cash: float) -> Cut:
    """Return what an amount of cash buys: all steps, best first, that fit it.

    Examples
    --------
    >>> steps = pd.DataFrame({"line_id": ["a", "b"], "source": "S", "location": "L", "cash": [10.0, 20.0]})
    >>> budget = BudgetDay(date(2026, 1, 1), steps, np.array([0.0, 10, 30]), np.array([0.0, 9, 12]))
    >>> cut(budget, 15.0)
    Cut(steps=1, spent=10.0, kept=9.0, given_up=3.0, lines_cut=1, below=())
    """
    kept = int(np.searchsorted(budget.cash[1:], cash * (1 + 1e-9), side="right"))
    steps = budget.steps
    below = []
    if budget.floors:
        above = steps.iloc[:kept]
        by_order = above.groupby("source")["cash"].sum()
        by_place = above.groupby(["source", "location"])["cash"].sum()
        for floor in budget.floors:
            key = (floor.supplier, floor.location)
            left = by_place.get(key, 0.0) if floor.location else by_order.get(floor.supplier, 0.0)
            if 0 < left < floor.least * (1 - 1e-9):
                below.append(floor)
    return Cut(
        steps=kept,
        spent=float(budget.cash[kept]),
        kept=float(budget.money[kept]),
        given_up=float(budget.money[-1] - budget.money[kept]),
        lines_cut=int(steps["line_id"].iloc[kept:].nunique()),
        below=tuple(below),
    )


def rows(budget: BudgetDay, made: Cut, *, all_steps: bool = False) -> pd.DataFrame:
    """Return the steps to show, those around the cut line or all: `above` says on which side each stands."""
    first, last = (0, len(budget.steps)) if all_steps else (made.steps - AROUND, made.steps + AROUND)
    shown = budget.steps.iloc[max(first, 0) : last]
    return shown.assign(
        above=shown.index < made.steps,
        step=[
            f"{before:,.0f} → {after:,.0f}"
            for before, after in zip(shown["from_quantity"], shown["to_quantity"], strict=True)
        ],
        cumulative_cash=budget.cash[1:][shown.index],
    ).reset_index(drop=True)


def curve(budget: BudgetDay) -> pd.DataFrame:
    """Return the money that each amount of cash brings: cash and money, at most `MOST_POINTS` rows."""
    count = len(budget.cash)
    at = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int))
    return pd.DataFrame({"cash": budget.cash[at], "money": budget.money[at]})


def below_in_words(floors: Sequence[Floor], most: int = 3) -> str:
    """Name the orders that would miss their minimum, the first few of them.

    Examples
    --------
    >>> below_in_words([Floor("S", "", "Fizzwick", 1500.0), Floor("T", "", "Calla", 700.0)], most=1)
    'Fizzwick and 1 more'
    """
    names = [floor.name for floor in floors[:most]]
    more = len(floors) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")
