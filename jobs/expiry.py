"""The run's tables of expiry: what will be thrown away by batch and week, and what to do about it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from engine.replenishment.acts import Act, Choice
from engine.replenishment.expiry import Expiry, project_expiry
from engine.replenishment.write_offs import SOURCES
from jobs.expiry_lots import last_days, named_lots, week_buckets
from jobs.expiry_transfers import destinations, moves_of
from jobs.expiry_words import act_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobs.plan_line_table import Decided


def expiry_tables(
    done: Decided, lines: pd.DataFrame, transfers: pd.DataFrame | None = None, *, n_paths: int = 300
) -> dict[str, pd.DataFrame]:
    """Return the tables `write_offs` and `expiry_acts` of a plan.

    Parameters
    ----------
    done : Decided
    lines : DataFrame
        `plan_lines` of the run, row i line i: held lines order nothing and get no acts.
    transfers : DataFrame, optional
        Contract `transfers` of the same run; None: there is no lane.
    n_paths : int
        Paths a line, as the plan drew them: only then do write-offs sum to a line's waste.
    """
    inputs = done.line_inputs
    quantity = lines["quantity"].to_numpy(dtype=np.float64)
    held = (lines["status"] == "held").to_numpy()
    waste = lines[["waste_before", "waste_after"]].to_numpy(dtype=np.float64).max(axis=1)
    bucket = week_buckets(done.inputs.as_of, done.dates, inputs.period_days)
    if done.inputs.tables["lanes"].empty:
        transfers = None
    choices, mechanic, dip = _choices(done, held, transfers)
    found = project_expiry(
        inputs,
        quantity,
        np.flatnonzero(waste > 0.0),
        bucket,
        least_money=done.inputs.settings.number("exception_least_money"),
        choice_of=choices,
        after=dip,
        n_paths=n_paths,
    )
    return {
        "write_offs": _write_offs(done, lines, found),
        "expiry_acts": _acts(done, lines, found, mechanic, transfers),
    }


def _write_offs(done: Decided, lines: pd.DataFrame, found: Expiry) -> pd.DataFrame:
    rows, tables = found.write_offs, done.inputs.tables
    of_line = lines.iloc[rows.line]
    named = named_lots(
        rows,
        done.lines,
        done.line_inputs,
        tables["inventory_snapshot"],
        tables["orders"],
        as_of=done.inputs.as_of,
        dates=done.dates,
    )
    frame = pd.DataFrame(
        {
            **{name: of_line[name].to_numpy() for name in ("run_id", "line_id", "sku", "location")},
            "source": np.array(SOURCES)[rows.source],
            **{name: named[name] for name in named.columns},
            **{name: getattr(rows, name) for name in ("quantity", "units", "units_with_order")},
            **{name: getattr(rows, name) for name in ("low", "high", "spread")},
            "unit_cost": of_line["unit_cost"].to_numpy(),
        }
    )
    frame["lot"] = frame.groupby("line_id").cumcount()
    frame["money"] = frame["units_with_order"] * frame["unit_cost"]
    return frame


def _acts(
    done: Decided, lines: pd.DataFrame, found: Expiry, mechanic: str, transfers: pd.DataFrame | None
) -> pd.DataFrame:
    days = np.stack([done.dates.astype("M8[D]"), last_days(done.dates, done.line_inputs.period_days)])
    currency = done.inputs.settings["currency"]
    to = destinations(transfers, done.inputs.tables["locations"])
    rows: list[dict[str, Any]] = []
    for row, acts in found.acts.items():
        line = lines.iloc[row]
        cost = float(line["unit_cost"])
        nothing = next(act for act in acts if act.act == "nothing")
        following = next((act.money for act in acts[1:] if act.offered), np.nan)
        for place, act in enumerate(acts):
            first, last = _span(act, days)
            rows.append(
                {
                    **{name: line[name] for name in ("run_id", "line_id", "sku", "location")},
                    "act": act.act,
                    "rank": place + 1 if act.offered else None,
                    "money": act.money,
                    "over_next": act.money - following if place == 0 else np.nan,
                    "confidence": act.confidence,
                    "quantity": act.quantity,
                    "depth": act.depth,
                    "mechanic": mechanic if mechanic and act.until >= 0 else None,
                    "from_date": first,
                    "until": last,
                    "write_off_before": nothing.write_off * cost,
                    "write_off_after": act.write_off * cost,
                    "short_before": nothing.short,
                    "short_after": act.short,
                    "words": act_in_words(
                        act,
                        nothing,
                        first=first if act.start > 0 else None,
                        last=last,
                        currency=currency,
                        unit_cost=cost,
                        destinations=to.get((line["sku"], line["location"]), ()),
                    ),
                }
            )
    frame = pd.DataFrame(rows, columns=list(TABLES["expiry_acts"].names))
    days_of = {name: pd.to_datetime(frame[name]) for name in ("from_date", "until")}
    return frame.assign(**days_of).astype({"rank": "Int64"})


def _span(act: Act, days: npt.NDArray[np.datetime64]) -> tuple[dt.date | None, dt.date | None]:
    """Return first and last day of a markdown; None of other acts."""
    if act.until < 0:
        return None, None
    return days[0, act.start].item(), days[1, act.until].item()


def _choices(
    done: Decided, held: npt.NDArray[np.bool_], transfers: pd.DataFrame | None
) -> tuple[Callable[[int], Choice | None], str, int]:
    """Return what can be done about each line (None: held), the mechanic that markdowns are like, its dip."""
    lines = done.lines
    responses = done.responses
    price = lines["unit_price"].to_numpy(dtype=np.float64)
    stock = done.inputs.tables["inventory_snapshot"]
    ends = last_days(done.dates, done.line_inputs.period_days)
    moves, no_transfer = moves_of(transfers, lines, stock, ends)

    def choice_of(row: int) -> Choice | None:
        if held[row]:
            return None
        return Choice(
            price=float(price[row]),
            response=responses.by_line[row],
            no_markdown=responses.reason[row],
            promoted_from=int(responses.promoted_from[row]),
            moves=moves.get(row, ()),
            no_transfer=no_transfer,
        )

    return choice_of, responses.mechanic, responses.dip_periods
