"""The table `supplier_performance` of a run: a row a source, and one for each location that it serves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import TABLES
from engine.supply.buffer import lead_time_buffer
from engine.supply.measure import LevelMeasures
from jobs.line_inputs import PERIOD_DAYS, open_orders
from jobs.line_terms import UNASSIGNED
from jobs.supplier_performance import MeasuredSupply

if TYPE_CHECKING:
    from jobs.plan_tables import Computed

Floats = npt.NDArray[np.float64]

LEAST_SERVICE, MOST_SERVICE = 0.5, 0.9999
_KEYS = ["source", "location"]


def supplier_performance(done: Computed, planned: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a plan; `planned` are its rows of `plan_lines`, in the order of its lines."""
    period, as_of = done.inputs.period, done.inputs.as_of
    days = (planned["next_arrival_date"] - pd.Timestamp(as_of)) / pd.Timedelta(days=1)
    noise = protected_noise(
        planned["expected_demand_daily"].to_numpy(dtype=np.float64),
        done.demand.dispersion,
        done.demand.level_cv,
        np.asarray(days, dtype=np.float64),
        period,
    )
    return supplier_table(
        done.run_id,
        done.measured,
        done.lines,
        planned,
        noise,
        done.inputs.tables["orders"],
        as_of=as_of,
        learn=done.inputs.settings["learn_lead_times"] == "yes",
    )


def supplier_table(
    run_id: str,
    measured: MeasuredSupply,
    lines: pd.DataFrame,
    planned: pd.DataFrame,
    noise: Floats,
    orders: pd.DataFrame,
    *,
    as_of: dt.date,
    learn: bool,
) -> pd.DataFrame:
    """Lay out what was measured as the contract `supplier_performance` says.

    Parameters
    ----------
    run_id : str
    measured : MeasuredSupply
    lines : `jobs.line_terms.line_terms`
    planned : rows of `plan_lines`, in the order of `lines`
    noise : float array, [n]
        Standard deviation of each line's demand over the days that its order protects [each].
    orders : contract `orders`, as known on the morning of `as_of`
    as_of : date
    learn : bool
        Whether the plan used what was measured.
    """
    costs = line_costs(lines, planned, noise, orders, as_of)
    lines = lines[~lines["unsourced"]]
    costs = costs[costs["source"] != UNASSIGNED]
    if lines.empty and not len(measured.measures.by_source.deliveries):
        return pd.DataFrame(columns=list(TABLES["supplier_performance"].names))  # nobody supplies anything
    frames = []
    for level, keys in ((measured.measures.by_source, ["source"]), (measured.measures.by_location, _KEYS)):
        found = _of_level(level, measured, "location" in keys)
        terms = lines.groupby(keys, as_index=False)[[*_PROMISE, *_PLANNED]].median()
        rows = terms.merge(found, on=keys, how="outer", suffixes=("", "_then"))
        for name in _PROMISE:
            rows[name] = rows.pop(f"{name}_then").fillna(rows[name])
        rows = rows.merge(costs.groupby(keys, as_index=False)[list(_COSTS)].sum(), on=keys, how="left")
        frames.append(rows if "location" in keys else rows.assign(location=""))
    table = pd.concat(frames, ignore_index=True)
    kind = lines.drop_duplicates("source").set_index("source")["source_kind"]
    inside = pd.Series(
        np.where(table["source"].isin(list(measured.kind_of)), "location", "supplier"), index=table.index
    )
    table["source_kind"] = table["source"].map(kind).fillna(inside)
    for name in (*_COUNTS, *_COSTS):
        table[name] = table[name].fillna(0.0)
    # what its lines are planned with; a source without any line would be planned with its own figures
    used = table["excess"].fillna(0.0) if learn else 0.0
    mean = (table["promised_lead_time"] + used).clip(lower=0.0)
    table["lead_time_mean"] = table["lead_time_mean"].fillna(mean)
    left = table["variance_weight"].fillna(1.0) if learn else 1.0
    variance = table["variance"].fillna(0.0) if learn else 0.0
    sd = np.sqrt(variance + left * table["promised_lead_time_sd"] ** 2)
    table["lead_time_sd"] = table["lead_time_sd"].fillna(sd)
    table["promise_weight"] = table["promise_weight"].fillna(1.0)
    return table.assign(run_id=run_id, date=pd.Timestamp(as_of)).sort_values(_KEYS, ignore_index=True)


