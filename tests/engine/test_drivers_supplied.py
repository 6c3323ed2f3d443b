"""A distribution centre moves as its stores do, and tells nothing twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.forecast.drivers.cannibalisation import estimate_cannibalisation
from engine.forecast.drivers.drivers import Drivers
from engine.forecast.drivers.effects import adjust, estimate_effects
from engine.forecast.panel import Panel

SKUS, STORES, PERIODS, AHEAD = 12, 3, 300, 30
SELLING = SKUS * STORES


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Stores with promotions of their own, then one row a product of the centre that supplies them all."""
    rng = np.random.default_rng(0)
    rows = SELLING + SKUS
    sku = np.r_[np.repeat(np.arange(SKUS), STORES), np.arange(SKUS)]
    location = np.r_[np.tile(np.arange(STORES), SKUS), np.full(SKUS, STORES)]
    mechanic = np.zeros((rows, PERIODS + AHEAD), dtype=np.int16)
    for row in range(SELLING):
        for at in range(int(rng.integers(5, 40)), PERIODS + AHEAD, 50):
            mechanic[row, at : at + 7] = 1
    depth = np.where(mechanic > 0, 0.25, 0.0)
    events = np.zeros((2, PERIODS + AHEAD, 1), dtype=bool)
    events[0, 40::90, 0] = True  # of the first store alone
    level = np.array([40.0, 20.0, 10.0])[location[:SELLING], None]
    moved = np.exp(0.9 * mechanic[:SELLING] + 0.5 * (events[:1, :, 0] & (location[:SELLING, None] == 0)))
    values = rng.poisson(level * moved)[:, :PERIODS].astype(float)
    into = np.repeat(np.arange(SELLING, rows), STORES)
    drivers = Drivers(
        depth=depth,
        mechanic=mechanic,
        mechanics=("", "feature"),
        events=events,
        event_names=("fair",),
        region=(location > 0).astype(np.int64),
        supplies=(into, np.arange(SELLING)),
    )
    return Panel(
        sku=sku.astype(str).astype(object),
        location=location.astype(str).astype(object),
        start=np.datetime64("2025-01-06"),
        period="D",
        values=np.vstack([values, values.reshape(SKUS, STORES, PERIODS).sum(axis=1)]),
        observed=np.ones((rows, PERIODS), dtype=bool),
        drivers=drivers,
    )


def test_the_centres_factor_is_the_weighted_mean_of_its_stores(panel):
    effects = estimate_effects(panel)
    stores = effects.factor[:SELLING].reshape(SKUS, STORES, -1)
    usual = adjust(panel, effects).values
    last = usual[:SELLING, 182:].mean(axis=1).reshape(SKUS, STORES)
    due = (last[:, :, None] * stores).sum(axis=1) / last.sum(axis=1, keepdims=True)
    assert effects.factor[SELLING:, 182:] == pytest.approx(due[:, 182:])
    assert effects.future(AHEAD)[SELLING:].max() > 1.2
    assert usual[SELLING:, 182:].sum() == pytest.approx(usual[:SELLING, 182:].sum(), rel=0.01)


def test_what_the_centre_passes_on_changes_no_stores_effect(panel):
    alone = replace(
        panel.rows(np.arange(SELLING)), drivers=replace(panel.drivers, supplies=None).rows(slice(0, SELLING))
    )
    apart, together = estimate_effects(alone), estimate_effects(panel)
    assert together.factor[:SELLING] == pytest.approx(apart.factor, rel=1e-6)
    own, both = (estimate_cannibalisation(*each) for each in ((alone, apart), (panel, together)))
    assert both.gamma == pytest.approx(own.gamma, rel=1e-6)
    assert both.gained == pytest.approx(own.gained, rel=1e-6)


def test_stores_that_never_sold_weigh_alike(panel):
    values = panel.values.copy()
    values[:STORES], values[SELLING] = 0.0, 0.0
    effects = estimate_effects(replace(panel, values=values))
    assert effects.factor[SELLING] == pytest.approx(effects.factor[:STORES].mean(axis=0))


def test_centres_alone_tell_nothing(panel):
    values = panel.values.copy()
    values[:SELLING] = 0.0
    assert estimate_effects(replace(panel, values=values)) is None


def test_some_series_keep_the_flows_between_them(panel):
    drivers = panel.drivers.rows(np.array([1, 3, SELLING, SELLING + 1]))
    assert [side.tolist() for side in drivers.supplies] == [[2, 3], [0, 1]]
    assert panel.drivers.rows(slice(0, SELLING)).supplies is None
