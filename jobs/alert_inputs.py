"""What the rules of alerts look at: lines with the orders approved since, and late or short orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.alerts.supply import with_approved
from engine.alerts.transfer_supply import with_proposed, with_transfers
from engine.contracts import OPEN_ORDER_STATUSES, TABLES
from engine.replay.classes import SHARE_A, SHARE_B
from jobs.approvals import fold_approvals
from jobs.line_inputs import PERIOD_DAYS
from jobs.stock_now import orders_of_run
from jobs.transfer_approvals import fold_transfers, transfers_frame

Floats = npt.NDArray[np.float64]

_LINE_COLUMNS = [
    "line_id",
    "sku",
    "location",
    "source",
    "status",
    "held_reason",
    "quantity",
    "unit_cost",
    "order_by",
    "arrival_date",
    "next_arrival_date",
    "need_date",
    "term_demand",
    "term_on_hand",
    "term_on_order",
    "term_cover",
    "term_moq",
    "term_joint",
    "on_hand",
    "on_order",
    "moq",
    "order_multiple",
    "service_target",
    "stockout_cost",
    "holding_cost",
    "reorder_point",
    "order_up_to",
    "expected_demand_daily",
    "lost_before",
    "lost_after",
    "waste_before",
    "waste_after",
    "bound",
    "expected_profit",
    "excess_units",
    "money_at_risk",
]
"""What rules and words need of `plan_lines`."""

_ORDER_COLUMNS = [
    "order_id",
    "sku",
    "from_source",
    "to_location",
    "kind",
    "quantity",
    "received",
    "status",
    "promised_date",
    "expected_date",
    "received_at",
]
NO_CATEGORY = "No category"
CLOSED_SHORT = "closed_short"
MOST_BEHIND = 2
"""Periods since the day planned for during which what is not received counts as not arrived."""


@dataclass(frozen=True)
class Names:
    """Names for people, by code; the code itself where there is none."""

    product: dict[str, str]
    category: dict[str, str]
    location: dict[str, str]
    source: dict[str, str]


def names_of(lake: Lake, run: Run) -> tuple[Names, pd.DataFrame]:
    """Return the names as the run saw them, and its products (sku, unit_price)."""
    products = _input(lake, run, "products", ["sku", "name", "category", "unit_price"])
    locations = _input(lake, run, "locations", ["location", "name"]).dropna()
    suppliers = _input(lake, run, "suppliers", ["supplier", "name"]).dropna()
    places = dict(zip(locations["location"], locations["name"], strict=True))
    named, sorted_in = products.dropna(subset="name"), products.dropna(subset="category")
    return Names(
        product=dict(zip(named["sku"], named["name"], strict=True)),
        category=dict(zip(sorted_in["sku"], sorted_in["category"], strict=True)),
        location=places,
        source=places | dict(zip(suppliers["supplier"], suppliers["name"], strict=True)),
    ), products[["sku", "unit_price"]]


def load_lines(
    lake: Lake, run: Run, names: Names, prices: pd.DataFrame, events: Sequence[Event]
) -> pd.DataFrame:
    """Return the plan's lines as they stand: approved orders are supply, proposals are not.

    Returns
    -------
    DataFrame
        Columns of `plan_lines` but the lists and words; and category, abc (A, B or C by turnover),
        excess_money [money]: expected cost of holding what is beyond the level; demand_until [each]: expected
        demand until the next possible receipt; rejected: a person decided not to order it; what proposed
        transfers would do (`engine.alerts.transfer_supply.with_proposed`).
    """
    lines = read_run_table(lake, run, "plan_lines", columns=_LINE_COLUMNS)
    lost = lines["lost_before"] * lines["stockout_cost"]
    waste = lines["waste_before"] * lines["unit_cost"]
    days = (lines["next_arrival_date"] - pd.Timestamp(run.as_of)).dt.days.clip(lower=0)
    lines = lines.assign(
        category=pd.Series([names.category.get(sku, NO_CATEGORY) for sku in lines["sku"]], dtype="str"),
        abc=abc(lines, prices),
        excess_money=(lines["money_at_risk"] - lost - waste).clip(lower=0.0),
        demand_until=lines["expected_demand_daily"] * days,
    )
    approved = _approved(lines, events)
    curves = _curves(lake, run, lines.loc[~np.isnan(approved), "line_id"])
    lines = with_approved(lines, approved, curves).assign(rejected=approved == 0.0)
    moves = _moves(lake, run, lines, names, events)
    lines = with_transfers(lines, moves[moves["approved"]])
    return with_proposed(lines, moves[~moves["approved"]])


def _approved(lines: pd.DataFrame, events: Sequence[Event]) -> Floats:
    """Return what people decided since the run for each line's order day, [n] each; NaN: none, 0: no order.

    The run did not know of it: a line approved before is planned for the order day after that.
    """
    decided: dict[tuple[str, str], float] = {}
    for event in events:
        if event.event_type == "plan_line.rejected" and not event.data.get("order_id"):
            decided[event.data["line_id"], event.data["order_by"]] = 0.0
    for line_id, order_by, order_id in (standing := fold_approvals(events)):
        decided[line_id, order_by] = standing[line_id, order_by, order_id].quantity
    found = np.full(len(lines), np.nan)
    rows = np.flatnonzero(lines["line_id"].isin({line_id for line_id, _ in decided}))
    for row, line_id, day in zip(
        rows, lines["line_id"].iloc[rows], lines["order_by"].iloc[rows], strict=True
    ):
        found[row] = decided.get((line_id, f"{day:%Y-%m-%d}"), np.nan)
    return found


def _moves(lake: Lake, run: Run, lines: pd.DataFrame, names: Names, events: Sequence[Event]) -> pd.DataFrame:
    """Return the run's transfers, whether people approved them since, and which lines they are of."""
    if "transfers" not in run.outputs:
        return pd.DataFrame({"to_row": [], "approved": np.array([], dtype=bool)})
    columns = ["transfer_id", "sku", "origin", "destination", "quantity", "gain", "loss", "ship_date"]
    moves = read_run_table(lake, run, "transfers", columns=columns)
    done = transfers_frame(fold_transfers(events).values())
    agreed = set(zip(done["transfer_id"], done["ship_date"], strict=True))
    first = lines.drop_duplicates(["sku", "location"])
    index = pd.MultiIndex.from_frame(first[["sku", "location"]])
    place = np.append(lines.index.get_indexer(first.index), -1)
    ends = {
        row: place[index.get_indexer(pd.MultiIndex.from_frame(moves[["sku", end]]))]
        for row, end in (("to_row", "destination"), ("from_row", "origin"))
    }
    approved = [each in agreed for each in zip(moves["transfer_id"], moves["ship_date"], strict=True)]
    return moves.assign(
        **ends,
        approved=np.array(approved, dtype=bool),
        origin_name=[names.location.get(code, code) for code in moves["origin"]],
    )


