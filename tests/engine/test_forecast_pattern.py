"""Routing by the cut-offs of Syntetos, Boylan and Croston (2005)."""

import numpy as np
import pytest

from engine.forecast.panel import Panel
from engine.forecast.pattern import classify


def pattern_of(values, period="W", observed=None):
    matrix = np.array([values], dtype=float)
    seen = np.ones_like(matrix, dtype=bool) if observed is None else np.array([observed])
    name = np.array(["a"])
    panel = Panel(name, name, np.datetime64("2020-01-06"), period, np.where(seen, matrix, 0.0), seen)
    found = classify(panel)
    return found.pattern[0], found.adi[0], found.cv2[0]


# Sizes 1 and x have a squared coefficient of variation of ((x−1)/(x+1))²: 0.49 at x = 17/3.
@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([1, 5] * 10, "smooth"),  # CV² = .444
        ([1, 6] * 10, "erratic"),  # CV² = .510
        ([2, 3, 2, 0] * 10, "intermittent"),  # ADI = 1.33, just above 1.32
        ([1, 5, 1, 5, 0] * 8, "smooth"),  # ADI = 1.25
        ([1, 9, 0, 0] * 8, "lumpy"),  # ADI = 2, CV² = .64
        ([1, 5, 0, 0] * 8, "intermittent"),
        ([0] * 30, "none"),
        ([4, 5, 6], "new"),
        ([0] * 7 + [3], "intermittent"),
    ],
)
def test_pattern(values, pattern):
    assert pattern_of(values)[0] == pattern


def test_figures_of_a_known_series():
    """Sizes 2, 4, 6: mean 4, population variance 8/3, CV² = 1/6; nine periods, three demands."""
    _, adi, cv2 = pattern_of([2, 0, 0, 4, 0, 0, 6, 0, 0])
    assert (adi, cv2) == (3.0, pytest.approx(1 / 6))


def test_unobserved_periods_do_not_lengthen_the_interval():
    values = [3, 0, 3, 0, 0, 0, 3, 0, 3, 0]
    seen = [True, True, True, True, False, False, True, True, True, True]
    assert pattern_of(values, observed=seen)[1] == 2.0


def test_only_the_recent_past_counts():
    assert pattern_of([5] * 200 + [0, 0, 0, 4] * 26)[0] == "intermittent"
    assert pattern_of([5] * 50 + [0] * 104)[0] == "intermittent"  # stopped selling: no recent size
    assert np.isnan(pattern_of([5] * 50 + [0] * 104)[1])


def test_scale_does_not_matter():
    plain = pattern_of([1, 6, 0, 2] * 10)
    assert pattern_of([1e9, 6e9, 0, 2e9] * 10) == (plain[0], plain[1], pytest.approx(plain[2]))
