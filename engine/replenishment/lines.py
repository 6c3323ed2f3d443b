"""What a replenishment line needs and what the plan says of it: two frozen structs of arrays.

A line is a product at a location from a source. All time is in whole forecast periods counted from
today (period 0): an order placed in period `a` with lead time `L` arrives at the start of period
`a + L` and serves that period's demand.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from engine.contracts import ORDER_BOUNDS
from engine.errors import EngineError
from engine.replenishment.line_checks import find_faults, find_out_of_range, margin_where_none

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TARGET_KINDS = ("fill", "cycle", "cost")
NEVER = 1 << 40
"""Last period of stock that does not expire, and the life of such stock."""

BOUNDS = ORDER_BOUNDS
"""What kept the order from reaching its target; `LinePlans.bound` indexes this tuple."""

_RAGGED = (
    ("batch_line", "batch_quantity", "batch_last_period"),
    ("receipt_line", "receipt_period", "receipt_quantity"),
)
_DEFAULTS = {
    "lead_time_sd": 0.0,
    "moq": 0.0,
    "order_multiple": 0.0,
    "min_cover": 0.0,
    "max_cover": np.inf,
    "presentation_stock": 0.0,
    "shelf_maximum": np.inf,
    "order_cost": 0.0,
    "life_periods": float(NEVER),
}


@dataclass(frozen=True)
class LineInputs:
    """n lines over h periods; arrays of length n unless a shape is given.

    NaN means "none" for lead_time_sd, moq, order_multiple, min_cover, max_cover, presentation_stock,
    shelf_maximum, order_cost and life_periods, and "the unit margin" for stockout_cost.
    """

    mean: FloatArray
    """Expected demand [each/period], shape (n, h)."""
    level_cv: FloatArray
    """Relative error of the level, common to all periods of a path."""
    dispersion: FloatArray
    """Variance over mean of one period's demand, ≥ 1."""
    path_seed: NDArray[np.uint64]
    """Seed of the sample paths and lead times."""
    batch_line: IntArray
    """Line of each stock batch, shape (batches,)."""
    batch_quantity: FloatArray
    """Stock of each batch [each]; negative stock counts as none."""
    batch_last_period: IntArray
    """Last period in which the batch can be sold; negative: expired; ≥ h: not in the horizon."""
    receipt_line: IntArray
    """Line of each open order, shape (receipts,)."""
    receipt_period: IntArray
    """Period at whose start it arrives; before today counts as today."""
    receipt_quantity: FloatArray
    """What is still to come [each]."""
    order_period: IntArray
    """Period in which this order is placed; 0 is today."""
    next_order_period: IntArray
    """Period in which the next order can be placed."""
    lead_time_mean: FloatArray
    """Lead time [periods], may be a fraction."""
    lead_time_sd: FloatArray
    """Its standard deviation [periods]."""
    moq: FloatArray
    """Minimum order quantity [each]."""
    order_multiple: FloatArray
    """Orders are whole multiples of this [each]; 0 or 1: any whole number."""
    min_cover: FloatArray
    """Least cover at arrival [periods of mean demand]."""
    max_cover: FloatArray
    """Most cover at arrival [periods of mean demand]."""
    presentation_stock: FloatArray
    """Least stock wanted on the shelf at the next arrival [each]."""
    shelf_maximum: FloatArray
    """Most stock that fits at arrival [each]."""
    unit_cost: FloatArray
    """Cost of one each [money]; what a written-off each loses."""
    unit_margin: FloatArray
    """Price minus cost [money/each]."""
    target_kind: NDArray[np.str_]
    """fill, cycle or cost."""
    service_target: FloatArray
    """Share, for fill and cycle; ignored where costs decide."""
    stockout_cost: FloatArray
    """Cost of one each short [money]."""
    holding_cost: FloatArray
    """Cost of one each held for one period [money]."""
    life_periods: FloatArray
    """Sellable life of stock when received [periods], 1: only in the period of arrival."""
    backorder: NDArray[np.bool_]
    """Unmet demand waits instead of being lost."""
    order_cost: FloatArray
    """Fixed cost of an order line [money]."""
    period_days: float = 1.0
    """Length of a period [days]: 1, 7 or 30.4375."""

    @property
    def size(self) -> int:
        """Number of lines."""
        return int(np.shape(self.mean)[0])

    @property
    def horizon(self) -> int:
        """Number of periods."""
        return int(np.shape(self.mean)[1])

    def take(self, rows: IntArray) -> LineInputs:
        """Lines `rows`, in that order, with their batches and receipts.

        Parameters
        ----------
        rows : int array
            Row numbers, each at most once.
        """
        rows = np.asarray(rows, np.int64)
        position = np.full(self.size, -1, np.int64)
        position[rows] = np.arange(len(rows))
        taken: dict[str, object] = {}
        for names in _RAGGED:
            line = position[np.asarray(getattr(self, names[0]), np.int64)]
            keep = line >= 0
            taken[names[0]] = line[keep]
            for name in names[1:]:
                taken[name] = np.asarray(getattr(self, name))[keep]
        ragged = {name for names in _RAGGED for name in names}
        for field in fields(self):
            if field.name not in ragged and field.name != "period_days":
                taken[field.name] = np.asarray(getattr(self, field.name))[rows]
        return replace(self, **taken)  # type: ignore[arg-type]

    def checked(self) -> LineInputs:
        """The same lines with plain dtypes and defaults in place of NaN.

        Raises
        ------
        EngineError
            Every fault at once: the argument, the line, the value, the rule.
        """
        faults: list[str] = []
        n = self.size
        clean: dict[str, object] = {}
        ragged = {name: group for group in _RAGGED for name in group}
        for field in fields(self):
            name = field.name
            if name == "period_days":
                continue
            values = np.asarray(getattr(self, name))
            if name == "target_kind":
                values = values.astype(str)
                find_faults(faults, name, values, np.isin(values, TARGET_KINDS), f"one of {TARGET_KINDS}")
            elif name == "path_seed":
                values = values.astype(np.uint64)
            elif name == "backorder":
                values = values.astype(bool)
            elif name.endswith(("_line", "_period")):
                values = values.astype(np.int64)
            else:
                values = values.astype(np.float64)
                if name in _DEFAULTS:
                    values = np.where(np.isnan(values), _DEFAULTS[name], values)
            expected = len(np.asarray(getattr(self, ragged[name][0]))) if name in ragged else n
            if len(values) != expected:
                faults.append(f"{name} has {len(values)} values, expected {expected}")
            clean[name] = values
        if not faults:
            clean["stockout_cost"] = margin_where_none(clean["stockout_cost"], clean["unit_margin"])
            find_out_of_range(faults, clean, n)
        if faults:
            raise EngineError("replenishment lines: " + "; ".join(faults))
        return replace(self, **clean)  # type: ignore[arg-type]


