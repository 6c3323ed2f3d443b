"""Effects of promotions, price and events: planted ones are found, absent ones are not invented."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.forecast.drivers.cannibalisation import estimate_cannibalisation
from engine.forecast.drivers.drivers import Drivers
from engine.forecast.drivers.effects import DriverEffects, adjust, estimate_effects
from engine.forecast.drivers.features import OTHER, build_features
from engine.forecast.drivers.regular_price import price_index, regular_price
from engine.forecast.drivers.table import COLUMNS, effects_table
from engine.forecast.panel import Panel

START = np.datetime64("2024-01-01")
LAG = {"D": 14, "W": 2, "M": 1}


def drivers_of(mechanic, depth=None, *, events=None, price=None, share=None, closed=None, region=None):
    n, periods = mechanic.shape
    names = ("", *(f"m{k}" for k in range(1, int(mechanic.max(initial=0)) + 1)))
    return Drivers(
        depth=np.zeros((n, periods)) if depth is None else depth,
        mechanic=mechanic.astype(np.int16),
        mechanics=names,
        events=np.zeros((1, periods, 0), dtype=bool) if events is None else events,
        event_names=() if events is None else tuple(f"e{k}" for k in range(events.shape[2])),
        region=np.zeros(n, dtype=np.int64) if region is None else region,
        price=price,
        share=share,
        closed=closed,
    )


def panel_of(values, drivers, *, period="D", observed=None, group=None, skus=None, locations=None):
    seen = np.ones(values.shape, dtype=bool) if observed is None else observed
    count = np.arange(len(values))
    return Panel(
        sku=(count if skus is None else skus).astype(str).astype(object),
        location=(count if locations is None else locations).astype(str).astype(object),
        start=START,
        period=period,
        values=np.where(seen, values, 0.0),
        observed=seen,
        group=group,
        drivers=drivers,
    )


def promotions(rng, n, periods, kinds=2, length=7, every=45):
    """Promotions of a week at random places, with depths of 15, 25 or 35 %."""
    mechanic, depth = np.zeros((n, periods), dtype=np.int16), np.zeros((n, periods))
    for row in range(n):
        at = int(rng.integers(5, every))
        while at < periods:
            mechanic[row, at : at + length] = rng.integers(1, kinds + 1)
            depth[row, at : at + length] = rng.choice([0.15, 0.25, 0.35])
            at += int(rng.integers(length + 16, 2 * every))
    return mechanic, depth


def log_dip(mechanic, size, period="D"):
    since = np.full(len(mechanic), 99)
    dip = np.zeros(mechanic.shape)
    for t in range(mechanic.shape[1]):
        since = np.where(mechanic[:, t] > 0, 0, since + 1)
        dip[:, t] = np.where((since >= 1) & (since <= LAG[period]), size * (1 - (since - 1) / LAG[period]), 0)
    return dip


@pytest.fixture(scope="module")
def planted() -> tuple[Panel, np.ndarray]:
    """60 products in 4 stores, two categories, two mechanics: uplift 3·depth and 5·depth, dip −0.3."""
    rng = np.random.default_rng(0)
    skus, stores, periods, ahead = 30, 4, 500, 40
    sku, store = np.repeat(np.arange(skus), stores), np.tile(np.arange(stores), skus)
    mechanic, depth = promotions(rng, skus, periods + ahead)
    group = np.where(np.arange(skus) < skus // 2, "calm", "keen")
    response = np.where(group == "calm", 0.6, 1.2)[:, None]
    log = np.array([0.0, 3.0, 5.0])[mechanic] * depth * response + log_dip(mechanic, -0.3)
    events = np.zeros((1, periods + ahead, 2), dtype=bool)
    events[0, 40::91, 0] = True
    events[0, 70::97, 1] = True
    event = np.zeros(periods + ahead)
    event[40::91] += 0.6
    event[39::91] += 0.3
    truth = log[sku] + event
    week = np.array([0.8, 0.9, 0.9, 1.0, 1.2, 1.3, 0.9])[np.arange(periods + ahead) % 7]
    mean = rng.gamma(3.0, 5.0, (len(sku), 1)) * week * np.exp(truth)
    values = rng.poisson(mean)[:, :periods].astype(float)
    drivers = drivers_of(mechanic[sku], depth[sku], events=events)
    return panel_of(values, drivers, group=group[sku].astype(object), skus=sku, locations=store), truth


@pytest.fixture(scope="module")
def found(planted: tuple[Panel, np.ndarray]) -> DriverEffects:
    effects = estimate_effects(planted[0])
    assert effects is not None
    return effects


def test_planted_effects_are_found(planted, found):
    panel, truth = planted
    error = np.log(found.factor) - truth
    promoted = panel.drivers.mechanic > 0
    assert np.sqrt((error[promoted] ** 2).mean()) < 0.1 * np.sqrt((truth[promoted] ** 2).mean())
    assert np.abs(error[:, panel.n_periods :]).mean() < 0.05


def test_the_table_tells_planted_effects_with_their_intervals(found):
    table = effects_table(found)
    assert list(table.columns) == list(COLUMNS)
    keyed = table.set_index(["kind", "name", "group"])
    for group, response in (("calm", 0.6), ("keen", 1.2)):
        rows = keyed.loc[("promotion", "m2", group)]
        assert len(rows) == 3
        assert rows["uplift"].to_numpy() == pytest.approx(np.expm1(5 * response * rows["depth"]), rel=0.15)
        assert (rows["low"] < rows["uplift"]).all()
        assert (rows["uplift"] < rows["high"]).all()
        assert (rows["observations"] > 0).all()
        dip = keyed.loc[("dip", "", group), "uplift"].item()
        assert dip == pytest.approx(np.expm1(-0.3), abs=0.06)
        usual = rows.set_index("case")["depth"]
        assert usual["least"] < usual["usual"] < usual["most"]
    events = table[(table["kind"] == "event") & (table["group"] == "")]
    uplift = events.set_index(["name", "first"])["uplift"]
    assert uplift["e0", 0] == pytest.approx(np.expm1(0.6), rel=0.1)
    assert uplift["e0", -1] == pytest.approx(np.expm1(0.3), rel=0.15)
    assert abs(uplift["e0", -2]) < 0.03
    assert abs(uplift["e1", 0]) < 0.03
    assert not table.duplicated(["kind", "name", "group", "case", "first"]).any()


def test_components_multiply_to_the_factor(found):
    product = np.ones_like(found.factor)
    for kind in ("promotion", "dip", "price", "event"):
        product *= found.component(kind)
    assert product == pytest.approx(found.factor)


def test_taking_the_effects_out_leaves_usual_demand(planted, found):
    panel, _ = planted
    usual = adjust(panel, found)
    promoted = panel.drivers.mechanic[:, : panel.n_periods] > 0
    with_promotion = (usual.values * promoted).sum() / promoted.sum()
    without = (usual.values * ~promoted).sum() / (~promoted).sum()
    assert with_promotion == pytest.approx(without, rel=0.08)
    assert np.array_equal(usual.observed, panel.observed)


def test_the_future_beyond_the_plan_is_usual(planted, found):
    panel, _ = planted
    known = panel.drivers.n_periods - panel.n_periods
    future = found.future(known + 5)
    assert np.array_equal(future[:, :known], found.factor[:, panel.n_periods :])
    assert (future[:, known:] == 1.0).all()


def test_what_happens_after_the_cut_off_changes_nothing_before(planted):
    panel, _ = planted
    later = panel.values.copy()
    later[:, 400:] *= 3
    first = estimate_effects(panel.head(400))
    second = estimate_effects(replace(panel, values=later).head(400))
    assert np.array_equal(first.factor, second.factor)


def test_elasticity_is_found_where_a_price_moves():
    rng = np.random.default_rng(1)
    price = 2.0 * np.where(rng.random((80, 22)) < 0.2, 0.8, 1.0).repeat(20, axis=1)
    values = rng.poisson(30.0 * (price / 2.0) ** -2.0).astype(float)
    none = np.zeros(price.shape, dtype=np.int16)
    effects = estimate_effects(panel_of(values, drivers_of(none, price=price)))
    row = effects_table(effects).set_index("kind").loc["price"]
    assert row["depth"] == pytest.approx(0.1)
    assert row["uplift"] == pytest.approx(0.9**-2.0 - 1.0, rel=0.1)
    assert row["low"] < row["uplift"] < row["high"]


def test_cannibalisation_is_reported():
    rng = np.random.default_rng(2)
    skus, stores, periods = 5, 12, 400
    mechanic, depth = promotions(rng, skus * stores, periods, kinds=1)
    log = 4.0 * depth
    store = np.repeat(np.arange(stores), skus)
    moved = np.exp(log).reshape(stores, skus, periods)
    others = np.log((moved.sum(axis=1, keepdims=True) - moved) / (skus - 1)).reshape(-1, periods)
    values = rng.poisson(20 * np.exp(log - 0.5 * others)).astype(float)
    panel = panel_of(
        values, drivers_of(mechanic, depth), skus=np.tile(np.arange(skus), stores), locations=store
    )
    effects = estimate_effects(panel)
    taken = estimate_cannibalisation(panel, effects)
    assert taken.gamma[0] == pytest.approx(-0.5, abs=0.1)
    assert taken.error[0] < 0.1
    row = effects_table(effects, taken).set_index("kind").loc["cannibalisation"]
    assert row["low"] < row["taken"] / row["gained"] < row["high"]
    alone = panel.rows(np.arange(len(values)) % skus == 0)
    assert estimate_cannibalisation(alone, estimate_effects(alone)) is None
    assert 0.2 < row["uplift"] < 0.8


def test_nothing_to_estimate_is_none_and_changes_nothing():
    values = np.random.default_rng(3).poisson(5.0, (4, 100)).astype(float)
    nothing = drivers_of(np.zeros((4, 110), dtype=np.int16), price=np.full((4, 110), 2.0))
    panel = panel_of(values, nothing)
    assert estimate_effects(panel) is None
    assert estimate_effects(replace(panel, drivers=None)) is None
    assert estimate_effects(panel_of(np.zeros((4, 100)), nothing)) is None
    assert adjust(panel, None) is panel


def test_a_planned_mechanic_never_seen_takes_the_usual_one():
    rng = np.random.default_rng(4)
    mechanic, depth = promotions(rng, 20, 300, kinds=1)
    mechanic[:, 280:], depth[:, 280:] = 2, 0.25
    values = rng.poisson(20 * np.exp(4 * depth)).astype(float)[:, :280]
    effects = estimate_effects(panel_of(values, drivers_of(mechanic, depth)))
    assert effects.future(10).mean() == pytest.approx(np.e, rel=0.1)


def test_rare_mechanics_are_taken_together():
    mechanic = np.tile(np.repeat(np.arange(10), np.arange(20, 10, -1)), (3, 1))
    features = build_features(drivers_of(mechanic), mechanic.shape[1], "D")
    assert len(features.mechanics) == 7
    assert features.mechanics[-1] == OTHER
    assert features.mechanic.max() == 7
    assert features.promoted.sum() == (mechanic > 0).sum()


def test_closed_periods_sell_nothing_and_teach_nothing():
    values = np.full((2, 60), 10.0)
    closed = np.zeros((2, 70), dtype=bool)
    closed[0, [30, 65]] = True
    values[0, 30] = 0.0
    none = np.zeros((2, 70), dtype=np.int16)
    events = np.zeros((2, 70, 0), dtype=bool)
    effects = estimate_effects(
        panel_of(values, drivers_of(none, events=events, closed=closed, region=np.array([0, 1])))
    )
    assert effects.future(10)[:, 5].tolist() == [0.0, 1.0]
    assert (effects.component("promotion") == 1.0).all()
    assert (effects.component("event") == 1.0).all()
    assert effects_table(effects).empty
    usual = adjust(panel_of(values, None), effects)
    assert usual.observed[:, 30].tolist() == [False, True]
    assert usual.values[0, 30] == 0.0


@pytest.mark.parametrize(("work", "leaves"), [(1e9, 4), (3 * 11**3, 2), (1.0, 1)])
def test_many_categories_and_regions_are_put_together(work, leaves, monkeypatch):
    rng = np.random.default_rng(6)
    events = np.zeros((2, 220, 1), dtype=bool)
    events[:, 20::70, 0] = True
    log = 0.5 * events[0, :, 0]
    values = rng.poisson(30.0 * np.exp(log), (40, 220))[:, :200].astype(float)
    group = np.array(["a", "b"], dtype=object)[np.arange(40) % 2]
    drivers = drivers_of(np.zeros((40, 220)), events=events, region=np.arange(40) // 20)
    monkeypatch.setattr("engine.forecast.drivers.events.MOST_WORK", work)
    effects = estimate_effects(panel_of(values, drivers, group=group))
    assert len(effects.events.leaf_group) == leaves
    assert effects.factor[:, events[0, :, 0]].mean() == pytest.approx(np.exp(0.5), rel=0.1)


def test_half_a_week_of_promotion_has_half_of_its_effect():
    rng = np.random.default_rng(5)
    mechanic, depth = promotions(rng, 60, 150, kinds=1, length=1, every=12)
    share = np.where(rng.random(mechanic.shape) < 0.5, 0.5, 1.0)
    values = rng.poisson(40 * np.exp(share * 4 * depth)).astype(float)
    effects = estimate_effects(panel_of(values, drivers_of(mechanic, depth, share=share), period="W"))
    half = (mechanic > 0) & (share < 1)
    assert np.log(effects.factor[half]).mean() == pytest.approx((0.5 * 4 * depth[half]).mean(), rel=0.1)


def test_the_regular_price_is_what_is_usually_charged():
    price = np.array([[2.0] * 10 + [1.5] * 4 + [2.0] * 6 + [np.nan] * 2, [np.nan] * 22])
    regular = regular_price(price, "W")
    assert (regular[0] == 2.0).all()
    assert np.isnan(regular[1]).all()
    index = price_index(price, np.zeros(price.shape, dtype=bool), "W")
    assert index[0, 10:14] == pytest.approx(np.log(0.75))
    assert (index[0, 14:] == 0).all()
    assert (index[1] == 0).all()
    rise = np.array([[2.0] * 60 + [2.2] * 40])
    index = price_index(rise, np.zeros(rise.shape, dtype=bool), "W")
    assert index[0, :60] == pytest.approx(np.log(2.0 / 2.2))
    assert (index[0, 60:] == 0).all()


def test_shapes_that_do_not_fit_are_named():
    none = np.zeros((2, 5), dtype=np.int16)
    with pytest.raises(EngineError, match="closed has shape"):
        drivers_of(none, closed=np.zeros((1, 4), dtype=bool))
    with pytest.raises(EngineError, match="share has shape"):
        drivers_of(none, share=np.zeros((1, 5)))


@settings(max_examples=25)
@given(
    st.sampled_from(["D", "W", "M"]),
    st.integers(1, 5),
    st.integers(1, 80),
    st.integers(0, 2**32 - 1),
    st.floats(1e-6, 1e9),
)
def test_whatever_the_data_factors_are_finite_and_1_where_nothing_happens(period, n, history, seed, scale):
    rng = np.random.default_rng(seed)
    shape = (n, history + 6)
    mechanic = np.where(rng.random(shape) < 0.3, rng.integers(1, 3, shape), 0)
    mechanic[0] = 0
    depth = np.where(rng.random(shape) < 0.5, rng.random(shape), 0.0) * (mechanic > 0)
    price = np.where(rng.random(shape) < 0.7, rng.choice([1.0, 2.0, 0.0], shape), np.nan)
    price[0] = np.nan
    values = rng.poisson(rng.choice([0.0, 0.3, 30.0], (n, 1)), (n, history)) * 1.0
    observed = rng.random((n, history)) < 0.8
    panel = panel_of(values, drivers_of(mechanic, depth, price=price), period=period, observed=observed)
    effects = estimate_effects(panel)
    larger = estimate_effects(replace(panel, values=panel.values * scale))
    if effects is None:
        assert larger is None
        return
    assert np.isfinite(effects.factor).all()
    assert (effects.factor >= 0).all()
    assert (effects.factor[0] == 1.0).all()
    assert np.isfinite(effects.errors).all()
    assert larger.factor == pytest.approx(effects.factor, rel=1e-6)
