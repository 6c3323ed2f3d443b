"""Cached reads. Every key is what a result depends on: the lake's address, the run, the ledger's content.

Frames are shared by all sessions (`cache_resource`: nothing is copied) and are never written to; every cache
is bounded in entries and in time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from data_lake.lake import Lake
from data_lake.ledger import ledger_digest
from data_lake.runs import Run, latest_run, read_run
from jobs.import_file import Preview
from jobs.import_file import preview as preview_file
from jobs.override_fold import all_overrides
from jobs.override_level import LevelForecast
from jobs.views import approved as approved_view
from jobs.views import (
    changes,
    forecast_accuracy,
    forecast_change,
    forecast_value_leaderboard,
    health,
    item,
    item_demand,
    orders,
    today,
    what_if,
)
from jobs.views import driver_effects as driver_effects_view
from jobs.views import forecast_totals as forecast_totals_view
from jobs.views import lines as lines_view
from jobs.views.forecast_totals import TotalsBy
from jobs.views.item import HISTORY_SPANS

if TYPE_CHECKING:
    from jobs.forecast_value import ForecastValue

RUN_SECONDS = 15
"""A plan made elsewhere (by the command) is seen after at most this long."""

HOUR = 3600


@st.cache_resource(max_entries=4, show_spinner=False)
def lake(address: str) -> Lake:
    """Open a lake once."""
    return Lake(address)


@st.cache_resource(max_entries=4, ttl=RUN_SECONDS, show_spinner=False)
def latest(address: str) -> str | None:
    """Return the id of the run committed last."""
    found = latest_run(lake(address))
    return found.run_id if found else None


@st.cache_resource(max_entries=4, ttl=RUN_SECONDS, show_spinner=False)
def ledger(address: str) -> str:
    """Return the digest of what people did: with it in a key, a result is renewed by every act."""
    return ledger_digest(lake(address))


@st.cache_resource(max_entries=8, ttl=HOUR, show_spinner=False)
def run(address: str, run_id: str) -> Run:
    """Read a run's record."""
    return read_run(lake(address), run_id)


@st.cache_resource(max_entries=4, ttl=RUN_SECONDS, show_spinner=False)
def settings(address: str) -> lines_view.LakeSettings:
    """Read the lake's settings."""
    return lines_view.settings(lake(address))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner="Reading the plan …")
