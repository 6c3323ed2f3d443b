"""The parts of the effects against slow, obvious versions: one least-squares problem, loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.drivers.events import event_windows
from engine.forecast.drivers.hierarchy import build_hierarchy
from engine.forecast.drivers.kernel import gather, log_effects
from engine.forecast.drivers.pooling import pool
from engine.forecast.panel import Panel


def test_one_leaf_is_the_textbook_shrinkage():
    """Gelman et al., Bayesian Data Analysis, eq. 5.17: precision-weighted mean of the data and its parent."""
    y, variance, between, prior = np.array([28.0, 8.0, -3.0]), np.array([225.0, 100.0, 256.0]), 50.0, 1e9
    information = (1 / variance)[:, None, None]
    signal = np.array([[between], [prior]])
    found = pool(information, (y / variance)[:, None], [np.zeros(3, dtype=np.int64)], signal, signal, 0)
    weight = 1 / (variance + between)
    mu = (weight * y).sum() / weight.sum()
    theta = (y / variance + mu / between) / (1 / variance + 1 / between)
    assert found.coefficients[-1][0, 0] == pytest.approx(mu, rel=1e-6)
    assert found.coefficients[0][:, 0] == pytest.approx(theta, rel=1e-6)
    assert found.errors[-1][0, 0] == pytest.approx(weight.sum() ** -0.5, rel=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_the_tree_is_one_large_least_squares_problem(seed, width):
    rng = np.random.default_rng(seed)
    parents = [np.array([0, 0, 1, 1, 1, 2]), np.array([0, 0, 0])]
    designs = [rng.normal(size=(int(rng.integers(1, 6)), width)) for _ in range(6)]
    responses = [rng.normal(size=len(x)) for x in designs]
    signal = rng.uniform(0.1, 2.0, (3, width))
    information = np.stack([x.T @ x for x in designs])
    evidence = np.stack([x.T @ y for x, y in zip(designs, responses, strict=True)])
    found = pool(information, evidence, parents, signal, signal, 0)
    # Unknowns: 6 leaves, 3 parents, 1 root; every prior is a row of data.
    nodes = 10
    rows, right = [], []

    def place(node: int) -> slice:
        return slice(node * width, (node + 1) * width)

    for leaf, (x, y) in enumerate(zip(designs, responses, strict=True)):
        block = np.zeros((len(x), nodes * width))
        block[:, place(leaf)] = x
        rows.append(block)
        right.append(y)
    above = [6 + parent for parent in parents[0]] + [9, 9, 9, None]
    for node, parent in enumerate(above):
        level = 0 if node < 6 else 1 if node < 9 else 2
        block = np.zeros((width, nodes * width))
        block[:, place(node)] = np.diag(signal[level] ** -0.5)
        if parent is not None:
            block[:, place(parent)] = -np.diag(signal[level] ** -0.5)
        rows.append(block)
        right.append(np.zeros(width))
    solution = np.linalg.lstsq(np.vstack(rows), np.concatenate(right), rcond=None)[0].reshape(nodes, width)
    assert np.vstack(found.coefficients) == pytest.approx(solution, abs=1e-8)


def test_signals_are_learnt_from_the_spread_of_the_children():
    rng = np.random.default_rng(0)
    truth = rng.normal(1.0, 0.7, 4000)
    y = truth + rng.normal(0, 0.3, 4000)
    start = np.array([[0.05], [1.0]])
    information = np.full((4000, 1, 1), 1 / 0.09)
    found = pool(information, (y / 0.09)[:, None], [np.zeros(4000, dtype=np.int64)], start, start, 30)
    assert found.signal[0, 0] == pytest.approx(0.49, rel=0.1)
    assert found.coefficients[-1][0, 0] == pytest.approx(1.0, abs=0.05)


def test_leaves_wrong_together_tell_less():
    start = np.array([[0.1], [1.0]])
    information, evidence = np.full((50, 1, 1), 4.0), np.full((50, 1), 4.0)
    parents = [np.zeros(50, dtype=np.int64)]
    alone = pool(information, evidence, parents, start, start, 0)
    together = pool(information, evidence, parents, start, start, 0, overlap=50.0)
    assert together.errors[-1][0, 0] > 3 * alone.errors[-1][0, 0]
    assert together.coefficients[-1][0, 0] < alone.coefficients[-1][0, 0]


def oracle(values, observed, season, columns, beta, block):
    """Information and score of one series, from dense columns [T, K] and weighted means in every block."""
    width = columns.shape[1]
    information, score = np.zeros((width, width)), np.zeros(width)
    end = len(values)
    while end > 0:
        inside = np.zeros(len(values), dtype=bool)
        inside[max(end - block, 0) : end] = True
        inside &= observed
        end -= block
        if not inside.any() or values[inside].sum() == 0 or inside.sum() < 2:
            continue
        shape = season[inside] * np.exp(columns[inside] @ beta)
        level = (values[inside] / np.sqrt(shape)).sum() / np.sqrt(shape).sum()
        mean = level * shape
        weight = np.sqrt(mean)
        rest = columns[inside] - (weight @ columns[inside]) / weight.sum()
        information += rest.T @ (weight[:, None] * rest)
        score += rest.T @ (weight * (values[inside] / mean - 1))
    return information, score


@pytest.mark.parametrize("compiled", [True, False])
def test_the_kernel_is_the_dense_regression(compiled):
    gather_rows, write_logs = (gather, log_effects) if compiled else (gather.py_func, log_effects.py_func)
    rng = np.random.default_rng(1)
    n, periods, dip = 3, 60, 5
    mechanic = np.where(rng.random((n, periods)) < 0.3, rng.integers(1, 3, (n, periods)), 0).astype(np.int16)
    depth = np.where(mechanic > 0, rng.choice([0.0, 0.2, 0.4], (n, periods)), 0.0)
    depths = np.array([[0.2, 0.2], [0.3, 0.25], [0.4, 0.4]])
    share = rng.choice([0.5, 1.0], (n, periods))
    price = rng.normal(0, 0.1, (n, periods))
    short, yearly = rng.uniform(0.5, 2, (n, 7)), rng.uniform(0.8, 1.2, (2, periods))
    group, observed = np.array([0, 1, 1]), rng.random((n, periods)) < 0.8
    values = rng.poisson(8.0, (n, periods)).astype(float)
    event = rng.normal(0, 0.2, (1, periods))
    beta = rng.normal(0, 0.3, (n, 6))
    columns = np.zeros((n, periods, 6))
    for i in range(n):
        since = 99
        for t in range(periods):
            m = mechanic[i, t] - 1
            if m >= 0:
                since = 0
                columns[i, t, m] = share[i, t]
                if depth[i, t] > 0:
                    columns[i, t, 2 + m] = share[i, t] * (depth[i, t] - depths[1, m])
            else:
                since += 1
                columns[i, t, 4] = max(0.0, 1 - (since - 1) / dip)
    columns[:, :, 5] = price
    logs = np.empty((n, periods))
    write_logs(mechanic, depth, share, price, depths, dip, beta, logs)
    assert logs == pytest.approx(np.einsum("ntk,nk->nt", columns, beta))
    information, score, noise = np.zeros((n, 6, 6)), np.zeros((n, 6)), np.zeros((n, 2))
    gather_rows(
        np.arange(n), values, observed, short, yearly, group, event, np.zeros(n, dtype=np.int64),
        mechanic, depth, share, price, depths, dip, beta, 25, information, score, noise,
    )  # fmt: skip
    for i in range(n):
        season = short[i, np.arange(periods) % 7] * yearly[group[i]] * np.exp(event[0])
        expected = oracle(values[i], observed[i], season, columns[i], beta[i], 25)
        assert information[i] == pytest.approx(expected[0])
        assert score[i] == pytest.approx(expected[1])
    assert (noise > 0).all()


def test_windows_around_an_event_do_not_overlap_it():
    on = np.zeros(120, dtype=bool)
    on[50:53] = True
    windows = dict(event_windows(on, "D"))
    assert windows[(0, 0)].nonzero()[0].tolist() == [50, 51, 52]
    assert windows[(-1, -1)].nonzero()[0].tolist() == [49]
    assert windows[(-14, -9)].nonzero()[0].tolist() == list(range(36, 42))
    assert windows[(5, 9)].nonzero()[0].tolist() == list(range(57, 62))
    often = np.arange(120) % 30 == 0
    assert list(dict(event_windows(often, "D"))) == [(0, 0)]


def hierarchy_of(skus, locations, groups=None):
    values = np.ones((len(skus), 3))
    return build_hierarchy(
        Panel(
            np.array(skus, dtype=object),
            np.array(locations, dtype=object),
            np.datetime64("2024-01-01"),
            "D",
            values,
            values > 0,
            group=None if groups is None else np.array(groups, dtype=object),
        )
    )


def test_levels_that_repeat_are_left_out():
    full = hierarchy_of(["a", "a", "b", "c"], ["1", "2", "1", "1"], ["x", "x", "x", "y"])
    assert [parent.tolist() for parent in full.parents] == [[0, 0, 1, 2], [0, 0, 1], [0, 0]]
    assert full.group_level == 2
    one_place = hierarchy_of(["a", "b"], ["1", "1"], ["x", "x"])
    assert [parent.tolist() for parent in one_place.parents] == [[0, 0]]
    assert one_place.groups == ["x"]
    alone = hierarchy_of(["a"], ["1"])
    assert [parent.tolist() for parent in alone.parents] == [[0]]
