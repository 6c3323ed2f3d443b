"""Network: what should move between places, what each place holds and is short of, and where stock flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import TABLES
from jobs.transfer_approvals import approved_transfers
from jobs.views.lines import named

REASON_LABELS = {"shortage": "Shortage", "expiry": "Expiry", "excess": "Excess"}
"""What a transfer earns most by, in planners' words."""

IDLE_LABELS = {
    "expires": "Would expire",
    "cost": "Costs more than it earns",
    "late": "Comes too late",
    "limit": "Too little",
    "elsewhere": "Used better elsewhere",
}
"""Why a lane carries nothing, in planners' words."""

KIND_LABELS = {"dc": "Centre", "store": "Store"}


@dataclass(frozen=True)
class NetworkWanted:
    """What a planner narrowed the page to; empty: everything."""

    regions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


IDLE_MOST = 100
"""Idle lanes shown, the dearest shortages first."""


@dataclass(frozen=True)
class Network:
    """What the page shows of a run, before it is narrowed.

    Parameters
    ----------
    transfers : `transfers` with names, `state` ("open" or "approved"), `order_id`, `author`
    idle : `transfers_idle` with names
    places : one row a location, see `_places`
    lines : sku, location, category of the plan's lines with their figures
    has_lanes, proposes : the run knew lanes; the run is new enough to propose transfers
    """

    transfers: pd.DataFrame
    idle: pd.DataFrame
    places: pd.DataFrame
    lines: pd.DataFrame
    has_lanes: bool
    proposes: bool

    @property
    def regions(self) -> list[str]:
        """Regions of the places, by name."""
        return sorted(set(self.places["region"].dropna()))


@dataclass(frozen=True)
class NetworkFigures:
    """What the transfers shown add up to: money [money], units, write-offs avoided and shortages saved."""

    count: int
    money: float
    units: float
    freight: float
    at_risk: float
    """Expected shortages of all places shown [money]."""


def load(lake: Lake, run: Run, lines: pd.DataFrame) -> Network:
    """Read what the page needs of a run.

    Parameters
    ----------
    lines : from `jobs.views.lines.load`
    """
    places = _places(lake, run, lines)
    proposes = "transfers" in run.outputs
    transfers = _run_table(lake, run, "transfers")
    idle = _run_table(lake, run, "transfers_idle")
    idle = idle.sort_values(["money_at_risk", "transfer_id"], ascending=[False, True]).head(IDLE_MOST)
    lanes = lake.read("lanes", version=run.inputs["lanes"]) if run.inputs.get("lanes") else pd.DataFrame()
    kept = lines[["sku", "location", "category", *_FIGURES]].assign(short=_short(lake, run, lines))
    named_transfers = _with_names(transfers, lines, places, REASON_LABELS)
    words = [batches_in_words(batches) for batches in named_transfers["batches"]]
    return Network(
        named_transfers.assign(batches_text=pd.Series(words, index=named_transfers.index, dtype="str")),
        _with_names(idle, lines, places, IDLE_LABELS),
        places,
        kept,
        bool(len(lanes)),
        proposes,
    )


_FIGURES = [
    "on_hand",
    "unit_cost",
    "expected_demand_daily",
    "fill_after",
    "lost_after",
    "waste_after",
    "stockout_cost",
    "excess_units",
]


def with_state(lake: Lake, transfers: pd.DataFrame) -> pd.DataFrame:
    """Return the transfers with what was decided: state, order_id and author ('' while open).

    A decision belongs to a transfer and the day it leaves, so planning again on the same day keeps it.
    """
    done = approved_transfers(lake).drop_duplicates(["transfer_id", "ship_date"], keep="last")
    done = done[["transfer_id", "ship_date", "order_id", "author"]]
    found = transfers.merge(done, on=["transfer_id", "ship_date"], how="left")
    state = np.where(found["order_id"].notna(), "approved", "open")
    return found.assign(state=state, order_id=found["order_id"].fillna(""), author=found["author"].fillna(""))


def narrow_transfers(network: Network, transfers: pd.DataFrame, wanted: NetworkWanted) -> pd.DataFrame:
    """Return the transfers from or to a region, of some categories or products, most money first."""
    keep = pd.Series(True, index=transfers.index)
    if wanted.products:
        keep &= transfers["sku"].isin(list(wanted.products))
    if wanted.categories:
        keep &= transfers["category"].isin(list(wanted.categories))
    if wanted.regions:
        inside = set(network.places.loc[network.places["region"].isin(list(wanted.regions)), "location"])
        keep &= transfers["origin"].isin(inside) | transfers["destination"].isin(inside)
    order = ["money", "transfer_id"] if "money" in transfers else ["money_at_risk", "transfer_id"]
    return transfers[keep].sort_values(order, ascending=[False, True], ignore_index=True)


def figures(transfers: pd.DataFrame, places: pd.DataFrame) -> NetworkFigures:
    """Return what the transfers shown add up to."""
    return NetworkFigures(
        len(transfers),
        float(transfers["money"].sum()),
        float(transfers["quantity"].sum()),
        float((transfers["freight"] + transfers["handling"] + transfers["fixed_cost"]).sum()),
        float(places["at_risk"].sum()),
    )


