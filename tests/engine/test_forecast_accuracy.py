"""Scores by segment and horizon against loops over the cells; who competes for what."""

import numpy as np
import pytest

from engine.forecast.accuracy import COLUMNS, accuracy_by_segment
from engine.forecast.backtest import Backtest
from engine.forecast.competitors import competitors_for
from engine.forecast.panel import Panel
from engine.forecast.pattern import classify
from engine.forecast.portfolio import forecast_panel
from engine.forecast.select import AVERAGE, trial_of

RNG = np.random.default_rng(8)
N, K, H = 6, 3, 10


def panel_of(values):
    values = np.asarray(values, dtype=float)
    names = np.array([f"s{i:03d}" for i in range(len(values))], dtype=object)
    return Panel(names, names, np.datetime64("2024-01-01"), "D", values, np.ones(values.shape, dtype=bool))


@pytest.fixture(scope="module")
def scored():
    panel = panel_of(RNG.poisson(4.0, (N, 120)))
    forecast, actual = RNG.gamma(4.0, 1.0, (2, K, N, H)), RNG.poisson(4.0, (K, N, H)).astype(float)
    backtest = Backtest(
        ("seasonal naive", "b"), (110, 100, 90), forecast, actual, RNG.random((K, N, H)) < 0.8
    )
    trial = trial_of(backtest, np.full(N, 0.2), np.full(N, 1.3))
    eligible = np.ones((2, N), dtype=bool)
    eligible[1, 0] = False
    segment = np.array(["smooth"] * 4 + ["lumpy"] * 2, dtype=object)
    held_out = forecast.mean(axis=0)
    table = accuracy_by_segment(
        panel, backtest, trial, held_out, eligible, segment, np.full(N, 0.2), np.full(N, 1.3), (7, 14)
    )
    return backtest, held_out, table


def test_every_segment_horizon_and_model_has_a_row(scored):
    _, _, table = scored
    assert tuple(table.columns) == COLUMNS
    assert set(table["horizon"]) == {"1–7", "8–10"}
    assert set(table["model"]) == {"seasonal naive", "b", AVERAGE}
    assert len(table) == 2 * 2 * 3
    assert table.loc[(table["model"] == "b") & (table["segment"] == "smooth"), "series"].tolist() == [3, 3]


def test_wape_bias_and_coverage_against_loops(scored):
    backtest, held_out, table = scored
    row = table[
        (table["model"] == AVERAGE) & (table["segment"] == "lumpy") & (table["horizon"] == "8–10")
    ].iloc[0]
    cells = [(k, i, h) for k in range(K) for i in (4, 5) for h in range(7, 10) if backtest.scored[k, i, h]]
    sold = sum(backtest.actual[c] for c in cells)
    assert row["wape"] == pytest.approx(sum(abs(held_out[c] - backtest.actual[c]) for c in cells) / sold)
    assert row["bias"] == pytest.approx(sum(held_out[c] - backtest.actual[c] for c in cells) / sold)
    assert 0 < row["coverage"] <= 1
    assert np.isnan(table.loc[table["model"] == "b", "coverage"]).all()
    naive = table[table["model"] == "seasonal naive"]
    assert naive["pinball"].to_numpy() == pytest.approx(naive["pinball_naive"].to_numpy())


def test_the_forecast_carries_the_table():
    values = RNG.poisson(np.tile([2.0, 3, 4, 5, 6, 9, 4], 40), (30, 280))
    forecast = forecast_panel(panel_of(values), 14, protection_periods=14, seed=1)
    table = forecast.accuracy_by_segment
    assert set(table["horizon"]) == {"1–7", "8–14"}
    ours = table[table["model"] == AVERAGE]
    assert (ours["pinball"] < ours["pinball_naive"]).all()
    assert ours["coverage"].mean() == pytest.approx(0.8, abs=0.06)


def test_reasons_name_the_loss_they_were_chosen_by():
    values = RNG.poisson(np.tile([2.0, 3, 4, 5, 6, 9, 4], 40), (30, 280))
    forecast = forecast_panel(panel_of(values), 14, protection_periods=14, seed=1)
    assert all("pinball loss of the protection-period sum" in reason for reason in forecast.reason)


def test_everyone_competes_where_it_may():
    values = np.vstack([RNG.poisson(6.0, (5, 400)), RNG.poisson(0.1, (5, 400))])
    panel = panel_of(values)
    field = competitors_for(panel, classify(panel))
    names = [model.name for model in field.models]
    assert names[0] == "seasonal naive"
    assert field.eligible[0].all()
    assert field.eligible[names.index("prophet")].tolist() == [True] * 5 + [False] * 5
    assert field.eligible[names.index("TSB")].tolist() == [False] * 5 + [True] * 5
    assert "prophet-stan" not in names
    assert "prophet-stan" in [
        m.name for m in competitors_for(panel, classify(panel), ("Prophet Stan",)).models
    ]
