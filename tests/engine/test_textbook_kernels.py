"""The (s, S) kernels as plain Python: every branch, and the same answers as compiled."""

import numpy as np
import pytest

from engine.replenishment.textbook import reorder_up_to_kernel as kernel

KERNELS = [name for name, value in vars(kernel).items() if hasattr(value, "py_func")]


def terms(rows):
    return [np.array(column, dtype=float) for column in zip(*rows, strict=True)]


POISSON = terms([(6.0, 0, 5, 1, 4), (0.3, 1, 40, 1, 9), (4.0, 2, 400, 1, 0.2), (8.0, 0, 0, 1, 30)])
TABLES = np.array([[0.2, 0.8, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5], [0.7, 0.0, 0.3, 0.0], [0.1, 0.2, 0.3, 0.4]])


@pytest.mark.parametrize("tables", [np.zeros((4, 0)), TABLES], ids=["poisson", "table"])
def test_plain_equals_compiled(monkeypatch, tables):
    mean, lead, setup, holding, penalty = POISSON
    found, expected = np.empty((4, 3)), np.empty((4, 3))
    # Compiled before anything is replaced: a kernel that compiles later would find plain functions.
    kernel.best_policies(mean, tables, lead, setup, holding, penalty, expected)
    for name in KERNELS:
        monkeypatch.setattr(kernel, name, getattr(kernel, name).py_func)
    kernel.best_policies(mean, tables, lead, setup, holding, penalty, found)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    costs = np.empty(4)
    kernel.policy_costs(found[:, 0], found[:, 1], mean, tables, lead, setup, holding, penalty, costs)
    np.testing.assert_allclose(costs, found[:, 2], rtol=1e-12)
