"""Expiry: what will be thrown away, by week and by batch, and what can be done about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import TABLES
from jobs.expiry_words import NAMES
from jobs.markdowns import Markdown
from jobs.sheets import Sheet, encode
from jobs.views.lines import records

ExpiryBy = Literal["category", "location"]
EXPIRY_BY: dict[ExpiryBy, str] = {"category": "Category", "location": "Location"}
"""What the weeks can be split by."""

WEEKS_AHEAD = {"1": "This week", "2": "2 weeks", "4": "4 weeks", "all": "All weeks"}
"""How far ahead the page looks."""

SOURCE_LABELS = {"stock": "In stock", "on order": "On order", "order": "Proposed order"}

MOST_GROUPS = 6
"""Groups told apart in the chart; smaller ones are taken together."""
OTHER = "Other"

WIDE = 1.2815515655446004
"""Standard deviations either side of an 80 % range."""

_LINE_COLUMNS = ["line_id", "product", "category", "location_name", "source_name", "quantity", "order_by"]
_EFFECT = r"[:;] "
"""Where the words of an act go on to what it brings."""

_FILE_COLUMNS = (
    "sku",
    "location",
    "source",
    "batch",
    "expiry_date",
    "last_sale_date",
    "week",
    "quantity",
    "units",
    "units_with_order",
    "low",
    "high",
    "unit_cost",
    "money",
)


@dataclass(frozen=True)
class ExpiryPlan:
    """The expiry tables of a run, with names."""

    as_of: date
    lots: pd.DataFrame
    """`write_offs` and product, category, location_name, days_left; dearest first."""
    acts: pd.DataFrame
    """`expiry_acts`, and the line's order."""


@dataclass(frozen=True)
class ExpiryWanted:
    """What a planner narrowed the page to; empty: everything."""

    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    weeks: str = "all"
    """Key of `WEEKS_AHEAD`."""


@dataclass(frozen=True)
class ExpirySummary:
    """The figures of the cards [money]."""

    money: float
    low: float
    high: float
    """80 % range of what is expected."""
    expired: float
    """Of it: expired already."""
    in_seven_days: float
    """Of it: not expired, but within seven days."""
    saved: float
    """What the best acts bring, of lines shown."""
    acts: int
    """Lines with an act that brings something."""


def load(lake: Lake, run: Run, lines: pd.DataFrame) -> ExpiryPlan | None:
    """Return what a run expects to expire; None: the run is older than these tables.

    Parameters
    ----------
    lake, run
        The run shown.
    lines : DataFrame
        From `jobs.views.lines.load`.
    """
    if not {"write_offs", "expiry_acts"} <= run.outputs.keys():
        return None
    named = lines[_LINE_COLUMNS].rename(columns={"quantity": "ordered"})
    lots = read_run_table(lake, run, "write_offs").drop(columns="run_id")
    lots = lots.merge(named, on="line_id", how="left", validate="many_to_one")
    days = (lots["last_sale_date"] - pd.Timestamp(run.as_of)).dt.days
    lots = lots.assign(days_left=days, source_label=lots["source"].map(SOURCE_LABELS))
    lots = lots.sort_values(["money", "line_id", "lot"], ascending=[False, True, True], ignore_index=True)
    acts = read_run_table(lake, run, "expiry_acts").drop(columns="run_id")
    acts = acts.merge(named, on="line_id", how="left", validate="many_to_one")
    acts = acts.sort_values(["line_id", "rank"], kind="stable", na_position="last", ignore_index=True)
    return ExpiryPlan(run.as_of, lots, acts.assign(act_label=acts["act"].map(NAMES)))


def narrow(plan: ExpiryPlan, wanted: ExpiryWanted) -> ExpiryPlan:
    """Return what a planner asked for; acts of the lines that are left."""
    lots = plan.lots
    for column, codes in (("location", wanted.locations), ("category", wanted.categories)):
        if codes:
            lots = lots[lots[column].isin(codes)]
    if wanted.weeks != "all":
        monday = pd.Timestamp(plan.as_of - timedelta(days=plan.as_of.weekday()))
        lots = lots[lots["week"] < monday + pd.Timedelta(weeks=int(wanted.weeks))]
    acts = plan.acts[plan.acts["line_id"].isin(lots["line_id"])]
    return ExpiryPlan(plan.as_of, lots.reset_index(drop=True), acts.reset_index(drop=True))


def summarise(plan: ExpiryPlan) -> ExpirySummary:
    """Return the figures of the cards."""
    lots = plan.lots
    total = float(lots["money"].sum())
    spread = _spread(lots)
    expired = lots["days_left"] < 0
    soon = ~expired & (lots["days_left"] < 7)
    best = plan.acts[(plan.acts["rank"] == 1) & (plan.acts["money"] > 0)]
    return ExpirySummary(
        money=total,
        low=max(total - WIDE * spread, 0.0),
        high=total + WIDE * spread,
        expired=float(lots.loc[expired, "money"].sum()),
        in_seven_days=float(lots.loc[soon, "money"].sum()),
        saved=float(best["money"].sum()),
        acts=len(best),
    )


