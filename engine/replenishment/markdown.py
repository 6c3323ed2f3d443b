"""What a markdown of stock that will expire does, and how deep it should be.

While it runs, demand is `uplift` times the usual; everything sold in these periods is sold at the lower
price, what would have been sold anyway too. It ends when the stock it is for is gone, at latest with its last
period. After it demand dips, as after a promotion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from engine.forecast.uniforms import normal_quantile, random_order
from engine.replenishment.line import Line
from engine.replenishment.lines import FloatArray, IntArray
from engine.replenishment.shelf import expires_by, fill, put, take_first_expired

_STREAM = (1 << 30) + 16
"""Stream of the uplift's error, far from those of demand and lead times drawn with the same seed."""

Spans = Sequence[tuple[int, int]]

MONEY, WASTE, DISCOUNTED, SHORT = range(4)
"""Columns of what `outcome` returns."""


@njit(cache=True, nogil=True)
def outcome(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    quantity: float,
    backorder: bool,
    price: float,
    unit_cost: float,
    stockout_cost: float,
    holding_cost: float,
    start: int,
    until: int,
    depth: float,
    uplift: FloatArray,
    dip: float,
    dip_periods: int,
    taken: float,
) -> FloatArray:
    """Money that a line earns on each path, up to a constant, with an order and perhaps a markdown.

    Money = Σ (price − cost) · sold − (stockout cost beyond the margin) · short − cost · waste − holding.
    Up to the next arrival what is sold and short is what this stock serves; later demand is served by later
    orders, so that stock left then is worth its cost. On what waits (`backorder`) no sale is lost.

    Parameters
    ----------
    paths … backorder
        As in `engine.replenishment.simulate.simulate`.
    price, unit_cost, stockout_cost : float
        [money/each].
    holding_cost : float
        [money/each/period], on the end stock of each period before the next arrival.
    start, until : int
        First and last period of the markdown, which is for the stock that cannot be sold after it; until −1:
        no markdown.
    depth : float
        Share off the price.
    uplift : float64 array (P,)
        Demand in the markdown over usual demand.
    dip, dip_periods : float, int
        Log change of demand in the first period after it, fading in a straight line.
    taken : float
        Share of the units gained that other products lose, at this margin.

    Returns
    -------
    float64 array (P, 4)
        Money; units written off; units sold at the lower price; regular demand short before the next arrival.
    """
    n_paths, horizon = paths.shape
    result = np.zeros((n_paths, 4))
    bins = np.empty(horizon + 1)
    margin = price - unit_cost
    for path in range(n_paths):
        stock = fill(bins, stock_by_last_period)
        oldest = 0
        backlog = 0.0
        running = until >= 0
        since = 0
        due, given = (path + 0.5) / n_paths, 0.0
        money = 0.0
        for period in range(horizon):
            arriving = receipts[period]
            if period == arrival[path]:
                arriving += quantity
            if arriving > 0.0:
                oldest = min(oldest, put(bins, arriving, period + life - 1))
                stock += arriving
            usual = demand = paths[path, period]
            lower = 0.0
            if until >= 0:
                if running and period >= start:
                    running = period <= until and expires_by(bins, oldest, until)
                factor = 1.0
                if running and period < start:
                    factor = 1.0
                elif running:
                    factor, lower = uplift[path], depth
                elif since < dip_periods:
                    factor = math.exp(dip * (1.0 - since / dip_periods))
                    since += 1
                # whole units, as many over time as the factors make
                due += factor * usual
                demand = max(math.floor(due + 1e-9) - given, 0.0)
                given += demand
            wanted = demand + backlog
            served = min(wanted, stock)
            oldest = take_first_expired(bins, oldest, served)
            stock -= served
            unmet = wanted - served
            if backorder:
                backlog = unmet
            short = min(unmet, usual)
            sold = demand if backorder or period >= next_arrival[path] else served
            money += (margin - lower * price) * sold
            if period < next_arrival[path]:
                money -= (stockout_cost if backorder else stockout_cost - margin) * short
                result[path, 3] += short
            if lower > 0.0:
                result[path, 2] += sold
                money -= taken * margin * max(sold - usual, 0.0)
            wasted = bins[period]
            if wasted > 0.0:
                bins[period] = 0.0
                stock = max(stock - wasted, 0.0)
                result[path, 1] += wasted
                money -= unit_cost * wasted
            if period < next_arrival[path]:
                money -= holding_cost * stock
            oldest = max(oldest, period + 1)
        result[path, 0] = money
    return result


