"""The form "Change this forecast" under the totals of Forecast & value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import streamlit as st

from app import acts, data, forecast_value_data, shell, states
from jobs.views.forecast_totals import TOTALS_BY, TotalsBy

FORM = "changed_totals"
"""Session state: how many changes were recorded; it names the widgets, so that each change starts anew."""

DAYS = 14
HOW = {"per_cent": "By ± %", "total": "To a new total"}


@st.fragment
def form(level: TotalsBy, rows: pd.DataFrame) -> None:
    """Let the planner change one of the totals shown; say what it does in units before it is recorded.

    rows : `forecast_value_data.forecast_totals`
    """
    groups = forecast_value_data.groups_of(rows)
    if not groups:
        return
    number = st.session_state.setdefault(FORM, 0)
    with st.expander("Change this forecast", key=f"change_total-{level}", icon=":material/edit:"):
        _form(level, groups, f"{level}-{number}")


def _form(level: TotalsBy, groups: dict[str, str], name: str) -> None:
    first, last = forecast_value_data.days_planned()
    which, how, size, days, expiry = st.columns([4, 3, 3, 4, 3])
    code = which.selectbox(
        TOTALS_BY[level], list(groups), format_func=lambda key: groups[key], key=f"total_which-{name}"
    )
    kind = how.selectbox("Change", list(HOW), format_func=lambda key: HOW[key], key=f"total_how-{name}")
    chosen = days.date_input(
        "From – to",
        (first, min(last, first + dt.timedelta(days=DAYS - 1))),
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        key=f"total_days-{name}",
    )
    until = expiry.date_input(
        "Expires",
        None,
        min_value=first,
        format="YYYY-MM-DD",
        help="Plans made after this day leave it out; empty: it ends with its last day",
        key=f"total_expiry-{name}",
    )
    known, refusal = _known(level, code, chosen)
    factor: float | None = None
    new_total: float | None = None
    if kind == "per_cent":
        per_cent = size.number_input("± %", -100, 400, 10, step=5, key=f"total_per_cent-{name}")
        factor = 1 + per_cent / 100
    else:
        new_total = size.number_input(
            "New total, units",
            min_value=0.0,
            value=float(round(known.total)) if known else 0.0,
            step=1.0,
            format="%.0f",
            key=f"total_new-{name}-{code}-{chosen}",
        )
    reason, act = st.columns([13, 4], vertical_alignment="bottom")
    why = reason.text_input("Reason", key=f"total_reason-{name}", placeholder="Agreed in the demand review …")
    clicked = act.button(
        "Change forecast", key=f"total_submit-{name}", disabled=known is None, type="primary", width="stretch"
    )
    if known is None:
        st.caption(f":material/info: {refusal.capitalize()}.")
    else:
        change = forecast_value_data.change_to(known, *chosen, factor=factor, new_total=new_total)
        st.markdown(f"**{change.sentence}.** The next plan applies it; every line keeps its share.")
    if clicked:
        _record(level, code, chosen, factor, new_total, why, until)


def _known(level: TotalsBy, code: str, days: Any) -> tuple[Any, str]:
    """Return the total as it stands, or None and why it cannot be changed."""
    try:
        return forecast_value_data.total_forecast(level, code, days), ""
    except data.JobError as refusal:
        return None, str(refusal)


def _record(
    level: TotalsBy,
    code: str,
    days: Any,
    factor: float | None,
    new_total: float | None,
    reason: str,
    expiry: dt.date | None,
) -> None:
    made = states.guarded(
        lambda: acts.override_total(
            level, code, days, factor=factor, new_total=new_total, reason=reason, expiry=expiry
        )
    )
    if made:
        st.session_state[FORM] += 1
        shell.notify("Recorded: it is in the list of overrides. The next plan uses it.")
        st.rerun()
