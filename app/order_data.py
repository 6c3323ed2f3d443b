"""What the Orders page reads of what orders share and of the list that a budget cuts."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from app import cache, data
from jobs.views import orders_budget, orders_shared
from jobs.views.orders_budget import BudgetDay, Cut, below_in_words, curve, cut, rows
from jobs.views.orders_shared import STATE_LABELS

__all__ = ["STATE_LABELS", "BudgetDay", "Cut", "below_in_words", "curve", "cut", "rows"]


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner=False)
def _terms(address: str, run_id: str) -> pd.DataFrame | None:
    return orders_shared.load(cache.lake(address), cache.run(address, run_id))


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner=False)
def _steps(address: str, run_id: str) -> pd.DataFrame | None:
    return orders_budget.load(cache.lake(address), cache.run(address, run_id), cache.lines(address, run_id))


@st.cache_resource(max_entries=32, ttl=cache.HOUR, show_spinner=False)
def _budget_day(address: str, run_id: str, day: date, ledger: str) -> BudgetDay:
    steps, terms = _steps(address, run_id), _terms(address, run_id)
    if steps is None or terms is None:
        raise LookupError("the run has no list of increments; a page asks budget_days first")
    return orders_budget.budget_day(steps, terms, cache.approved(address, run_id, ledger), day)


def binding(*, with_free: bool) -> pd.DataFrame | None:
    """Return what orders share, dearest first; None: the plan is older than that."""
    terms = _terms(data.uri(), data.run().run_id)
    return None if terms is None else orders_shared.binding(terms, with_free=with_free)


def budget_days() -> list[date]:
    """Return the order days on which suppliers are asked for something, the next one first."""
    steps = _steps(data.uri(), data.run().run_id)
    return [] if steps is None else orders_budget.days(steps)


def budget_day(day: date) -> BudgetDay:
    """Return the list of a day without what is decided already."""
    return _budget_day(data.uri(), data.run().run_id, day, cache.ledger(data.uri()))


def planned_cash() -> float | None:
    """Return the budget of a day that the plan kept to, None where it had none."""
    stated = data.run().policy["settings"].get("order_budget", "")
    return float(stated) if stated else None
