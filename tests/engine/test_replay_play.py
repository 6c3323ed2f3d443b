"""The replay's mechanics against a plain-Python player; units are conserved; policies know only the past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replay.as_ordered import AsOrdered
from engine.replay.classes import CLASSES, abc_xyz
from engine.replay.interval import difference
from engine.replay.lead_times import draw_lead_times
from engine.replay.lots import whole_lots
from engine.replay.min_max import Cover, CoverMinMax, Lots, MinMax, recent_rate, tune
from engine.replay.money import Prices, costs
from engine.replay.planned import Outlook, PlanPolicy, next_chances
from engine.replay.play import Game, Now, Played, play
from engine.replenishment.lines import NEVER, LineInputs
from engine.replenishment.one_line import one_line
from engine.replenishment.plan import plan_lines

T = 12


def game_of(n: int = 4, periods: int = T, seed: int = 0, **changes: object) -> Game:
    r = np.random.default_rng(seed)
    batches = r.integers(0, 3 * n)
    return replace(
        Game(
            demand=r.poisson(3.0, (n, periods)).astype(float),
            may_order=r.random((n, periods)) < 0.6,
            lead_time=r.integers(0, 4, (n, periods)),
            promised=np.full(n, 2.0),
            life=r.choice([1, 2, 5, 1 << 40], n),
            backorder=r.random(n) < 0.4,
            batch_line=r.integers(0, n, batches),
            batch_quantity=r.integers(0, 9, batches).astype(float),
            batch_last=r.choice([-1, 0, 2, 7, 1 << 40], batches),
            receipt_line=np.arange(n),
            receipt_period=r.integers(-1, 5, n),
            receipt_quantity=r.integers(0, 9, n).astype(float),
        ),
        **changes,
    )


def random_orders(seed: int) -> object:
    r = np.random.default_rng(seed)
    return lambda now: r.integers(0, 9, len(now.asked)).astype(float)


def oracle(game: Game, ordered: np.ndarray) -> dict[str, np.ndarray]:
    """Batch by batch, day by day, line by line."""
    found = {
        name: np.zeros(game.demand.shape)
        for name in ("received", "sold", "short", "waste", "end_stock", "in_stock")
    }
    for line in range(game.size):
        batches = [
            [int(last), float(quantity)]
            for row, quantity, last in zip(game.batch_line, game.batch_quantity, game.batch_last, strict=True)
            if row == line and last >= 0
        ]
        coming = [
            (max(int(period), 0), float(quantity))
            for row, period, quantity in zip(
                game.receipt_line, game.receipt_period, game.receipt_quantity, strict=True
            )
            if row == line
        ]
        waiting = 0.0
        for period in range(game.periods):
            if ordered[line, period]:
                coming.append((period + int(game.lead_time[line, period]), float(ordered[line, period])))
            for due, quantity in coming:
                if due == period and quantity:
                    batches.append([period + int(game.life[line]) - 1, quantity])
                    found["received"][line, period] += quantity
            wanted = asked = game.demand[line, period] + waiting
            stocked = sum(quantity for _, quantity in batches) > 0
            for batch in sorted(batches):
                taken = min(batch[1], wanted)
                batch[1] -= taken
                wanted -= taken
            batches.sort()
            found["sold"][line, period] = asked - wanted
            if game.backorder[line]:
                found["short"][line, period] = min(wanted, game.demand[line, period])
                found["in_stock"][line, period] = 1.0
                waiting = wanted
            else:
                found["short"][line, period] = wanted
                found["in_stock"][line, period] = 1.0 - wanted / asked if wanted else float(stocked)
            found["waste"][line, period] = sum(quantity for last, quantity in batches if last <= period)
            batches = [batch for batch in batches if batch[0] > period and batch[1] > 0]
            found["end_stock"][line, period] = sum(quantity for _, quantity in batches)
    return found


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_as_the_plain_player_and_units_are_conserved(seed: int) -> None:
    game = game_of(seed=seed)
    played = play(game, random_orders(seed))
    for name, values in oracle(game, played.ordered).items():
        # sorted batches of one expiry may be served in either order: sums are what counts
        np.testing.assert_allclose(getattr(played, name), values, atol=1e-9, err_msg=name)
    good = game.batch_last >= 0
    opening = np.bincount(game.batch_line[good], weights=game.batch_quantity[good], minlength=game.size)
    into = opening + played.received.sum(axis=1)
    out = played.sold.sum(axis=1) + played.waste.sum(axis=1) + played.end_stock[:, -1]
    np.testing.assert_allclose(into, out)
    lost = ~game.backorder
    np.testing.assert_allclose((played.sold + played.short)[lost], game.demand[lost])


def test_a_policy_knows_stock_orders_and_sales_of_before_only() -> None:
    game = game_of(seed=3, lead_time=np.full((4, T), 3))
    seen: list[Now] = []

    def policy(now: Now) -> np.ndarray:
        seen.append(now)
        assert now.sold.shape == now.in_stock.shape == (4, now.period)
        assert (now.pipeline.expected[now.pipeline.placed >= 0] <= now.period + 2).all()
        for known in (now.sold, now.in_stock, now.stock):
            with pytest.raises(ValueError, match="read-only"):
                known[:] = 0
        return np.ones(len(now.asked))

    played = play(game, policy)
    for now in seen:
        np.testing.assert_array_equal(now.sold, played.sold[:, : now.period])
        if now.period:
            np.testing.assert_allclose(now.on_hand, played.end_stock[:, now.period - 1])
    last = seen[-1]
    assert last.pipeline.placed.max() == max(now.period for now in seen[:-1])


@given(st.integers(0, 1000), st.integers(1, T - 1))
@settings(max_examples=25, deadline=None)
def test_what_happens_later_changes_no_order_before(seed: int, day: int) -> None:
    game = game_of(seed=seed)
    lots = Lots(np.full(4, 2.0), np.full(4, 2.0), np.full(4, 30.0))
    policy = MinMax(np.full(4, 6.0), np.full(4, 14.0), lots)
    later = game.demand.copy()
    later[:, day:] = np.random.default_rng(seed).permuted(later[:, day:], axis=1) + 5
    leads = game.lead_time.copy()
    leads[:, day:] += 1
    before, after = play(game, policy), play(replace(game, demand=later, lead_time=leads), policy)
    np.testing.assert_array_equal(before.ordered[:, : day + 1], after.ordered[:, : day + 1])
    np.testing.assert_array_equal(before.end_stock[:, :day], after.end_stock[:, :day])


def test_min_max_orders_to_the_maximum_at_the_minimum_and_keeps_lots_and_shelf() -> None:
    n = 3
    game = Game(
        demand=np.full((n, 3), 4.0),
        may_order=np.ones((n, 3), bool),
        lead_time=np.ones((n, 3), np.int64),
        promised=np.ones(n),
        life=np.full(n, NEVER),
        backorder=np.zeros(n, bool),
        batch_line=np.arange(n),
        batch_quantity=np.array([10.0, 11.0, 2.0]),
        batch_last=np.full(n, NEVER),
    )
    lots = Lots(np.array([0.0, 0.0, np.nan]), np.array([6.0, 0.0, 6.0]), np.array([np.nan, np.nan, 12.0]))
    ordered = play(game, MinMax(np.full(n, 10.0), np.full(n, 15.0), lots)).ordered
    # 10 ≤ 10: 5 wanted, a case of 6; 11 > 10: none, then 7 ≤ 10: 8; 2: 13 wanted, room for 10: one case
    np.testing.assert_array_equal(ordered[:, 0], [6, 0, 6])
    assert ordered[1, 1] == 8


def test_lots_are_whole_and_the_most_wins() -> None:
    wanted = np.array([-1.0, 0.5, 7.0, 7.0])
    np.testing.assert_array_equal(whole_lots(wanted, np.zeros(4), np.zeros(4)), [0, 1, 7, 7])
    np.testing.assert_array_equal(
        whole_lots(wanted, np.array([0, 0, 9, 9.0]), np.full(4, 3.0), np.array([9, 9, 9, 8.0])), [0, 3, 9, 0]
    )


def test_rates_count_time_with_stock_and_stay_where_nothing_was_seen() -> None:
    sold = np.array([[4.0, 2.0, np.nan], [0.0, 0.0, 0.0]])
    share = np.array([[1.0, 0.5, np.nan], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(recent_rate(sold, share, np.array([9.0, 9.0])), [4.0, 9.0])


def test_tuning_takes_the_cheapest_pair_of_each_class() -> None:
    game = game_of(n=6, periods=60, seed=5, life=np.full(6, NEVER), backorder=np.zeros(6, bool))
    game = replace(game, lead_time=np.full((6, 60), 1), may_order=np.ones((6, 60), bool))
    sold = np.full((6, 10), 3.0)
    policy = CoverMinMax(
        Cover(np.zeros(6), np.zeros(6)),
        np.ones(6),
        np.ones(6),
        np.full(6, np.inf),
        sold,
        np.ones((6, 10)),
        Lots(np.zeros(6), np.ones(6), np.full(6, np.nan)),
    )
    prices = Prices(np.array([9, 9, 9, 0, 0, 0.0]), np.full(6, 0.1), np.ones(6), np.zeros(6))
    code = np.array([0, 0, 0, 1, 1, 1])
    tuned = tune(game, policy, prices, code, safety_days=(0, 2, 4), cycle_days=(0, 3))
    assert tuned.cost.shape == (6, 2)
    assert [tuned.pairs[i] for i in tuned.cost.argmin(axis=0)] == list(
        zip(tuned.safety, tuned.cycle, strict=True)
    )
    assert tuned.safety[0] > tuned.safety[1] == 0.0
    np.testing.assert_array_equal(tuned.cover(code).safety, tuned.safety[code])


def test_costs_are_margin_holding_waste_and_orders() -> None:
    one = np.array([[1.0, 2.0]])
    played = Played(one, one, one, one, one, one, one)
    money = costs(played, Prices(*(np.array([price]) for price in (5.0, 0.5, 2.0, 7.0))))
    np.testing.assert_allclose(money.lost, [[5, 10]])
    np.testing.assert_allclose(money.orders, [[7, 7]])
    np.testing.assert_allclose(money.total, [[5 + 0.5 + 2 + 7, 10 + 1 + 4 + 7]])


def test_lead_times_keep_mean_and_deviation_and_do_not_depend_on_the_span() -> None:
    seeds = np.arange(400, dtype=np.uint64)
    drawn = draw_lead_times(seeds, np.full(400, 5.3), np.full(400, 1.5), 0, 50)
    assert drawn.mean() == pytest.approx(5.3, abs=0.05)
    # rounding at random adds 1/6 to the variance, about
    assert drawn.var() == pytest.approx(1.5**2 + 1 / 6, rel=0.08)
    np.testing.assert_array_equal(
        drawn[:, 20:30], draw_lead_times(seeds, np.full(400, 5.3), np.full(400, 1.5), 20, 10)
    )
    assert (draw_lead_times(seeds, np.full(400, 2.0), np.zeros(400), 0, 3) == 2).all()


def test_as_ordered_orders_what_was_ordered_when_it_was() -> None:
    game = game_of(seed=8)
    real = np.random.default_rng(1).integers(0, 5, game.demand.shape).astype(float)
    played = AsOrdered(real).play(game)
    np.testing.assert_array_equal(played.ordered, real)


def test_classes_by_turnover_and_variation() -> None:
    weeks = 8
    steady = np.ones((1, 7 * weeks))
    lumpy = np.zeros((1, 7 * weeks))
    lumpy[0, 0] = 50
    demand = np.concatenate([900 * steady, 60 * steady, steady, lumpy, np.full_like(steady, np.nan)])
    assert [CLASSES[code] for code in abc_xyz(demand, np.ones(5))] == ["AX", "BX", "CX", "CZ", "CZ"]


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    r = np.random.default_rng(2)
    inside = 0
    for _ in range(200):
        shared = r.normal(0, 2, 40).repeat(3)  # lines of one item go together
        ours = 10 + shared + r.normal(0, 1, 120)
        found = difference(ours, np.full(120, 10.5), np.arange(40).repeat(3), seed=1, resamples=400)
        inside += found.low <= -60.0 <= found.high
    assert 0.82 <= inside / 200 <= 0.96
    nothing = difference(np.empty(0), np.empty(0), np.empty(0), seed=1)
    assert (nothing.money, nothing.ratio) == (0.0, 1.0)


def test_faults_are_told_all_at_once() -> None:
    with pytest.raises(EngineError, match=r"may_order has shape .*demand holds a number"):
        game_of(demand=np.full((4, T), -1.0), may_order=np.ones((4, 2), bool))
    with pytest.raises(EngineError, match="must be \\[lines, periods\\]"):
        game_of(demand=np.zeros(3))
    for wrong, rule in ((np.array([-1.0]), "negative"), (np.ones(2), "shape")):
        with pytest.raises(EngineError, match=rule):
            play(game_of(n=1, may_order=np.ones((1, T), bool)), lambda _, wrong=wrong: wrong)


def plan_terms(n: int, **figures: object) -> LineInputs:
    one = one_line(
        [1.0], target_kind="cost", stockout_cost=2.0, holding_cost=0.02, lead_time_mean=2, **figures
    )
    many = {
        name: np.repeat(getattr(one, name), n, axis=0)
        for name in one.__dataclass_fields__
        if name not in ("period_days",) and not name.startswith(("batch_", "receipt_"))
    }
    return replace(one, **many)


def known_rate(rate: float, n: int) -> object:
    def forecaster(_period: int, _sold: np.ndarray, _in_stock: np.ndarray) -> Outlook:
        mean = np.full((n, 28 + 64), rate)
        return Outlook(mean, np.full(n, 0.3), np.ones(n), np.arange(n, dtype=np.uint64))

    return forecaster


def test_the_plan_orders_in_a_game_what_it_orders_alone() -> None:
    n = 3
    may = np.zeros((n, T), bool)
    may[:, ::3] = True
    game = Game(
        demand=np.full((n, T), 4.0),
        may_order=may,
        lead_time=np.full((n, T), 2),
        promised=np.full(n, 2.0),
        life=np.full(n, NEVER),
        backorder=np.zeros(n, bool),
        batch_line=np.arange(n),
        batch_quantity=np.array([3.0, 12.0, 60.0]),
        batch_last=np.full(n, NEVER),
    )
    policy = PlanPolicy(plan_terms(n), next_chances(may, np.full(n, 3)), known_rate(4.0, n), n_paths=100)
    ordered = play(game, policy).ordered
    alone = replace(
        plan_terms(n),
        mean=np.full((n, 8), 4.0),
        level_cv=np.full(n, 0.3),
        path_seed=np.arange(n, dtype=np.uint64),
        batch_line=np.arange(n),
        batch_quantity=game.batch_quantity,
        batch_last_period=np.full(n, NEVER),
        next_order_period=np.full(n, 3),
    )
    np.testing.assert_array_equal(ordered[:, 0], plan_lines(alone, n_paths=100).quantity)
    assert ordered[2, 0] == 0.0 < ordered[0, 0]
    assert not ordered[:, 1:3].any()


def test_between_forecasts_the_level_follows_what_sells() -> None:
    n, periods = 1, 40
    may = np.ones((n, periods), bool)
    game = Game(
        demand=np.full((n, periods), 12.0),
        may_order=may,
        lead_time=np.full((n, periods), 2),
        promised=np.full(n, 2.0),
        life=np.full(n, NEVER),
        backorder=np.zeros(n, bool),
    )
    policy = PlanPolicy(plan_terms(n), next_chances(may, np.ones(n, int)), known_rate(4.0, n), n_paths=100)
    played = play(game, policy)
    assert played.short[:, 20:28].sum() == 0.0  # 4 a day were forecast, 12 came, and are served
    # the new forecast of day 28 says 4 again, and is learnt anew
    assert played.end_stock[0, 29:31].sum() < played.end_stock[0, 20:22].sum()


@given(st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_next_chances_are_the_next_ones(seed: int) -> None:
    r = np.random.default_rng(seed)
    may = r.random((3, 9)) < 0.4
    review = r.integers(1, 5, 3)
    found = next_chances(may, review)
    for line in range(3):
        chances = list(np.flatnonzero(may[line]))
        chances.append((chances[-1] if chances else 0) + review[line])
        for period in range(9):
            later = [day for day in chances if day > period]
            assert found[line, period] == (later[0] - period if later else 1)
