"""The one public call: history, stock and terms in; integer orders with their reasons out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.errors import EngineError
from engine.replenishment.decide.checks import Checked, check
from engine.replenishment.decide.choose import MONEY_DECIDES, choose
from engine.replenishment.decide.demand import demand_source
from engine.replenishment.decide.explain import explain
from engine.replenishment.decide.inputs import DemandHistory, Stock, Terms
from engine.replenishment.decide.project import (
    BACKORDER,
    HOLDING,
    LIFE,
    MOQ,
    MULTIPLE,
    N_TERMS,
    ORDER_COST,
    RETURN_LAG,
    RETURNED,
    SHORT_CHANCE,
    SHORT_SHARE,
    SHORTAGE,
    TARGET,
    WRITE_OFF,
)
from engine.replenishment.decide.search import (
    EXPECTED,
    KAPPA,
    MONEY,
    MONEY_WAIT,
    PLAIN,
    QUANTITY,
    SURPRISES,
    TO_COME,
    levels_to_try,
)
from engine.replenishment.requirement import CYCLE, FILL

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PATHS = 256
"""Demand and delivery paths a series."""
AFTERMATH = 9
"""Periods played after the order's window: what is left over is held until later orders make room for it."""
BLOCK = 256
"""Series whose paths are in memory at once."""


@dataclass(frozen=True)
class Orders:
    """What to order now.

    Attributes
    ----------
    quantity : int64[n] units
    terms : one row a series: term_… columns that sum to the quantity (`explain.TERMS`)
    diagnostics : one row a series: series, method (what forecasts demand), demand_per_period (expected, over
        lead time and review), level (position that an order raises to), outstanding (uncertain orders still
        expected), money and money_waiting (expected cost over the horizon with this order and with none
        today; NaN with a service target), surprises (periods whose receipts fit no set of orders)
    """

    quantity: npt.NDArray[np.int64]
    terms: pd.DataFrame
    diagnostics: pd.DataFrame


def decide_orders(
    history: DemandHistory,
    stock: Stock,
    terms: Terms,
    *,
    calendar: npt.ArrayLike | None = None,
    seed: int = 0,
    paths: int = PATHS,
) -> Orders:
    """Decide what to order now for every series.

    Each period goes: order, arrivals, demand. Demand is forecast from the history alone, stock is played
    forward along sample paths of demand and deliveries, and the quantity of least expected money (holding,
    shortage, write-off, order cost), or the least that reaches the service target, is taken.

    Parameters
    ----------
    history : from 5 periods up; fewer are taken, with little confidence
    stock : now
    terms : of supply and money
    calendar : [C] whether an order may be placed in this and the next periods (then every `terms.review`);
        None: now and every `terms.review` periods
    seed : of the paths; the same arguments give the same orders
    paths : sample paths a series

    Raises
    ------
    EngineError : names every argument that is wrong, with its entry, value and rule.

    Examples
    --------
    >>> from engine.replenishment.decide import LeadTimes
    >>> orders = decide_orders(
    ...     DemandHistory(["tea"], "W", [[9.0, 12.0, 10.0, 11.0, 8.0]]),
    ...     Stock(on_hand=[4.0], due=[[6.0, 0.0]]),
    ...     Terms(LeadTimes.fixed(1), holding=0.2, shortage=1.0),
    ... )
    >>> bool(8 <= orders.quantity[0] <= 22), bool(orders.terms.sum(axis=1)[0] == orders.quantity[0])
    (True, True)
    """
    given = check(history, stock, terms)
    if paths < 1:
        raise EngineError(f"paths is {paths}; it must be 1 or more")
    n = len(given.names)
    ages = len(terms.lead_times.chances) - 1
    first_gap = _gap(terms.review, calendar)
    window = ages + first_gap
    horizon = window + AFTERMATH
    open_for_orders = _open(terms.review, calendar, horizon)
    source = demand_source(history, given, horizon + window, window, seed)
    kind = MONEY_DECIDES if terms.shortage is not None else FILL if terms.fill_target is not None else CYCLE
    rules = _rules(given, terms)
    due = _until(given.due, horizon) + _returns(history, given, terms.return_periods, horizon)
    expiring = _until(given.batches, horizon, tail=False)
    chances = np.tile(np.array(terms.lead_times.chances), (n, 1))
    found = np.empty((n, 8))
    for first in range(0, n, BLOCK):
        rows = slice(first, min(first + BLOCK, n))
        drawn = source.paths(rows, paths, horizon + window)
        choose(
            drawn, horizon, window, given.on_hand[rows], expiring[rows],
            due[rows], given.ordered[rows], given.received[rows], chances[rows], open_for_orders, kind,
            rules[rows], levels_to_try(drawn, window), source.seeds[rows], found[rows],
        )  # fmt: skip
    demand = found[:, EXPECTED] * window
    terms_of = explain(
        found[:, QUANTITY],
        found[:, PLAIN],
        found[:, KAPPA] * found[:, EXPECTED],
        demand,
        given.on_hand,
        due.sum(axis=1) + found[:, TO_COME],
    )
    unknown = np.full(n, np.nan)
    return Orders(
        quantity=found[:, QUANTITY].astype(np.int64),
        terms=terms_of,
        diagnostics=pd.DataFrame(
            {
                "series": given.names,
                "method": source.method,
                "demand_per_period": found[:, EXPECTED],
                "level": found[:, KAPPA] * found[:, EXPECTED],
                "outstanding": found[:, TO_COME],
                "money": found[:, MONEY] if kind == MONEY_DECIDES else unknown,
                "money_waiting": found[:, MONEY_WAIT] if kind == MONEY_DECIDES else unknown,
                "surprises": found[:, SURPRISES].astype(np.int64),
            }
        ),
    )


