"""Key figures: hand-computed values, ratios of sums, and a definition for each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import TABLES
from engine.kpis import KPIS, kpi, kpi_values

COLUMNS = [column.name for column in TABLES["kpi_facts"].columns if column.kind == "number"]
NOTHING = dict.fromkeys(COLUMNS, 0.0)


def value(name, **sums):
    return float(kpi_values({**NOTHING, **sums})[name])


@pytest.mark.parametrize(
    ("name", "sums", "expected"),
    [
        ("fill_rate", {"sold_units": 950, "demand_units": 1000}, 0.95),
        ("cycle_service", {"full_cycles": 45, "cycles": 50}, 0.9),
        ("on_shelf_availability", {"in_stock_days": 357.7, "open_days": 365}, 0.98),
        ("days_of_cover", {"stock_value": 7000, "demand_cost_daily": 500, "open_days": 1}, 14.0),
        # 500,000 of sales at cost on an average stock of 100,000 turn five times
        ("turns", {"cost_of_sales": 500e3, "stock_value_days": 100e3 * 365, "open_days": 1}, 5.0),
        # a margin of 240,000 on an average stock of 100,000 is 2.4 for each unit of money in stock
        ("gmroi", {"margin": 240e3, "stock_value_days": 100e3 * 365, "open_days": 1}, 2.4),
        ("excess_share", {"excess_value": 30, "stock_value": 120}, 0.25),
        ("obsolete_share", {"obsolete_value": 6, "stock_value": 120}, 0.05),
        ("waste_share", {"waste_value": 2, "revenue": 100}, 0.02),
        ("forecast_accuracy", {"forecast_error_units": 27, "forecast_units": 100}, 0.73),
        ("inventory_record_accuracy", {"exact_counts": 65, "counts": 100}, 0.65),
    ],
)
def test_values_by_hand(name, sums, expected):
    assert value(name, **sums) == pytest.approx(expected)
    assert {name for name, found in kpi_values({**NOTHING, **sums}).items() if found == found} >= {name}


def test_nothing_known_is_unknown_not_zero():
    assert all(np.isnan(found) for found in kpi_values(NOTHING).values())
    assert np.isnan(value("turns", cost_of_sales=0, stock_value_days=100))  # a centre sells to no customer


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(*[st.integers(0, 10**6)] * len(COLUMNS)), min_size=1, max_size=6))
def test_a_whole_lies_between_its_parts(rows):
    parts = dict(zip(COLUMNS, np.array(rows, dtype=float).T, strict=True))
    of_parts, whole = kpi_values(parts), kpi_values({name: column.sum() for name, column in parts.items()})
    for known in KPIS:
        bottom = parts[known.bottom]
        counted = (bottom > 0) & ((parts[known.asks] > 0) if known.asks else True)
        # parts without anything below weigh nothing only if they have nothing above
        if counted.any() and not parts[known.top][~counted].any() and not bottom[~counted].any():
            low, high = of_parts[known.name][counted].min(), of_parts[known.name][counted].max()
            assert low - 1e-9 * abs(low) <= whole[known.name] <= high + 1e-9 * abs(high)


def test_every_figure_says_what_it_is_and_where_it_is_from():
    assert len({known.name for known in KPIS}) == len(KPIS)
    for known in KPIS:
        assert {known.top, known.bottom} <= set(COLUMNS), known.name
        assert known.definition.endswith(".")
        assert known.source
        assert known.needs
    assert kpi("gmroi").label == "GMROI"
    with pytest.raises(KeyError):
        kpi("unheard_of")
