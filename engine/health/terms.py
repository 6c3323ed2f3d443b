"""Checks of the terms that a plan follows: lead times, minimum orders, policies, defaults."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.health.fault import Fault
from engine.health.inputs import Inputs

LONGEST_LEAD_TIME_DAYS = 180.0
HIGHEST_HOLDING_RATE = 2.0
LONGEST_REVIEW_DAYS = 90.0
LOWEST_TARGET = 0.5


def lead_times(inputs: Inputs) -> Iterator[Fault]:
    """Lead times that are missing, absurd, or less certain than they are long."""
    mean, sd = inputs.number("sourcing", "lead_time_mean"), inputs.number("sourcing", "lead_time_sd")
    absurd = (mean < 0) | (mean > LONGEST_LEAD_TIME_DAYS)
    columns = [inputs.text("sourcing", name) for name in ("sku", "location", "source")]
    for row in np.flatnonzero(np.isnan(mean) | absurd | (sd > 2 * mean + 7)):
        sku, place, source = (column[row] for column in columns)
        if absurd[row]:
            yield Fault(
                "absurd_lead_time",
                "held",
                "sourcing",
                f"lead time is between 0 and {LONGEST_LEAD_TIME_DAYS:g} days",
                f"correct the lead time from {source}; check that it is in days",
                sku,
                place,
                column="lead_time_mean",
                value=f"{mean[row]:g} days",
                detail=str(source),
            )
        else:
            missing = bool(np.isnan(mean[row]))
            yield Fault(
                "missing_lead_time" if missing else "uncertain_lead_time",
                "warning",
                "sourcing",
                "every source has a lead time"
                if missing
                else "the spread of a lead time is below twice its mean",
                f"enter the lead time from {source}"
                + (
                    "; until then the plan takes the default"
                    if missing
                    else " and its standard deviation in days"
                ),
                sku,
                place,
                column="lead_time_mean" if missing else "lead_time_sd",
                value=None if missing else f"{sd[row]:g} days",
                detail=str(source),
            )


def defaults(inputs: Inputs) -> Iterator[Fault]:
    """Values that a plan takes from the lake's settings because the tables do not say."""
    unknown = int(np.isnan(inputs.number("sourcing", "lead_time_sd")).sum())
    if unknown:
        yield Fault(
            "default_used",
            "info",
            "sourcing",
            "every source has the standard deviation of its lead time",
            "enter it in days; until then the setting default_lead_time_sd_days holds",
            column="lead_time_sd",
            value=f"{unknown} of {inputs.rows('sourcing')} sources",
            rows=unknown,
        )
    if inputs.has("inventory_snapshot") and "*" not in inputs.text("policies", "segment"):
        yield Fault(
            "default_used",
            "info",
            "policies",
            "a policy for segment '*' states the service target",
            "add it; until then the settings default_service_target and default_holding_cost_rate hold",
            column="segment",
        )


def order_terms(inputs: Inputs) -> Iterator[Fault]:
    """Minimum orders that are no multiple of the order multiple."""
    moq, multiple = inputs.number("sourcing", "moq"), inputs.number("sourcing", "order_multiple")
    ratio = np.divide(moq, multiple, out=np.zeros_like(moq), where=multiple > 0)
    columns = [inputs.text("sourcing", name) for name in ("sku", "location", "source")]
    for row in np.flatnonzero(np.abs(ratio - np.rint(ratio)) > 1e-6):
        sku, place, source = (column[row] for column in columns)
        yield Fault(
            "order_terms",
            "info",
            "sourcing",
            "the minimum order is a multiple of the order multiple",
            f"ask {source} which is right; the plan orders the next multiple above the minimum",
            sku,
            place,
            column="moq",
            value=f"{moq[row]:g}, multiple {multiple[row]:g}",
            detail=str(source),
        )


def policies(inputs: Inputs) -> Iterator[Fault]:
    """Targets, costs and covers outside what makes sense."""
    table = "policies"
    target = inputs.number(table, "service_target")
    kind = inputs.text(table, "target_kind")
    rate = inputs.number(table, "holding_cost_rate")
    review = inputs.number(table, "review_days")
    least, most = inputs.number(table, "min_cover_days"), inputs.number(table, "max_cover_days")
    shares = np.array([k in ("fill", "cycle") for k in kind], dtype=bool)
    faulty = (
        (
            shares & ((target < LOWEST_TARGET) | (target >= 1)),
            "service_target",
            target,
            f"a service target is a share between {LOWEST_TARGET:g} and 0.9999",
            "enter it as a share: 0.97 for 97 %",
        ),
        (
            shares & np.isnan(target),
            "service_target",
            target,
            "a fill or cycle policy has a service target",
            "enter the target, or let costs decide (kind cost)",
        ),
        (
            (rate < 0) | (rate > HIGHEST_HOLDING_RATE),
            "holding_cost_rate",
            rate,
            f"holding cost is between 0 and {HIGHEST_HOLDING_RATE:g} of the value a year",
            "enter it as a share a year: 0.25 for 25 %",
        ),
        (
            review > LONGEST_REVIEW_DAYS,
            "review_days",
            review,
            f"orders are at most {LONGEST_REVIEW_DAYS:g} days apart",
            "enter the days between two orders",
        ),
        (
            least > most,
            "min_cover_days",
            least,
            "the least cover is not above the most cover",
            "raise the most cover or lower the least",
        ),
    )
    columns = [inputs.text(table, name) for name in ("segment", "sku", "location")]
    for bad, column, value, rule, fix in faulty:
        for row in np.flatnonzero(bad):
            segment, sku, place = (texts[row] for texts in columns)
            yield Fault(
                "policy_range",
                "warning",
                table,
                rule,
                fix,
                sku or None,
                place or None,
                column=column,
                value=f"{value[row]:g}",
                detail=segment or "",
            )