def lines(address: str, run_id: str) -> pd.DataFrame:
    """Read every line of a run."""
    return lines_view.load(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def choices(address: str, run_id: str) -> lines_view.Choices:
    """Return what the filters of a run offer."""
    return lines_view.choices(lines(address, run_id))


@st.cache_resource(max_entries=16, ttl=HOUR, show_spinner=False)
def approved(address: str, run_id: str, ledger: str) -> pd.DataFrame:
    """Return what is approved of a run, as the ledger was when it had this digest."""
    del ledger  # a part of the key
    return approved_view.approved_of(lake(address), lines(address, run_id))


@st.cache_resource(max_entries=16, ttl=HOUR, show_spinner=False)
def headlines(address: str, run_id: str, ledger: str) -> list[today.Headline]:
    """Return the cards of Today."""
    accepted = approved(address, run_id, ledger)
    return today.headlines(lake(address), run(address, run_id), lines(address, run_id), accepted)


@st.cache_resource(max_entries=64, ttl=HOUR, show_spinner="Reading the item …")
def item_view(address: str, run_id: str, line_id: str, span: str) -> item.Item:
    """Read what the Item page shows of a line."""
    line = line_of(address, run_id, line_id)
    return item.load(lake(address), run(address, run_id), line, history_days=HISTORY_SPANS[span])


@st.cache_resource(max_entries=64, ttl=HOUR, show_spinner=False)
def demand_view(address: str, run_id: str, line_id: str, span: str, ledger: str) -> item_demand.ItemDemand:
    """Read the demand behind a line's stockouts, as the ledger was when it had this digest."""
    del ledger  # a part of the key
    line = line_of(address, run_id, line_id)
    days = HISTORY_SPANS[span]
    return item_demand.load(lake(address), run(address, run_id), line, history_days=days)


@st.cache_resource(max_entries=64, ttl=HOUR, show_spinner=False)
def sandbox(address: str, run_id: str, line_id: str) -> what_if.Sandbox:
    """Load a line for what-if: a slider then reads nothing."""
    line = line_of(address, run_id, line_id)
    return what_if.sandbox(lake(address), run(address, run_id), line["sku"], line["location"], line["source"])


def line_of(address: str, run_id: str, line_id: str) -> dict[str, Any]:
    """Return one line of a run."""
    frame = lines(address, run_id)
    return lines_view.records(frame[frame["line_id"] == line_id])[0]


@st.cache_resource(max_entries=64, ttl=HOUR, show_spinner=False)
def overrides(address: str, run_id: str, sku: str, location: str, ledger: str) -> list[changes.Override]:
    """Return the overrides of an item, as the ledger was when it had this digest."""
    del ledger  # a part of the key
    return changes.overrides_of(lake(address), run(address, run_id), sku, location)


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner="Comparing forecasts with demand …")
def forecast_value(address: str, run_id: str) -> ForecastValue:
    """Judge the forecasts of the runs before this one."""
    from jobs.forecast_value import forecast_value as judge  # loads the engine, which other pages need not

    return judge(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def backtests(address: str, run_id: str) -> pd.DataFrame:
    """Read the backtests of a run."""
    return forecast_value_leaderboard.backtests(lake(address), run(address, run_id), lines(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def accuracy_by_horizon(address: str, run_id: str) -> pd.DataFrame:
    """Read how far ahead the forecast of a run holds."""
    return forecast_accuracy.by_horizon(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def driver_effects(address: str, run_id: str) -> pd.DataFrame | None:
    """Read what promotions, prices and events do; None: the run is older than that."""
    return driver_effects_view.read(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def forecast_totals(address: str, run_id: str) -> pd.DataFrame | None:
    """Read forecasts of totals; None: the run is older than that."""
    return forecast_totals_view.read(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def days_planned(address: str, run_id: str) -> tuple[date, date]:
    """Return the first and the last day that a run forecasts."""
    return forecast_change.days_planned(lake(address), run(address, run_id))


@st.cache_resource(max_entries=64, ttl=HOUR, show_spinner=False)
def total_forecast(
    address: str, run_id: str, level: TotalsBy, code: str, first: date, last: date, ledger: str
) -> LevelForecast:
    """Return a total as it stands, as the ledger was when it had this digest."""
    del ledger  # a part of the key
    scope = forecast_change.scope_of(level, code)
    return forecast_change.forecast_of(lake(address), run(address, run_id), scope, first, last)


@st.cache_resource(max_entries=16, ttl=HOUR, show_spinner=False)
def every_override(address: str, run_id: str, ledger: str) -> pd.DataFrame:
    """Return every override ever made, as the ledger was when it had this digest."""
    del ledger  # a part of the key
    return all_overrides(lake(address), run(address, run_id).as_of)


@st.cache_resource(max_entries=16, ttl=RUN_SECONDS, show_spinner=False)
def is_behind(address: str, run_id: str, ledger: str) -> bool:
    """Return whether something changed since a plan, as the ledger was when it had this digest."""
    del ledger  # a part of the key
    return changes.is_behind(lake(address), run(address, run_id))


@st.cache_resource(max_entries=16, ttl=HOUR, show_spinner=False)
def order_cards(address: str, run_id: str, ledger: str) -> list[orders.OrderCard]:
    """Return a card a source."""
    accepted = approved(address, run_id, ledger)
    return orders.cards(lake(address), run(address, run_id), lines(address, run_id), accepted)


@st.cache_resource(max_entries=4, ttl=RUN_SECONDS, show_spinner="Reading the inputs …")
def table_freshness(address: str, run_id: str) -> pd.DataFrame:
    """Return how old each table is."""
    return health.table_freshness(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner="Reading the inputs …")
def location_freshness(address: str, run_id: str) -> pd.DataFrame:
    """Return how old each location's feeds are."""
    return health.location_freshness(lake(address), run(address, run_id))


@st.cache_resource(max_entries=4, ttl=HOUR, show_spinner=False)
def faults(address: str, run_id: str) -> pd.DataFrame:
    """Return what the checks found."""
    return health.faults(lake(address), run(address, run_id))


@st.cache_resource(max_entries=8, ttl=HOUR, show_spinner="Looking at the file …")
def preview(
    address: str, file_id: str, name: str, kind: str | None, mapping: str | None, _read: Callable[[], bytes]
) -> Preview:
    """Look at an upload once for each kind and mapping that it is looked at with."""
    del file_id  # a part of the key
    return preview_file(lake(address), _read(), name, kind, mapping=mapping)
