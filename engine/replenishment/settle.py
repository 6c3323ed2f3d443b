"""The same plan with other orders, once what lines share has moved them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.errors import EngineError
from engine.replenishment.constraints import GRID
from engine.replenishment.line import Line, draw, expired_stock
from engine.replenishment.line_checks import find_faults
from engine.replenishment.lines import BOUNDS, FloatArray, IntArray, LineInputs, LinePlans
from engine.replenishment.outcome import gains, mean_of, service

_BLOCK = 64
_PLAYED = (
    "fill_after",
    "lost_after",
    "waste_after",
    "expected_profit",
    "confidence",
    "projected_stock_with_order",
    "stock_quantiles",
)


def settle(
    lines: LineInputs,
    plans: LinePlans,
    quantity: FloatArray,
    bound: IntArray,
    *,
    n_paths: int = 300,
    stock_quantiles: tuple[float, ...] = (),
) -> LinePlans:
    """Play the lines whose order was changed again, over the same paths.

    Parameters
    ----------
    lines, plans : LineInputs, LinePlans
        n lines and their plan.
    quantity : float array (n,)
        New orders [each], ≥ 0, multiples of 1/1024; a line with the plan's own quantity stays as it is.
    bound : int array (n,)
        Index into BOUNDS of what moved the order; 0 keeps the plan's.
    n_paths : int
        As for `plan_lines`.
    stock_quantiles : tuple of float
        As for `plan_lines`: the probabilities that `plans.stock_quantiles` was made with.

    Returns
    -------
    LinePlans
        `term_joint` takes the difference, so the terms still sum to the quantity, exactly. Needs, the
        reorder point, the excess and the money at risk of doing nothing do not depend on the order.

    Raises
    ------
    EngineError
        A quantity or bound out of range; all faults are listed.

    Examples
    --------
    >>> from engine.replenishment.one_line import one_line
    >>> from engine.replenishment.plan import plan_lines
    >>> line = one_line([5.0] * 10, batches=[(20, 1 << 40)], lead_time_mean=2, next_order_period=7)
    >>> plan = plan_lines(line)
    >>> moved = settle(line, plan, plan.quantity - 4.0, np.array([BOUNDS.index("budget")]))
    >>> float(moved.quantity[0]), float(moved.term_joint[0]), BOUNDS[int(moved.bound[0])]
    (24.0, -4.0, 'budget')
    """
    clean = lines.checked()
    orders, moved_by = np.asarray(quantity, np.float64), np.asarray(bound, np.int64)
    _check(clean.size, orders, moved_by, plans, stock_quantiles)
    changed = np.flatnonzero(orders != plans.quantity)
    position = -plans.term_on_hand - plans.term_on_order
    figures = {name: np.array(getattr(plans, name)) for name in _PLAYED}
    part = clean.take(changed)
    for start in range(0, len(changed), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(changed)))
        for row, line in zip(changed[rows], draw(part, rows, n_paths), strict=True):
            for name, value in _played(line, float(orders[row]), stock_quantiles).items():
                figures[name][row] = value
    figures["waste_after"][changed] += expired_stock(part)
    up_to = np.where(orders > 0.0, position + orders, plans.reorder_point)
    return replace(
        plans,
        **figures,
        quantity=orders,
        term_joint=plans.term_joint + (orders - plans.quantity),
        order_up_to=np.where(orders != plans.quantity, up_to, plans.order_up_to),
        bound=np.where(moved_by != 0, moved_by, plans.bound),
    )


def _played(line: Line, quantity: float, stock_quantiles: tuple[float, ...]) -> dict[str, float | FloatArray]:
    stock_before, stock_after = np.empty(line.paths.shape), np.empty(line.paths.shape)
    before = line.play(0.0, stock_before)
    window_demand = line.window_demand()
    after, stock, gained = before, stock_before, np.zeros(len(line.paths))
    if quantity > 0.0:
        after, stock = line.play(quantity, stock_after), stock_after
        gained = gains(line, before, after, quantity, window_demand)
    played: dict[str, float | FloatArray] = {
        **service("after", after, window_demand),
        "expected_profit": mean_of(gained),
        "confidence": float((gained > 0.0).mean()),
        "projected_stock_with_order": stock.mean(axis=0),
    }
    if stock_quantiles:
        played["stock_quantiles"] = np.quantile(stock, stock_quantiles, axis=0)
    return played


def _check(
    n: int, quantity: FloatArray, bound: IntArray, plans: LinePlans, stock_quantiles: tuple[float, ...]
) -> None:
    faults: list[str] = []
    if quantity.shape != (n,) or bound.shape != (n,) or len(plans.quantity) != n:
        faults.append(
            f"quantity has shape {quantity.shape}, bound {bound.shape} and the plan {plans.quantity.shape}; "
            f"each must be ({n},)"
        )
    else:
        find_faults(faults, "quantity", quantity, (quantity >= 0) & np.isfinite(quantity), "finite and ≥ 0")
        whole = quantity * GRID == np.round(quantity * GRID)
        find_faults(faults, "quantity", quantity, whole | ~np.isfinite(quantity), "a multiple of 1/1024")
        good = (bound >= 0) & (bound < len(BOUNDS))
        find_faults(faults, "bound", bound, good, f"in 0 … {len(BOUNDS) - 1}")
    if len(stock_quantiles) != plans.stock_quantiles.shape[1]:
        faults.append(
            f"stock_quantiles has {len(stock_quantiles)} probabilities, must be the "
            f"{plans.stock_quantiles.shape[1]} that the plan was made with"
        )
    if faults:
        raise EngineError("settled orders: " + "; ".join(faults))
