"""The whole forecast: sound for any input, its own for every series, better than naive."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import TABLES
from engine.errors import EngineError
from engine.forecast.panel import Panel, make_panel
from engine.forecast.portfolio import forecast_panel
from engine.forecast.uniforms import series_seed

START = np.datetime64("2024-01-01")
WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.0])


def panel_of(values, observed=None, period="D", group=None, location=None):
    values = np.asarray(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else observed
    sku = np.array([f"s{i:03d}" for i in range(len(values))], dtype=object)
    where = np.array(location or ["x"] * len(values), dtype=object)
    return Panel(sku, where, START, period, np.where(seen, values, 0.0), seen, group=group)


def shop(n=60, days=420, seed=3):
    rng = np.random.default_rng(seed)
    level = rng.gamma(1.0, 8.0, (n, 1)) + 0.1
    return rng.poisson(level * WEEK[np.arange(days) % 7]).astype(float)


def check_sound(forecast, n, horizon):
    assert forecast.mean.shape == (n, horizon)
    assert np.isfinite(forecast.mean).all()
    assert (forecast.mean >= 0).all()
    assert np.isfinite(forecast.level_cv).all()
    assert (forecast.level_cv >= 0).all()
    assert (forecast.dispersion >= 1).all()
    assert np.isfinite(forecast.dispersion).all()
    assert all(forecast.reason)
    assert all(forecast.model)
    allowed = TABLES["series_models"].column("pattern").allowed
    assert set(forecast.pattern) <= set(allowed)


def test_chosen_models_beat_seasonal_naive_on_days_not_seen():
    values = shop(days=434)
    forecast = forecast_panel(panel_of(values[:, :420]), 14, protection_periods=14, seed=1)
    check_sound(forecast, 60, 14)
    actual = values[:, 420:]
    naive = values[:, 406:420]
    assert np.abs(forecast.mean - actual).sum() < 0.85 * np.abs(naive - actual).sum()
    assert np.nanmean(forecast.wape) < np.nanmean(forecast.wape_naive)
    assert forecast.coverage == pytest.approx(0.8, abs=0.08)


def test_the_backtest_table_fits_its_contract():
    forecast = forecast_panel(panel_of(shop()), 14, protection_periods=7, seed=1)
    table = forecast.backtests
    names = [name for name in TABLES["backtests"].names if name != "run_id"]
    assert list(table.columns) == names
    assert not table.duplicated(["sku", "location", "model"]).any()
    assert (table.groupby("sku")["chosen"].sum() == 1).all()
    assert (table["origins"] == 3).all()
    assert "seasonal naive" in set(table["model"])
    chosen = table[table["chosen"]].set_index("sku")
    assert chosen["wape"].to_numpy() == pytest.approx(forecast.wape, nan_ok=True)
    assert chosen["model"].tolist() == forecast.model.tolist()


def test_slow_movers_never_go_to_prophet():
    rng = np.random.default_rng(0)
    values = np.vstack([shop(20), rng.poisson(0.2, (20, 420))])
    forecast = forecast_panel(panel_of(values), 14, protection_periods=14, seed=1)
    slow = np.isin(forecast.pattern.astype(str), ["intermittent", "lumpy"])
    assert slow.sum() >= 20
    competitors = forecast.backtests.groupby("sku")["model"].agg(set)
    for sku, is_slow in zip(competitors.index, slow, strict=True):
        assert ("prophet" in competitors[sku]) != is_slow
        assert ("TSB" in competitors[sku]) == is_slow


def test_series_do_not_depend_on_their_order():
    values = shop()
    order = np.random.default_rng(9).permutation(len(values))
    plain = forecast_panel(panel_of(values), 10, protection_periods=7, seed=1)
    panel = panel_of(values)
    turned = forecast_panel(panel.rows(order), 10, protection_periods=7, seed=1)
    assert turned.mean == pytest.approx(plain.mean[order], rel=1e-9)
    assert turned.model.tolist() == plain.model[order].tolist()
    assert turned.level_cv == pytest.approx(plain.level_cv[order], rel=1e-9)
    assert np.array_equal(turned.seeds, plain.seeds[order])


def test_the_same_call_gives_the_same_bytes():
    first, second = (
        forecast_panel(panel_of(shop(25)), 10, protection_periods=np.full(25, 7), seed=1) for _ in range(2)
    )
    for name in ("mean", "level_cv", "dispersion", "seeds", "wape"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_seeds_are_a_hash_of_the_key():
    forecast = forecast_panel(panel_of(shop(3)), 5, protection_periods=5, seed=42)
    assert forecast.seeds[1] == series_seed(42, "s001", "x")


def test_a_thousand_times_the_demand_is_a_thousand_times_the_forecast():
    values = shop(30)
    plain = forecast_panel(panel_of(values), 10, protection_periods=7, seed=1)
    scaled = forecast_panel(panel_of(values * 1000.0), 10, protection_periods=7, seed=1)
    # Counts have a unit, so the spread around them, and with it the weights, differ a little.
    assert scaled.mean == pytest.approx(1000.0 * plain.mean, rel=0.03)
    assert scaled.model.tolist() == plain.model.tolist()


def test_longer_protection_is_judged_over_more_periods():
    panel = panel_of(shop(10))
    forecast = forecast_panel(panel, 30, protection_periods=np.array([3] * 5 + [28] * 5), seed=1)
    check_sound(forecast, 10, 30)
    assert np.isfinite(forecast.wape).all()


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_odd_series_have_a_named_fallback(period):
    t = 60
    rng = np.random.default_rng(1)
    rows = {
        "constant": np.full(t, 5.0),
        "zero": np.zeros(t),
        "never observed": np.ones(t),
        "one observation": np.ones(t),
        "huge": rng.poisson(5, t) * 1e9,
        "tiny": rng.poisson(5, t) * 1e-9,
        "spike": np.eye(1, t, 30)[0] * 1e6,
        "ordinary": rng.poisson(5, t),
        "recent": rng.poisson(5, t),
    }
    seen = np.ones((len(rows), t), dtype=bool)
    names = list(rows)
    seen[names.index("never observed")] = False
    seen[names.index("one observation"), :-1] = False
    seen[names.index("recent"), :-5] = False
    forecast = forecast_panel(panel_of(list(rows.values()), seen, period), 90, protection_periods=100, seed=1)
    check_sound(forecast, len(rows), 90)
    by_name = dict(zip(names, forecast.model, strict=True))
    reason = dict(zip(names, forecast.reason, strict=True))
    assert by_name["zero"] == by_name["never observed"] == "no demand"
    assert reason["never observed"] == "no observed period: no demand known"
    assert by_name["one observation"] == by_name["recent"] == "category mean"
    assert reason["recent"].startswith("only 5 observed")
    assert reason["one observation"].startswith("only 1 observed")
    assert forecast.mean[names.index("constant")] == pytest.approx(5.0, rel=0.35)
    assert (forecast.mean[names.index("zero")] == 0).all()


@pytest.mark.parametrize("period", ["D", "W", "M"])
@pytest.mark.parametrize(("n", "t"), [(1, 1), (1, 5), (3, 2), (2, 40), (0, 30)])
def test_short_and_empty_panels(period, n, t):
    forecast = forecast_panel(panel_of(np.ones((n, t)), period=period), 12, protection_periods=8, seed=1)
    check_sound(forecast, n, 12)


@given(
    st.integers(0, 2**32),
    st.sampled_from(["D", "W", "M"]),
    st.integers(1, 8),
    st.integers(1, 90),
    st.sampled_from([0.0, 0.05, 1.0, 40.0, 1e9]),
    st.floats(0.0, 1.0),
)
@settings(deadline=None, max_examples=40)
def test_any_panel_gives_a_sound_forecast(seed, period, n, t, level, share_seen):
    rng = np.random.default_rng(seed)
    values = rng.poisson(level, (n, t)).astype(float)
    panel = panel_of(values, rng.random((n, t)) < share_seen, period)
    check_sound(forecast_panel(panel, 9, protection_periods=5, seed=1), n, 9)


def test_a_new_item_borrows_from_its_category_at_its_location():
    values = np.vstack([shop(20), np.zeros((2, 420))])
    seen = np.ones(values.shape, dtype=bool)
    seen[20:, :-2] = False
    seen[21] = False
    seen[21, -1] = True
    values[:20] = values[:20] / values[:20].mean(axis=1, keepdims=True) * 12.0
    values[20, -2:], values[21, -1] = 30.0, 12.0
    forecast = forecast_panel(panel_of(values, seen), 7, protection_periods=7, seed=1)
    # A first sale that nobody announced tells only of the launch: one day of 30 against the category's 12.
    assert 15 < forecast.mean[20].mean() < 30
    assert forecast.mean[21].mean() == pytest.approx(12.0, rel=0.1)
    assert forecast.level_cv[21] > forecast.level_cv[0]
    assert forecast.level_cv[21] > forecast.level_cv[20]


def test_models_can_be_restricted_where_they_may_compete():
    rng = np.random.default_rng(0)
    values = np.vstack([shop(8), rng.poisson(0.2, (8, 420))])
    forecast = forecast_panel(panel_of(values), 7, protection_periods=7, seed=1, models=("prophet",))
    slow = np.isin(forecast.pattern.astype(str), ["intermittent", "lumpy"])
    assert set(forecast.model[~slow]) == {"prophet"}
    assert all("prophet, as asked" in reason for reason in forecast.reason[~slow])
    assert "prophet" in set(forecast.backtests["model"])
    assert set(forecast.backtests.loc[forecast.backtests["sku"] == "s012", "model"]) >= {"TSB", "Croston"}


def test_a_person_may_ask_for_seasonal_naive_or_for_two_models():
    panel = panel_of(shop(8))
    naive = forecast_panel(panel, 7, protection_periods=7, seed=1, models=("seasonal-naive",))
    assert set(naive.model) <= {"seasonal naive", "category mean"}
    two = forecast_panel(
        panel, 7, protection_periods=7, seed=1, models=("damped trend", "exponential smoothing")
    )
    assert "seasonal naive" not in set(two.model)
    assert "prophet" not in set(two.backtests["model"])


def test_the_prophet_library_forecasts_on_request():
    panel = panel_of(shop(2, days=120) + 20.0)
    batched = forecast_panel(panel, 7, protection_periods=7, seed=1, models=("Prophet",))
    library = forecast_panel(panel, 7, protection_periods=7, seed=1, models=("prophet-stan",))
    assert set(library.model) == {"prophet-stan"}
    assert library.mean == pytest.approx(batched.mean, rel=0.1)


def test_arguments_that_break_their_contract_are_refused():
    panel = panel_of(shop(2))
    with pytest.raises(EngineError, match="'oracle'"):
        forecast_panel(panel, 7, protection_periods=7, seed=1, models=("oracle",))
    with pytest.raises(EngineError, match="at least 1 period"):
        forecast_panel(panel, 0, protection_periods=7, seed=1)


def test_a_recent_stockout_leaves_series_to_their_patterns_scores():
    values = shop(30)
    seen = np.ones(values.shape, dtype=bool)
    seen[0, -60:] = False
    forecast = forecast_panel(panel_of(values, seen), 14, protection_periods=14, seed=1)
    assert "no backtest" in forecast.reason[0]
    assert np.isnan(forecast.wape[0])
    assert forecast.mean[0].sum() > 0


def test_weekly_and_monthly_demand_with_a_year_is_followed():
    rng = np.random.default_rng(5)
    for period, count, step in (("W", 160, 7.0), ("M", 48, 30.44)):
        wave = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(count + 12) * step / 365.25)
        values = rng.poisson(rng.gamma(2.0, 20.0, (40, 1)) * wave).astype(float)
        forecast = forecast_panel(
            panel_of(values[:, :count], period=period), 12, protection_periods=3, seed=1
        )
        error = np.abs(forecast.mean - values[:, count:]).sum() / values[:, count:].sum()
        flat = np.abs(values[:, :count].mean(axis=1, keepdims=True) - values[:, count:]).sum()
        assert error < 0.7 * flat / values[:, count:].sum()


def test_a_panel_from_sales_rows_goes_all_the_way():
    rng = np.random.default_rng(5)
    quantity = rng.poisson(4.0, (6, 200)).astype(float)
    quantity[0, :150] = np.nan
    stock = np.where(rng.random((6, 200)) < 0.05, 0.0, 1.0)
    keys = pd.DataFrame({"sku": [f"{i:03d}" for i in range(6)], "location": "007"})
    panel = make_panel(keys, START, "D", quantity, stock, group=np.array(["a"] * 6, dtype=object))
    forecast = forecast_panel(panel, 21, protection_periods=14, seed=1)
    check_sound(forecast, 6, 21)
    assert (forecast.censoring_share > 0).any()
