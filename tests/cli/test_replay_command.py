"""`shelfcast replay`: a table in money with its interval, and what a history that is too short lacks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from data_lake.lake import Lake

Shelfcast = Callable[..., Result]


@pytest.fixture
def sales_only(address: str) -> Lake:
    """Eight months of sales of two products at a store: everything else is a default."""
    r = np.random.default_rng(3)
    days = pd.date_range("2025-01-06", periods=240)
    frames = [
        pd.DataFrame(
            {"date": days, "sku": sku, "location": "A", "quantity": r.poisson(rate, 240).astype(float)}
        )
        for sku, rate in (("007", 6.0), ("tea", 2.0))
    ]
    lake = Lake(address)
    lake.replace("sales", pd.concat(frames).assign(price=3.0))
    return lake


def test_a_replay_is_a_table_in_money_with_its_interval(shelfcast: Shelfcast, sales_only: Lake) -> None:
    asked = ("--from", "2025-08-06", "--to", "2025-09-02", "--model", "exponential smoothing")
    result = shelfcast("replay", *asked)
    assert result.exit_code == 0, result.output
    text = result.output
    for words in ("Fill rate", "Margin lost", "Stock held", "Written off", "Order lines", "Total cost"):
        assert words in text
    assert "min/max" in text
    assert "2025-08-06 to 2025-09-02, 2 lines: Shelfcast would have saved" in text
    assert "90 % interval" in text
    assert "Opening stock had to be assumed for 2 lines." in text
    total = sales_only.read("replays").iloc[0]
    assert f"Replay {total['replay_id']}" in text
    assert f"{total['ours_cost']:,.0f}" in text
    assert shelfcast("replay", *asked).output.splitlines()[-1] == text.splitlines()[-1]
    assert len(sales_only.read("replays")) == 1


def test_what_cannot_be_played_says_what_is_needed(shelfcast: Shelfcast, sales_only: Lake) -> None:
    short = shelfcast("replay", "--from", "2025-02-01")
    assert short.exit_code == 1
    assert "a replay needs a longer history" in short.output
    assert sales_only.current("replays") is None
    no_orders = shelfcast("replay", "--from", "2025-08-06", "--against", "orders")
    assert no_orders.exit_code == 1
    assert "import them with --kind orders" in no_orders.output
    assert shelfcast("replay", "--against", "luck").exit_code == 2
