"""What if: the order as planned beside the order under other terms."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.item_state import ItemState, load_item_state
from jobs.scenario_apply import values_of
from jobs.views.item import shown_periods
from jobs.what_if import WhatIfResult, what_if

MOST_LEAD_TIME_DAYS = 60
"""Least upper end of the lead-time slider [days]."""


@dataclass(frozen=True)
class Terms:
    """What the sliders change, as the plan has it."""

    service_target: float
    """[share]"""
    lead_time_days: float
    order_multiple: float
    """[each]"""
    moq: float
    """Minimum order [each]."""
    days_between_orders: float
    """From the order day to the next one [days]."""
    period_days: float
    """Length of a period [days]: what days between orders are whole multiples of."""
    most_lead_time_days: int
    """Upper end of the slider [days]."""
    multiples: tuple[int, ...]
    """Order multiples to choose from [each]."""


@dataclass(frozen=True)
class Sandbox:
    """One line ready for what-if: its state, its terms, and what the plan does."""

    state: ItemState
    terms: Terms
    planned: WhatIfResult
    """What the plan orders for the line on its own."""
    shared: float = 0.0
    """By how much what lines share moves the order of the plan from there [each]."""

    @property
    def shared_words(self) -> str:
        """Say so; empty where nothing shared moves the order."""
        if not self.shared:
            return ""
        total = self.planned.quantity + self.shared
        return (
            f"The sliders plan this line on its own. In the plan, what lines share moves its order by "
            f"{self.shared:+,.0f} to {total:,.0f} units.".replace("-", "−")
        )


@dataclass(frozen=True)
class Figure:
    """One figure of a comparison."""

    name: str
    unit: str
    """units, money or share."""
    better: str
    """higher, lower or neither."""
    planned: float
    changed: float

    @property
    def differs(self) -> bool:
        """The change is large enough to be seen in the figure."""
        step = 0.0005 if self.unit == "share" else 0.5
        return abs(self.changed - self.planned) >= step


def sandbox(lake: Lake, run: Run, sku: str, location: str, source: str) -> Sandbox:
    """Load one line of a run for what-if.

    Raises
    ------
    JobError
        The run did not plan that line.
    """
    state = load_item_state(lake, run, sku, location, source)
    inputs = state.inputs
    multiple = round(float(inputs.order_multiple[0])) or 1
    lead_time = float(inputs.lead_time_mean[0]) * inputs.period_days
    choices = {1, multiple, *(multiple * times for times in (2, 3, 4, 6, 8)), *(6, 12, 24)}
    return Sandbox(
        state,
        Terms(
            service_target=float(state.plan.service_target[0]),
            lead_time_days=lead_time,
            order_multiple=float(multiple),
            moq=float(inputs.moq[0]),
            days_between_orders=float(values_of(inputs, "review_days")[0]),
            period_days=inputs.period_days,
            most_lead_time_days=max(MOST_LEAD_TIME_DAYS, 2 * round(lead_time)),
            multiples=tuple(sorted(choices)),
        ),
        what_if(state),
        _shared(lake, run, sku, location, state.line_id),
    )


def _shared(lake: Lake, run: Run, sku: str, location: str, line_id: str) -> float:
    where = {"sku": [sku], "location": [location]}
    lines = read_run_table(lake, run, "plan_lines", where=where, columns=["line_id", "term_joint"])
    # a run made before lines shared anything has no term
    return float(lines.loc[lines["line_id"] == line_id, "term_joint"].fillna(0.0).sum())


def change(
    box: Sandbox,
    *,
    service_target: float,
    lead_time_days: float,
    demand_per_cent: float,
    order_multiple: float,
    moq: float,
    days_between_orders: float,
) -> WhatIfResult:
    """Plan the line of a sandbox again; what equals the plan's own terms changes nothing.

    Parameters
    ----------
    service_target : float
        [share]
    lead_time_days : float
        Mean lead time [days].
    demand_per_cent : float
        Change of expected demand [%].
    order_multiple, moq : float
        [each]
    days_between_orders : float
        [days]
    """
    terms = box.terms
    return what_if(
        box.state,
        service_target=_unless(service_target, terms.service_target),
        lead_time_days=_unless(lead_time_days, terms.lead_time_days),
        demand_factor=1 + demand_per_cent / 100,
        order_multiple=_unless(order_multiple, terms.order_multiple),
        moq=_unless(moq, terms.moq),
        days_between_orders=_unless(days_between_orders, terms.days_between_orders),
    )


def figures(box: Sandbox, changed: WhatIfResult) -> list[Figure]:
    """Return what to compare: order, cash, service, units short and units written off."""
    planned = box.planned
    return [
        Figure("Order", "units", "neither", planned.quantity, changed.quantity),
        Figure("Cash", "money", "lower", planned.cash, changed.cash),
        Figure("Service", "share", "higher", planned.fill, changed.fill),
        Figure("Units short", "units", "lower", planned.lost, changed.lost),
        Figure("Written off", "units", "lower", planned.waste, changed.waste),
    ]


def projection(box: Sandbox, changed: WhatIfResult) -> pd.DataFrame:
    """Return expected stock until it runs out or the next order arrives.

    Returns
    -------
    DataFrame
        date, planned, changed, low, high [each]: low and high hold 80 % of the paths under the new terms.
    """
    next_arrival = max(box.planned.next_arrival_date, changed.next_arrival_date)
    shown = shown_periods(changed.dates, next_arrival, changed.stock_planned, changed.stock_mean)
    columns = {
        "date": changed.dates,
        "planned": changed.stock_planned,
        "changed": changed.stock_mean,
        "low": changed.stock_p10,
        "high": changed.stock_p90,
    }
    return pd.DataFrame({name: values[:shown] for name, values in columns.items()})


def _unless(value: float, planned: float) -> float | None:
    """A slider shows a rounded number: what shows the plan's own number means the plan's own number."""
    return None if abs(value - planned) < 0.5 * 10 ** -_digits(planned) else value


def _digits(planned: float) -> int:
    return 3 if abs(planned) < 1 else 0