@dataclass(frozen=True)
class Response:
    """What is known of a line's demand under a markdown."""

    depths: FloatArray
    """Steps allowed, shares off the price, rising."""
    log_uplift: FloatArray
    """Log of demand in the markdown over usual demand, by depth."""
    error: FloatArray
    """Standard error of that."""
    dip: float = 0.0
    """Log change of demand in the first period after it."""
    dip_periods: int = 0
    """Periods over which that fades."""
    taken: float = 0.0
    """Share of the units gained that other products of the category lose."""


@dataclass(frozen=True)
class Markdown:
    """One depth of markdown and what it does on each path."""

    depth: float
    start: int
    until: int
    outcome: FloatArray
    """As the kernel `outcome` returns it."""


def elasticity_curve(elasticity: float, depths: FloatArray) -> FloatArray:
    """Return log uplift by depth under a constant price elasticity: −e · log(1 − depth).

    Parameters
    ----------
    elasticity : float
        Relative change of demand over relative change of price, as a positive number e.

    Examples
    --------
    A product of elasticity 2 sells 1 / 0.8² = 1.5625 times as much at a fifth off:

    >>> float(np.exp(elasticity_curve(2.0, np.array([0.2])))[0].round(4))
    1.5625
    """
    curve: FloatArray = -elasticity * np.log1p(-depths)
    return curve


def play_without(line: Line, price: float, quantity: float) -> FloatArray:
    """Play an order of `quantity` without markdown; columns as of `outcome`."""
    return _play(line, price, quantity, (0, -1), 0.0, np.ones(len(line.paths)), None)


def best_markdown(line: Line, price: float, quantity: float, spans: Spans, response: Response) -> Markdown:
    """Return the span and depth of most expected money; of equal ones the first, and the least deep.

    Parameters
    ----------
    line : Line
        With its paths drawn.
    price : float
        Regular price [money/each].
    quantity : float
        Order that is placed all the same [each].
    spans : sequence of (int, int)
        First and last period of each markdown that is thought of; at least one.
    response : Response
        At least one depth. The uplift is drawn for each path around its estimate, so that what is not known
        of it counts in the money and in its confidence.
    """
    spread = _normal_scores(line.inputs.path_seed[line.row], len(line.paths))
    best: Markdown | None = None
    for span in spans:
        gained = -math.inf
        for depth, log, error in zip(response.depths, response.log_uplift, response.error, strict=True):
            if log <= gained:
                continue  # a lower price that brings no more demand
            gained = float(log)
            uplift = np.exp(log + error * spread - 0.5 * error * error)  # of mean exp(log)
            found = _play(line, price, quantity, span, float(depth), uplift, response)
            if best is None or found[:, MONEY].mean() > best.outcome[:, MONEY].mean() + 1e-9:
                best = Markdown(float(depth), *span, found)
    assert best is not None, "there is a span and a depth"
    return best


def _play(
    line: Line,
    price: float,
    quantity: float,
    span: tuple[int, int],
    depth: float,
    uplift: FloatArray,
    response: Response | None,
) -> FloatArray:
    played: FloatArray = outcome(
        line.paths,
        line.stock,
        line.receipts,
        line.life,
        line.arrival,
        line.next_arrival,
        quantity,
        line.waits,
        price,
        line.value("unit_cost"),
        line.value("stockout_cost"),
        line.value("holding_cost"),
        *span,
        depth,
        uplift,
        response.dip if response else 0.0,
        response.dip_periods if response else 0,
        response.taken if response else 0.0,
    )
    return played


def _normal_scores(seed: np.uint64, n_paths: int) -> FloatArray:
    """Return one standard normal number a path: strata in an order drawn from the seed, of mean 0."""
    order = np.empty(n_paths, np.int64)
    random_order(seed, _STREAM, order)
    scores = np.empty(n_paths)
    scores[order] = [normal_quantile((i + 0.5) / n_paths) for i in range(n_paths)]
    return scores
