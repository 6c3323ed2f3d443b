"""The tables of what orders share: one row a term, and one list of what cash buys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from engine.replenishment.joint.curves import Curves
from engine.replenishment.joint.explain import Explanation
from engine.replenishment.joint.ranking import ranked_increments
from engine.replenishment.joint.rebate import Rebate
from engine.replenishment.joint.solve import JointPlan
from engine.replenishment.joint.trucks import Trucks
from engine.replenishment.term_words import term_in_words
from jobs.inputs import PlanInputs
from jobs.joint_core import Fixed
from jobs.joint_terms import SharedTerm, is_bought

Floats = npt.NDArray[np.float64]


def terms_table(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    curves: Curves,
    shared: Sequence[SharedTerm],
    solved: Sequence[SharedTerm],
    own: Fixed,
    chosen: Fixed,
    plan: JointPlan,
    why: Explanation,
    costs: Floats,
) -> pd.DataFrame:
    """Return the contract `order_terms`, without run_id: supplier by supplier, then rooms and cash.

    Parameters
    ----------
    inputs : PlanInputs
    lines : DataFrame
        The lines that are chosen for, with their order day; row i is line i of the curves.
    curves, plan, why
        Of the solution.
    own, chosen : Fixed
        Each line's own best order, and the order planned, of all lines that take part.
    shared : sequence
        Every term; `solved` are those among them that the solution knows, in its order.
    costs : float array
        Money that each solved term costs.
    """
    place = {id(term): at for at, term in enumerate(solved)}
    rows = [_term_row(own, chosen, plan, why, costs, term, place.get(id(term))) for term in shared]
    rows += _break_rows(lines, curves, plan, why)
    names = dict(
        zip(inputs.tables["suppliers"]["supplier"], inputs.tables["suppliers"]["name"], strict=True)
    ) | dict(zip(inputs.tables["locations"]["location"], inputs.tables["locations"]["name"], strict=True))
    currency = inputs.settings["currency"]
    for row in rows:
        row["words"] = term_in_words(row, names, currency)
    columns = [name for name in TABLES["order_terms"].names if name != "run_id"]
    return pd.DataFrame(rows, columns=columns).sort_values("term_id", ignore_index=True)


def _term_row(
    own: Fixed,
    chosen: Fixed,
    plan: JointPlan,
    why: Explanation,
    costs: Floats,
    shared: SharedTerm,
    at: int | None,
) -> dict[str, Any]:
    term = shared.term
    used, before = chosen.total(term), own.total(term)
    moved = 0 if at is None else int((why.term == at).sum())
    waits = moved > 0 and term.bound in ("supplier_minimum", "truck") and used == 0 < before
    row = _row(term.bound, shared.supplier, shared.location, shared.day, shared.unit)
    row |= {
        "limit": shared.limit,
        "used": used,
        "before": before,
        "money": replace(term, at_steps=False).money(used) if isinstance(term, Rebate) else term.money(used),
        "price": 0.0 if at is None else float(plan.price[at]),
        "cost": 0.0 if at is None else float(costs[at]),
        "state": "waits" if waits else "binds" if moved else "free",
        "lines": len(shared.rows),
        "moved": moved,
        "left_out": shared.left_out,
    }
    if isinstance(term, Trucks):
        trucks = term.count(used)
        row |= {"trucks": trucks, "fill": used / (trucks * term.capacity) if trucks else np.nan}
    return row


def _break_rows(
    lines: pd.DataFrame, curves: Curves, plan: JointPlan, why: Explanation
) -> Iterator[dict[str, Any]]:
    """Yield a row for each supplier and day on which a price break is taken."""
    cash = curves.at(plan.choice, curves.cash)
    saving = lines["unit_cost"].to_numpy(dtype=np.float64) * plan.quantity - cash
    taken = lines[saving > 0.005]
    for (source, day), part in taken.groupby(["source", "day"]):
        rows = part.index.to_numpy()
        raised = int((why.bound[rows] == "price_break").sum())
        row = _row("price_break", str(source), None, np.datetime64(str(day)[:10], "D"), "money")
        yield row | {
            "limit": np.nan,
            "used": float(cash[rows].sum()),
            "before": float(cash[rows].sum()),
            "money": float(saving[rows].sum()),
            "price": 0.0,
            "cost": np.nan,
            "state": "binds" if raised else "free",
            "lines": len(rows),
            "moved": raised,
            "left_out": 0,
        }


def _row(
    kind: str, supplier: str | None, location: str | None, day: np.datetime64, unit: str
) -> dict[str, Any]:
    key = (kind, supplier or "", location or "", str(day), unit)
    return {
        "term_id": "|".join(key),
        "kind": kind,
        "supplier": supplier,
        "location": location,
        "day": pd.Timestamp(day),
        "unit": unit,
        "trucks": None,
        "fill": np.nan,
    }


def increments_table(lines: pd.DataFrame, curves: Curves, plan: JointPlan, budget: str) -> pd.DataFrame:
    """Return the contract `order_increments`, without run_id: day by day, best use of cash first.

    Parameters
    ----------
    lines : DataFrame
        The lines that take part, with their order day.
    curves : Curves
        Of them.
    plan : JointPlan
        With any amount of cash: the steps lead up to its orders.
    budget : str
        Cash of a day as the setting states it; "": none.
    """
    cash = float(budget) if budget else np.inf
    frames = []
    bought = lines[is_bought(lines) & (plan.quantity > 0)]
    for day, part in bought.groupby("day"):
        rows = part.index.to_numpy()
        ranked = ranked_increments(curves.take(rows), cash, up_to=plan.choice[rows])
        of = part.iloc[ranked.line]
        frames.append(
            pd.DataFrame(
                {
                    "day": day,
                    "rank": np.arange(1, len(of) + 1),
                    "line_id": (of["sku"] + "|" + of["location"] + "|" + of["source"]).to_numpy(),
                    **{name: of[name].to_numpy() for name in ("sku", "location", "source")},
                    "from_quantity": ranked.from_quantity,
                    "to_quantity": ranked.to_quantity,
                    "cash": ranked.cash,
                    "money": ranked.money,
                    "money_per_cash": np.where(
                        np.isfinite(ranked.money_per_cash), ranked.money_per_cash, np.nan
                    ),
                    "cumulative_cash": ranked.cumulative_cash,
                    "is_above": ranked.is_above,
                }
            )
        )
    columns = [name for name in TABLES["order_increments"].names if name != "run_id"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
