"""Scenarios side by side: figures against the plan, lines that differ most and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from engine.contracts import EXPLAIN_TERMS
from jobs.scenario_lines import FIGURES
from jobs.scenario_plan import ScenarioResult
from jobs.scenarios import MOST_COMPARED, Scenario

BASE = "The plan"
"""Name of the run's own plan among scenarios."""

MOST_LINES = 50

_TERM_WORDS = {
    "term_demand": "demand until the next arrival",
    "term_buffer": "uncertainty buffer",
    "term_on_hand": "stock used",
    "term_on_order": "open orders used",
    "term_excess": "stock to spare",
    "term_cover": "cover and shelf limits",
    "term_moq": "minimum order",
    "term_multiple": "order multiple",
    "term_joint": "what lines share",
}
_BOUND_WORDS = {
    "max_cover": "most cover",
    "shelf_maximum": "shelf maximum",
    "shelf_life": "shelf life",
    "moq": "minimum order",
    "order_multiple": "order multiple",
    "horizon": "end of the forecast",
    "price_break": "price break",
    "supplier_minimum": "supplier minimum",
    "truck": "truck",
    "storage": "storage",
    "budget": "cash budget",
    "rebate": "rebate",
    "dc_shortage": "shortage at the centre",
}


@dataclass(frozen=True)
class Compared:
    """Two to four plans side by side."""

    figures: pd.DataFrame
    """A row a figure: name, label, unit, better, means, base, and a column a scenario by its identifier."""
    winner: str
    """Identifier of the scenario of least expected cost; '' if it is the plan as it is."""
    saving: float
    """What the winner's expected cost is below the plan's [money]."""


def compare(results: Mapping[str, ScenarioResult]) -> Compared:
    """Set scenarios of one run beside its plan.

    Parameters
    ----------
    results : mapping
        By scenario identifier, at most `MOST_COMPARED`; of one run.
    """
    if len(results) > MOST_COMPARED:
        raise ValueError(f"at most {MOST_COMPARED} scenarios are compared at once")
    rows = []
    base = {} if not results else dict(_base_of(next(iter(results.values()))))
    for name, figure in FIGURES.items():
        row = {
            "name": name,
            "label": figure.label,
            "unit": figure.unit,
            "better": figure.better,
            "means": figure.means,
            "base": base.get(name, 0.0),
        }
        rows.append(row | {scenario: result.values[name] for scenario, result in results.items()})
    costs = {scenario: result.values["expected_cost"] for scenario, result in results.items()}
    planned = base.get("expected_cost", 0.0)
    winner = min(costs, key=lambda scenario: costs[scenario], default="")
    if not costs or costs[winner] >= planned:
        return Compared(pd.DataFrame(rows), "", 0.0)
    return Compared(pd.DataFrame(rows), winner, planned - costs[winner])


def lines_that_differ(
    results: Mapping[str, ScenarioResult], planned: pd.DataFrame, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the lines whose orders differ from the plan's, by money, most first; at most `MOST_LINES`.

    Parameters
    ----------
    results : mapping
        By scenario identifier.
    planned : DataFrame
        `plan_lines` of the run: line_id and the explain terms.
    names : mapping, optional
        Names of products.

    Returns
    -------
    DataFrame
        line_id, product, location, source, scenario, base_quantity, quantity [each], value_change [money],
        why (text).
    """
    parts = [
        differing(result.lines, planned).assign(scenario=scenario) for scenario, result in results.items()
    ]
    columns = ["line_id", "product", "location", "source", "scenario", "base_quantity", "quantity"]
    columns += ["value_change", "why"]
    if not parts:
        return pd.DataFrame(columns=columns)
    both = pd.concat(parts, ignore_index=True)
    both["product"] = [(names or {}).get(sku, sku) for sku in both["sku"]]
    size = both["value_change"].abs()
    order = both.assign(size=size, most=size.groupby(both["line_id"]).transform("max")).sort_values(
        ["most", "line_id", "size"], ascending=[False, True, False], kind="stable"
    )
    return order[columns].head(MOST_LINES).reset_index(drop=True)


def differing(lines: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of a scenario whose order is not the plan's, with `value_change` and `why`."""
    moved = lines[lines["quantity"] != lines["base_quantity"]]
    terms = list(EXPLAIN_TERMS)
    before = planned.set_index("line_id").loc[moved["line_id"], terms]
    steps = moved[terms].to_numpy() - before.to_numpy()
    bounds = moved["bound"]
    return moved.assign(
        value_change=(moved["quantity"] - moved["base_quantity"]) * moved["unit_cost"],
        why=[_why(row, bound) for row, bound in zip(steps.tolist(), bounds, strict=True)],
    )


def reconciles(result: ScenarioResult) -> bool:
    """Return whether every figure is the sum of its column over the lines, to the cent."""
    return all(
        abs(result.values[name] - float(result.lines[figure.column].sum())) < 0.005
        for name, figure in FIGURES.items()
        if figure.column and name != "fill"
    )


def listed(scenarios: Sequence[Scenario], run_id: str) -> pd.DataFrame:
    """Return scenarios as a list for people, newest first."""
    return pd.DataFrame(
        [
            {
                "scenario": one.scenario,
                "name": one.name,
                "changes": "; ".join(one.words),
                "author": one.author,
                "reason": one.reason,
                "created_at": one.created_at,
                "state": one.state,
                "current": one.run_id == run_id,
            }
            for one in reversed(scenarios)
        ],
        columns=["scenario", "name", "changes", "author", "reason", "created_at", "state", "current"],
    )


def _base_of(result: ScenarioResult) -> dict[str, float]:
    return dict(zip(result.figures["name"], result.figures["base"], strict=True))


def _why(steps: Sequence[float], bound: str) -> str:
    """Say which terms moved the order, the greatest first, and what keeps it from its target."""
    moved = [(step, term) for step, term in zip(steps, EXPLAIN_TERMS, strict=True) if abs(step) >= 0.5]
    greatest = sorted(moved, key=lambda item: -abs(item[0]))[:3]
    words = ", ".join(f"{_TERM_WORDS[term]} {step:+,.0f}".replace("-", "−") for step, term in greatest)
    held = _BOUND_WORDS.get(bound, "")
    return (words or "rounding") + (f"; kept by {held}" if held else "")
