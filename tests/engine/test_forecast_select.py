"""Weights of the average: learnt by the segment, tilted by the series, never worse than naive."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.ensemble import LEAST_WEIGHT, PICKS, PRIOR_SUMS, ensemble_weights
from engine.forecast.select import AVERAGE, Selection, Trial, choose, trial_of
from engine.forecast.sum_loss import sum_pinball

NAMES = ("seasonal naive", "seasonal moving average", "c")
RNG = np.random.default_rng(4)


def trial_with(errors, n_cutoffs=3, demand=50.0, names=NAMES, known=None):
    """Every model misses every sum of every series by its error, with alternating signs."""
    errors = np.array(errors, dtype=float)
    n = errors.shape[1]
    actual = np.full((n, n_cutoffs), demand)
    signs = np.where(np.arange(n_cutoffs) % 2, 1.0, -1.0)
    forecast = actual + errors[:, :, None] * signs
    seen = np.ones(actual.shape, dtype=bool) if known is None else known
    noise = np.full(n, 0.1), np.ones(n)
    loss = np.stack([np.where(seen, sum_pinball(one, actual, *noise), 0.0) for one in forecast])
    return Trial(names, forecast, actual, seen, *noise, loss)


def everyone(trial):
    return np.ones(trial.forecast.shape[:2], dtype=bool)


def pattern(n, name="smooth"):
    return np.array([name] * n, dtype=object)


def test_the_model_that_serves_the_segment_gets_the_weight():
    chosen = choose(
        trial_with([[30.0] * 1600, [20.0] * 1600, [1.0] * 1600]),
        everyone(trial_with([[0.0] * 1600] * 3)),
        pattern(1600),
    )
    assert (chosen.weights[2] > 0.85).all()
    assert chosen.weights.sum(axis=0) == pytest.approx(np.ones(1600))
    assert chosen.labels(NAMES)[0] == AVERAGE
    assert chosen.own_sums.tolist() == [3] * 1600


def test_little_evidence_leaves_the_core():
    """Two series, six sums: weights stay near the prior, (6·learnt + 120·core) ÷ 406."""
    chosen = choose(
        trial_with([[30.0] * 2, [5.0] * 2, [4.0] * 2]), everyone(trial_with([[0.0] * 2] * 3)), pattern(2)
    )
    assert (chosen.weights[1] > 0.9).all()


def test_a_series_own_losses_tilt_its_weights():
    errors = [[30.0] * 300, [10.0] * 300, [-10.0] * 299 + [60.0]]
    trial = trial_with(errors, n_cutoffs=4)
    chosen = choose(trial, everyone(trial), pattern(300))
    assert chosen.weights[2, -1] < 0.8 * chosen.weights[2, 0]


def test_opposite_errors_are_averaged_away():
    trial = trial_with([[30.0] * 300, [10.0] * 300, [-10.0] * 300])
    chosen = choose(trial, everyone(trial), pattern(300))
    assert np.abs(chosen.combine(trial.forecast) - 50.0).max() < 4.0


def test_without_a_better_model_seasonal_naive_stays():
    trial = trial_with([[1.0] * 5, [20.0] * 5, [30.0] * 5])
    chosen = choose(trial, everyone(trial), pattern(5))
    assert chosen.weights[0].tolist() == [1.0] * 5
    assert chosen.labels(NAMES).tolist() == ["seasonal naive"] * 5
    asked = choose(trial, everyone(trial), pattern(5), asked=np.array([True] + [False] * 4))
    assert asked.weights[0, 0] == 0.0


def test_models_that_may_not_compete_are_never_chosen():
    trial = trial_with([[30.0] * 800, [1.0] * 800, [2.0] * 800])
    eligible = everyone(trial)
    eligible[1, :400] = False
    eligible[1:, 799] = False
    chosen = choose(trial, eligible, pattern(800))
    assert (chosen.weights[~eligible] == 0).all()
    assert (chosen.weights[2, :400] > 0.7).all()
    assert chosen.weights[:, 799].tolist() == [1.0, 0.0, 0.0]
    assert chosen.single[799]


def test_unscored_series_take_what_serves_their_segment():
    known = np.ones((1600, 3), dtype=bool)
    known[5] = False
    trial = trial_with([[30.0] * 1600, [20.0] * 1600, [1.0] * 1600], known=known)
    chosen = choose(trial, everyone(trial), pattern(1600))
    assert chosen.weights[2, 5] > 0.8
    assert chosen.own_sums[5] == 0


def test_with_no_score_at_all_the_core_is_taken():
    trial = trial_with([[5.0] * 3] * 3, known=np.zeros((3, 3), dtype=bool))
    chosen = choose(trial, everyone(trial), pattern(3))
    assert chosen.labels(NAMES).tolist() == ["seasonal moving average"] * 3
    other = trial_with(
        [[5.0] * 3] * 3, known=np.zeros((3, 3), dtype=bool), names=("seasonal naive", "b", "c")
    )
    assert choose(other, everyone(other), pattern(3)).weights == pytest.approx(np.full((3, 3), 1 / 3))


def test_a_cut_off_left_out_teaches_nothing():
    trial = trial_with([[30.0] * 1500, [20.0] * 1500, [5.0] * 1500])
    odd = trial.forecast.copy()
    odd[2, :, 1] = 500.0
    noise = trial.level_cv, trial.dispersion
    loss = np.stack([sum_pinball(one, trial.actual, *noise) for one in odd])
    spoilt = Trial(NAMES, odd, trial.actual, trial.known, *noise, loss)
    assert choose(spoilt, everyone(trial), pattern(1500)).weights[2].max() < 0.3
    assert choose(spoilt.without(1), everyone(trial), pattern(1500)).weights[2].min() > 0.7


def test_huge_demand_does_not_overflow():
    trial = trial_with([[3e9] * 3, [1e9] * 3, [2e9] * 3], demand=1e10)
    chosen = choose(trial, everyone(trial), pattern(3))
    assert np.isfinite(chosen.weights).all()


def slow_ensemble(forecast, actual, level_cv, dispersion, scale):
    """The oracle: every multiset of picks in turn, by the rule of the paper."""
    picks: list[int] = []
    least = np.inf
    for _ in range(PICKS):
        trials = []
        for m in range(len(forecast)):
            mean = sum(forecast[j] for j in [*picks, m]) / (len(picks) + 1)
            trials.append((sum_pinball(mean, actual, level_cv, dispersion) / scale[:, None]).sum())
        best = min(range(len(trials)), key=trials.__getitem__)
        if trials[best] >= least * (1 - 1e-4):
            break
        least = trials[best]
        picks.append(best)
    return np.bincount(picks, minlength=len(forecast)) / len(picks)


def test_picks_follow_the_paper():
    actual = RNG.poisson(30.0, (500, 3)).astype(float)
    forecast = np.abs(actual + RNG.normal(0, [[[6.0]], [[7.0]], [[9.0]]], (3, 500, 3)))
    noise = np.full(500, 0.1), np.full(500, 1.5)
    scale = RNG.gamma(5.0, 1.0, 500)
    core = np.array([1.0, 0.0, 0.0])
    learnt = slow_ensemble(forecast, actual, *noise, scale)
    due = (1500 * learnt + PRIOR_SUMS * core) / (1500 + PRIOR_SUMS)
    due[due < LEAST_WEIGHT] = 0
    got = ensemble_weights(forecast, actual, np.ones((500, 3), dtype=bool), *noise, scale, core)
    assert (learnt > 0).sum() > 1
    assert got == pytest.approx(due / due.sum())


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 3), st.integers(0, 10**6))
def test_weights_are_a_mixture_of_what_may_compete(n_models, n, n_cutoffs, seed):
    rng = np.random.default_rng(seed)
    actual = rng.poisson(3.0, (n, n_cutoffs)).astype(float)
    forecast = rng.gamma(1.0, 3.0, (n_models, n, n_cutoffs)) * rng.integers(0, 2, (n_models, n, 1))
    known = rng.random((n, n_cutoffs)) < 0.7
    names = ("seasonal naive", "exponential smoothing", "c", "d")[:n_models]
    noise = np.full(n, 0.3), np.full(n, 1.2)
    loss = np.stack([np.where(known, sum_pinball(one, actual, *noise), 0.0) for one in forecast])
    eligible = rng.random((n_models, n)) < 0.6
    eligible[0] = True
    segment = np.array(["smooth", "lumpy"], dtype=object)[rng.integers(0, 2, n)]
    chosen = choose(Trial(names, forecast, actual, known, *noise, loss), eligible, segment)
    assert chosen.weights.sum(axis=0) == pytest.approx(np.ones(n))
    assert (chosen.weights >= 0).all()
    assert (chosen.weights[~eligible] == 0).all()


def test_combining_is_a_weighted_sum_for_any_shape():
    weights = np.array([[0.25, 1.0], [0.75, 0.0]])
    chosen = Selection(weights, np.array([3, 3]))
    forecasts = RNG.random((2, 2, 3, 4))
    assert chosen.combine(forecasts)[0] == pytest.approx(0.25 * forecasts[0, 0] + 0.75 * forecasts[1, 0])
    assert chosen.labels(("a", "b")).tolist() == [AVERAGE, "a"]
    assert chosen.uses.tolist() == [[True, True], [True, False]]


def test_a_trial_adds_up_scored_periods_only():
    from engine.forecast.backtest import Backtest

    forecast, actual = RNG.random((2, 3, 4, 5)), RNG.random((3, 4, 5))
    scored = RNG.random((3, 4, 5)) < 0.6
    scored[1, 2] = False
    trial = trial_of(Backtest(("a", "b"), (30, 20, 10), forecast, actual, scored), np.ones(4), np.ones(4))
    assert trial.forecast[1, 3, 2] == pytest.approx(forecast[1, 2, 3][scored[2, 3]].sum())
    assert trial.actual[0, 1] == pytest.approx(actual[1, 0][scored[1, 0]].sum())
    assert not trial.known[2, 1]
    assert trial.loss[0, 2, 1] == 0.0
