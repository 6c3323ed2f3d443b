"""What the Replay page shows: what the past would have cost, side by side, over time, and where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from jobs.replay import Replay, stored

if TYPE_CHECKING:
    from data_lake.lake import Lake

ReplayBy = Literal["category", "location", "class"]
REPLAY_BY: dict[ReplayBy, str] = {"category": "Category", "location": "Location", "class": "ABC/XYZ class"}
"""What the savings can be split by."""

THEIRS = {"min_max": "Tuned min/max", "orders": "As ordered"}
"""What Shelfcast is compared with."""

_MONEY = {
    "lost_cost": "Margin lost",
    "holding_cost": "Stock held",
    "waste_cost": "Written off",
    "orders_cost": "Order lines",
    "cost": "Total cost",
}
MOST_ITEMS = 50
"""Lines listed, of those that save most and of those that lose most."""


@dataclass(frozen=True)
class ReplayFigures:
    """The cards: money but for the shares.

    Attributes
    ----------
    saved, low, high : what Shelfcast would have saved, and its 90 % interval
    share, share_low, share_high : the same over what theirs cost
    fill_ours, fill_theirs : shares of demand served
    stock_ours, stock_theirs : average stock at cost
    waste_ours, waste_theirs : written off
    """

    saved: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    fill_ours: float
    fill_theirs: float
    stock_ours: float
    stock_theirs: float
    waste_ours: float
    waste_theirs: float


def listed(lake: Lake) -> dict[str, str]:
    """Return the replays of the lake by id, the one made last first, in words."""
    table = lake.read("replays")
    if table.empty:
        return {}
    notes = [version.note.removeprefix("replay ") for version in reversed(lake.versions("replays"))]
    made = list(dict.fromkeys(note for note in notes if note in set(table["replay_id"])))
    rows = table.set_index("replay_id")
    others = [replay_id for replay_id in rows.index if replay_id not in made]
    return {replay_id: _in_words(rows.loc[replay_id]) for replay_id in (*made, *others)}


def _in_words(total: pd.Series) -> str:
    against = THEIRS[total["against"]].lower()
    target = "" if total["target"] == "cost" else ", own targets"
    truth = ", true demand" if total["demand"] == "truth" else ""
    span = f"{total['from_date']:%d %b %Y} – {total['to_date']:%d %b %Y}"
    return f"{span} · against {against} · {total['lines']:,} lines{target}{truth}"


def load(lake: Lake, replay_id: str) -> Replay | None:
    """Return a replay; its lines with the products' and locations' names."""
    found = stored(lake, replay_id)
    if found is None:
        return None
    lines = found.lines
    for key, table, name in (("sku", "products", "product"), ("location", "locations", "location_name")):
        names = lake.read(table, columns=[key, "name"]).set_index(key)["name"]
        lines[name] = lines[key].map(names).fillna(lines[key])
    lines["saved"] = lines["theirs_cost"] - lines["ours_cost"]
    return found


def figures(found: Replay) -> ReplayFigures:
    """Return the cards of a replay."""
    total = found.total
    return ReplayFigures(
        saved=float(total["saved"]),
        low=float(total["saved_low"]),
        high=float(total["saved_high"]),
        share=1.0 - float(total["ratio"]),
        share_low=1.0 - float(total["ratio_high"]),
        share_high=1.0 - float(total["ratio_low"]),
        fill_ours=float(total["ours_fill_rate"]),
        fill_theirs=float(total["theirs_fill_rate"]),
        stock_ours=float(total["ours_stock_value"]),
        stock_theirs=float(total["theirs_stock_value"]),
        waste_ours=float(total["ours_waste_cost"]),
        waste_theirs=float(total["theirs_waste_cost"]),
    )


def side_by_side(found: Replay) -> pd.DataFrame:
    """Return one row a kind of money: what, theirs, ours, difference [money]."""
    total = found.total
    names = {"stock_value": "Average stock at cost", **_MONEY}
    frame = pd.DataFrame(
        {
            "what": list(names.values()),
            "theirs": [float(total[f"theirs_{name}"]) for name in names],
            "ours": [float(total[f"ours_{name}"]) for name in names],
        }
    )
    return frame.assign(difference=frame["ours"] - frame["theirs"])


def cumulative(found: Replay) -> pd.DataFrame:
    """Return cost since the first day by the last day of each week: date, theirs, ours, saved [money]."""
    weeks = found.weeks
    cost = {
        side: weeks[[f"{side}_{name}" for name in _MONEY if name != "cost"]].sum(axis=1).cumsum()
        for side in ("theirs", "ours")
    }
    following = weeks["date"].shift(-1).fillna(found.total["to_date"] + pd.Timedelta(days=1))
    return pd.DataFrame(
        {
            "date": following - pd.Timedelta(days=1),
            **cost,
            "saved": cost["theirs"] - cost["ours"],
        }
    )


def split(found: Replay, by: ReplayBy) -> pd.DataFrame:
    """Return cost by category, location or class, most saved first.

    Columns
    -------
    group, lines, theirs, ours, saved [money], share (of theirs), theirs_fill, ours_fill [share]
    """
    lines = found.lines
    key = {"category": "category", "location": "location_name", "class": "class"}[by]
    group = lines[key].where(lines[key] != "", "No category")
    sums = lines.groupby(group).agg(
        lines=("sku", "size"),
        theirs=("theirs_cost", "sum"),
        ours=("ours_cost", "sum"),
        saved=("saved", "sum"),
        demand=("demand_units", "sum"),
        theirs_short=("theirs_short", "sum"),
        ours_short=("ours_short", "sum"),
    )
    sums["share"] = sums["saved"] / sums["theirs"].where(sums["theirs"] > 0)
    wanted = sums["demand"].where(sums["demand"] > 0)
    for side in ("theirs", "ours"):
        sums[f"{side}_fill"] = 1.0 - sums[f"{side}_short"] / wanted
    columns = ["group", "lines", "theirs", "ours", "saved", "share", "theirs_fill", "ours_fill"]
    ordered = sums.rename_axis("group").reset_index().sort_values("saved", ascending=False, ignore_index=True)
    return ordered[columns]


def lines_that(found: Replay, *, lose: bool) -> pd.DataFrame:
    """Return the lines on which Shelfcast would have lost most (or saved most), at most `MOST_ITEMS`.

    Columns
    -------
    sku, location, product, location_name, class, theirs_cost, ours_cost, saved, and by kind of money what
    Shelfcast would have cost more (lost, holding, waste, orders), theirs_fill_rate, ours_fill_rate
    """
    lines = found.lines
    some = lines[lines["saved"] < 0.0] if lose else lines[lines["saved"] > 0.0]
    rows = some.sort_values(["saved", "sku", "location"], ascending=[lose, True, True]).head(MOST_ITEMS)
    more = {
        name: rows[f"ours_{name}_cost"] - rows[f"theirs_{name}_cost"]
        for name in ("lost", "holding", "waste", "orders")
    }
    names = ["sku", "location", "product", "location_name", "class", "theirs_cost", "ours_cost", "saved"]
    return rows.assign(**more)[[*names, *more, "theirs_fill_rate", "ours_fill_rate"]].reset_index(drop=True)


def balance(found: Replay) -> tuple[int, int]:
    """Return on how many lines Shelfcast would have saved, and on how many it would have lost."""
    saved = found.lines["saved"]
    return int((saved > 0.0).sum()), int((saved < 0.0).sum())


def sales_span(lake: Lake) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of sales; None: there are none."""
    dates = lake.read("sales", columns=["date"])["date"]
    return None if dates.empty else (dates.min().date(), dates.max().date())
