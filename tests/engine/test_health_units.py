"""Unit mismatch: found by money, by pattern, suspected from a fall; promotions and pack buyers are let be."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import health

AS_OF = date(2026, 11, 22)
LENGTH = 200


def found(quantity, pack, *, revenue=None, promo=None, units=None):
    frame = pd.DataFrame(
        {
            "date": pd.date_range(end="2026-11-21", periods=len(quantity)),
            "sku": "007",
            "location": "S01",
            "quantity": np.asarray(quantity, dtype=float),
        }
    )
    if revenue is not None:
        frame["revenue"] = revenue
    if promo is not None:
        frame["promo"] = promo
    products = pd.DataFrame({"sku": ["007"], "case_pack": float(pack), "unit_cost": 1.0, "unit_price": 2.0})
    tables = {"sales": frame, "products": products}
    if units is not None:
        tables["units"] = units
    faults = health.check(tables, as_of=AS_OF, period="D")
    return faults[faults["check"] == "unit_mismatch"]


def demand(seed, mean=8.0):
    return np.random.default_rng(seed).poisson(mean, LENGTH).astype(float)


@pytest.mark.parametrize(("factor", "sign", "verb"), [(12.0, "×", "divide"), (1 / 12, "÷", "multiply")])
def test_money_proves_a_mismatch_in_both_directions(factor, sign, verb):
    eaches = demand(1)
    wrong = eaches.copy()
    wrong[150:170] *= factor
    fault = found(wrong, 12, revenue=2.5 * eaches).iloc[0]
    assert fault["severity"] == "held"
    assert fault["value"].startswith(f"{sign} 12, ")
    assert fault["fix"].startswith(verb)
    assert pd.Timestamp("2026-10-03") <= fault["date"] <= pd.Timestamp("2026-10-05")


def test_a_mismatch_long_ago_warns_and_holds_nothing():
    eaches = demand(2)
    wrong = eaches.copy()
    wrong[20:40] *= 12
    assert found(wrong, 12, revenue=2.5 * eaches)["severity"].tolist() == ["warning"]


def test_without_money_the_pattern_shows_it():
    wrong = demand(3)
    wrong[150:162] *= 12
    fault = found(wrong, 12).iloc[0]
    assert (fault["severity"], fault["rows"]) == ("held", (wrong[150:162] > 0).sum())


def test_another_unit_than_the_case():
    eaches = demand(4)
    wrong = eaches.copy()
    wrong[150:170] *= 6
    units = pd.DataFrame({"sku": ["007", "007"], "unit": ["each", "tray"], "eaches": [1.0, 6.0]})
    assert found(wrong, 40, revenue=2.5 * eaches, units=units)["value"].iloc[0].startswith("× 6")


def test_a_discount_is_not_a_mismatch():
    eaches = demand(5)
    price = np.where(np.arange(LENGTH) > 180, 1.2, 2.5)  # 52 % off
    assert found(eaches, 3, revenue=price * eaches).empty


def test_prices_off_by_the_pack_now_and_then_are_two_price_lists_and_not_a_stretch():
    eaches = demand(5)
    price = np.where(np.arange(LENGTH) % 9 == 0, 30.0, 2.5)
    assert found(eaches, 12, revenue=price * eaches).empty


def test_three_days_proved_by_money_warn_and_five_hold():
    eaches = demand(5)
    for days, severity in ((3, "warning"), (5, "held")):
        price = np.where((np.arange(LENGTH) >= 190) & (np.arange(LENGTH) < 190 + days), 2.5 / 12, 2.5)
        assert found(eaches, 12, revenue=price * eaches)["severity"].tolist() == [severity]


def test_a_promotion_in_pack_lots_is_not_a_mismatch():
    promoted = demand(6)
    promoted[150:164] = 6 * np.round(promoted[150:164])
    assert found(promoted, 6, promo=np.arange(LENGTH) // 14 == 150 // 14).shape[0] <= 1
    assert found(promoted, 6, promo=(np.arange(LENGTH) >= 150) & (np.arange(LENGTH) < 164)).empty


def test_a_buyer_of_whole_packs_is_not_a_mismatch():
    rng = np.random.default_rng(7)
    by_pack = 12.0 * rng.poisson(1.5, LENGTH)
    by_pack[150:170] *= 2
    assert found(by_pack, 12).empty


def test_selling_out_the_last_case_is_not_a_mismatch():
    """Sold out every day at exactly one case: the level is not twelve times the usual."""
    sold_out = demand(8, mean=9.0)
    sold_out[180:190] = 12.0
    assert found(sold_out, 12).empty


def test_a_fall_to_one_packth_is_asked_about():
    fallen = demand(9, mean=48.0)
    fallen[-20:] = np.round(fallen[-20:] / 12)
    faults = found(fallen, 12)
    assert faults["severity"].tolist() == ["warning"]
    assert faults["fix"].iloc[0].startswith("ask S01")
    assert found(demand(9, mean=48.0), 12).empty


def test_products_without_a_pack_are_not_checked():
    wrong = demand(10)
    wrong[150:170] *= 12
    assert found(wrong, 1).empty


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    mean=st.floats(0.1, 60),
    pack=st.sampled_from([3, 4, 6, 8, 10, 12, 20, 24]),
    season=st.floats(0, 0.8),
)
def test_ordinary_demand_is_never_held(seed, mean, pack, season):
    rng = np.random.default_rng(seed)
    rate = mean * np.exp(season * np.sin(np.arange(LENGTH) / 58))
    assert found(rng.poisson(rate), pack, revenue=None).query("severity == 'held'").empty
