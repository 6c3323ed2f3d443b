"""The terms of every line of a plan: who replenishes it, when, at what cost, under which policy.

One line a product and location, with its preferred source. What the lake does not say is taken from its
settings, and every such assumption is named in `assumed`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from jobs.inputs import PlanInputs
from jobs.supplier_performance import MeasuredSupply, measured_supply, with_measured_supply
from jobs.supply_flows import own_sales_share, supply_flows

UNASSIGNED = "unassigned"
"""Source of a product and location without a sourcing row."""

FALLBACK_COST = 1.0
"""Unit cost where neither cost nor price is known: quantities still hold, money is per unit."""


def line_terms(inputs: PlanInputs, supply: MeasuredSupply | None = None) -> pd.DataFrame:
    """Return one row a line, sorted by sku, location.

    Parameters
    ----------
    inputs : PlanInputs
    supply : MeasuredSupply, optional
        What order history says of the sources; measured here if not given.

    Columns
    -------
    sku, location, source, source_kind, lead_time_mean, lead_time_sd [days], moq, order_multiple [each],
    order_cost [money], unit_cost, unit_price [money/each], target_kind, service_target [share],
    stockout_cost [money/each], holding_cost_rate [/year], space_cost [money/each/year],
    review_days [days], order_weekdays (list or None), closures (list or None), min_cover_days,
    max_cover_days [days], presentation_stock, shelf_maximum [each],
    life_days [days of sale left when received], min_life_at_sale_days [days], backorder (bool),
    next_order_date (first order day after the one already approved; missing: none approved),
    promised_lead_time, promised_lead_time_sd [days]: by the terms; the lead time above is measured from order
    history and shrunk to them, unless the setting learn_lead_times says no,
    lead_time_basis (text: promised and measured, '' if nothing was measured), delivered_share [share of an
    order expected to arrive], loss_chance [chance that an order line never arrives],
    own_share (part of a supplying location's demand that it sells itself, 0 of others),
    assumed (text: what had to be assumed, '' if nothing).
    """
    tables = inputs.tables
    lines = _preferred_source(tables["sourcing"], _planned_pairs(tables, inputs.as_of), inputs.as_of)
    lines = _with_source_calendar(lines, tables["suppliers"])
    lines = _with_product(lines, tables)
    lines = _with_assortment(lines, tables["assortment"])
    lines = _with_policy(lines, tables["policies"], inputs.settings)
    lines = lines.merge(inputs.ordered_until, on=["sku", "location", "source"], how="left")
    lines = _with_defaults(lines, inputs.settings)
    measured = supply or measured_supply(tables, inputs.as_of)
    lines = with_measured_supply(lines, measured, learn=inputs.settings["learn_lead_times"] == "yes")
    lines = lines.sort_values(["sku", "location"], ignore_index=True)
    return lines.assign(own_share=own_sales_share(inputs.sales, lines, supply_flows(lines)))


def _planned_pairs(tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> pd.DataFrame:
    """Every sku and location that is sourced, sold or stocked, unless it has left the assortment."""
    pairs = pd.concat(
        [
            tables["sourcing"][["sku", "location"]],
            tables["sales"][["sku", "location"]].drop_duplicates(),
            tables["inventory_snapshot"][["sku", "location"]].drop_duplicates(),
        ]
    ).drop_duplicates()
    day = pd.Timestamp(as_of)
    ended = tables["products"].loc[tables["products"]["discontinue_date"] < day, "sku"]
    assortment = tables["assortment"]
    left = assortment.loc[assortment["to_date"] < day, ["sku", "location"]].assign(left=True)
    pairs = pairs[~pairs["sku"].isin(ended)].merge(left, on=["sku", "location"], how="left")
    return pairs.loc[pairs["left"].isna(), ["sku", "location"]]


def _preferred_source(sourcing: pd.DataFrame, pairs: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    day = pd.Timestamp(as_of)
    valid = sourcing[
        (sourcing["valid_from"].isna() | (sourcing["valid_from"] <= day))
        & (sourcing["valid_to"].isna() | (sourcing["valid_to"] >= day))
    ]
    ranked = valid.assign(priority=valid["priority"].fillna(1)).sort_values(
        ["sku", "location", "priority", "source"]
    )
    lines = pairs.merge(ranked.drop_duplicates(["sku", "location"]), on=["sku", "location"], how="left")
    lines["unsourced"] = lines["source"].isna()
    lines["source"] = lines["source"].fillna(UNASSIGNED)
    lines["source_kind"] = lines["source_kind"].fillna("supplier")
    return lines


def _with_source_calendar(lines: pd.DataFrame, suppliers: pd.DataFrame) -> pd.DataFrame:
    calendar = suppliers.rename(columns={"supplier": "source"})[["source", "order_weekdays", "closures"]]
    return lines.merge(calendar, on="source", how="left")


def _with_product(lines: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    product = tables["products"][
        [
            "sku",
            "category",
            "unit_cost",
            "unit_price",
            "shelf_life_days",
            "min_life_at_receipt_days",
            "min_life_at_sale_days",
            "case_pack",
            "volume",
        ]
    ]
    lines = lines.merge(product, on="sku", how="left")
    room = lines["location"].map(tables["locations"].set_index("location")["storage_cost"])
    lines["space_cost"] = (lines.pop("volume") * room.astype("float64")).fillna(0.0)
    sold = tables["sales"]
    paid = sold["price"].fillna(sold["revenue"] / sold["quantity"].where(sold["quantity"] > 0))
    seen = pd.DataFrame({"sku": sold["sku"], "paid": paid}).groupby("sku", as_index=False)["paid"].median()
    lines = lines.merge(seen, on="sku", how="left")
    lines["unit_price"] = lines["unit_price"].fillna(lines["paid"])
    life = lines["min_life_at_receipt_days"].fillna(lines["shelf_life_days"])
    lines["min_life_at_sale_days"] = lines["min_life_at_sale_days"].fillna(0.0)
    lines["life_days"] = (life - lines["min_life_at_sale_days"]).clip(lower=1).fillna(np.inf)
    return lines


def _with_assortment(lines: pd.DataFrame, assortment: pd.DataFrame) -> pd.DataFrame:
    shelf = assortment[["sku", "location", "presentation_stock", "shelf_maximum", "backorder_allowed"]]
    lines = lines.merge(shelf, on=["sku", "location"], how="left")
    lines["backorder"] = lines["backorder_allowed"].eq(True).fillna(False).astype(bool)
    lines["presentation_stock"] = lines["presentation_stock"].fillna(0.0)
    lines["shelf_maximum"] = lines["shelf_maximum"].fillna(np.inf)
    return lines


_POLICY = (
    "target_kind",
    "service_target",
    "stockout_cost",
    "holding_cost_rate",
    "review_days",
    "review_weekdays",
    "min_cover_days",
    "max_cover_days",
)


def _with_policy(lines: pd.DataFrame, policies: pd.DataFrame, settings: Mapping[str, str]) -> pd.DataFrame:
    """Most specific first, column by column: sku and location, then category, then '*', then settings."""
    by_pair = policies[(policies["sku"] != "") & (policies["location"] != "")]
    segments = policies[policies["sku"] == ""].set_index("segment")
    pair = lines[["sku", "location"]].merge(by_pair, on=["sku", "location"], how="left")
    for column in _POLICY:
        value = pd.Series(pair[column].to_numpy(), index=lines.index, dtype=object)
        for segment in (lines["category"].astype(object), pd.Series("*", index=lines.index, dtype=object)):
            from_segment = segment.map(segments[column].astype(object).to_dict())
            value = value.where(_known(value), from_segment)
        lines[column] = value
    lines["target_kind"] = lines["target_kind"].where(_known(lines["target_kind"]), "fill").astype(str)
    defaults = {
        "service_target": float(settings["default_service_target"]),
        "stockout_cost": np.nan,
        "holding_cost_rate": float(settings["default_holding_cost_rate"]),
        "review_days": float(settings["default_review_days"]),
        "min_cover_days": 0.0,
        "max_cover_days": np.inf,
    }
    for column, default in defaults.items():
        lines[column] = pd.to_numeric(lines[column]).astype("float64").fillna(default)
    own_days = _known(lines["review_weekdays"])
    lines["order_weekdays"] = (
        lines["order_weekdays"].astype(object).where(~own_days, lines["review_weekdays"])
    )
    return lines.drop(columns="review_weekdays")


def _known(column: pd.Series) -> pd.Series:
    return column.map(lambda v: v is not None and not (isinstance(v, float) and np.isnan(v))).astype(bool)


def _with_defaults(lines: pd.DataFrame, settings: Mapping[str, str]) -> pd.DataFrame:
    margin = float(settings["default_margin_share"])
    no_cost, no_price = lines["unit_cost"].isna(), lines["unit_price"].isna()
    no_lead = lines["lead_time_mean"].isna()
    lines["unit_cost"] = lines["unit_cost"].fillna(lines["unit_price"] * (1 - margin)).fillna(FALLBACK_COST)
    lines["unit_price"] = lines["unit_price"].fillna(lines["unit_cost"] / (1 - margin))
    lines["stockout_cost"] = lines["stockout_cost"].fillna(
        (lines["unit_price"] - lines["unit_cost"]).clip(lower=0)
    )
    lines["lead_time_sd"] = (
        lines["lead_time_sd"].where(~no_lead, float(settings["default_lead_time_sd_days"])).fillna(0.0)
    )
    lines["lead_time_mean"] = lines["lead_time_mean"].fillna(float(settings["default_lead_time_days"]))
    lines["moq"] = lines["moq"].fillna(0.0)
    lines["order_multiple"] = lines["order_multiple"].fillna(lines["case_pack"]).fillna(1.0).clip(lower=1.0)
    lines["order_cost"] = lines["order_cost"].fillna(0.0)
    notes = {
        "no source: lead time from settings": lines["unsourced"],
        "cost from price and default margin": no_cost & ~no_price,
        "price from cost and default margin": no_price & ~no_cost,
        "no cost and no price: money is per unit": no_cost & no_price,
    }
    lines["assumed"] = ""
    for note, applies in notes.items():
        lines.loc[applies, "assumed"] += note + "; "
    lines["assumed"] = lines["assumed"].str.removesuffix("; ")
    return lines
