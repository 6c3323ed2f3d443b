"""What every order worth comparing would do and bring: the marginal-value curves of the plan's lines.

The orders compared are the plan's own lots (`order_candidates`); each is valued by the rules of the plan,
over the plan's paths. Money needs a price of a unit short. Where costs decide it is the line's stockout
cost. A line that is planned to a service target gets the price that the target implies (`implied_price`),
so that on its own the line's best candidate is what the plan orders, whatever decided it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.replenishment.candidate_orders import MOST_CANDIDATES, order_candidates
from engine.replenishment.candidate_outcomes import outcomes
from engine.replenishment.implied_price import implied_price, lifted
from engine.replenishment.line import Line, draw, expired_stock, periods_that_matter
from engine.replenishment.lines import FloatArray, IntArray, LineInputs, LinePlans

_NO_BREAKS = np.empty(0)


@dataclass(frozen=True)
class LineCurves:
    """n lines with up to K ≤ 64 candidate orders each; arrays (n, K) unless a shape is given.

    Candidates rise from 0; behind a line's last one every array is NaN.
    """

    quantity: FloatArray
    """Candidate orders [each]."""
    short: FloatArray
    """Expected units short in the order's window."""
    short_windows: FloatArray
    """Share of windows with a shortage."""
    waste: FloatArray
    """Expected units written off in the horizon, stock that has expired already included."""
    held: FloatArray
    """Expected end stock summed over the periods of the window [each·period]."""
    money: FloatArray
    """Expected money against ordering nothing, at the list price, a unit short at `shortage_price`."""
    window_demand: FloatArray
    """Expected demand in the window [each], shape (n,)."""
    shortage_price: FloatArray
    """What a unit short costs [money/each], shape (n,): the line's stockout cost where costs decide, else
    the price nearest to it at which the plan's order has most money."""


def value_curves(
    lines: LineInputs,
    plans: LinePlans,
    *,
    n_paths: int = 300,
    breaks: FloatArray | None = None,
    block: int = 64,
    workers: int = 2,
) -> LineCurves:
    """Value the orders that each line could place instead of its plan's.

    Parameters
    ----------
    lines, plans : LineInputs, LinePlans
        n lines and their plan.
    n_paths : int
        As for `plan_lines`.
    breaks : float array (n, B), optional
        Quantities from which a lower price applies [each], NaN: none. Each is among the candidates, raised to
        the next lot, unless a limit of the line forbids it.
    block, workers : int
        As for `plan_lines`; no result depends on them.

    Returns
    -------
    LineCurves

    Raises
    ------
    EngineError
        An input breaks its range; all faults are listed.

    Notes
    -----
    Where no price makes the plan's order the best one (limits and lots can ask for an order that no price
    of a shortage would, and the fixed cost of a line is weighed over more than its window), its money is
    lifted by the least amount that does.

    Examples
    --------
    >>> from engine.replenishment.one_line import one_line
    >>> from engine.replenishment.plan import plan_lines
    >>> line = one_line([5.0] * 10, batches=[(20, 1 << 40)], lead_time_mean=2, next_order_period=7)
    >>> curves = value_curves(line, plan_lines(line))
    >>> float(curves.quantity[0, np.nanargmax(curves.money[0])])
    28.0
    """
    clean = lines.checked()
    n = clean.size
    figures = {name: np.full((n, MOST_CANDIDATES), np.nan) for name in ("quantity", "short", "short_windows")}
    figures |= {name: np.full((n, MOST_CANDIDATES), np.nan) for name in ("waste", "held")}
    window_demand = np.zeros(n)

    def run(rows: IntArray) -> None:
        for row, line in zip(rows, draw(clean, rows, n_paths, int(periods[rows].max())), strict=True):
            window_demand[row] = line.window_demand()
            found = _curve(line, plans, row, _NO_BREAKS if breaks is None else breaks[row])
            for values, name in zip(found, figures, strict=True):
                figures[name][row, : len(values)] = values

    # lines that need few periods are drawn with others that do
    periods = periods_that_matter(clean, n_paths)
    order = np.argsort(periods, kind="stable")
    blocks = [order[start : start + block] for start in range(0, n, block)]
    if workers > 1 and len(blocks) > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, blocks))
    else:
        for rows in blocks:
            run(rows)
    width = max(int((~np.isnan(figures["quantity"])).sum(axis=1).max(initial=1)), 1)
    figures = {name: values[:, :width] for name, values in figures.items()}
    money, price = _money(clean, plans, window_demand, figures)
    figures["waste"] += expired_stock(clean)[:, None]
    return LineCurves(**figures, money=money, window_demand=window_demand, shortage_price=price)


def _curve(line: Line, plans: LinePlans, row: int, breaks: FloatArray) -> tuple[FloatArray, ...]:
    """Candidates of one line and what each does: quantity, short, windows short, waste, held."""
    useful, played = outcomes(line)
    quantity = order_candidates(
        line.value("order_multiple"),
        line.value("moq"),
        float(plans.most_order[row]),
        own=float(plans.quantity[row]),
        useful=useful,
        breaks=breaks,
    )
    return (quantity, *played(quantity))


def _money(
    lines: LineInputs, plans: LinePlans, window_demand: FloatArray, figures: dict[str, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Money of every candidate and the price of a unit short, by the rules of `outcome.gains`."""
    quantity = figures["quantity"]
    written_off = figures["waste"] - figures["waste"][:, :1]
    lasting = quantity - written_off
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(lasting > 0.0, np.minimum(1.0, window_demand[:, None] / lasting), 1.0)
    spent = lines.holding_cost[:, None] * (figures["held"] - figures["held"][:, :1])
    spent += share * (lines.unit_cost[:, None] * written_off + lines.order_cost[:, None] * (quantity > 0.0))
    saved = figures["short"][:, :1] - figures["short"]
    own = (quantity == plans.quantity[:, None]).argmax(axis=1)
    price = implied_price(saved, spent, own, lines.stockout_cost, lines.unit_cost)
    price = np.where(lines.target_kind == "cost", lines.stockout_cost, price)
    return lifted(price[:, None] * saved - spent, own), price
