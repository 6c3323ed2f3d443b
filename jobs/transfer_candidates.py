"""Which products may be worth moving over which lanes, from what the plan says of both ends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replenishment.lines import LineInputs, LinePlans
from jobs.inputs import PlanInputs
from jobs.transfer_lanes import LaneTerms

Floats = npt.NDArray[np.float64]


class PlannedPlaces:
    """The lines of a plan as places of products: who may give, who is short. Arrays are by line, [n]."""

    def __init__(
        self,
        inputs: PlanInputs,
        lines: pd.DataFrame,
        line_inputs: LineInputs,
        plans: LinePlans,
        lanes: Sequence[LaneTerms],
    ) -> None:
        self.inputs = inputs
        self.lines = lines
        self.line_inputs = line_inputs
        self.plans = plans
        self.lanes = lanes
        self.risk: Floats = plans.lost_after * plans.stockout_cost
        """Money of expected shortages until the next order can arrive, the settled one counted."""
        self.write_off: Floats = plans.waste_after * line_inputs.unit_cost
        """Money of expected write-offs."""
        products = inputs.tables["products"].drop_duplicates("sku").set_index("sku")
        self.volume = lines["sku"].map(products["volume"]).fillna(0.0).to_numpy(np.float64)
        self.case_pack = lines["sku"].map(products["case_pack"]).fillna(1.0).to_numpy(np.float64)
        self.location = lines["location"].to_numpy(dtype=object)
        self._life_at_receipt = lines["sku"].map(products["min_life_at_receipt_days"]).to_numpy(np.float64)

    @property
    def period(self) -> str:
        """Forecast period: D, W or M."""
        return self.inputs.period

    @cached_property
    def daily_rate(self) -> Floats:
        """Expected demand [each/day]."""
        return np.asarray(self.plans.demand_rate / self.line_inputs.period_days, dtype=np.float64)

    @cached_property
    def least_days(self) -> Floats:
        """Days of sale that a batch must have left on arrival: one, and where others are supplied from here
        the time to reach them, or what the product must have left when it is received.
        """
        lines = self.lines
        onward = lines[lines["source_kind"] == "location"].groupby(["sku", "source"])["lead_time_mean"].max()
        keys = pd.MultiIndex.from_frame(lines[["sku", "location"]])
        to_others = onward.reindex(keys).to_numpy(np.float64)
        at_receipt = np.nan_to_num(self._life_at_receipt - _days(lines["min_life_at_sale_days"]))
        needed: Floats = np.where(np.isnan(to_others), 0.0, np.maximum(to_others, at_receipt))
        return np.ceil(1.0 + np.maximum(needed, 0.0))

    @cached_property
    def spare(self) -> Floats:
        """Least expected stock until the next order after this one arrives: free to give, on average."""
        stock = self.plans.projected_stock_with_order
        before_next = np.arange(stock.shape[1]) < np.maximum(self.plans.next_arrival_period, 1)[:, None]
        least: Floats = np.where(before_next, stock, np.inf).min(axis=1, initial=np.inf)
        return np.minimum(least, np.maximum(self.plans.on_hand, 0.0))

    def pairs(self, held: pd.DataFrame | None, least_money: float) -> pd.DataFrame:
        """Return every product and lane with stock at one end and a use at the other.

        Parameters
        ----------
        held : sku, location of lines whose data are wrong; they neither give nor get
        least_money : what a use, a shortage or a write-off avoided, must be worth

        Returns
        -------
        DataFrame
            sku, origin, destination, lane (its number), giver, taker (lines), in_time (it arrives before the
            next order does), bound (money that it can earn at most), sorted by product, origin, destination.
        """
        plans = self.plans
        pairs = self._ways(held, least_money)
        giver, taker, lane = (pairs[name].to_numpy(np.int64) for name in ("giver", "taker", "lane"))
        by_litre, by_unit, fixed, whole, smallest, arrival = self._lane_figures()
        cost = by_unit[lane] + by_litre[lane] * self.volume[giver]
        least_move = np.maximum(smallest[lane], np.where(whole[lane] > 0, self.case_pack[giver], 1.0))
        in_time = arrival[lane] < plans.next_arrival_period[taker]
        risk = np.where(in_time, self.risk[taker], 0.0)
        sold_in_time = self.daily_rate[taker] > 0
        saved = np.where(sold_in_time, self.write_off[giver], 0.0)
        # What a unit is worth at most: sold where it would be missing, and not written off where it lies.
        worth = plans.stockout_cost[taker] * (risk > 0) + self.line_inputs.unit_cost[giver] * (saved > 0)
        left = np.clip(1.0 - cost / np.maximum(worth, 1e-9), 0.0, 1.0)
        holding = plans.excess_units * self.line_inputs.holding_cost * plans.next_arrival_period
        bound = (risk + saved) * left + np.where(worth > cost, holding[giver], 0.0) - fixed[lane]
        used = (self.risk[taker] >= least_money) | (saved >= least_money)
        enough = (self.spare[giver] >= least_move) | (saved >= least_money)
        keep = used & enough & (plans.on_hand[giver] >= least_move)
        found: pd.DataFrame = pairs.assign(bound=bound, in_time=in_time)[keep]
        return found.sort_values(["sku", "origin", "destination"], ignore_index=True)

    def _ways(self, held: pd.DataFrame | None, least_money: float) -> pd.DataFrame:
        """Every product and lane between two lines of which the first may have stock to give."""
        keys = self.lines[["sku", "location"]].assign(row=range(len(self.lines)))
        keys = keys.drop_duplicates(["sku", "location"])
        if held is not None and len(held):
            wrong = pd.MultiIndex.from_frame(held[["sku", "location"]])
            keys = keys[~pd.MultiIndex.from_frame(keys[["sku", "location"]]).isin(wrong)]
        ends = {"origin": [lane.origin for lane in self.lanes]}
        ends["destination"] = [lane.destination for lane in self.lanes]
        lanes = pd.DataFrame(ends, dtype="str").assign(lane=range(len(self.lanes)))
        gives = (self.spare >= 1.0) | (self.write_off >= least_money)
        givers = keys[gives[keys["row"]]].rename(columns={"location": "origin", "row": "giver"})
        takers = keys.rename(columns={"location": "destination", "row": "taker"})
        ways: pd.DataFrame = givers.merge(lanes, on="origin").merge(takers, on=["sku", "destination"])
        return ways

    def _lane_figures(self) -> list[Floats]:
        rows = [
            (
                lane.freight_per_litre,
                lane.freight_per_unit + lane.handling,
                lane.fixed_cost,
                lane.case,
                lane.least_quantity,
                lane.arrival_period(self.period),
            )
            for lane in self.lanes
        ]
        return list(np.array(rows, dtype=np.float64).reshape(len(rows), 6).T)


def _days(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64)