def abc(lines: pd.DataFrame, prices: pd.DataFrame) -> pd.Series[str]:
    """Return the class of each line by expected turnover: A the first 80 %, B up to 95 %, C the rest."""
    price = lines["sku"].map(prices.set_index("sku")["unit_price"]).fillna(lines["unit_cost"])
    turnover = (lines["expected_demand_daily"] * price).to_numpy(dtype=np.float64)
    order = np.argsort(-turnover, kind="stable")
    before = np.cumsum(turnover[order]) - turnover[order]
    share = np.empty(len(order))
    share[order] = before / max(float(turnover.sum()), 1e-12)
    letter = np.where(
        turnover <= 0.0, "C", np.where(share < SHARE_A, "A", np.where(share < SHARE_B, "B", "C"))
    )
    return pd.Series(letter, index=lines.index, dtype="str")


def _curves(lake: Lake, run: Run, line_ids: pd.Series) -> list[tuple[Floats, Floats, Floats] | None]:
    """Return the value curve of each line, None where there is none."""
    if "line_curves" not in run.outputs or line_ids.empty:
        return [None] * len(line_ids)
    columns = ["line_id", "quantity", "short", "waste"]
    table = read_run_table(lake, run, "line_curves", columns=columns, where={"line_id": list(line_ids)})
    found = {
        row.line_id: (np.asarray(row.quantity), np.asarray(row.short), np.asarray(row.waste))
        for row in table.itertuples()
    }
    return [found.get(line_id) for line_id in line_ids]


def load_orders(lake: Lake, run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return open order lines, and those that were closed short.

    Returns
    -------
    tuple of DataFrame
        open: order_id, sku, location, source, open_quantity [each], promised_date, due. short: order_id, sku,
        location, source, quantity, received [each], closed_on.
    """
    statuses = {"status": [*OPEN_ORDER_STATUSES, CLOSED_SHORT]}
    orders = orders_of_run(lake, run, statuses, _ORDER_COLUMNS)
    orders = orders[(orders["kind"] != "customer") & orders["from_source"].notna()]
    orders = orders.rename(columns={"from_source": "source", "to_location": "location"})
    coming = orders[orders["status"].isin(OPEN_ORDER_STATUSES)]
    left = (coming["quantity"] - coming["received"].fillna(0.0)).clip(lower=0.0)
    due = coming["expected_date"].fillna(coming["promised_date"])
    coming = coming.assign(open_quantity=left, due=due)
    short = orders[orders["status"] == CLOSED_SHORT]
    closed = short["received_at"].fillna(short["expected_date"]).fillna(short["promised_date"])
    return coming[coming["due"].notna()], short.assign(closed_on=closed)


def load_faults(lake: Lake, run: Run) -> pd.DataFrame:
    """Return the stale feeds that the run found."""
    if "data_faults" not in run.outputs:
        return pd.DataFrame(columns=list(TABLES["data_faults"].names))
    return read_run_table(lake, run, "data_faults", where={"check": ["stale_feed"]})


def best_acts(lake: Lake, run: Run) -> dict[str, str]:
    """Return what brings most against write-offs on each line, in words, where it brings anything."""
    if "expiry_acts" not in run.outputs:
        return {}
    acts = read_run_table(lake, run, "expiry_acts", columns=["line_id", "act", "rank", "money", "words"])
    best = acts[(acts["rank"] == 1) & (acts["money"] > 0) & (acts["act"] != "nothing")]
    return dict(zip(best["line_id"], best["words"], strict=True))


def today_of(run: Run, at: dt.datetime) -> dt.date:
    """Return the day on which an alert is judged: never before the day that the run is for."""
    return max(at.date(), run.as_of)


def order_day_of(run: Run, today: dt.date) -> dt.date:
    """Return the day on which orders are judged late or short: the run's own once the run is behind.

    Nobody has said what arrived since; that the data are stale is an alert of its own, and every order of
    weeks ago would only bury it.
    """
    behind = (today - run.as_of).days > MOST_BEHIND * PERIOD_DAYS[run.period]
    return run.as_of if behind else today


def _input(lake: Lake, run: Run, table: str, columns: list[str]) -> pd.DataFrame:
    return lake.read(table, version=run.inputs.get(table), columns=columns)
