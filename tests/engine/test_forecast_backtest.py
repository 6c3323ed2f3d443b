"""Rolling origins, metrics, choice of models."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine.forecast import metrics
from engine.forecast.backtest import backtest_horizon, by_series, cutoffs, run_backtest
from engine.forecast.moving_average import SeasonalMovingAverage
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel

RNG = np.random.default_rng(21)


def panel_of(values, observed=None, period="D"):
    values = np.array(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64("2023-01-02"), period, np.where(seen, values, 0.0), seen)


@dataclass(frozen=True)
class Peek:
    """Forecasts how much it was shown: the number of periods known."""

    name: str = "peek"

    def fit_predict(self, panel, profile, horizon):
        assert profile.n_periods == panel.n_periods
        return np.full((panel.n_series, horizon), float(panel.n_periods))


def test_a_model_sees_only_what_was_known():
    panel = panel_of(RNG.poisson(3.0, (4, 100)))
    backtest = run_backtest(panel, [Peek(), SeasonalNaive()], np.full(4, 10))
    assert backtest.cutoffs == (90, 80, 70)
    assert backtest.forecast[0, :, 0, 0].tolist() == [90, 80, 70]
    for k, known in enumerate(backtest.cutoffs):
        assert np.array_equal(backtest.actual[k], panel.values[:, known : known + 10])
        week_before = panel.values[:, known - 7 : known]
        assert np.array_equal(backtest.forecast[1, k, :, :7], week_before)


def test_only_observed_periods_of_the_protection_period_score():
    values = RNG.poisson(3.0, (3, 100)).astype(float)
    seen = np.ones((3, 100), dtype=bool)
    seen[1, 95:] = False
    seen[2, :75] = False
    backtest = run_backtest(panel_of(values, seen), [SeasonalNaive()], np.array([10, 10, 4]))
    assert backtest.scored[:, 0].sum(axis=1).tolist() == [10, 10, 10]
    assert backtest.scored[:, 1].sum(axis=1).tolist() == [5, 10, 10]
    # The third knows 15 periods at the first cut-off: too few.
    assert backtest.scored[:, 2].sum() == 0
    assert backtest.origins.tolist() == [3, 3, 0]
    forecast, actual, known = backtest.sums()
    assert known.tolist() == [[True] * 3, [True] * 3, [False] * 3]
    assert actual[1, 0] == values[1, 90:95].sum()
    assert forecast[0, 0, 1] == values[0, 73:80].sum() + values[0, 73:76].sum()


def test_one_slow_supplier_does_not_set_the_horizon_of_all():
    protection = np.full(100, 14)
    protection[:3] = 400
    assert backtest_horizon(protection, 1096, "D") == 14
    assert backtest_horizon(np.full(5, 400), 1096, "D") == 182
    assert backtest_horizon(np.array([3, 28]), 420, "D") == 28
    assert backtest_horizon(np.array([], dtype=np.int64), 30, "D") == 1


def test_a_short_history_has_fewer_cutoffs_and_a_shorter_horizon():
    assert cutoffs(100, 30, "D") == (70, 40)
    backtest = run_backtest(
        panel_of(RNG.poisson(3.0, (2, 12)), period="W"), [SeasonalNaive()], np.array([6, 6])
    )
    assert backtest.cutoffs == (10, 8)
    assert backtest.actual.shape == (2, 2, 2)
    tiny = run_backtest(panel_of([[1, 2]]), [SeasonalNaive()], np.array([5]))
    assert tiny.cutoffs == ()
    assert tiny.origins.tolist() == [0]


def test_metrics_against_loops():
    forecast, actual = RNG.gamma(2.0, 2.0, (5, 20)), RNG.poisson(3.0, (5, 20)).astype(float)
    scored = RNG.random((5, 20)) < 0.7
    scored[4] = False
    scale = np.array([2.0, 1.0, 0.0, 3.0, 1.0])
    wape, bias = metrics.wape(forecast, actual, scored), metrics.bias(forecast, actual, scored)
    rmsse = metrics.rmsse(forecast, actual, scored, scale)
    for i in range(4):
        pairs = [(f, y) for f, y, s in zip(forecast[i], actual[i], scored[i], strict=True) if s]
        sold = sum(y for _, y in pairs)
        assert wape[i] == pytest.approx(sum(abs(f - y) for f, y in pairs) / sold)
        assert bias[i] == pytest.approx(sum(f - y for f, y in pairs) / sold)
        if scale[i]:
            mean_square = sum((f - y) ** 2 for f, y in pairs) / len(pairs)
            assert rmsse[i] == pytest.approx(mean_square**0.5 / scale[i])
    assert np.isnan([wape[4], bias[4], rmsse[4], rmsse[2]]).all()


def test_over_forecasting_has_positive_bias():
    assert metrics.bias(np.array([[3.0]]), np.array([[2.0]]), np.array([[True]]))[0] == 0.5


def test_naive_scale_skips_gaps():
    values = np.array([[1.0, 3.0, 0.0, 7.0, 6.0]])
    seen = np.array([[True, True, False, True, True]])
    assert metrics.naive_scale(values, seen)[0] == pytest.approx(np.sqrt((4 + 1) / 2))
    assert metrics.naive_scale(values, np.zeros((1, 5), dtype=bool))[0] == 0.0


def test_the_best_quantile_has_the_least_pinball_loss():
    demand = RNG.gamma(2.0, 5.0, 20_000)
    losses = {q: metrics.pinball(np.quantile(demand, q), demand, 0.9).mean() for q in (0.8, 0.9, 0.95)}
    assert min(losses, key=losses.get) == 0.9


def test_backtest_with_real_models_ranks_them_as_expected():
    season = np.tile([4, 5, 6, 7, 8, 12, 9], 30)
    panel = panel_of(RNG.poisson(np.tile(season, (60, 1))))
    backtest = run_backtest(panel, [SeasonalNaive(), SeasonalMovingAverage()], np.full(60, 14))
    naive, pooled = (
        metrics.wape(*map(by_series, (backtest.forecast[m], backtest.actual, backtest.scored))).mean()
        for m in (0, 1)
    )
    assert pooled < 0.85 * naive
