"""What is wrong with line inputs: argument, line, value, rule, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NO_NEGATIVE = (
    "level_cv",
    "order_period",
    "lead_time_mean",
    "lead_time_sd",
    "moq",
    "order_multiple",
    "min_cover",
    "max_cover",
    "presentation_stock",
    "shelf_maximum",
    "unit_cost",
    "stockout_cost",
    "holding_cost",
    "order_cost",
)


def margin_where_none(stockout_cost: object, margin: object) -> NDArray[np.float64]:
    """Stockout cost [money/each], the unit margin (at least 0) where none is given."""
    cost, margin = np.asarray(stockout_cost, float), np.asarray(margin, float)
    return np.where(np.isnan(cost), np.maximum(margin, 0.0), cost)


def find_faults(faults: list[str], name: str, values: NDArray[np.generic], good: object, rule: str) -> None:
    """Add a sentence to `faults` if any of `good` is false: the first line, its value, how many more."""
    bad = np.flatnonzero(~np.asarray(good, bool))
    if len(bad):
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        faults.append(f"{name} of line {bad[0]}{more} is {values[bad[0]]}, must be {rule}")


def find_out_of_range(faults: list[str], clean: dict[str, object], n: int) -> None:
    """Add what is out of range in the arrays of n lines, by name, to `faults`."""
    values = {name: np.asarray(value) for name, value in clean.items()}
    mean = values["mean"]
    good = np.isfinite(mean) & (mean >= 0)
    if mean.size:
        worst = mean[np.arange(n), good.argmin(axis=1)]
        find_faults(faults, "mean", worst, good.all(axis=1), "finite and ≥ 0")
    for name in _NO_NEGATIVE:
        find_faults(faults, name, values[name], values[name] >= 0, "≥ 0")
    finite = ("unit_cost", "unit_margin", "stockout_cost", "holding_cost", "lead_time_mean", "lead_time_sd")
    for name in (*finite, "moq", "order_multiple", "min_cover", "presentation_stock", "order_cost"):
        find_faults(faults, name, values[name], np.isfinite(values[name]), "finite")
    find_faults(faults, "dispersion", values["dispersion"], values["dispersion"] >= 1, "≥ 1")
    find_faults(faults, "life_periods", values["life_periods"], values["life_periods"] >= 1, "≥ 1")
    later = values["next_order_period"] >= values["order_period"]
    find_faults(faults, "next_order_period", values["next_order_period"], later, "≥ order_period")
    target, service = values["service_target"], values["target_kind"] != "cost"
    find_faults(faults, "service_target", target, ~service | ((target >= 0) & (target < 1)), "in [0, 1)")
    for name in ("batch_line", "receipt_line"):
        find_faults(faults, name, values[name], (values[name] >= 0) & (values[name] < n), f"in 0 … {n - 1}")
    for name in ("batch_quantity", "receipt_quantity"):
        find_faults(faults, name, values[name], np.isfinite(values[name]), "finite")