def narrow_places(network: Network, wanted: NetworkWanted) -> pd.DataFrame:
    """Return each place's stock, cover, fill and shortage over the lines chosen, centres first.

    Returns
    -------
    DataFrame
        location, name, kind, kind_label, region, latitude, longitude, stock_value [money], cover [days],
        fill [share of demand], at_risk, write_off [money], excess_value [money], short [each, what centres
        could not grant], lines.
    """
    lines, places = network.lines, network.places
    if wanted.categories:
        lines = lines[lines["category"].isin(list(wanted.categories))]
    if wanted.regions:
        places = places[places["region"].isin(list(wanted.regions))]
    demand = lines["expected_demand_daily"]
    value = lines["on_hand"].clip(lower=0) * lines["unit_cost"]
    sums = pd.DataFrame(
        {
            "location": lines["location"],
            "stock_value": value,
            "daily_cost": demand * lines["unit_cost"],
            "demand": demand,
            "filled": demand * lines["fill_after"],
            "at_risk": lines["lost_after"] * lines["stockout_cost"],
            "write_off": lines["waste_after"] * lines["unit_cost"],
            "excess_value": lines["excess_units"] * lines["unit_cost"],
            "short": lines["short"],
            "lines": 1.0,
        }
    )
    sums = sums.groupby("location", as_index=False).sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        sums["cover"] = np.where(sums["daily_cost"] > 0, sums["stock_value"] / sums["daily_cost"], np.nan)
        sums["fill"] = np.where(sums["demand"] > 0, sums["filled"] / sums["demand"], np.nan)
    frame = places.merge(sums.drop(columns=["daily_cost", "demand", "filled"]), on="location", how="inner")
    return frame.sort_values(["kind", "name"], ignore_index=True)


def flows(transfers: pd.DataFrame) -> pd.DataFrame:
    """Return transfers by way: origin, destination and their names, transfers, quantity, money."""
    keys = ["origin", "destination", "origin_name", "destination_name"]
    grouped = transfers.groupby(keys, as_index=False, sort=True)
    return grouped.agg(transfers=("money", "size"), quantity=("quantity", "sum"), money=("money", "sum"))


def is_on_map(places: pd.DataFrame) -> bool:
    """Return whether there is a map to draw: at least two places say where they are."""
    return bool((places["latitude"].notna() & places["longitude"].notna()).sum() >= 2)


def batches_in_words(batches: Sequence[str]) -> str:
    """Return which batches move: "12 of L42, 3 of L43"; "" where batches are not tracked.

    Examples
    --------
    >>> batches_in_words(["L42=12", "L43=3"]), batches_in_words(["=7"])
    ('12 of L42, 3 of L43', '')
    """
    parts = [text.rpartition("=") for text in batches]
    return ", ".join(f"{units} of {name}" for name, _, units in parts if name)


def _run_table(lake: Lake, run: Run, table: str) -> pd.DataFrame:
    if table in run.outputs:
        return read_run_table(lake, run, table).drop(columns="run_id")
    frame = lake.read(table, version=None).iloc[:0] if lake.current(table) else _empty(table)
    return frame.drop(columns="run_id")


def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(TABLES[table].names))


def _places(lake: Lake, run: Run, lines: pd.DataFrame) -> pd.DataFrame:
    """Return location, name, kind, kind_label, region, latitude, longitude of every planned location."""
    number = run.inputs.get("locations")
    table = lake.read("locations", version=number) if number else lake.read("locations")
    known = lines[["location", "location_name"]].drop_duplicates("location")
    frame = known.merge(table.drop(columns="name"), on="location", how="left")
    supplies = set(lines.loc[lines["source_kind"] == "location", "source"])
    kind = frame["kind"].where(
        frame["kind"].notna(), np.where(frame["location"].isin(supplies), "dc", "store")
    )
    frame = frame.assign(kind=kind, kind_label=kind.map(KIND_LABELS)).rename(
        columns={"location_name": "name"}
    )
    columns = ["location", "name", "kind", "kind_label", "region", "latitude", "longitude"]
    return frame[columns].sort_values("location", ignore_index=True)


def _short(lake: Lake, run: Run, lines: pd.DataFrame) -> Any:
    """Return what each line asked of its centre and did not get [each]; 0 in runs without allocation."""
    if "allocations" not in run.outputs:
        return 0.0
    table = read_run_table(lake, run, "allocations", columns=["line_id", "wanted", "granted"])
    missing = (table["wanted"] - table["granted"]).clip(lower=0.0).groupby(table["line_id"]).sum()
    return lines["line_id"].map(missing).fillna(0.0).to_numpy()


def _with_names(
    frame: pd.DataFrame, lines: pd.DataFrame, places: pd.DataFrame, labels: dict[str, str]
) -> pd.DataFrame:
    names = dict(zip(places["location"], places["name"], strict=True))
    products = lines.drop_duplicates("sku").set_index("sku")
    product_names = {str(sku): str(name) for sku, name in products["product"].items()}
    label = frame["reason"].map(labels)
    return frame.assign(
        product=named(frame["sku"], product_names),
        category=frame["sku"].map(products["category"]).fillna("No category"),
        origin_name=named(frame["origin"], names),
        destination_name=named(frame["destination"], names),
        label=label.map(lambda text: [text]).astype("object"),
    )
