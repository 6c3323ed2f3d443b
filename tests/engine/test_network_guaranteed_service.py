"""Safety stock in trees: published answers, every combination of service times, what must hold."""

from __future__ import annotations

from itertools import product
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.network.guaranteed_service import place_safety_stock, safety_stock_of
from engine.replenishment.network.service_tree import Link, Stage

# Instances and answers: Snyder & Shen, Fundamentals of Supply Chain Theory (2nd ed.), chapter 6, as
# in the tests of stockpyl, to more digits than printed.


def serial(holding, times, factor, sd, supply_time, promise):
    """Stages from the customer upwards, named 1, 2, …"""
    last = len(holding)
    stages = [
        Stage(
            str(k), h, t, demand_sd=sd * (k == 1), service_factor=factor,
            supply_time=supply_time * (k == last), promise=promise if k == 1 else None,
        )
        for k, (h, t) in enumerate(zip(holding, times, strict=True), start=1)
    ]  # fmt: skip
    return stages, [Link(str(k + 1), str(k)) for k in range(1, last)]


def example_6_5():
    stages = [
        Stage("1", 1, 2, supply_time=1),
        Stage("2", 3, 1, demand_sd=1, promise=0),
        Stage("3", 2, 1),
        Stage("4", 3, 1, demand_sd=1, promise=1),
    ]
    return stages, [Link("1", "3"), Link("3", "2"), Link("3", "4")]


def figure_6_14(promise):
    holding = [0.01, 0.03, 0.04, 0.06, 0.12, 0.13, 0.2, 0.08, 0.04]
    times = [2, 3, 2, 4, 2, 3, 6, 4, 3]
    stages = [Stage(str(k), h, t) for k, (h, t) in enumerate(zip(holding, times, strict=True), start=1)]
    stages.append(Stage("10", 0.5, 2, demand_sd=10, service_factor=1.6448536269514722, promise=promise))
    ways = [(1, 2), (2, 3), (3, 5), (4, 5), (5, 6), (6, 10), (7, 10), (8, 10), (9, 10)]
    return stages, [Link(str(i), str(j)) for i, j in ways]


def problem_6_9(promise_1, promise_2):
    stages = [
        Stage("1", 44 / 365, 7, 22.0, 4.1, service_factor=4, promise=promise_1),
        Stage("2", 28 / 365, 7, 15.3, 6.2, service_factor=4, promise=promise_2),
        Stage("3", 18 / 365, 21),
        Stage("4", 1 / 365, 3),
        Stage("5", 4 / 365, 8),
        Stage("6", 1.5 / 365, 2),
    ]
    return stages, [Link("3", "1"), Link("3", "2"), Link("4", "3"), Link("5", "3"), Link("6", "5")]


TEN = [5.73, 4.56, 3.04, 2.93, 2.47, 2.37, 1.15, 1.10, 0.98, 0.87]
PUBLISHED = [
    (serial([7, 4, 2], [1, 0, 1], 1, 1, 1, 1), 2 * sqrt(2), [1, 0, 0]),
    (serial([4, 3, 2], [2, 1, 1], 4, 10, 1, 0), 160 * sqrt(5), [0, 3, 2]),
    (
        serial(TEN, [5, 10, 2, 15, 8, 5, 9, 5, 1, 5], 2.0537489106318225, 15.8, 7, 3),
        1378.31,
        [3, 10, 0, 28, 13, 5, 0, 18, 13, 12],
    ),
    (example_6_5(), 2 * sqrt(2) + sqrt(6) + 3, [0, 0, 0, 1]),
    (figure_6_14(2), 18.8240044725922, [0, 3, 5, 4, 7, 0, 0, 0, 0, 2]),
    (figure_6_14(5), 12.4686888061037, [0, 3, 5, 4, 0, 3, 3, 3, 3, 5]),
    (figure_6_14(8), 3.25788236403285, [0, 3, 1, 1, 3, 6, 6, 4, 3, 8]),
    (figure_6_14(12), 0.232617430735335, [0, 3, 5, 4, 7, 10, 6, 4, 3, 12]),
    (problem_6_9(3, 3), 15.649530249501, [3, 3, 0, 0, 0, 2]),
    (problem_6_9(0, 7), 13.121240238718, [0, 7, 0, 0, 0, 2]),
    (problem_6_9(21, 5), 10.5811190103555, [7, 5, 0, 0, 0, 2]),
]


@pytest.mark.parametrize(("network", "cost", "service"), PUBLISHED)
def test_published_trees(network, cost, service):
    plan = place_safety_stock(*network)
    assert plan.cost == pytest.approx(cost, rel=1e-5 if cost == 1378.31 else 1e-12)
    times = {stage.name: time for stage, time in zip(network[0], service, strict=True)}
    assert safety_stock_of(*network, times).cost == pytest.approx(plan.cost, rel=1e-12)


@pytest.mark.parametrize("case", [0, 1, 2, 3, 8, 9, 10])
def test_published_service_times(case):
    """Where the least cost is reached in one way only, the service times are those published."""
    network, _, service = PUBLISHED[case]
    assert [stage.service_time for stage in place_safety_stock(*network).stages] == service