def by_week(plan: ExpiryPlan, by: ExpiryBy) -> pd.DataFrame:
    """Return money by week and group: week, group, money; the largest groups, then the others together."""
    column = "location_name" if by == "location" else by
    sums = plan.lots.groupby(column)["money"].sum().sort_values(ascending=False, kind="stable")
    few = list(sums.index[: MOST_GROUPS if len(sums) <= MOST_GROUPS else MOST_GROUPS - 1])
    group = plan.lots[column].where(plan.lots[column].isin(few), OTHER)
    found = plan.lots.assign(group=group).groupby(["week", "group"])["money"].sum().reset_index()
    order = {name: place for place, name in enumerate([*few, OTHER])}
    found["place"] = found["group"].map(order)
    rows: pd.DataFrame = found.sort_values(["place", "week"], ignore_index=True)
    return rows.drop(columns="place")


def week_totals(plan: ExpiryPlan) -> pd.DataFrame:
    """Return week, money, low and high (80 % range) of all groups together."""
    rows = [
        {"week": week, "money": float(lots["money"].sum()), "spread": _spread(lots)}
        for week, lots in plan.lots.groupby("week")
    ]
    found = pd.DataFrame(rows, columns=["week", "money", "spread"])
    wide = WIDE * found["spread"]
    return found.assign(low=(found["money"] - wide).clip(lower=0.0), high=found["money"] + wide)


def _spread(lots: pd.DataFrame) -> float:
    """Standard deviation of the money of lots: added within a line, independent between lines."""
    if lots.empty:
        return 0.0
    by_line = (lots["spread"] * lots["unit_cost"]).groupby(lots["line_id"]).sum()
    return float(np.sqrt((by_line**2).sum()))


def table(plan: ExpiryPlan, approved: pd.DataFrame, running: Sequence[Markdown]) -> pd.DataFrame:
    """Return the lots with the best act of their line and what is decided already, dearest first.

    Columns beside those of `lots`: act (what is done), act_money, confidence, state.
    """
    best = plan.acts[plan.acts["rank"] == 1].set_index("line_id")
    lots = plan.lots
    expired = lots["days_left"] < 0
    words = lots["line_id"].map(best["words"].str.split(_EFFECT).str[0])
    decided = dict(zip(approved["line_id"], approved["state"], strict=True))
    decided |= {each.line_id: f"marked down {each.depth:.0%}" for each in running}
    return lots.assign(
        act=words.fillna("Too little to act").where(~expired, "Take it off the shelf"),
        act_money=lots["line_id"].map(best["money"]).where(~expired),
        confidence=lots["line_id"].map(best["confidence"]).where(~expired),
        state=[decided.get(line, "") for line in lots["line_id"]],
    )


def compared(plan: ExpiryPlan, line_id: str) -> pd.DataFrame:
    """Return every act on a line, the best first, those not offered last."""
    return plan.acts[plan.acts["line_id"] == line_id].reset_index(drop=True)


def choose(
    plan: ExpiryPlan,
    shown: pd.DataFrame,
    rows: Sequence[int],
    approved: pd.DataFrame,
    running: Sequence[Markdown],
) -> dict[str, list[dict[str, Any]]]:
    """Return what can be done about selected rows: by "order", "markdown" and "transfer" one act a line.

    Lines whose order is decided, or that are marked down already, are left out of these acts; of several
    lines those that an act would cost money, too.
    """
    chosen = set(shown.iloc[[row for row in rows if row < len(shown)]]["line_id"])
    acts = plan.acts[plan.acts["line_id"].isin(chosen) & plan.acts["rank"].notna()]
    if len(chosen) > 1:
        acts = acts[acts["money"] > 0]
    decided, marked = set(approved["line_id"]), {each.line_id for each in running}
    kinds = {
        "order": acts[acts["act"].isin(["stop_order", "cut_order"]) & ~acts["line_id"].isin(decided)],
        "markdown": acts[(acts["act"] == "markdown") & ~acts["line_id"].isin(marked)],
        "transfer": acts[acts["act"] == "transfer"],
    }
    return {kind: records(frame.sort_values("money", ascending=False)) for kind, frame in kinds.items()}


def effect(acts: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return what acts bring, and how much less is written off [money]."""
    brings = math.fsum(act["money"] for act in acts)
    less = math.fsum(act["write_off_before"] - act["write_off_after"] for act in acts)
    return brings, less


def download(plan: ExpiryPlan, run: Run, fmt: Literal["csv", "xlsx"], currency: str) -> bytes:
    """Return the lots shown as a file, with definitions and a total that follows the filter."""
    contract = TABLES["write_offs"]
    frame = plan.lots.assign(source=plan.lots["source"].map(SOURCE_LABELS))
    sheet = Sheet(
        title="Expected write-off by batch",
        frame=frame[list(_FILE_COLUMNS)],
        columns=tuple(contract.column(name) for name in _FILE_COLUMNS),
        totals=("units_with_order", "money"),
        notes=(("run", run.run_id), ("as_of", run.as_of.isoformat()), ("currency", currency)),
        stamp=run.created_at,
    )
    return encode(sheet, fmt, bom=fmt == "csv")
