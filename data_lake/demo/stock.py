"""Play the company's own min/max replenishment day by day: stock, stockouts, sales, orders, waste."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_lake.demo.catalogue import Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.network import (
    FRESH_DC_LIFE,
    MOQ_CASES,
    SHOCK_CHANCE,
    SHOCK_DAYS,
    SHORT_CHANCE,
    SHORT_SHARE,
    STORE_LIFE_DC,
    STORE_LIFE_DIRECT,
    Network,
)
from data_lake.demo.seasons import Seasons

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BLOCK_DAYS = 28
"""The company resets its min/max every four weeks."""
PLANNER_ERROR_SD = 0.22
"""Error of its idea of mean demand, a product, location and block (log scale)."""
NEGLECTED_SHARE, NEGLECTED_FACTOR = 0.06, 0.55
INFLATED_SHARE, INFLATED_FACTOR = 0.07, 2.3
"""Store lines whose min/max were never looked after: always too low, or always too high."""
PROMOTION_BUILD = 0.65
"""Share (as a power) of a promotion's uplift that it orders for."""
HORIZON = 64
"""Longest lead time of the simulation [days]; length of the ring of arrivals."""
STORE_SAFETY_DAYS, FRESH_SAFETY_DAYS, DC_SAFETY_DAYS = 0.9, 0.0, 3.0


@dataclass(frozen=True)
class Played:
    """What happened. Locations are stores first, DCs after them; L locations, T days."""

    sales: Floats
    """shape (T, stores, skus)"""
    in_stock: Floats
    """Share of the day with stock, shape (T, stores, skus)."""
    closing: Floats
    """Stock at the end of the day, shape (T, L, skus)."""
    fresh_batches: Floats
    """Fresh stock at the end of the last day by days of life left, shape (L, fresh skus, longest life)."""
    ordered: Floats
    """Ordered that evening, shape (T, L, skus)."""
    delivered: Floats
    """What of it arrives, shape (T, L, skus); DC shortages and short deliveries make it less."""
    lead: npt.NDArray[np.int16]
    """Days until it arrives, shape (T, L, skus)."""
    waste: Floats
    """Expired at the end of the day, of the fresh products, shape (T, L, fresh skus)."""


@dataclass(frozen=True)
class _Levels:
    """Reorder point and order-up-to level of the current block, shape (L, skus)."""

    minimum: Floats
    maximum: Floats