def _open(review: int, calendar: npt.ArrayLike | None, horizon: int) -> Mask:
    """[horizon] whether an order may be placed in each period."""
    given = np.ones(1, dtype=bool) if calendar is None else np.asarray(calendar, dtype=bool)
    if given.ndim != 1 or not len(given):
        raise EngineError(f"calendar has shape {given.shape}; it must be [periods], this one first")
    result = np.zeros(max(horizon, len(given)), dtype=bool)
    result[: len(given)] = given
    last = int(np.flatnonzero(given)[-1]) if given.any() else len(given) - 1
    result[last + review :: review] = True
    return result[:horizon].copy()


def _gap(review: int, calendar: npt.ArrayLike | None) -> int:
    """Periods from this chance to order to the next."""
    if calendar is None:
        return review
    days = np.flatnonzero(_open(review, calendar, np.asarray(calendar).size + 2 * review))
    later = days[days > 0]
    return int(later[0])


def _rules(given: Checked, terms: Terms) -> Floats:
    """Terms as the kernels read them, [n, 14]."""
    line = given.per_line
    rules = np.zeros((len(given.names), N_TERMS))
    rules[:, HOLDING], rules[:, SHORTAGE] = line["holding"], line["shortage"]
    rules[:, ORDER_COST], rules[:, WRITE_OFF] = line["order_cost"], line["unit_cost"]
    rules[:, MULTIPLE] = line["multiple"]
    rules[:, MOQ] = line["moq"]
    rules[:, BACKORDER] = terms.backorders
    rules[:, LIFE] = np.inf if terms.shelf_life is None else terms.shelf_life
    rules[:, TARGET] = line.get("target", 0.0)
    rules[:, SHORT_CHANCE], rules[:, SHORT_SHARE] = line["short_chance"], line["short_share"]
    rules[:, RETURNED], rules[:, RETURN_LAG] = line["returned_share"], terms.return_periods
    return rules


def _returns(history: DemandHistory, given: Checked, lag: int, horizon: int) -> Floats:
    """[n, horizon]: what customers are still expected to bring back of past sales."""
    sold = np.nan_to_num(np.asarray(history.quantity, dtype=np.float64))[:, -lag:]
    result = np.zeros((len(sold), horizon))
    late = lag - sold.shape[1]  # a history shorter than the lag: its first returns are still to come
    width = max(min(sold.shape[1], horizon - late), 0)
    result[:, late : late + width] = given.per_line["returned_share"][:, None] * sold[:, :width]
    return result


def _until(columns: Floats, horizon: int, *, tail: bool = True) -> Floats:
    """[n, horizon]: columns cut or filled with 0; with `tail`, what lies beyond counts in the last one."""
    result = np.zeros((len(columns), horizon))
    width = min(columns.shape[1], horizon)
    result[:, :width] = columns[:, :width]
    if tail and columns.shape[1] > horizon:
        result[:, -1] += columns[:, horizon:].sum(axis=1)
    return result
