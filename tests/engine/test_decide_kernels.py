"""The compiled kernels of the decision call say what the same lines of Python say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.replenishment.decide import (
    choose,
    outstanding,
    project,
    search,
    service,
    short_filter,
    short_paths,
)
from engine.replenishment.decide.short_models import model_table
from engine.replenishment.requirement import CYCLE, FILL

pytestmark = pytest.mark.xdist_group("decide")  # its kernels compile for 20 s: in one worker only

PATHS, WINDOW, HORIZON, AGES = 12, 3, 6, 2
CHANCES = np.array([0.1, 0.5, 0.2])
ORDERED, RECEIVED = np.array([4.0, 6.0, 4.0]), np.array([0.0, 4.0, 0.0])
KNOBS = short_filter.default_knobs()
TABLE = model_table()
UNCOUNTED = np.empty(0)
PARTS = np.tile([1.0, 0.5, 1.0, 1.0], (PATHS, 2))
HISTORY = np.array([3.0, 5.0, 0.0, 4.0, 12.0, 13.0, 11.0, 2.0])
SEEN = np.array([True, True, True, True, True, False, True, True])


def demand():
    return np.random.default_rng(3).poisson(5.0, (PATHS, HORIZON + WINDOW)).astype(float)


def rule(**given):
    row = np.zeros(project.N_TERMS)
    row[project.HOLDING], row[project.SHORTAGE], row[project.MULTIPLE] = 0.3, 2.0, 1.0
    row[project.LIFE], row[project.TARGET], row[project.SHORT_SHARE] = np.inf, 0.8, 1.0
    for name, value in given.items():
        row[getattr(project, name)] = value
    return row


RULES = [
    rule(),
    rule(ORDER_COST=6.0, MOQ=8.0, MULTIPLE=4.0),
    rule(LIFE=2.0, WRITE_OFF=1.0),
    rule(BACKORDER=1.0),
    rule(SHORT_CHANCE=0.3, SHORT_SHARE=0.5, RETURNED=0.1, RETURN_LAG=2.0),
]


def same(kernel, arguments, outputs=()):
    """Run compiled and plain; both must return and fill the same. `outputs`: positions that are filled."""
    fast = [np.copy(value) if place in outputs else value for place, value in enumerate(arguments)]
    slow = [np.copy(value) if place in outputs else value for place, value in enumerate(arguments)]
    with np.errstate(over="ignore"):  # the counter's arithmetic is modulo 2**64
        got, wanted = kernel(*fast), kernel.py_func(*slow)
    if wanted is not None:
        np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=1e-9)
    for place in outputs:
        np.testing.assert_allclose(fast[place], slow[place], rtol=1e-7, atol=1e-9)
    return fast


def drawn():
    sets, fates = np.empty(4), np.empty((PATHS, AGES), np.int64)
    leads, order = np.empty((PATHS, HORIZON), np.int64), np.empty(PATHS, np.int64)
    outstanding.open_sets(ORDERED, RECEIVED, CHANCES, 0.2, 0.0, 1.0, sets, UNCOUNTED, UNCOUNTED)
    outstanding.draw_fates(sets, CHANCES, 0.2, np.uint64(5), order, fates)
    outstanding.draw_leads(CHANCES, np.uint64(5), order, leads)
    return sets, fates, leads


def test_outstanding():
    sets, order = drawn()[0], np.empty(PATHS, np.int64)
    for received in (RECEIVED, np.array([0.0, 3.0, 0.0])):
        for short in ((0.0, 1.0), (0.2, 0.75)):
            case = (ORDERED, received, CHANCES, 0.2, *short, np.empty(4))
            same(outstanding.open_sets, (*case, UNCOUNTED, UNCOUNTED), (6,))
            same(outstanding.open_sets, (*case, np.zeros(3), np.zeros(3)), (6, 7, 8))
    same(outstanding.fate_table, (sets, CHANCES, 0.2, np.empty((AGES, AGES + 2))), (3,))
    fates = np.empty((PATHS, AGES), np.int64)
    same(outstanding.draw_fates, (sets, CHANCES, 0.2, np.uint64(5), order, fates), (5,))
    same(outstanding.draw_fates, (sets, CHANCES, 0.2, np.uint64(5), order, fates[:, :0]), ())
    for short in ((0.0, 1.0), (0.3, 0.5)):
        same(outstanding.draw_parts, (*short, np.uint64(5), order, np.empty((PATHS, 4))), (4,))
    same(outstanding._chance_of, (3, ORDERED, 2, 2, 7.0, 0.3, 0.5))
    same(outstanding.draw_leads, (CHANCES, np.uint64(5), order, np.empty((PATHS, 4), np.int64)), (3,))
    for age in range(4):
        same(outstanding.chance_open, (CHANCES, 0.2, age))
        same(outstanding.chance_to_come, (CHANCES, 0.2, age))


@pytest.mark.parametrize("terms", RULES)
def test_money_and_search(terms):
    paths = demand()
    mean, follow, sold = (np.empty(HORIZON) for _ in range(3))
    _, _, mean, follow, sold = same(project.expectations, (paths, WINDOW, mean, follow, sold), (2, 3, 4))
    _, fates, leads = drawn()
    none = np.zeros(HORIZON)
    may_order = np.array([True, False, True, True, False, True])
    hope = np.array([0.8, 0.75, 0.5])
    world = (paths, mean, follow, sold, 3.0, none, none, np.array([4.0, 6.0]), fates, leads, PARTS)
    world = (*world, hope, may_order)
    for kappa, quantity in ((0.0, 0.0), (2.5, 7.0)):
        same(project.expected_money, (*world, terms, kappa, quantity))
    for quantity in (-1.0, 0.0, 5.0):
        same(project.feasible, (quantity, terms))
    levels = search.levels_to_try(paths[None], WINDOW)[0]
    same(search._settled, (paths, mean, follow, sold, leads, PARTS, hope, may_order, terms, levels))
    wait = project.expected_money(*world, terms, 2.0, 0.0)
    same(search._search, ((*world, terms), 2.0, 6.0, wait))
    same(search.cheapest, (*world, terms, levels, 3.0, np.zeros(8)), (16,))
    closed = (*world[:-1], np.zeros(HORIZON, bool))
    same(search.cheapest, (*closed, terms, levels, 3.0, np.zeros(8)), (16,))


@pytest.mark.parametrize("terms", RULES)
@pytest.mark.parametrize("kind", [choose.MONEY_DECIDES, FILL, CYCLE])
def test_choice(terms, kind):
    paths = np.stack([demand(), np.zeros((PATHS, HORIZON + WINDOW))])
    none = np.zeros((2, HORIZON))
    for may_order in (np.ones(HORIZON, bool), np.zeros(HORIZON, bool)):
        case = (
            paths, HORIZON, WINDOW, np.array([3.0, 1.0]), none, none, np.stack([ORDERED] * 2),
            np.stack([RECEIVED] * 2), np.stack([CHANCES] * 2), may_order, kind, np.stack([terms] * 2),
            search.levels_to_try(paths, WINDOW), np.array([1, 2], np.uint64), np.zeros((2, 8)),
        )  # fmt: skip
        same(choose.choose, case, (14,))


@pytest.mark.parametrize("backorder", [False, True])
@pytest.mark.parametrize("kind", [FILL, CYCLE])
def test_least_order(kind, backorder):
    _, fates, leads = drawn()
    units = np.array([4.0, 6.0])
    for parts in (np.ones_like(PARTS), PARTS, np.where(PARTS < 1, 0.0, 1.0), np.zeros_like(PARTS)):
        for returned in (0.0, 0.2):
            case = (demand(), 3.0, np.ones(HORIZON), units, fates, leads, parts, 2, backorder, kind, 0.9)
            same(service.least_order, (*case, returned, 2))


def test_short_histories():
    out = np.zeros((2 * len(TABLE) + 40, 14))
    same(short_filter._log_t, (1.3, 2.0, 4.0))
    same(short_filter._log_of, (3.0,))
    for row in (TABLE[0], TABLE[6], TABLE[-1]):
        same(short_filter._state_space, (HISTORY, SEEN, row, 5.0, 2.0, KNOBS, np.zeros(14)), (6,))
    for logs in (False, True):
        same(short_filter._jumps, (HISTORY, SEEN, logs, 5.0, 2.0, KNOBS, np.zeros((20, 14))), (6,))
    same(short_filter._counts, (HISTORY, SEEN, 0.9, 5.0, KNOBS, np.zeros(14)), (5,))
    filled = same(short_filter.components, (HISTORY, SEEN, TABLE, KNOBS, out), (4,))[4]
    count = short_filter.components(HISTORY, SEEN, TABLE, KNOBS, out)
    assert count > 10
    counts = filled[:1].copy()
    short_filter._counts(HISTORY, SEEN, 0.9, 5.0, KNOBS, counts[0])
    counts[0, short_filter.WEIGHT] = filled[:count, short_filter.WEIGHT].sum()
    parts = np.concatenate([filled[:count], counts])
    middle = np.linspace(-1.5, 1.5, PATHS)
    same(short_paths._draw, (parts, TABLE, 30.0, np.uint64(4), middle, np.zeros((PATHS, 4))), (5,))
    same(short_paths._scores, (np.uint64(4), 1, np.empty(PATHS, np.int64), middle, np.zeros(PATHS)), (4,))
    for mean, z in ((4.0, 0.3), (0.1, -3.0)):
        same(short_paths._count, (mean, z))
    demand_of = np.stack([HISTORY, HISTORY])
    seen = np.stack([SEEN, np.zeros(8, bool)])
    case = (demand_of, seen, TABLE, KNOBS, np.array([1, 2], np.uint64), np.zeros((2, PATHS, 4)))
    same(short_paths.short_paths, case, (5,))