def test_one_stage_keeps_stock_for_its_replenishment():
    plan = place_safety_stock([Stage("only", 2, 3, 10, 4, service_factor=1.5, supply_time=1)], [])
    (stage,) = plan.stages
    assert (stage.inbound_time, stage.service_time, stage.net_time) == (1, 0, 4)
    assert stage.safety_stock == pytest.approx(1.5 * 4 * 2)
    assert stage.base_stock == pytest.approx(4 * 10 + 12)
    assert plan.cost == pytest.approx(24)


@st.composite
def trees(draw):
    size = draw(st.integers(1, 5))
    stages = [
        Stage(
            str(k),
            draw(st.integers(0, 9)),
            draw(st.integers(0, 2)),
            draw(st.integers(0, 3)),
            draw(st.integers(0, 3)),
            draw(st.sampled_from([0, 0, 1])),
            draw(st.sampled_from([1.0, 2.0])),
            draw(st.integers(0, 1)),
            draw(st.sampled_from([None, None, 0, 1, 3])),
        )
        for k in range(size)
    ]
    links = []
    for k in range(1, size):
        other = draw(st.integers(0, k - 1))
        up, down = draw(st.permutations([k, other]))
        links.append(Link(str(up), str(down), draw(st.sampled_from([1.0, 2.0]))))
    return stages, links


def cheapest_by_trying(stages, links):
    """All service times up to the sum of all times, checked and priced one by one."""
    longest = sum(stage.processing_time for stage in stages) + max(s.supply_time for s in stages)
    names = [stage.name for stage in stages]
    bounds = []
    for stage in stages:
        sells_on = any(link.supplier == stage.name for link in links)
        most = longest if stage.promise is None and sells_on else stage.promise or 0
        bounds.append(range(min(most, longest) + 1))
    best = None
    for choice in product(*bounds):
        service = dict(zip(names, choice, strict=True))
        cost = 0.0
        for stage in stages:
            ups = [service[link.supplier] for link in links if link.customer == stage.name]
            net = max([stage.supply_time, *ups]) + stage.processing_time - service[stage.name]
            if net < 0:
                break
            cost += stage.holding_cost * sqrt(variance(stage, stages, links, net))
        else:
            best = cost if best is None else min(best, cost)
    return best


def variance(stage, stages, links, net):
    own = stage.service_factor**2 * (stage.demand_sd**2 * net + stage.level_sd**2 * net**2)
    by_name = {other.name: other for other in stages}
    downs = [(by_name[link.customer], link.units) for link in links if link.supplier == stage.name]
    return own + sum(units**2 * variance(down, stages, links, net) for down, units in downs)


@settings(max_examples=150, deadline=None)
@given(trees())
def test_equals_the_best_of_all_service_times(tree):
    plan = place_safety_stock(*tree)
    assert plan.cost == pytest.approx(cheapest_by_trying(*tree), abs=1e-9)
    again = safety_stock_of(*tree, {stage.name: stage.service_time for stage in plan.stages})
    assert again == plan


@settings(max_examples=60, deadline=None)
@given(trees(), st.integers(0, 4))
def test_dearer_stages_and_shorter_promises_never_cost_less(tree, which):
    stages, links = tree
    changed = list(stages)
    k = which % len(stages)
    stage = stages[k]
    changed[k] = Stage(
        stage.name, stage.holding_cost + 1, stage.processing_time, stage.demand_mean, stage.demand_sd,
        stage.level_sd, stage.service_factor, stage.supply_time, 0,
    )  # fmt: skip
    assert place_safety_stock(changed, links).cost >= place_safety_stock(stages, links).cost - 1e-9


def test_faults_are_told_together():
    stages = [Stage("a", -1, 1), Stage("b", 1, 2, promise=-1), Stage("b", 1, 0)]
    with pytest.raises(EngineError) as error:
        place_safety_stock(stages, [Link("a", "c"), Link("a", "b", 0)])
    for part in ("a: holding_cost is -1", "b: promise is -1", "same name", "no stage c", "units is 0"):
        assert part in str(error.value)


def test_only_trees():
    stages = [Stage(name, 1, 1) for name in "abc"]
    with pytest.raises(EngineError, match="not a tree"):
        place_safety_stock(stages, [Link("a", "b"), Link("b", "c"), Link("a", "c")])
    with pytest.raises(EngineError, match="not a tree"):
        place_safety_stock(stages, [Link("a", "b"), Link("b", "a")])
    with pytest.raises(EngineError, match="no stages"):
        place_safety_stock([], [])


def test_given_service_times_are_checked():
    stages, links = example_6_5()
    with pytest.raises(EngineError, match="lacks 4"):
        safety_stock_of(stages, links, {"1": 0, "2": 0, "3": 0})
    with pytest.raises(EngineError, match=r"stage 1: service time 9.*stage 2: service time 1"):
        safety_stock_of(stages, links, {"1": 9, "2": 1, "3": 0, "4": 0})
