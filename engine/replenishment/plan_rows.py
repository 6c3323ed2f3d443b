"""Some lines of a plan taken out, and put back."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from engine.replenishment.lines import FloatArray, IntArray, LineInputs, LinePlans
from engine.replenishment.value_curves import LineCurves

_BY_PERIOD = ("projected_stock", "projected_stock_with_order")
_INTEGERS = ("need_period", "arrival_period", "next_arrival_period", "bound")


def no_plans(n: int, horizon: int) -> LinePlans:
    """Return the plans of n lines, all of nothing: to be put in."""
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_BY_PERIOD, (n, horizon))
    shapes["stock_quantiles"] = (n, 0, horizon)
    empty: dict[str, Any] = {
        field.name: np.zeros(
            shapes.get(field.name, (n,)), np.int64 if field.name in _INTEGERS else np.float64
        )
        for field in fields(LinePlans)
    }
    return LinePlans(**empty)


def take_plans(plans: LinePlans, rows: IntArray) -> LinePlans:
    """Return the plans of lines `rows`, in that order."""
    return LinePlans(**{field.name: getattr(plans, field.name)[rows] for field in fields(LinePlans)})


def put_plans(plans: LinePlans, *parts: tuple[IntArray, LinePlans]) -> LinePlans:
    """Return the plans with those of some lines replaced; of each part row i is line `rows[i]`.

    Quantiles of projected stock are kept only where both have the same.
    """
    if not parts:
        return plans
    put = {}
    for field in fields(LinePlans):
        values = np.array(getattr(plans, field.name))
        for rows, part in parts:
            new = getattr(part, field.name)
            if field.name != "stock_quantiles" or values.shape[1] == new.shape[1]:
                values[rows] = new
        put[field.name] = values
    return LinePlans(**put)


def put_curves(curves: LineCurves, rows: IntArray, part: LineCurves) -> LineCurves:
    """Return the curves with those of lines `rows` replaced, as wide as the widest asks for."""
    width = max(curves.quantity.shape[1], part.quantity.shape[1])
    put = {}
    for field in fields(LineCurves):
        values = _wide(getattr(curves, field.name), width).copy()
        values[rows] = _wide(getattr(part, field.name), width)
        put[field.name] = values
    return LineCurves(**put)


def _wide(values: FloatArray, width: int) -> FloatArray:
    """Return values of candidates with as many columns; figures of lines stay as they are."""
    if values.ndim == 1 or values.shape[1] == width:
        return values
    beyond = np.full((len(values), width - values.shape[1]), np.nan)
    return np.concatenate([values, beyond], axis=1)


def put_inputs(inputs: LineInputs, rows: IntArray, part: LineInputs) -> LineInputs:
    """Return the inputs with those of lines `rows` replaced, batches and receipts included."""
    put: dict[str, Any] = {}
    for line, *others in (
        ("batch_line", "batch_quantity", "batch_last_period"),
        ("receipt_line", "receipt_period", "receipt_quantity"),
    ):
        kept = ~np.isin(getattr(inputs, line), rows)
        of = np.concatenate([getattr(inputs, line)[kept], rows[getattr(part, line)]])
        order = np.argsort(of, kind="stable")
        put[line] = of[order]
        for name in others:
            put[name] = np.concatenate([getattr(inputs, name)[kept], getattr(part, name)])[order]
    for field in fields(LineInputs):
        if field.name not in put and field.name != "period_days":
            values = np.array(getattr(inputs, field.name))
            values[rows] = getattr(part, field.name)
            put[field.name] = values
    return replace(inputs, **put)
