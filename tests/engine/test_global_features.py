"""The table of the global model against obvious loops; nothing of it sees the future."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.drivers.drivers import Drivers
from engine.forecast.global_model.features import tables
from engine.forecast.global_model.sample import pattern
from engine.forecast.global_model.settings import LEVEL_PRIOR, SETTINGS
from engine.forecast.global_model.target import common_events, nearest_events
from engine.forecast.panel import Panel, period_dates
from engine.forecast.seasonality import Profile, seasonal_profile

T = {"D": 460, "W": 130, "M": 40}


def made(period: Any, n: int = 6, seed: int = 1, drivers: bool = True) -> Panel:
    rng = np.random.default_rng(seed)
    periods = T[period]
    observed = rng.random((n, periods)) < 0.8
    observed[0, : periods // 2] = False
    censored = ~observed & (rng.random((n, periods)) < 0.5)
    values = np.where(observed, rng.poisson(rng.gamma(2.0, 2.0, (n, 1)), (n, periods)), 0.0)
    values[1] = 0.0
    planned = periods + 20
    depth = np.where(rng.random((n, planned)) < 0.15, 0.3, 0.0)
    price = np.where(rng.random((n, planned)) < 0.9, rng.uniform(1, 2, (n, planned)), np.nan)
    events = rng.random((2, planned, 3)) < np.array([0.01, 0.02, 0.3])
    known = Drivers(
        depth,
        np.where(depth > 0, rng.integers(1, 3, depth.shape), 0).astype(np.int16),
        ("", "flyer", "display"),
        events,
        ("fair", "match", "payday"),
        np.arange(n) % 2,
        price,
    )
    return Panel(
        sku=np.array([f"p{i // 2}" for i in range(n)], dtype=object),
        location=np.array([f"l{i % 2}" for i in range(n)], dtype=object),
        start=np.datetime64("2023-01-02") if period != "M" else np.datetime64("2020-03-01"),
        period=period,
        values=values,
        observed=observed,
        censored=censored,
        group=np.array(["a", "a", "b"] * (n // 3), dtype=object),
        drivers=known if drivers else None,
    )


def table(panel: Panel, profile: Profile, cutoff: int, horizon: int) -> dict[str, np.ndarray]:
    """Features by name, [n, horizon], and the simple forecast."""
    steps = np.broadcast_to(np.arange(1, horizon + 1), (panel.n_series, 1, horizon))
    parts = list(tables(panel, profile, np.array([cutoff]), steps))
    values = np.concatenate([part.values for part in parts]).reshape(panel.n_series, horizon, -1)
    columns = {name: values[..., f] for f, name in enumerate(parts[0].names)}
    columns["simple"] = np.concatenate([part.scale[:, 0] for part in parts])
    return columns


class Oracle:
    """One series at one cut-off, by loops."""

    def __init__(self, panel: Panel, profile: Profile, i: int, cutoff: int) -> None:
        self.panel, self.i, self.cutoff = panel, i, cutoff
        self.s = SETTINGS[panel.period]
        self.factor = profile.factors(0, panel.n_periods + 20)[i]

    def seen(self, t: int) -> bool:
        return bool(0 <= t < self.cutoff and self.panel.observed[self.i, t])

    def promoted(self, t: int) -> bool:
        drivers = self.panel.drivers
        return drivers is not None and bool(drivers.depth[self.i, t] > 0 or drivers.mechanic[self.i, t] > 0)

    def rate(self, periods: Any) -> float:
        sold = exposed = 0.0
        for t in periods:
            if self.seen(t):
                sold += self.panel.values[self.i, t]
                exposed += self.factor[t]
        return sold / exposed if exposed > 0 else np.nan

    def level(self) -> float:
        usual = np.nan_to_num(self.rate(range(self.cutoff)))
        memory = int(np.ceil(np.log(0.01) / np.log(1 - self.s.level_memory)))
        sold, exposed = LEVEL_PRIOR * usual, LEVEL_PRIOR
        for t in range(max(self.cutoff - memory, 0), self.cutoff):
            if self.seen(t) and not self.promoted(t):
                weight = (1 - self.s.level_memory) ** (self.cutoff - 1 - t)
                sold += weight * self.panel.values[self.i, t]
                exposed += weight * self.factor[t]
        return sold / exposed

    def last(self, length: int) -> range:
        return range(max(self.cutoff - length, 0), self.cutoff)


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_features_are_those_of_an_obvious_loop(period: Any) -> None:
    panel = made(period)
    profile = seasonal_profile(panel)
    horizon, cutoff = 9, T[period] - 15
    found = table(panel, profile, cutoff, horizon)
    expected: dict[str, np.ndarray] = {}

    def put(name: str, i: int, h: int | slice, value: float) -> None:
        expected.setdefault(name, np.full((panel.n_series, horizon), np.nan))[i, h] = value

    s = SETTINGS[period]
    drivers = panel.drivers
    assert drivers is not None
    every = slice(None)
    oracles = [Oracle(panel, profile, i, cutoff) for i in range(panel.n_series)]
    for i, o in enumerate(oracles):
        level = o.level()
        with np.errstate(invalid="ignore", divide="ignore"):
            if level > 0:
                for length in s.windows:
                    put(f"rate of {length}", i, every, o.rate(o.last(length)) / level)
                plain = [t for t in o.last(s.windows[-1]) if not o.promoted(t)]
                offers = [t for t in o.last(s.windows[-1]) if o.promoted(t)]
                put(f"rate of {s.windows[-1]} without promotion", i, every, o.rate(plain) / level)
                put(f"rate of {s.windows[-1]} on promotion", i, every, o.rate(offers) / level)
                y = [panel.values[i, t] for t in o.last(s.windows[-1]) if o.seen(t)]
                put("spread", i, every, np.sqrt(np.mean(np.square(y))) / level)
        for length in s.activity:
            seen = [t for t in o.last(length) if o.seen(t)]
            put(f"selling share of {length}", i, every, np.mean([panel.values[i, t] > 0 for t in seen]))
        sales = [t for t in range(cutoff) if o.seen(t) and panel.values[i, t] > 0]
        put("since last sale", i, every, cutoff - 1 - sales[-1] if sales else np.nan)
        assert panel.censored is not None
        out = sum(panel.censored[i, t] for t in o.last(s.stock))
        seen_count = sum(o.seen(t) for t in o.last(s.stock))
        put("in-stock share", i, every, seen_count / (seen_count + out))
        for what, mine in (("product", panel.sku), ("category", panel.group), ("location", panel.location)):
            assert mine is not None
            sold = due = 0.0
            for j, other in enumerate(oracles):
                if mine[j] == mine[i]:
                    seen = [t for t in other.last(s.recent) if other.seen(t)]
                    sold += sum(panel.values[j, t] for t in seen)
                    due += other.level() * sum(other.factor[t] for t in seen)
            put(f"recent rate of its {what}", i, every, sold / due if due > 0 else np.nan)
        prices = [drivers.price[i, t] for t in o.last(s.windows[-1])]  # type: ignore[index]
        regular = [
            t
            for t in range(cutoff)
            if not o.promoted(t) and not np.isnan(drivers.price[i, t])  # type: ignore[index]
        ]
        for h in range(horizon):
            t = cutoff + h
            put("simple", i, h, level * o.factor[t])
            put("step", i, h, h + 1)
            years = 1
            while t - years * s.year + s.around >= cutoff:
                years += 1
            middle = t - years * s.year
            ago = o.rate(range(middle - s.around, middle + s.around + 1))
            then = cutoff - years * s.year
            base = o.rate(range(then - 2 * s.windows[2], then))
            if level > 0:
                put("rate a year ago", i, h, ago / level)
            if base > 0:
                put("rate a year ago over its weeks before", i, h, ago / base)
            if s.week and level > 0:
                same = [u for u in range(cutoff - 1, -1, -1) if (t - u) % s.week == 0]
                put("rate of 4 same weekdays", i, h, o.rate(same[:4]) / level)
                put("rate of 12 same weekdays", i, h, o.rate(same[:12]) / level)
            put("depth", i, h, drivers.depth[i, t])
            put("mechanic", i, h, drivers.mechanic[i, t])
            put("promoted the period before", i, h, o.promoted(t - 1))
            put("promoted periods before", i, h, sum(o.promoted(u) for u in range(t - s.windows[1], t)))
            last_price = drivers.price[i, regular[-1]]  # type: ignore[index]
            put("price over usual", i, h, last_price / np.nanmean(prices) * (1 - drivers.depth[i, t]))
            put("event payday", i, h, drivers.events[drivers.region[i], t, 2])
            code, after = 0.0, np.nan
            for distance in range(s.event_reach, -1, -1):
                for sign in (1, -1):
                    u = t - sign * distance
                    if 0 <= u < drivers.n_periods and drivers.events[drivers.region[i], u, :2].any():
                        first = int(drivers.events[drivers.region[i], u, :2].argmax())
                        code, after = first + 1.0, float(sign * distance)
            put("nearest event", i, h, code)
            put("periods after the nearest event", i, h, after)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-5, atol=1e-5, err_msg=name)


def test_the_calendar_is_the_dates() -> None:
    panel = made("D")
    found = table(panel, seasonal_profile(panel), 300, 40)
    dates = period_dates(panel.start, "D", 300, 40).astype(object)
    assert found["weekday"][0].tolist() == [date.weekday() for date in dates]
    assert found["day of month"][0].tolist() == [date.day - 1 for date in dates]


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_a_row_sees_nothing_from_its_cutoff_on_but_plans(period: Any) -> None:
    panel = made(period)
    profile = seasonal_profile(panel)
    cutoff = T[period] - 12
    drivers = panel.drivers
    assert drivers is not None
    assert drivers.price is not None
    price = drivers.price.copy()
    price[:, cutoff:] *= 3.0
    values, observed = panel.values.copy(), panel.observed.copy()
    values[:, cutoff:] = np.where(observed[:, cutoff:], values[:, cutoff:] + 50.0, 0.0)
    observed[:, cutoff + 2 :] = False
    values[~observed] = 0.0
    other = replace(panel, values=values, observed=observed, drivers=replace(drivers, price=price))
    before, after = table(panel, profile, cutoff, 10), table(other, profile, cutoff, 10)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    cut = table(panel.head(cutoff), profile, cutoff, 10)
    for name in before:
        np.testing.assert_array_equal(before[name], cut[name], err_msg=name)


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(1, 50_000),
    periods=st.integers(0, 1200),
    horizon=st.integers(1, 60),
    least=st.sampled_from([6, 8, 28]),
)
def test_the_sample_is_bounded_and_every_cutoff_has_a_history(
    n: int, periods: int, horizon: int, least: int
) -> None:
    cutoffs, steps = pattern(n, periods, horizon, least)
    assert steps.shape[:2] == (n, len(cutoffs))
    assert ((cutoffs >= least) & (cutoffs < periods)).all()
    assert steps.size <= 300_000
    if steps.size:
        assert steps.min() >= 1
        assert steps.max() <= horizon
        # Enough rows visit the whole horizon.
        if steps.size > 100 * horizon:
            assert set(np.unique(steps)) == set(range(1, horizon + 1))


def test_common_events_have_a_column_of_their_own() -> None:
    events = np.zeros((1, 40, 3), dtype=bool)
    events[0, ::4, 1] = True
    events[0, 20, [0, 2]] = True
    assert common_events(events) == [1]
    which, after = nearest_events(np.delete(events, 1, axis=2), 2)
    assert which[0, 17:24].tolist() == [0, 1, 1, 1, 1, 1, 0]
    assert after[0, 18:23].tolist() == [-2, -1, 0, 1, 2]
    none, _ = nearest_events(events[:, :, :0], 2)
    assert not none.any()