def play(
    demand: Floats,
    usual: Floats,
    what: Catalogue,
    where: Geography,
    when: Seasons,
    net: Network,
    rng: np.random.Generator,
) -> Played:
    """Simulate every day: arrivals, expiry, sales = min(demand, stock), evening orders.

    Parameters
    ----------
    demand, usual
        True demand, and its mean without promotions (from which the company sets its min/max, with an
        error), shape (T, stores, skus) [each/day].
    """
    length, stores, skus = demand.shape
    dcs = len(where.dc)
    everywhere = stores + dcs
    fresh = np.flatnonzero(what.fresh)
    longest = int(np.nanmax(what.shelf_life[fresh])) if fresh.size else 1
    life_on_arrival = _life_on_arrival(what, net, stores, dcs)[:, fresh]
    expected = _expected_demand(usual, where, net, rng)
    build = when.promotion_factor.max(axis=1) ** PROMOTION_BUILD  # (T, skus)
    leads = _lead_times(length, where, net, rng)
    short = rng.random((length, everywhere, skus)) < SHORT_CHANCE
    listed = _orderable(when, length)

    sales = np.zeros_like(demand)
    in_stock = np.ones_like(demand)
    closing = np.zeros((length, everywhere, skus))
    ordered = np.zeros((length, everywhere, skus))
    delivered = np.zeros((length, everywhere, skus))
    lead = np.zeros((length, everywhere, skus), dtype=np.int16)
    waste = np.zeros((length, everywhere, fresh.size))
    arriving = np.zeros((HORIZON, everywhere, skus))
    batches = np.zeros((everywhere, fresh.size, longest + 1))
    pack = what.case_pack

    levels = _levels(expected[0], what, where, net)
    on_hand = np.floor(0.5 * (levels.minimum + levels.maximum)) * listed[0]
    _receive(batches, on_hand[:, fresh], life_on_arrival)
    on_order = np.zeros((everywhere, skus))

    for day in range(length):
        if day % BLOCK_DAYS == 0:
            levels = _levels(expected[day // BLOCK_DAYS], what, where, net)
        arrived = arriving[day % HORIZON]
        on_hand += arrived
        on_order -= arrived
        _receive(batches, arrived[:, fresh], life_on_arrival)
        arriving[day % HORIZON] = 0.0

        wanted = demand[day]
        shelf = on_hand[:stores]
        sold = np.minimum(wanted, shelf)
        sales[day] = sold
        in_stock[day] = np.where(
            shelf > 0, np.where(wanted > shelf, shelf / np.maximum(wanted, 1.0), 1.0), 0.0
        )
        on_hand[:stores] -= sold
        _take_first_expiring(batches[:stores], sold[:, fresh])

        # Evening: stores ask their DC or supplier, the DC ships what it has, DCs ask suppliers.
        weekday = int((when.days[day].astype(np.int64) + 3) % 7)
        ahead = build[day + 1 : day + 6].max(axis=0) if day + 1 < length else np.ones(skus)
        may_order = _may_order(weekday, stores, dcs, net) & listed[day]
        position = on_hand + on_order
        low, high = levels.minimum * ahead, levels.maximum * ahead
        cases = np.ceil((high - position) / pack)
        cases[stores:] = np.maximum(cases[stores:], MOQ_CASES[what.category])
        order = np.where(may_order & (position <= low), cases * pack, 0.0)
        ship = np.where(short[day], np.ceil(order * SHORT_SHARE / pack) * pack, order)
        from_dc = net.from_dc
        shipped = _ship_from_dcs(order[:stores] * from_dc, on_hand[stores:], pack, where.dc_of_store)
        ship[:stores] = np.where(from_dc, shipped, ship[:stores])
        for dc in range(dcs):
            leaving = shipped[where.dc_of_store == dc].sum(axis=0)
            on_hand[stores + dc] -= leaving
            _take_first_expiring(batches[stores + dc][None], leaving[fresh][None])
        ordered[day], delivered[day], lead[day] = order, ship, leads[day]
        on_order += ship
        rows, columns = np.nonzero(ship)
        arriving[(day + leads[day, rows, columns]) % HORIZON, rows, columns] += ship[rows, columns]

        expired = batches[:, :, 0].copy()
        batches[:, :, :-1] = batches[:, :, 1:]
        batches[:, :, -1] = 0.0
        on_hand[:, fresh] -= expired
        waste[day] = expired
        closing[day] = on_hand
    return Played(sales, in_stock, closing, batches, ordered, delivered, lead, waste)


def _expected_demand(usual: Floats, where: Geography, net: Network, rng: np.random.Generator) -> Floats:
    """Return the company's idea of mean daily demand, shape (blocks, L, skus).

    A block's true mean without promotions over the days on sale, times an error; a DC's is the sum of what
    its stores get from it. The block before a launch already expects the launch.
    """
    length, stores, _ = usual.shape
    starts = np.arange(0, length, BLOCK_DAYS)
    counts = np.add.reduceat(usual > 0, starts, axis=0)
    mean = np.add.reduceat(usual, starts, axis=0) / np.maximum(counts, 1)
    mean[:-1] = np.where(mean[:-1] > 0, mean[:-1], mean[1:])
    pulled = mean * net.from_dc
    dc = np.stack([pulled[:, where.dc_of_store == d].sum(axis=1) for d in range(len(where.dc))], axis=1)
    both = np.concatenate([mean, dc], axis=1)
    care = rng.random(both.shape[1:])
    habit = np.where(care < NEGLECTED_SHARE, NEGLECTED_FACTOR, 1.0)
    habit[care > 1 - INFLATED_SHARE] = INFLATED_FACTOR
    habit[stores:] = 1.0
    return np.asarray(both * habit * np.exp(rng.normal(0, PLANNER_ERROR_SD, both.shape)))


def _levels(mean: Floats, what: Catalogue, where: Geography, net: Network) -> _Levels:
    stores = len(where.store)
    supplier_lead = net.lead_mean[net.supplier_of]
    gap = 7 / net.order_days.sum(axis=1)[net.supplier_of]  # days between order days
    lead = np.where(net.from_dc, net.store_lead[:, None], supplier_lead)
    review = np.where(net.from_dc, 1.2, gap)
    safety = np.where(what.fresh, FRESH_SAFETY_DAYS, STORE_SAFETY_DAYS)
    cycle = np.where(what.fresh, 0.3, 3.0)
    store_mean, dc_mean = mean[:stores], mean[stores:]
    noise = np.where(what.fresh, 0.3, 0.8) * np.sqrt(store_mean * (lead + review))
    store_min = store_mean * (lead + review + safety) + noise
    store_max = np.maximum(store_min + store_mean * cycle, store_min + 1)
    dc_safety = np.where(what.fresh, 1.2, DC_SAFETY_DAYS)
    dc_min = dc_mean * (supplier_lead + gap + dc_safety) + np.where(what.fresh, 0.3, 1.0) * what.case_pack
    dc_max = dc_min + dc_mean * np.where(what.fresh, 0.2, 5.0)
    return _Levels(np.ceil(np.concatenate([store_min, dc_min])), np.ceil(np.concatenate([store_max, dc_max])))


def _lead_times(length: int, where: Geography, net: Network, rng: np.random.Generator) -> Integers:
    """Return days from order to arrival, shape (T, L, skus); one truck a source, location and day."""
    stores, dcs = len(where.store), len(where.dc)
    suppliers = len(net.supplier)
    noise = rng.normal(0, 1, (length, stores + dcs, suppliers)) * net.lead_sd
    truck = np.rint(net.lead_mean + net.late + noise)
    shock = rng.integers(*SHOCK_DAYS, truck.shape) * (rng.random(truck.shape) < SHOCK_CHANCE)
    shock[:, :stores] = 0
    truck = np.clip(truck + shock, 1, HORIZON - 1)
    result = truck[:, :, net.supplier_of]
    late_van = rng.random((length, stores)) < 0.04
    van = net.store_lead + late_van
    result[:, :stores] = np.where(net.from_dc, van[:, :, None], result[:, :stores])
    return np.asarray(result, dtype=np.int64)


def _life_on_arrival(what: Catalogue, net: Network, stores: int, dcs: int) -> Integers:
    share = np.full((stores + dcs, len(what)), FRESH_DC_LIFE)
    share[:stores] = np.where(net.from_dc, STORE_LIFE_DC, STORE_LIFE_DIRECT)
    days = np.maximum(np.floor(np.nan_to_num(what.shelf_life, nan=1.0) * share), 2)
    return np.asarray(days, dtype=np.int64)


def _orderable(when: Seasons, length: int) -> npt.NDArray[np.bool_]:
    """Products that may be ordered, shape (T, skus): a week before launch to a week before the end."""
    days = when.days[:length, None]
    started = np.isnat(when.launch) | (days >= when.launch - 7)
    going = np.isnat(when.discontinue) | (days <= when.discontinue - 7)
    return np.asarray(started & going)


def _may_order(weekday: int, stores: int, dcs: int, net: Network) -> npt.NDArray[np.bool_]:
    """Locations and products whose source takes orders today; DCs ship to stores Monday to Saturday."""
    supplier_open = net.order_days[net.supplier_of, weekday]
    store = np.where(net.from_dc, weekday < 6, supplier_open)
    return np.concatenate([store, np.broadcast_to(supplier_open, (dcs, supplier_open.size))]).reshape(
        stores + dcs, -1
    )


def _ship_from_dcs(request: Floats, dc_stock: Floats, pack: Floats, dc_of_store: Integers) -> Floats:
    """Return what the DCs ship: the requests, or a proportional share in whole cases when short."""
    shipped = np.zeros_like(request)
    for dc, stock in enumerate(dc_stock):
        mine = dc_of_store == dc
        total = request[mine].sum(axis=0)
        share = np.minimum(1.0, stock / np.maximum(total, 1.0))
        shipped[mine] = np.where(share >= 1.0, request[mine], np.floor(request[mine] * share / pack) * pack)
    return shipped


def _receive(batches: Floats, arrived: Floats, life: Integers) -> None:
    rows, columns = np.nonzero(arrived)
    batches[rows, columns, life[rows, columns]] += arrived[rows, columns]


def _take_first_expiring(batches: Floats, taken: Floats) -> None:
    """Remove `taken` from the batches, first-expired-first-out, in place."""
    before = np.cumsum(batches, axis=2)
    left = np.maximum(before - taken[:, :, None], 0.0)
    batches[:, :, 0] = left[:, :, 0]
    batches[:, :, 1:] = np.diff(left, axis=2)
