"""What promotions, prices and events do: figures of the current plan, ready to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import PERIOD_WORDS

TABLE = "driver_effects"

ALL = "All products"
SHOWN = ["label", "group", "uplift", "low", "high", "observations"]

MOST_EVENTS = 8
"""Effects of events that are shown: the strongest of those beyond doubt."""
MOST_OF_ONE_EVENT = 2
"""Of the days of one event and those around it."""


@dataclass(frozen=True)
class DriverView:
    """What the section "What promotions, prices and events do" shows; frames are ready to draw."""

    promotions: pd.DataFrame
    """label, group, uplift, low, high [share], observations: each mechanic at its usual depth, the first
    period after a promotion, and a price cut of 10 %; of all products, or of the categories chosen."""
    events: pd.DataFrame
    """Likewise: the strongest effects on all products, or on the category chosen, strongest first."""
    categories: pd.DataFrame
    """group; one column of uplift [share] for each label of `promotions`; taken_text: the cannibalisation."""
    cannibalisation: str
    """What neighbours lost, in a sentence; "" if nothing was promoted beside others."""

    @property
    def labels(self) -> list[str]:
        """The labels of `promotions`: the columns of `categories` between its first and its last."""
        return list(self.categories.columns[1:-1])

    @property
    def empty(self) -> bool:
        """Nothing is known to have moved demand."""
        return self.promotions.empty and self.events.empty


def read(lake: Lake, run: Run) -> pd.DataFrame | None:
    """Return the run's table of effects; None if the run is older than the table."""
    return read_run_table(lake, run, TABLE) if TABLE in run.outputs else None


def view(effects: pd.DataFrame, categories: Sequence[str], period: str) -> DriverView:
    """Return what the section shows.

    Parameters
    ----------
    effects : contract `driver_effects`, of one run
    categories : what the planner narrowed the page to; empty: all products
    period : D, W or M
    """
    word = PERIOD_WORDS[period]
    told = _told(effects, word)
    groups = [name for name in categories if (told["group"] == name).any()] or [""]
    shown = told[told["group"].isin(groups)]
    order = {group: place for place, group in enumerate(groups)}
    shown = shown.sort_values("group", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    return DriverView(
        promotions=shown.assign(group=shown["group"].replace("", ALL)),
        events=_events(effects, groups[0] if len(groups) == 1 else "", word),
        categories=_by_category(told, effects, categories),
        cannibalisation=_cannibalisation(effects, categories),
    )


def mechanic_words(name: str) -> str:
    """Return a mechanic in planners' words: `multi_buy` is "multi buy"."""
    return name.replace("_", " ")


def _told(effects: pd.DataFrame, word: str) -> pd.DataFrame:
    """Effects of promotions at their usual depth, of the dip and the price, each with its label."""
    kind = effects["kind"]
    usual = effects[(kind == "promotion") & (effects["case"] == "usual")]
    usual = usual.sort_values(["observations", "name"], ascending=[False, True], kind="stable")
    parts = [
        usual.assign(label=[_mechanic(row) for row in usual.to_dict("records")]),
        effects[kind == "dip"].assign(label=f"First {word} after"),
        effects[kind == "price"].assign(label="Price 10% lower"),
    ]
    return pd.concat(parts, ignore_index=True)[SHOWN]


def _mechanic(row: dict[Any, Any]) -> str:
    name = "Other mechanics" if row["name"] == "other" else mechanic_words(row["name"]).capitalize()
    return name if np.isnan(row["depth"]) else f"{name}, {row['depth']:.0%} off"


def _events(effects: pd.DataFrame, group: str, word: str) -> pd.DataFrame:
    """The strongest effects of events on a category (or on all) whose range leaves out none."""
    found = effects[(effects["kind"] == "event") & (effects["group"] == group)]
    found = found[(found["low"] > 0) | (found["high"] < 0)]
    # Half as much and twice as much are equally strong.
    strength = np.log1p(found["uplift"].clip(lower=-0.99)).abs()
    found = found.assign(strength=strength).sort_values(
        ["strength", "name"], ascending=[False, True], kind="stable"
    )
    found = found[found.groupby("name").cumcount() < MOST_OF_ONE_EVENT].head(MOST_EVENTS)
    labels = [
        f"{row['name']}{when_words(row['first'], row['last'], word)}" for row in found.to_dict("records")
    ]
    frame = found.assign(label=pd.Series(labels, index=found.index, dtype="str"), group=group or ALL)
    return frame[SHOWN].reset_index(drop=True)


def when_words(first: int, last: int, word: str) -> str:
    """Say which periods around an event are meant; "" for the event's own.

    Examples
    --------
    >>> when_words(-14, -9, "day"), when_words(1, 1, "week"), when_words(0, 0, "day")
    (', 9 to 14 days before', ', week after', '')
    """
    if first == 0:
        return ""
    near, far = sorted((abs(first), abs(last)))
    side = "before" if first < 0 else "after"
    if near == far:
        return f", {word} {side}" if near == 1 else f", {near} {word}s {side}"
    return f", {near} to {far} {word}s {side}"


def _by_category(told: pd.DataFrame, effects: pd.DataFrame, categories: Sequence[str]) -> pd.DataFrame:
    groups = sorted(set(told["group"]) - {""})
    groups = [name for name in groups if name in categories] if categories else groups
    labels = list(dict.fromkeys(told["label"]))
    wide = told.pivot_table(index="group", columns="label", values="uplift", aggfunc="first")
    frame = wide.reindex(index=groups, columns=labels)
    lost = effects[effects["kind"] == "cannibalisation"].set_index("group")
    texts = [_taken(lost.loc[name]) if name in lost.index else "" for name in groups]
    frame["taken_text"] = pd.Series(texts, index=frame.index, dtype="str")
    return frame.rename_axis(columns=None).rename_axis(index="group").reset_index()


def _taken(row: pd.Series[Any]) -> str:
    if row["low"] > 0:
        return f"{row['uplift']:.0%} ({row['taken']:,.0f} units)"
    return "none: they sold more" if row["high"] < 0 else "not visible"


def _cannibalisation(effects: pd.DataFrame, categories: Sequence[str]) -> str:
    lost = effects[(effects["kind"] == "cannibalisation") & (effects["gained"] > 0)]
    if categories:
        lost = lost[lost["group"].isin(list(categories))]
    if lost.empty:
        return ""
    clear = lost[lost["low"] > 0]
    gained, taken = lost["gained"].sum(), clear["taken"].sum()
    added = f"In the history promotions and prices added about {gained:,.0f} units to what they promoted"
    if clear.empty:
        return f"{added}; that other products of the same category lost by it cannot be seen."
    return (
        f"{added}; about {taken:,.0f} of them ({taken / gained:.0%}) were taken from other products of the "
        "same category and location."
    )
