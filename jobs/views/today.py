"""Today: what needs a planner, dearest first, and the four figures above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, list_runs, read_run_table
from jobs.views.lines import records, tags

LIMIT = 200
"""A worklist longer than this is not worked through; the filters find the rest."""

HISTORY_RUNS = 12
"""Runs shown in the sparklines of the cards."""

EXCEPTION_LABELS = {
    "stockout": "Stockout risk",
    "late_supply": "Late supply",
    "expiry": "Expiry risk",
    "overstock": "Overstock",
    "held": "Held: bad data",
}
"""Kinds of exception in planners' words, most urgent first."""

WORKLIST = [
    "line_id",
    "sku",
    "location",
    "label",
    "product",
    "category",
    "location_name",
    "money_at_risk",
    "days_of_cover",
    "projected_stock",
    "act",
    "recommendation",
    "cause",
    "confidence",
    "status",
    "state",
    "quantity",
    "value",
    "source_name",
    "order_by",
]

_CLAUSE = r"[:;,.](?: |$)"
"""Where the first clause of a recommendation ends: what to do; the rest says what it brings."""

_KPI_COLUMNS = ["status", "exception", "money_at_risk", "value", "expected_demand_daily", "fill_after"]


@dataclass(frozen=True)
class Headline:
    """One card: a figure, the same figure of the run before, and of the runs before that."""

    name: str
    value: float
    unit: str
    """money, count or share."""
    better: str
    """higher, lower or neither: which way is good."""
    previous: float | None = None
    history: tuple[float, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a planner narrowed the worklist to; empty means all."""

    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    """Keys of `EXCEPTION_LABELS`."""
    with_approved: bool = False
    """Also the lines that are decided already."""

    @property
    def active(self) -> bool:
        """Something is filtered out."""
        return bool(self.locations or self.categories or self.types)


@dataclass(frozen=True)
class Selection:
    """The rows that a planner selected, as an approval needs them."""

    lines: tuple[dict[str, Any], ...]
    """line_id and quantity [each] of every selected row that has an order, still open."""
    value: float
    """Cost of these orders [money]."""
    at_risk: float
    """Money at risk on them [money]."""
    without_order: int
    """Selected rows with nothing to approve: overstock, held, or approved before."""

    @property
    def count(self) -> int:
        """Orders to approve."""
        return len(self.lines)


def select(frame: pd.DataFrame, rows: Sequence[int]) -> Selection:
    """Return what an approval of some rows of a worklist would order."""
    chosen = frame.iloc[[row for row in rows if row < len(frame)]]
    ordered = chosen[(chosen["status"] == "proposed") & (chosen["state"] == "open")]
    return Selection(
        lines=tuple(records(ordered[["line_id", "quantity"]])),
        value=float(ordered["value"].sum()),
        at_risk=float(ordered["money_at_risk"].sum()),
        without_order=len(chosen) - len(ordered),
    )


def headlines(lake: Lake, run: Run, lines: pd.DataFrame, approved: pd.DataFrame) -> list[Headline]:
    """Return the cards of a run: money at risk, open exceptions, projected service, orders to approve.

    Parameters
    ----------
    lake, run
        The run shown, and where the runs before it are.
    lines : DataFrame
        From `jobs.views.lines.load`.
    approved : DataFrame
        Decisions of the run: line_id, state.

    Returns
    -------
    list of Headline
        Money at risk [money] and exceptions without those already approved; service is the expected fill
        rate with the proposed orders, each line weighted by its demand; history is of plans as made.
    """
    past = [_figures(_kpi_lines(lake, earlier)) for earlier in _earlier(lake, run)]
    now = _figures(lines[~lines["line_id"].isin(approved["line_id"])])
    service = _figures(lines)["service"]
    previous = past[-1] if past else {}

    def history(name: str, value: float) -> tuple[float, ...]:
        return (*(figures[name] for figures in past), value) if past else ()

    target = lines.loc[lines["target_kind"] != "cost", "service_target"].mean()
    proposed = lines[lines["status"] == "proposed"]
    done = int(proposed["line_id"].isin(approved["line_id"]).sum())
    accepted = int((approved["state"] == "approved").sum())
    return [
        Headline(
            "Money at risk",
            now["risk"],
            "money",
            "lower",
            previous.get("risk"),
            history("risk", now["risk"]),
            "if nothing is done",
        ),
        Headline(
            "Open exceptions",
            now["exceptions"],
            "count",
            "lower",
            previous.get("exceptions"),
            history("exceptions", now["exceptions"]),
            f"of {len(lines):,} product-locations",
        ),
        Headline(
            "Projected service",
            service,
            "share",
            "higher",
            previous.get("service"),
            history("service", service),
            f"target {target:.1%} on average" if pd.notna(target) else "targets follow costs",
        ),
        Headline(
            "Orders to approve",
            now["value"],
            "money",
            "neither",
            previous.get("value"),
            history("value", now["value"]),
            f"{len(proposed) - done:,} lines open, {accepted:,} approved",
        ),
    ]


def worklist(lines: pd.DataFrame, approved: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Return the exceptions that match the filters, dearest first.

    Parameters
    ----------
    lines : DataFrame
        From `jobs.views.lines.load`.
    approved : DataFrame
        Decisions of the run: line_id, state.
    wanted : Wanted

    Returns
    -------
    DataFrame
        Columns `WORKLIST`; `label` is a list of one: the exception in words; `state` is "open", "approved" or
        "rejected"; `act` is the first clause of the recommendation; `confidence` is null where there is no
        order to be confident about, `money_at_risk` where the line is held. Held lines come first.
    """
    keep = lines["exception"].notna()
    for column, chosen in (
        ("location", wanted.locations),
        ("category", wanted.categories),
        ("exception", wanted.types),
    ):
        if chosen:
            keep &= lines[column].isin(list(chosen))
    frame = lines[keep]
    states = dict(zip(approved["line_id"], approved["state"], strict=True))
    done = frame["line_id"].isin(states)
    frame = frame.assign(
        label=tags(frame["exception"].map(EXCEPTION_LABELS)),
        act=frame["recommendation"].str.split(_CLAUSE, n=1, regex=True).str[0],
        state=[states.get(line_id, "open") for line_id in frame["line_id"]],
        confidence=frame["confidence"].where(frame["quantity"] > 0),
        money_at_risk=frame["money_at_risk"].where(frame["status"] != "held"),
    )
    if not wanted.with_approved:
        frame = frame[~done]
    held = frame["status"] == "held"  # first: until repaired nothing is ordered, at nobody knows what cost
    return pd.concat([frame.loc[held, WORKLIST], frame.loc[~held, WORKLIST]], ignore_index=True)


def count_exceptions(lines: pd.DataFrame) -> dict[str, int]:
    """Return how many exceptions of each kind the run has, in the order of urgency; absent kinds left out."""
    counts = lines["exception"].value_counts()
    return {kind: int(counts[kind]) for kind in EXCEPTION_LABELS if kind in counts}


def _figures(lines: pd.DataFrame) -> dict[str, float]:
    exceptions = lines[lines["exception"].notna()]
    demand = lines["expected_demand_daily"].sum()
    weighted = (lines["fill_after"] * lines["expected_demand_daily"]).sum()
    return {
        "risk": float(exceptions["money_at_risk"].sum()),
        "exceptions": float(len(exceptions)),
        "service": float(weighted / demand) if demand > 0 else float("nan"),
        "value": float(lines.loc[lines["status"] == "proposed", "value"].sum()),
    }


def _earlier(lake: Lake, run: Run) -> list[Run]:
    """Runs planned for earlier days, the last one of each day, oldest first."""
    last_of_day = {
        other.as_of: other
        for other in sorted(list_runs(lake), key=lambda other: other.created_at)
        if other.as_of < run.as_of
    }
    return [last_of_day[day] for day in sorted(last_of_day)][-HISTORY_RUNS:]


def _kpi_lines(lake: Lake, run: Run) -> pd.DataFrame:
    return read_run_table(lake, run, "plan_lines", columns=_KPI_COLUMNS)
