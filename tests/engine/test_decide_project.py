"""Stock played forward: a batch-by-batch simulation in plain Python, published newsvendor answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm, poisson

from engine.replenishment.decide.choose import MONEY_DECIDES, choose
from engine.replenishment.decide.outstanding import ARRIVED, NEVER
from engine.replenishment.decide.project import (
    BACKORDER,
    HOLDING,
    LIFE,
    LOT,
    MOQ,
    MULTIPLE,
    N_TERMS,
    ORDER_COST,
    RETURN_LAG,
    RETURNED,
    SHORTAGE,
    WRITE_OFF,
    expectations,
    expected_money,
    feasible,
)
from engine.replenishment.decide.search import QUANTITY, levels_to_try

pytestmark = pytest.mark.xdist_group("decide")  # its kernels compile for 20 s: in one worker only

COLUMNS = {
    "holding": HOLDING, "shortage": SHORTAGE, "order_cost": ORDER_COST, "write_off": WRITE_OFF, "moq": MOQ,
    "multiple": MULTIPLE, "lot": LOT, "backorder": BACKORDER, "life": LIFE,
    "returned": RETURNED, "return_lag": RETURN_LAG,
}  # fmt: skip


def terms(**given):
    row = np.zeros(N_TERMS)
    row[MULTIPLE], row[LIFE] = 1.0, np.inf
    for name, value in given.items():
        row[COLUMNS[name]] = value
    return row


def slow(
    paths, on_hand, expiring, due, open_units, fates, leads, parts, hope, may_order, rule, kappa, quantity
):
    """The same game, one batch after the other, in dictionaries."""
    n_paths, horizon, ages = len(paths), len(due), len(open_units)
    window = paths.shape[1] - horizon
    ahead = np.array([[path[u : u + window].mean() for u in range(horizon)] for path in paths])
    past = np.array([[path[:u].sum() for u in range(horizon)] for path in paths])
    bill = 0.0
    for k in range(n_paths):
        batches = {u: units for u, units in enumerate(expiring) if units > 0}
        batches[10**9] = on_hand - sum(expiring)
        pending = [(-j - 1, open_units[j], fates[k, j]) for j in range(ages)]
        owed, sold = 0.0, []
        for u in range(horizon):
            order = quantity if u == 0 else 0.0
            if u > 0 and may_order[u]:
                stock = sum(batches.values()) - owed
                position = stock + due[u:].sum()
                position += sum(
                    q * hope[u - placed] for placed, q, at in pending if at >= u and u - placed <= ages
                )
                spread = past[:, u].var()
                slope = np.cov(past[:, u], ahead[:, u], bias=True)[0, 1] / spread if spread > 0 else 0.0
                slope = min(max(slope, 0.0), 1.0 / u)
                mean = max(ahead[:, u].mean() + slope * (past[k, u] - past[:, u].mean()), 0.0)
                if kappa * mean - position > 1e-6:
                    order = feasible((kappa * mean + rule[LOT] - position) / hope[0], rule)
            bill += rule[ORDER_COST] * (order > 0)
            pending.append((u, order, u + leads[k, u]))
            arriving = due[u] + sum(q * parts[k, ages + placed] for placed, q, at in pending if at == u)
            if rule[RETURNED] and u >= rule[RETURN_LAG]:
                arriving += rule[RETURNED] * sold[u - int(rule[RETURN_LAG])]
            last = u + rule[LIFE] - 1 if rule[LIFE] < horizon else 10**9
            batches[last] = batches.get(last, 0.0) + arriving
            wanted = paths[k, u] + owed
            sold.append(paths[k, u] if rule[BACKORDER] else min(paths[k, u], sum(batches.values())))
            for last in sorted(batches):
                served = min(batches[last], wanted)
                batches[last] -= served
                wanted -= served
            owed = wanted if rule[BACKORDER] else 0.0
            bill += rule[SHORTAGE] * wanted
            bill += rule[WRITE_OFF] * batches.pop(u, 0.0)
            bill += rule[HOLDING] * sum(batches.values())
    return bill / n_paths


@st.composite
def games(draw):
    horizon, window, n_paths, ages = 5, 2, 3, draw(st.integers(0, 2))

    def whole(shape, most):
        size = int(np.prod(shape))
        values = draw(st.lists(st.integers(0, most), min_size=size, max_size=size))
        return np.array(values, float).reshape(shape)

    backorder = draw(st.booleans())
    life = np.inf if backorder else draw(st.sampled_from([1.0, 2.0, 3.0, np.inf]))
    expiring = np.zeros(horizon)
    if np.isfinite(life):
        # stock on hand never outlives what arrives now, as first expired is then first in
        expiring[: int(life)] = whole(int(life), 4)
    on_hand = expiring.sum() if np.isfinite(life) else float(draw(st.integers(0, 8)))
    possible = st.sampled_from([*range(ages + 1), NEVER])
    leads = np.array([[draw(possible) for _ in range(horizon)] for _ in range(n_paths)], np.int64)
    # the order placed j + 1 periods ago is in after at most `ages` periods
    fate = [st.sampled_from([*range(ages - j), NEVER, ARRIVED]) for j in range(ages)]
    fates = np.array([[draw(fate[j]) for j in range(ages)] for _ in range(n_paths)], np.int64)
    rule = terms(
        holding=1.0, shortage=3.0, order_cost=draw(st.sampled_from([0.0, 2.0])), write_off=2.0,
        moq=draw(st.sampled_from([0.0, 4.0])), multiple=draw(st.sampled_from([1.0, 3.0])),
        lot=draw(st.sampled_from([0.0, 2.5])), backorder=float(backorder), life=life,
        returned=draw(st.sampled_from([0.0, 0.25])), return_lag=draw(st.integers(1, 3)),
    )  # fmt: skip
    return {
        "paths": whole((n_paths, horizon + window), 6),
        "on_hand": float(on_hand),
        "expiring": expiring,
        "due": whole(horizon, 3),
        "open_units": whole(ages, 5),
        "fates": fates.reshape(n_paths, ages),
        "leads": leads,
        "parts": draw(hnp.arrays(float, (n_paths, ages + horizon), elements=st.sampled_from([1.0, 0.5]))),
        "hope": np.linspace(1.0, 0.5, ages + 1),
        "may_order": np.array([True, draw(st.booleans()), True, draw(st.booleans()), True]),
        "rule": rule,
        "kappa": draw(st.sampled_from([0.0, 1.0, 2.5])),
        "quantity": float(draw(st.integers(0, 6))),
    }


@given(games())
@settings(max_examples=120, deadline=None)
def test_money_is_that_of_the_slow_game(game):
    horizon = len(game["due"])
    mean, follow, sold = np.empty(horizon), np.empty(horizon), np.empty(horizon)
    paths, rest = game["paths"], {name: value for name, value in game.items() if name != "paths"}
    expectations(paths, paths.shape[1] - horizon, mean, follow, sold)
    fast = expected_money(paths, mean, follow, sold, *rest.values())
    np.testing.assert_allclose(fast, slow(**game), rtol=1e-9, atol=1e-9)


def chosen(paths, window, rule, lead=0):
    horizon = paths.shape[2] - window
    out = np.zeros((1, 8))
    nothing, none = np.zeros((1, horizon)), np.zeros((1, 0))
    chances = np.zeros((1, lead + 1))
    chances[0, lead] = 1.0
    choose(
        paths, horizon, window, np.zeros(1), nothing, nothing, none, none, chances,
        np.ones(horizon, bool), MONEY_DECIDES, rule[None], levels_to_try(paths, window),
        np.array([3], np.uint64), out,
    )  # fmt: skip
    return out[0, QUANTITY]


def strata(distribution, n_paths, periods):
    rng = np.random.default_rng(2)
    levels = distribution.ppf((np.arange(n_paths) + 0.5) / n_paths)
    return np.stack([rng.permutation(levels) for _ in range(periods)], axis=1)[None]


def test_newsvendor_with_normal_demand():
    # Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., Example 4.3: 56.604 (h .18, p .70, 50, 8)
    got = chosen(strata(norm(50, 8), 4001, 7), 1, terms(holding=0.18, shortage=0.70))
    assert abs(got - 56.604) <= 1


def test_base_stock_with_poisson_demand_and_backorders():
    # Snyder & Shen, Example 4.7 as newsvendor: 8 (h 1, p 4, mean 6)
    got = chosen(strata(poisson(6), 4001, 7), 1, terms(holding=1.0, shortage=4.0, backorder=1.0))
    assert got == 8


def test_base_stock_over_a_lead_time():
    # Snyder & Shen, Example 4.4 as base stock over lead time 4 and one review: 264.8 (h .18, p .70, 50, 8)
    paths = strata(norm(50, 8), 2001, 14)
    got = chosen(paths, 5, terms(holding=0.18, shortage=0.70, backorder=1.0), lead=4)
    assert abs(got - 264.8) <= 2


def test_feasible_quantities():
    rule = terms(moq=10, multiple=6)
    assert [feasible(q, rule) for q in (-3.0, 0.0, 1.0, 12.0, 13.0)] == [0.0, 0.0, 12.0, 12.0, 18.0]
