"""Data stale: sales, stock or the plan are older than they should be, so decisions rest on old figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.limits import Limits
from engine.replenishment.words import day, money

LABELS = {"plan": "The plan", "sales": "Sales", "inventory_snapshot": "Stock"}


def feeds(
    faults: pd.DataFrame, as_of: date, today: date, period_days: float, lines: pd.DataFrame
) -> pd.DataFrame:
    """Return what is behind, and by how much.

    Parameters
    ----------
    faults : DataFrame
        Contract `data_faults`; its warnings of stale feeds count.
    as_of, today : date
        Day planned for, and today.
    period_days : float
        Length of a period of the lake.
    lines : DataFrame
        location and money_at_risk of the plan's lines.

    Returns
    -------
    DataFrame
        location ('': everywhere), source (plan, sales or inventory_snapshot), missing [periods], since (last
        day known), money [money]: at risk on the lines that are planned from it.
    """
    stale = faults[(faults["check"] == "stale_feed") & (faults["severity"] == "warning")]
    rows = pd.DataFrame(
        {
            "location": stale["location"].astype("object").fillna("").astype("str"),
            "source": stale["table"],
            "missing": stale["rows"].astype("float64"),
            "since": stale["date"],
        }
    )
    behind = float(np.floor((today - as_of).days / period_days))
    if behind > 0:
        plan = {"location": "", "source": "plan", "missing": behind, "since": pd.Timestamp(as_of)}
        rows = pd.concat([rows, pd.DataFrame([plan])], ignore_index=True)
    risk = lines.groupby("location")["money_at_risk"].sum()
    money = rows["location"].map(risk).fillna(0.0).where(rows["location"] != "", float(risk.sum()))
    return rows.assign(money=money.astype("float64")).reset_index(drop=True)


def data_stale(rows: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find feeds that are behind; from `feeds`. size is in periods, money is what is planned from them."""
    return findings(
        "data_stale", rows["money"].to_numpy(dtype=np.float64), rows["missing"].to_numpy(np.float64), limits
    )


def words(row: Mapping[str, Any], currency: str, period: str) -> tuple[str, str]:
    """Say what is behind since when; `period` is what one period is called."""
    missing = int(row["missing"])
    many = f"{missing} {period}{'' if missing == 1 else 's'}"
    where = f" of {row['location_name']}" if row["location"] else ""
    since = f"{day(row['since'])}" if pd.notna(row["since"]) else "long ago"
    risk = money(row["severity"], currency)
    if row["source"] == "plan":
        return (
            f"The plan is for {since}, {many} ago; {risk} at risk are decided on old figures.",
            "Load the newest sales and stock, then plan again.",
        )
    label = LABELS.get(str(row["source"]), str(row["source"]))
    return (
        f"{label}{where}: nothing since {since}, {many} missing; {risk} at risk are decided on old figures.",
        f"Find out why no {label.lower()} came{where}, load it, then plan again.",
    )