@dataclass(frozen=True)
class LinePlans:
    """The plan of n lines; arrays of length n unless a shape is given. Quantities in eaches."""

    quantity: FloatArray
    """Order proposed; a whole multiple of order_multiple, 0 or ≥ moq."""
    # the explain terms: they sum to quantity, exactly (all are multiples of 2**-10)
    term_demand: FloatArray
    """Expected demand until the next arrival, less what is lost before this order can arrive."""
    term_buffer: FloatArray
    term_on_hand: FloatArray
    term_on_order: FloatArray
    term_excess: FloatArray
    term_cover: FloatArray
    term_moq: FloatArray
    term_multiple: FloatArray
    term_joint: FloatArray
    """Moved by what lines share (`engine.replenishment.joint`, a centre's shortage); 0 before that."""
    on_hand: FloatArray
    """Stock as given, expired stock included."""
    on_order: FloatArray
    least_order: FloatArray
    """Order that minimum cover and presentation stock ask for, as far as cover and shelf allow it; before
    rounding; 0: none."""
    most_order: FloatArray
    """Order at which maximum cover or shelf is full, before rounding; NEVER: no such limit."""
    need_period: IntArray
    """First period in which half of the paths have no stock left without the order; -1: none."""
    arrival_period: IntArray
    """Expected arrival of this order."""
    next_arrival_period: IntArray
    """Expected arrival of the next order."""
    demand_rate: FloatArray
    """Mean demand over the protection period [each/period]."""
    cover: FloatArray
    """Stock over mean demand [periods]; NaN without demand."""
    fill_before: FloatArray
    fill_after: FloatArray
    lost_before: FloatArray
    lost_after: FloatArray
    lost_unavoidable: FloatArray
    """Expected units short before this order can arrive; part of both lost_before and lost_after."""
    waste_before: FloatArray
    waste_after: FloatArray
    expected_profit: FloatArray
    """Money gained in the protected window against not ordering; the fixed cost and the write-off of a
    lot that outlasts the window are shared out over the demand it serves."""
    confidence: FloatArray
    """Share of paths on which the order beats not ordering."""
    excess_units: FloatArray
    money_at_risk: FloatArray
    reorder_point: FloatArray
    order_up_to: FloatArray
    service_target: FloatArray
    """Target, or the critical ratio where costs decide."""
    stockout_cost: FloatArray
    """Cost of one each short that was used [money]."""
    bound: IntArray
    """Index into BOUNDS: what kept the order from its target."""
    projected_stock: FloatArray
    """Expected end stock without the order (backlog negative), shape (n, h)."""
    projected_stock_with_order: FloatArray
    """The same with the order, shape (n, h)."""
    stock_quantiles: FloatArray
    """Quantiles over the paths of end stock with the order, shape (n, quantiles asked for, h)."""
