"""What counts as observed demand."""

import numpy as np
import pandas as pd
import pytest

from engine.errors import EngineError
from engine.forecast.panel import Panel, make_panel, period_dates

MONDAY = np.datetime64("2024-01-01")
NAN = np.nan


def panel_of(quantity, in_stock=None, location=None, period="D", **more):
    quantity = np.array(quantity, dtype=float)
    n = len(quantity)
    keys = pd.DataFrame({"sku": [f"s{i}" for i in range(n)], "location": location or ["x"] * n})
    stock = None if in_stock is None else np.array(in_stock, dtype=float)
    return make_panel(keys, MONDAY, period, quantity, stock, **more)


def test_nothing_before_the_first_sale_is_observed():
    panel = panel_of([[NAN, 0, 0, 2, 0, 1], [1, 1, 1, 1, 1, 1]])
    assert panel.observed[0].tolist() == [False, False, False, True, True, True]
    assert panel.values[0].tolist() == [0, 0, 0, 2, 0, 1]


def test_a_known_launch_date_comes_before_the_first_sale():
    launch = np.array(["2024-01-02", "NaT"], dtype="datetime64[D]")
    panel = panel_of([[NAN, NAN, NAN, 2, 0, 1], [1, 1, 1, 1, 1, 1]], launch=launch)
    assert panel.observed[0].tolist() == [False, True, True, True, True, True]


def test_a_missing_row_is_a_zero_if_the_location_sent_others():
    panel = panel_of([[1, NAN, 3], [4, 5, 6]])
    assert panel.observed.all()
    assert panel.values[0].tolist() == [1, 0, 3]


def test_a_period_without_any_row_of_the_location_is_unobserved():
    panel = panel_of([[1, 1, NAN, 1], [2, 2, NAN, 2], [3, 3, 3, 3]], location=["x", "x", "y"], period="W")
    assert panel.observed.tolist() == [[True, True, False, True]] * 2 + [[True] * 4]


def test_a_closed_weekday_is_no_demand_and_not_a_gap():
    week = [5, 4, 3, 4, 6, 7, NAN]  # never a row on Sundays
    panel = panel_of([week * 4, [2 * x for x in week] * 4])
    assert panel.observed.all()
    assert panel.values[0, 6::7].sum() == 0


def test_a_location_that_rarely_sends_rows_sold_nothing_in_between():
    sparse = [NAN] * 30
    for day in (0, 9, 23):
        sparse[day] = 2
    panel = panel_of([sparse])
    assert panel.observed.all()


def test_out_of_stock_is_censored_and_half_empty_shelves_are_scaled_up():
    panel = panel_of([[4, 0, 3, 4, 2]], [[1, 0, 0.75, NAN, 0.4]])
    assert panel.observed[0].tolist() == [True, False, True, True, False]
    assert panel.values[0].tolist() == [4, 0, 4, 4, 0]
    assert panel.censored[0].tolist() == [False, True, False, False, True]
    assert panel.sales[0].tolist() == [4, 0, 3, 4, 2]
    assert panel.censoring_share.tolist() == [0.4]


def test_net_returns_are_zero_demand():
    assert panel_of([[3, -2, 1]]).values[0].tolist() == [3, 0, 1]


def test_a_series_that_never_sold_keeps_its_zeros():
    panel = panel_of([[NAN, 0, 0, 0], [1, 1, 1, 1]])
    assert panel.observed[0].tolist() == [False, True, True, True]
    nothing = panel_of([[NAN, NAN]])
    assert not nothing.observed.any()
    assert nothing.censoring_share.tolist() == [0.0]


def test_dates_of_each_period():
    assert period_dates(MONDAY, "W", 0, 2).astype(str).tolist() == ["2024-01-01", "2024-01-08"]
    panel = panel_of([[1, 2]], period="M")
    assert panel.dates.astype(str).tolist() == ["2024-01-01", "2024-02-01"]
    assert panel.future_dates(2).astype(str).tolist() == ["2024-03-01", "2024-04-01"]


def test_head_and_rows_cut_everything():
    panel = panel_of([[1, 2, 3], [4, 5, 6]], [[1, 1, 0], [1, 1, 1]], group=np.array(["a", "b"]))
    part = panel.head(2).rows(np.array([1]))
    assert part.values.tolist() == [[4, 5]]
    assert part.censored.tolist() == [[False, False]]
    assert (part.sku.tolist(), part.group.tolist()) == (["s1"], ["b"])
    assert part.observations.tolist() == [2]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(EngineError, match="2 series, periods"):
        make_panel(pd.DataFrame({"sku": ["a", "b"], "location": "x"}), MONDAY, "D", np.ones((1, 3)))
    with pytest.raises(EngineError, match="in_stock has shape"):
        panel_of([[1, 2]], [[1]])
    names = np.array(["a"])
    seen = np.ones((1, 2), dtype=bool)
    with pytest.raises(EngineError, match="must be one of D, W, M"):
        Panel(names, names, MONDAY, "H", np.ones((1, 2)), seen)
    with pytest.raises(EngineError, match=r"observed \(1, 2\)"):
        Panel(names, names, MONDAY, "D", np.ones((1, 3)), seen)
    with pytest.raises(EngineError, match="for 1 series"):
        Panel(np.array(["a", "b"]), names, MONDAY, "D", np.ones((1, 2)), seen)
    with pytest.raises(EngineError, match="negative or missing"):
        Panel(names, names, MONDAY, "D", np.array([[1.0, NAN]]), seen)


def test_a_panel_without_stockouts_has_no_censoring():
    panel = Panel(np.array(["a"]), np.array(["x"]), MONDAY, "D", np.ones((1, 2)), np.ones((1, 2), dtype=bool))
    assert panel.censoring_share.tolist() == [0.0]
    assert panel.head(1).n_periods == 1
