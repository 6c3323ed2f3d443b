"""What two planners of the demo changed in the forecast of three weeks ago.

One knows what no model can: which store will sell far more or less of an item on some days. Her changes
are read off the demand that came, with an error. The other has a hopeful reason and raises what was right. So
*Forecast & value* has something to find whichever models the engine chooses, and no forecast is needed: what
sold on the same weekdays of the weeks before stands in for it, some of it up or down (`OFF`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from engine.forecast.value_added import value_added
from jobs.override_scope import Scope

KNOWING, HOPEFUL = "Niamh Kelly", "Declan Ryan"

USUAL_DAYS = 56
"""Before the plan of the past: what sold in them is what usually sells."""

OFF = (0.85, 1.15)
"""The forecast over what usually sells, at least and at most: a change is right, or wrong, at both."""

DAYS_KNOWN = 3
"""Of one change of the knowing planner: over few days demand moves further than any forecast is off."""

SHARE_KNOWN = 0.75
"""Of the way from the usual to the demand that came: her error."""

FACTORS = (0.3, 3.0)
"""Least and most that the knowing planner makes of a forecast."""

HOPE = 1.3
"""What the hopeful planner makes of a forecast."""

MOST_SEEN = 0.9
"""Share of the days without promotion and stockout from which on a group's demand is taken as known."""

STILL_HOPED = 2
"""Of his overrides still apply: they can be retired."""

_REASONS = {
    "more": (
        "Cup match next to the store",
        "Scouts camp nearby, their leader called the store",
        "School fair, the parents buy here",
        "Neighbouring store is being refitted",
    ),
    "less": (
        "Roadworks in front of the store",
        "Office building next door is closed",
        "Rival around the corner gives this one away",
        "Shelf moves to the back of the store",
    ),
    "hope": (
        "Supplier's representative expects a rush",
        "I have a good feeling about this one",
        "A mild autumn always sells",
        "The competitor will surely close",
    ),
}


@dataclass(frozen=True)
class Planted:
    """One override to plant."""

    author: str
    scope: Scope
    factor: float
    first_day: int
    last_day: int
    """Days after the plan of the past."""
    reason: str


def planted_overrides(sold: pd.DataFrame, as_of: dt.date) -> list[Planted]:
    """Return what the planners of the demo changed in the forecast of `as_of`.

    Parameters
    ----------
    sold : sku, category, location, region, date, promo, and quantity sold and demand planted [each], of
        `USUAL_DAYS` before `as_of` and of the days since
    """
    cells = _against_usual(sold, as_of)
    known = _known(cells).drop_duplicates("sku").head(4)
    items = _hoped(cells[~cells["sku"].isin(known["sku"])], ["sku", "region"]).drop_duplicates("sku")
    hoped = [*items.head(3).to_dict("records"), *_hoped(cells, ["category", "region"])[:1].to_dict("records")]
    past = (sold["date"].max().date() - as_of).days
    return [
        *(_of_knowing(row, number) for number, row in enumerate(known.to_dict("records"))),
        *(
            Planted(
                HOPEFUL,
                _scope(row, "region"),
                HOPE,
                number,
                past + 14 if number < STILL_HOPED else past,
                _REASONS["hope"][number],
            )
            for number, row in enumerate(hoped)
        ),
    ]


def _of_knowing(row: dict[Any, Any], number: int) -> Planted:
    first = DAYS_KNOWN * int(row["spell"])
    reasons = _REASONS["more" if row["factor"] > 1 else "less"]
    return Planted(
        KNOWING, _scope(row, "location"), row["factor"], first, first + DAYS_KNOWN - 1, reasons[number]
    )


def _scope(row: dict[Any, Any], place: str) -> Scope:
    """Return the scope of an item, or else a category, in a place."""
    product = {"sku": row["sku"]} if "sku" in row else {"category": row["category"]}
    return Scope(**product, **{place: row[place]})


def _against_usual(sold: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return days since `as_of` without promotion, planted fault or stockout, and what usually sells on them.

    `usual` is the mean of the same weekday before; `moved` is that, moved as the rest of the category moved
    in that week: a forecast may know of it, or not.
    """
    clean = sold[(sold["quantity"] == sold["demand"]) & ~sold["promo"].fillna(False).astype(bool)]
    clean = clean.assign(day=(clean["date"] - pd.Timestamp(as_of)).dt.days)
    clean = clean.assign(weekday=clean["day"] % 7, week=clean["day"] // 7)
    key = ["sku", "location", "weekday"]
    before = clean[clean["day"] < 0].groupby(key)["demand"].agg(usual="mean", days="size").reset_index()
    before = before[before["days"] >= USUAL_DAYS // 7 - 1]
    since = clean[clean["day"] >= 0].merge(before[[*key, "usual"]], on=key)
    amounts = since[["demand", "usual"]]
    category = amounts.groupby([since["category"], since["week"]]).transform("sum")
    others = category - amounts.groupby([since["sku"], since["week"]]).transform("sum")
    moved = (others["demand"] / others["usual"].where(others["usual"] > 0)).fillna(1.0)
    since = since.assign(moved=since["usual"] * moved)
    return since[since["moved"] > 0].reset_index(drop=True)


def _known(cells: pd.DataFrame) -> pd.DataFrame:
    """Return spells of an item in a store with her factor, those first that save most whatever was forecast.

    Every day of a spell is forecast better, so no resampling of its days leaves a doubt.
    """
    by = ["sku", "location", "spell"]
    cells = cells.assign(spell=cells["day"] // DAYS_KNOWN)
    cells = cells[cells.groupby(by)["day"].transform("size") == DAYS_KNOWN]
    sums = cells.groupby(by)[["demand", "moved"]].transform("sum")
    factor = (1 + SHARE_KNOWN * (sums["demand"] / sums["moved"] - 1)).round(2).clip(*FACTORS)
    cells = cells.assign(factor=factor)
    cells = cells.assign(least=_gains(cells, factor.to_numpy()).min(axis=1))
    spells = cells.groupby(by).agg(factor=("factor", "first"), least=("least", "sum"), day=("least", "min"))
    spells = spells[spells["day"] > 0].reset_index()
    return spells.sort_values("least", ascending=False, kind="stable", ignore_index=True)


def _hoped(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return groups whose forecast `HOPE` makes worse whatever it was, those first that it costs most.

    Those with few days that are left out (promotions, stockouts) come before the others: nobody knows there.
    """
    keys = [cells[name] for name in by]
    series = cells.drop_duplicates(["sku", "location"]).groupby(by).size()
    seen = cells.groupby(by).size() / (series * cells["day"].nunique())
    found = (
        _gains(cells, HOPE).groupby(keys).sum().max(axis=1).to_frame("most").assign(hidden=seen < MOST_SEEN)
    )
    found = found[found["most"] < 0].sort_values(["hidden", "most"], kind="stable")
    return found.reset_index()


def _gains(cells: pd.DataFrame, factor: Any) -> pd.DataFrame:
    """Return what a factor saves of the error of each cell [each], a column a forecast it may be put on."""
    demand = cells["demand"].to_numpy(dtype=np.float64)
    forecasts = [cells[base].to_numpy(dtype=np.float64) * off for base in ("usual", "moved") for off in OFF]
    gains = [value_added(forecast, forecast * factor, demand) for forecast in forecasts]
    return pd.DataFrame(np.column_stack(gains), index=cells.index)
