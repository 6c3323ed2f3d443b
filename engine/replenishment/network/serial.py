"""Base stock of stages in series that supply one another, unmet customer demand waiting.

Clark & Scarf, "Optimal policies for a multi-echelon inventory problem", Management Science 6, 1960, in the
recursion of Chen & Zheng (1994); bounds and heuristic of Shang & Song, "Newsvendor bounds and heuristic for
optimal policies in serial supply chains", Management Science 49(5), 2003. Stage 1 serves customers, stage N
is supplied from outside. An echelon is a stage with everything downstream of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EchelonPlan:
    """`levels` units of echelon base stock, stage 1 first; `cost` money a period."""

    levels: tuple[float, ...]
    cost: float


def echelon_base_stock(
    lead_time_demand: Sequence[npt.ArrayLike],
    echelon_holding_cost: Sequence[float],
    backorder_cost: float,
    *,
    step: float = 1.0,
    levels: Sequence[float] | None = None,
) -> EchelonPlan:
    """Return the echelon base-stock levels of least cost, or the cost of given ones.

    Parameters
    ----------
    lead_time_demand : N chance vectors, stage 1 first; entry i is P(demand in its lead time = i·step).
        A tail may be cut where it no longer matters; the rest is scaled to one.
    echelon_holding_cost : N, money per unit and period added by each stage, > 0
    backorder_cost : money per waiting customer unit and period, > 0
    step : units of one entry; a continuous demand is cut into steps
    levels : N, whole steps; None to find the best

    Raises
    ------
    EngineError : lengths differ, chances are no distribution, or a cost is not above 0.

    Examples
    --------
    Shang & Song (2003), Table 1, row 1: four stages, Poisson demand 16 a period, lead times a quarter.

    >>> from scipy.stats import poisson
    >>> plan = echelon_base_stock([poisson(4).pmf(range(60))] * 4, [0.25] * 4, 9.0)
    >>> round(plan.cost, 3)
    12.688
    """
    chances = _checked(lead_time_demand, echelon_holding_cost, backorder_cost)
    if levels is not None and len(levels) != len(chances):
        raise EngineError(f"levels has {len(levels)} entries; it must have one per stage, {len(chances)}")
    # States x run over whole steps from −reach to +reach; outside, costs are linear and never the least.
    reach = sum(len(chance) - 1 for chance in chances)
    given = [] if levels is None else [round(level / step) for level in levels]
    low = -reach + min([0, *given])
    high = max([reach, *given])
    units = np.arange(low, high + 1) * step
    # Cost of the stages below when the echelon above stands at x; below the grid it has a constant slope.
    below = (backorder_cost + sum(echelon_holding_cost)) * np.maximum(-units, 0.0)
    slope = -(backorder_cost + sum(echelon_holding_cost)) * step
    found: list[int] = []
    for j, chance in enumerate(chances):
        slope += echelon_holding_cost[j] * step
        held = echelon_holding_cost[j] * units + below
        expected = _expected(held, slope, chance)
        best = int(np.argmin(expected)) if levels is None else given[j] - low
        found.append(best)
        below = expected[np.minimum(np.arange(len(units)), best)]
    return EchelonPlan(tuple(float(units[best]) for best in found), float(below[-1]))


def shang_song(
    lead_time_demand: Sequence[npt.ArrayLike],
    echelon_holding_cost: Sequence[float],
    backorder_cost: float,
    *,
    step: float = 1.0,
) -> tuple[Floats, Floats, Floats]:
    """Return lower bound, heuristic and upper bound of the optimal echelon base-stock levels.

    Each is a newsvendor on the demand of all lead times up to the stage; the heuristic is the mean of
    the bounds, not rounded. Arguments as for `echelon_base_stock`.

    Returns
    -------
    float64[N] units each

    Examples
    --------
    >>> from scipy.stats import poisson
    >>> _, heuristic, _ = shang_song([poisson(4).pmf(range(60))] * 4, [0.25] * 4, 9.0)
    >>> heuristic.astype(int)  # Shang & Song (2003), Table 1, row 1
    array([ 8, 13, 18, 22])
    """
    chances = _checked(lead_time_demand, echelon_holding_cost, backorder_cost)
    costs = np.asarray(echelon_holding_cost, dtype=np.float64)
    bounds = np.empty((2, len(chances)))
    total = np.ones(1)
    for j, chance in enumerate(chances):
        total = np.convolve(total, chance)
        reached = np.cumsum(total)
        upstream = backorder_cost + costs[j + 1 :].sum()
        for b, dearest in enumerate((costs.sum(), costs[j:].sum())):
            ratio = upstream / (backorder_cost + dearest)
            bounds[b, j] = step * min(np.searchsorted(reached, ratio - 1e-12), len(reached) - 1)
    return bounds[0], bounds.mean(axis=0), bounds[1]


def _expected(cost: Floats, slope: float, chance: Floats) -> Floats:
    """Return E cost(y − D) for each y on the grid; below the grid `cost` goes on with `slope` a step."""
    longer = len(chance) - 1
    below = cost[0] - slope * np.arange(longer, 0, -1)
    expected: Floats = np.convolve(np.concatenate([below, cost]), chance, mode="valid")
    return expected


def _checked(
    lead_time_demand: Sequence[npt.ArrayLike], echelon_holding_cost: Sequence[float], backorder_cost: float
) -> list[Floats]:
    chances = [np.asarray(chance, dtype=np.float64) for chance in lead_time_demand]
    faults = []
    if len(chances) != len(echelon_holding_cost) or not chances:
        faults.append(
            f"lead_time_demand has {len(chances)} and echelon_holding_cost {len(echelon_holding_cost)} "
            "entries; both must have one per stage"
        )
    for j, chance in enumerate(chances, start=1):
        if chance.ndim != 1 or not (chance >= 0).all() or not abs(chance.sum() - 1) < 1e-6:
            faults.append(
                f"lead_time_demand of stage {j} sums to {chance.sum():.6g}; it must be chances of sum 1"
            )
    for j, cost in enumerate(echelon_holding_cost, start=1):
        if not cost > 0:
            faults.append(f"echelon_holding_cost of stage {j} is {cost}; it must exceed 0")
    if not backorder_cost > 0:
        faults.append(f"backorder_cost is {backorder_cost}; it must exceed 0")
    if faults:
        raise EngineError("; ".join(faults))
    return [chance / chance.sum() for chance in chances]
