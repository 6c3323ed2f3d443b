"""Transfers between locations: approved ones are supply, proposed ones may cover a shortage."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def with_transfers(lines: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return lines as they stand with transfers that people approved since the plan was made.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`, and excess_money.
    moves : DataFrame
        to_row, from_row (places in `lines`, −1: not planned), quantity [each], gain, loss [money] as the plan
        has them (contract `transfers`).

    Returns
    -------
    DataFrame
        The same rows. At the destination the plan's expected gain is so many units less lost; at the origin
        a loss is units lost more, and a loss below 0 units less written off.
    """
    if moves.empty:
        return lines
    get = {
        name: lines[name].to_numpy(dtype=np.float64).copy()
        for name in (
            "lost_before",
            "lost_after",
            "waste_before",
            "waste_after",
            "on_hand",
            "on_order",
            "term_on_hand",
            "term_on_order",
            "excess_units",
            "excess_money",
        )
    }
    price, cost = lines["stockout_cost"].to_numpy(dtype=np.float64), lines["unit_cost"].to_numpy(np.float64)
    excess = get["excess_units"].copy()
    for move in moves.to_dict("records"):
        to, origin, quantity = int(move["to_row"]), int(move["from_row"]), float(move["quantity"])
        if to >= 0:
            fewer = saved_units(float(move["gain"]), float(price[to]))
            for name in ("lost_before", "lost_after"):
                get[name][to] = max(get[name][to] - fewer, 0.0)
            get["on_order"][to] += quantity
            get["term_on_order"][to] -= quantity
        if origin >= 0:
            loss = float(move["loss"])
            more = saved_units(loss, float(price[origin]))
            less = saved_units(-loss, float(cost[origin]))
            for name in ("lost_before", "lost_after"):
                get[name][origin] += more
            for name in ("waste_before", "waste_after"):
                get[name][origin] = max(get[name][origin] - less, 0.0)
            get["on_hand"][origin] -= quantity
            get["term_on_hand"][origin] += quantity
            get["excess_units"][origin] = max(get["excess_units"][origin] - quantity, 0.0)
    left = np.divide(get["excess_units"], excess, out=np.ones(len(excess)), where=excess > 0.0)
    get["excess_money"] *= left
    return lines.assign(**get)


def with_proposed(lines: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return lines with what proposed transfers would do for them; nothing of it counts as supply.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`.
    moves : DataFrame
        to_row, quantity [each], gain [money], ship_date, origin_name.

    Returns
    -------
    DataFrame
        The same rows, and transfer_saves [each]: units less lost; transfer_quantity [each]; transfer_by: the
        first day on which one of them leaves; transfer_from: names of the origins.
    """
    n = len(lines)
    saves, quantity = np.zeros(n), np.zeros(n)
    by = np.full(n, np.datetime64("NaT"), dtype="datetime64[us]")
    names: list[list[str]] = [[] for _ in range(n)]
    price = lines["stockout_cost"].to_numpy(dtype=np.float64)
    for move in moves[moves["to_row"] >= 0].to_dict("records"):
        row, day = int(move["to_row"]), np.datetime64(move["ship_date"], "us")
        saves[row] += saved_units(float(move["gain"]), float(price[row]))
        quantity[row] += float(move["quantity"])
        by[row] = day if np.isnat(by[row]) else min(by[row], day)
        names[row].append(str(move["origin_name"]))
    return lines.assign(
        transfer_saves=saves,
        transfer_quantity=quantity,
        transfer_by=by,
        transfer_from=pd.Series([", ".join(each) for each in names], index=lines.index, dtype="str"),
    )


def saved_units(money: float, price: float) -> float:
    """Return how many units so much money is, at least 0.

    Examples
    --------
    >>> saved_units(20.0, 2.5), saved_units(-3.0, 2.5), saved_units(3.0, 0.0)
    (8.0, 0.0, 0.0)
    """
    return max(money, 0.0) / price if price > 0.0 else 0.0