def replanned_supplier_table(
    table: pd.DataFrame, lines: pd.DataFrame, planned: pd.DataFrame, orders: pd.DataFrame, *, as_of: dt.date
) -> pd.DataFrame:
    """Return the table of a plan whose stock and orders changed: what is measured stays, costs are new.

    Parameters
    ----------
    table : contract `supplier_performance` of the earlier plan
    lines : contract `line_terms`, with period_days
    planned : rows of `plan_lines`, in the order of `lines`
    orders : contract `orders`
    as_of : date
    """
    days = (planned["next_arrival_date"] - pd.Timestamp(as_of)) / pd.Timedelta(days=1)
    period = {length: name for name, length in PERIOD_DAYS.items()}[float(lines["period_days"].iloc[0])]
    noise = protected_noise(
        planned["expected_demand_daily"].to_numpy(dtype=np.float64),
        lines["dispersion"].to_numpy(dtype=np.float64),
        lines["level_cv"].to_numpy(dtype=np.float64),
        np.asarray(days, dtype=np.float64),
        period,
    )
    costs = line_costs(lines, planned, noise, orders, as_of)
    costs = costs[costs["source"] != UNASSIGNED]
    frames = []
    for rows, keys in ((table[table["location"] == ""], ["source"]), (table[table["location"] != ""], _KEYS)):
        found = costs.groupby(keys, as_index=False)[list(_COSTS)].sum()
        frames.append(rows.drop(columns=list(_COSTS)).merge(found, on=keys, how="left"))
    whole = pd.concat(frames, ignore_index=True)
    whole[list(_COSTS)] = whole[list(_COSTS)].fillna(0.0)
    return whole.sort_values(_KEYS, ignore_index=True)[list(table.columns)]


def line_costs(
    lines: pd.DataFrame, planned: pd.DataFrame, noise: Floats, orders: pd.DataFrame, as_of: dt.date
) -> pd.DataFrame:
    """Return what unreliable supply costs on each line that is planned, and what waits late.

    Returns
    -------
    DataFrame
        source, location; buffer_value [money]: the safety stock that the spread of the lead time adds, at
        cost; buffer_cost [money/year]: holding it; late_lines, late_value [money]: open order lines of the
        source whose promised day has passed; late_money [money]: money at risk of the plan lines that wait
        for them. Held lines cost nothing that is known.
    """
    service = planned["service_target"].to_numpy(dtype=np.float64)
    days = (planned["next_order_date"] - planned["order_by"]).dt.days.to_numpy(dtype=np.float64)
    stockout = planned["stockout_cost"].fillna(0.0).to_numpy(dtype=np.float64)
    holding = planned["holding_cost"].to_numpy(dtype=np.float64) * np.maximum(days, 1.0)
    ratio = np.divide(
        stockout, stockout + holding, out=np.full(len(lines), 0.5), where=stockout + holding > 0
    )
    by_cost = (planned["target_kind"] == "cost").to_numpy() | np.isnan(service)
    buffer = lead_time_buffer(
        planned["expected_demand_daily"].to_numpy(dtype=np.float64),
        noise,
        lines["lead_time_sd"].to_numpy(dtype=np.float64),
        np.clip(np.where(by_cost, ratio, service), LEAST_SERVICE, MOST_SERVICE),
    )
    live = (planned["status"] != "held").to_numpy()
    cost = lines["unit_cost"].to_numpy(dtype=np.float64)
    value = np.where(live, buffer * cost, 0.0)
    own = lines[["sku", *_KEYS]].assign(
        buffer_value=value,
        buffer_cost=value * lines["holding_cost_rate"].to_numpy(dtype=np.float64),
        money=np.where(live, planned["money_at_risk"].fillna(0.0), 0.0),
        line_cost=cost,
    )
    coming = open_orders(orders)
    promised = coming["promised_date"].fillna(coming["due"])
    late = coming[(promised < pd.Timestamp(as_of)) & (coming["open_quantity"] > 0)]
    late = late.drop(columns=["unit_cost"]).assign(order_cost=late["unit_cost"])
    late = late.rename(columns={"from_source": "source", "to_location": "location"})
    late = late.merge(own[["sku", *_KEYS, "line_cost"]], on=["sku", *_KEYS], how="left")
    worth = late["open_quantity"] * late["order_cost"].fillna(late["line_cost"]).fillna(0.0)
    waits = late.assign(late_lines=1.0, late_value=worth)
    waits = waits.groupby(["sku", *_KEYS], as_index=False)[["late_lines", "late_value"]].sum()
    rows = own.merge(waits, on=["sku", *_KEYS], how="outer")
    rows["late_money"] = rows["money"].where(rows["late_lines"].notna())
    rows[list(_COSTS)] = rows[list(_COSTS)].fillna(0.0)
    return rows[[*_KEYS, *_COSTS]]


