"""Days known by the hour: hidden hours are found again; nothing is lost, invented or infinite."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import EngineError
from engine.forecast.censored.days import reconstruct_days

PROFILE = np.array([1, 2, 4, 6, 5, 4, 3, 4, 6, 5, 3, 1]) / 44.0


def shop(n: int = 60, days: int = 56, variation: float = 0.2, seed: int = 0):
    """Sales by the hour of n series; a day's rate varies, the hour's count given it is Poisson."""
    rng = np.random.default_rng(seed)
    level = rng.gamma(4.0, 4.0, (n, 1, 1))
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.4, 0.9])[np.arange(days) % 7][None, :, None]
    day = rng.gamma(1 / variation, variation, (n, days, 1))
    sales = rng.poisson(level * week * day * PROFILE).astype(float)
    starts = rng.integers(0, len(PROFILE), (n, days))
    out = (np.arange(len(PROFILE)) >= starts[:, :, None]) & (rng.random((n, days, 1)) < 0.3)
    return sales, out


def test_hidden_hours_are_estimated_without_bias_and_better_than_by_their_share() -> None:
    sales, out = shop(n=240)
    found = reconstruct_days(np.where(out, 0.0, sales), out)
    demand, hidden = sales.sum(axis=2), out.any(axis=2)
    assert found.mean[hidden].sum() == pytest.approx(demand[hidden].sum(), rel=0.01)
    error = np.abs(found.mean - demand)[hidden].sum()
    average = np.where(~hidden, demand, 0).sum(axis=1, keepdims=True) / (~hidden).sum(axis=1, keepdims=True)
    assert error < 0.8 * np.abs(average - demand)[hidden].sum()
    share = 1 - out.mean(axis=2)
    scaled = np.where(share > 0, np.where(out, 0, sales).sum(axis=2) / np.maximum(share, 1e-9), average)
    assert error < 0.85 * np.abs(scaled - demand)[hidden].sum()
    far = np.abs(demand - found.mean)[hidden] / found.sd[hidden]
    assert 0.75 < (far < 1.2816).mean() < 0.87
    assert np.array_equal(found.mean[~hidden], demand[~hidden])
    assert not found.sd[~hidden].any()


def test_how_much_a_morning_tells_of_the_afternoon_is_learnt() -> None:
    """With rates that vary a busy morning means a busy day; with steady rates it means nothing."""
    gained = []
    for variation in (0.5, 1e-6):
        sales, out = shop(variation=variation)
        out[:] = False
        out[:, 10, 6:] = True
        sales[::2, 10, :6] = 3 * sales[1::2, 10, :6].mean()
        found = reconstruct_days(np.where(out, 0.0, sales), out)
        rest = found.mean[:, 10] - sales[:, 10, :6].sum(axis=1)
        usual = sales[:, 3::7].sum(axis=2).mean(axis=1) * PROFILE[6:].sum()
        gained.append(rest[::2].sum() / usual[::2].sum())
    assert gained[0] > 1.5
    assert gained[1] == pytest.approx(1.0, abs=0.1)


def test_what_the_same_product_sold_elsewhere_tells_of_a_whole_day_without_stock() -> None:
    sales, out = shop(n=40, variation=1e-6, seed=3)
    out[:] = False
    sales[:20, 30] *= 4.0  # a promotion of the first product
    out[[0, 20], 30] = True
    product = np.repeat(["promoted", "other"], 20)
    found = reconstruct_days(np.where(out, 0, sales), out, product=product, location=np.arange(40) % 20)
    demand = sales.sum(axis=2)
    usual = np.delete(demand, 30, axis=1).mean(axis=1)
    assert found.mean[0, 30] > 2.2 * usual[0]
    assert found.mean[20, 30] < 1.6 * usual[20]


def test_units_sold_after_stock_was_said_to_be_out_are_a_lower_bound() -> None:
    sales, out = shop(n=5)
    out[:] = False
    out[0, 20, 6:] = True
    late = sales.copy()
    late[0, 20, 6:] = 0.0
    plain = reconstruct_days(late, out).mean[0, 20]
    late[0, 20, 8] = 40.0
    found = reconstruct_days(late, out)
    assert found.mean[0, 20] >= late[0, 20].sum()
    assert found.mean[0, 20] > plain


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_shop_has_finite_demand_of_at_least_its_sales(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(1, 4)))
    values = st.one_of(
        st.sampled_from([np.nan, np.inf, -3.0, 0.0, 1e9]), st.floats(0, 50, allow_subnormal=False)
    )
    sales = data.draw(hnp.arrays(float, shape, elements=values))
    out = data.draw(hnp.arrays(bool, shape))
    found = reconstruct_days(sales, out)
    clean = np.where(np.isfinite(sales) & (sales > 0), sales, 0.0).sum(axis=2)
    assert found.mean.shape == found.sd.shape == shape[:2]
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.sd).all()
    assert (found.mean >= clean * (1 - 1e-9)).all()
    whole = ~out.any(axis=2)
    assert np.array_equal(found.mean[whole], clean[whole])


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EngineError, match=r"\[series, days, hours\]"):
        reconstruct_days(np.zeros((2, 3)), np.zeros((2, 3), dtype=bool))
    with pytest.raises(EngineError, match="product has 1 names for 2 series; location has 3"):
        reconstruct_days(
            np.zeros((2, 3, 4)),
            np.zeros((2, 3, 4), dtype=bool),
            product=np.array(["a"]),
            location=np.array(["x", "y", "z"]),
        )
