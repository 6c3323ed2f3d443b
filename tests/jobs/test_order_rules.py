"""Quantities that a source takes, and what is said of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.order_rules import is_multiple, nearest_quantities, quantity_fault

_steps = st.sampled_from([0.0, 0.1, 0.25, 1.0, 6.0, 7.0, 144.0])
_moqs = st.one_of(st.just(0.0), st.integers(1, 500).map(float))
_quantities = st.floats(0.01, 5000)


@pytest.mark.parametrize(
    ("quantity", "moq", "multiple", "fault"),
    [
        (24, 24, 12, None),
        (0, 24, 12, None),  # not to be ordered
        (5.5, 0, 0, None),
        (0.3, 0, 0.1, None),  # three times 0.1, though not in binary
        (25, 24, 12, "quantity 25 is not a multiple of 12; 24 or 36 would do"),
        (12, 24, 12, "quantity 12 is below the minimum order quantity 24; 24 would do"),
        (12, 20, 12, "quantity 12 is below the minimum order quantity 20; 24 would do"),
        (
            7,
            24,
            12,
            "quantity 7 is not a multiple of 12 and is below the minimum order quantity 24; 24 would do",
        ),
        (5, 24, 0, "quantity 5 is below the minimum order quantity 24; 24 would do"),
        (-1, 0, 0, "quantity -1 is negative; it must be 0 or more"),
        (float("nan"), 0, 0, "quantity is nan; it must be a number"),
        (float("inf"), 0, 0, "quantity is inf; it must be a number"),
        (3, 0, 12, "quantity 3 is not a multiple of 12; 12 would do"),
    ],
)
def test_what_is_said(quantity: float, moq: float, multiple: float, fault: str | None) -> None:
    assert quantity_fault(quantity, moq=moq, order_multiple=multiple) == fault


@given(_quantities, _moqs, _steps)
def test_what_would_do_does_and_nothing_nearer_would(quantity: float, moq: float, step: float) -> None:
    offered = nearest_quantities(quantity, moq=moq, order_multiple=step)
    assert 1 <= len(offered) <= 2
    for each in offered:
        assert quantity_fault(each, moq=moq, order_multiple=step) is None
    if step:
        # slow oracle: every multiple up to far beyond
        takes = [
            n * step for n in range(1, int(max(quantity, moq) / step) + 3) if n * step >= moq * (1 - 1e-9)
        ]
        nearest = min(takes, key=lambda each: abs(each - quantity))
        assert min(abs(each - quantity) for each in offered) == pytest.approx(abs(nearest - quantity))


@given(st.integers(0, 10_000), _steps)
def test_a_whole_number_of_steps_is_a_multiple(count: int, step: float) -> None:
    assert is_multiple(count * step, step)
    if step:
        assert not is_multiple((count + 0.5) * step, step)