_COSTS = ("buffer_value", "buffer_cost", "late_lines", "late_value", "late_money")
_PROMISE = ("promised_lead_time", "promised_lead_time_sd")
_PLANNED = ("lead_time_mean", "lead_time_sd")
_COUNTS = ("deliveries", "lines", "open_lines", "effective_deliveries")


def protected_noise(
    demand_daily: Floats, dispersion: Floats, level_cv: Floats, days: Floats, period: str
) -> Floats:
    """Return the standard deviation of demand over so many days [each], [n].

    Periods vary by `dispersion` independently, the level by `level_cv` in all of them at once.
    """
    demand = demand_daily * np.maximum(days, PERIOD_DAYS[period])
    return np.sqrt(dispersion * demand + (level_cv * demand) ** 2)


def _of_level(level: LevelMeasures, measured: MeasuredSupply, by_location: bool) -> pd.DataFrame:
    lead, parts = level.lead, level.shares
    seen = level.deliveries > 0
    promise = np.where(lead.promise > 0, lead.promise, 0.0)
    mean = np.where(seen, np.maximum(promise + lead.durations.mean, 0.0), np.nan)
    days, shares = _histogram(level)
    columns: Mapping[str, object] = {
        "source": measured.sources[level.level.source],
        **({"location": measured.locations[level.level.place]} if by_location else {}),
        "deliveries": level.deliveries,
        "lines": level.lines,
        "open_lines": level.open_lines,
        "effective_deliveries": lead.deliveries,
        "promised_lead_time": promise,
        "promised_lead_time_sd": lead.promise_sd,
        "measured_lead_time": mean,
        "measured_lead_time_sd": np.where(seen, np.sqrt(lead.durations.variance), np.nan),
        "lead_time_p50": np.where(seen, np.maximum(promise + lead.durations.quantile(0.5), 0.0), np.nan),
        "lead_time_p90": np.where(seen, np.maximum(promise + lead.durations.quantile(0.9), 0.0), np.nan),
        "excess": lead.excess,
        "variance": lead.variance,
        "variance_weight": lead.variance_weight,
        "promise_weight": lead.mean_weight,
        "on_time_share": parts.on_time.mean,
        "on_time_low": parts.on_time.low,
        "on_time_high": parts.on_time.high,
        "fill_rate": parts.fill.mean,
        "fill_low": parts.fill.low,
        "fill_high": parts.fill.high,
        "short_share": parts.short.mean,
        "lost_share": parts.lost.mean,
        "lost_low": parts.lost.low,
        "lost_high": parts.lost.high,
        "lateness_mean": parts.lateness,
        "trend": level.trend,
        "monthly_lead_time": list(level.monthly),
        "lead_time_days": days,
        "lead_time_shares": shares,
    }
    return pd.DataFrame(columns)


def _histogram(level: LevelMeasures) -> tuple[list[Floats], list[Floats]]:
    """Return the lead times of each group in whole days, and the share of each."""
    found = level.lead.durations
    days = np.maximum(np.rint(level.lead.promise[:, None] + found.value), 0.0)
    names: list[Floats] = []
    shares: list[Floats] = []
    for row, mass in zip(days, found.mass, strict=True):
        held = mass > 0
        unique, place = np.unique(row[held], return_inverse=True)
        names.append(unique)
        shares.append(np.bincount(place, mass[held], len(unique)).astype(np.float64))
    return names, shares
