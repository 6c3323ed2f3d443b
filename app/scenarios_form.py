"""Copy, change, keep: the form that makes a scenario, with sliders whose effect shows at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from app import columns, data, scenarios_data, shell, states
from app.scenarios_data import BASE, PARAMETERS, SCOPES, WEEKDAYS, Change, How

CHANGES = "scenario_changes"
"""Session state: the changes of the scenario that is being made."""
MADE = "scenarios_made"
"""Session state: how many were made; it names the widgets, so that each starts anew."""

_UNITS = {"share": "%", "each": "units", "/year": "% a year", "money/each": "per unit"}
_QUICK = ("order_value", "stock_value", "fill", "lost_money", "waste_money")
_COLOR: dict[str, Any] = {"lower": "inverse", "higher": "normal", "neither": "off"}


def form(currency: str) -> None:
    """Show the form in an expander; open where there is no scenario yet."""
    number = st.session_state.setdefault(MADE, 0)
    st.session_state.setdefault(CHANGES, [])
    known = scenarios_data.of_this_plan()
    with st.expander(
        "Make a scenario", expanded=not known, key="make_scenario", icon=":material/library_add:"
    ):
        _form(currency, number)


@st.fragment(key="scenario_form")
def _form(currency: str, number: int) -> None:
    _copy(number)
    _sliders(number)
    _adder(currency, number)
    changes: list[Change] = st.session_state[CHANGES]
    _listed(changes)
    faults = scenarios_data.faults(changes) if changes else []
    for fault in faults:
        st.error(fault.capitalize() + ".", icon=":material/error:")
    if changes and not faults:
        _effect(changes, currency)
    _keep(changes, number, disabled=not changes or bool(faults))


def _copy(number: int) -> None:
    """Start from the plan or from the changes of a scenario, also of an earlier plan."""
    here, earlier = scenarios_data.of_this_plan(), scenarios_data.of_earlier_plans()
    offered = {**here, **{one.scenario: one for one in earlier}}
    if not offered:
        return

    def copied() -> None:
        chosen = st.session_state[f"copy-{number}"]
        st.session_state[CHANGES] = list(offered[chosen].changes) if chosen else []

    st.selectbox(
        "Start from",
        ["", *offered],
        format_func=lambda name: (
            f"{offered[name].name}{'' if name in here else ' (earlier plan)'}" if name else BASE
        ),
        key=f"copy-{number}",
        on_change=copied,
    )


def _sliders(number: int) -> None:
    """Three quick changes of all lines; a slider at its middle changes nothing."""

    def moved(parameter: str) -> None:
        key = f"quick-{parameter}-{number}"
        value = st.session_state[key]
        kept = [
            change
            for change in st.session_state[CHANGES]
            if not (change.parameter == parameter and change.scope == "all" and not change.from_date)
        ]
        if parameter == "service_target" and value:
            kept.append(Change(parameter, value / 100, "plus"))
        if parameter == "demand" and value:
            kept.append(Change(parameter, 1 + value / 100, "times"))
        if parameter == "cash_budget" and value:
            kept.append(Change(parameter, float(value)))
        st.session_state[CHANGES] = kept

    left, middle, right = st.columns(3, gap="large")
    left.slider(
        "Service target, all lines (± points)",
        -15.0,
        3.0,
        0.0,
        0.5,
        format="%+.1f",
        key=f"quick-service_target-{number}",
        on_change=moved,
        args=("service_target",),
    )
    middle.slider(
        "Demand, all lines (± %)",
        -50,
        100,
        0,
        5,
        format="%+d",
        key=f"quick-demand-{number}",
        on_change=moved,
        args=("demand",),
    )
    right.number_input(
        "Cash budget of an order day (empty: none)",
        min_value=0.0,
        value=None,
        step=1000.0,
        format="%.0f",
        key=f"quick-cash_budget-{number}",
        on_change=moved,
        args=("cash_budget",),
    )


def _adder(currency: str, number: int) -> None:
    """Add any one change: what, of which lines, how, by how much."""
    added = len(st.session_state[CHANGES])
    key = f"{number}-{added}"
    what, scope_at, code_at, how_at, value_at, act = st.columns(
        [4, 3, 4, 2, 3, 2], vertical_alignment="bottom"
    )
    names = [name for name in PARAMETERS if name != "cash_budget"]
    parameter = what.selectbox(
        "Change", names, format_func=lambda name: PARAMETERS[name].label, key=f"parameter-{number}"
    )
    offered = PARAMETERS[parameter]
    scope = scope_at.selectbox(
        "Of", offered.scopes, format_func=lambda name: SCOPES[name], key=f"scope-{number}-{parameter}"
    )
    code = ""
    if scope != "all":
        code = code_at.selectbox(
            SCOPES[scope],
            scenarios_data.codes(scope),
            format_func=lambda one: _named(scope, one),
            key=f"code-{number}-{scope}",
        )
    how: How = how_at.selectbox(
        "How", offered.hows, format_func=lambda one: scenarios_data.HOWS[one], key=f"how-{number}-{parameter}"
    )
    value = _value(parameter, how, value_at, currency, key)
    days: tuple[dt.date, ...] = ()
    if parameter == "demand":
        first, last = scenarios_data.days_planned()
        days = st.date_input(
            "From – to",
            (first, last),
            min_value=first,
            max_value=last,
            format="YYYY-MM-DD",
            key=f"days-{number}",
        )
    whole = len(days) != 2 or days == scenarios_data.days_planned()
    between = {} if whole else {"from_date": days[0], "to_date": days[1]}
    changes = [*st.session_state[CHANGES], Change(parameter, value, how, scope, code, **between)]
    act.button(
        "Add", key=f"add-{key}", icon=":material/add:", width="stretch", on_click=_set, args=(changes,)
    )


def _set(changes: list[Change]) -> None:
    st.session_state[CHANGES] = changes


def _value(parameter: str, how: str, place: Any, currency: str, key: str) -> float | str:
    """Ask for the value in the unit that people use; return it in the parameter's own."""
    offered = PARAMETERS[parameter]
    if offered.words:
        return str(place.selectbox("Value", offered.words, key=f"value-{parameter}-{key}"))
    if parameter == "order_weekdays":
        return " ".join(place.multiselect("Days", WEEKDAYS, ["Mon", "Thu"], key=f"value-{parameter}-{key}"))
    if how == "times":
        per_cent = place.number_input("%", -100.0, 1000.0, 10.0, 5.0, key=f"value-{parameter}-{how}-{key}")
        return float(1 + per_cent / 100)
    in_per_cent = offered.unit in ("share", "/year")
    unit = columns.symbol(currency).strip() + " a unit" if offered.unit == "money/each" else offered.unit
    start = {"service_target": 98.0, "holding_cost_rate": 25.0}.get(parameter, 7.0 if how == "set" else 1.0)
    number = place.number_input(
        _UNITS.get(offered.unit, unit),
        value=start if how == "set" else 1.0,
        step=0.5 if in_per_cent else 1.0,
        key=f"value-{parameter}-{how}-{key}",
    )
    return float(number) / (100 if in_per_cent else 1)


def _listed(changes: list[Change]) -> None:
    """Show the changes so far, each with a button that takes it away."""
    for place, change in enumerate(changes):
        with st.container(horizontal=True, vertical_alignment="center", key=f"change-{place}"):
            st.markdown(f":material/tune: {scenarios_data.in_words(change)}")
            others = [one for at, one in enumerate(changes) if at != place]
            key = f"remove-{place}-{len(changes)}"
            st.button("Remove", key=key, type="tertiary", on_click=_set, args=(others,))


def _effect(changes: list[Change], currency: str) -> None:
    """Show at once what targets, costs, lots and budget would do; the rest is known once it is planned."""
    found = scenarios_data.estimate(changes)
    if found is None:
        st.caption(
            ":material/schedule: Demand, lead times and order days move every projection: what they do is "
            "known when the scenario is kept and planned."
        )
        return
    with st.container(horizontal=True, gap="medium", key="quick_effect"):
        for name in _QUICK:
            figure, value, base = found[name]
            st.metric(
                figure.label,
                columns.headline(value, figure.unit, currency),
                delta=columns.change(value, base, figure.unit, currency) or "as planned",
                delta_color=_COLOR[figure.better],
                width="content",
            )
    st.caption("Estimated line by line, before what lines share; keeping the scenario plans it whole.")


def _keep(changes: list[Change], number: int, *, disabled: bool) -> None:
    name_at, reason_at, act = st.columns([4, 7, 3], vertical_alignment="bottom")
    name = name_at.text_input("Name", key=f"name-{number}", placeholder="98 % dairy")
    reason = reason_at.text_input("Reason", key=f"reason-{number}", placeholder="Asked by sales …")
    if act.button("Keep and plan", key=f"keep-{number}", type="primary", disabled=disabled, width="stretch"):
        made = states.guarded_with_progress(lambda tell: scenarios_data.save(changes, name, reason, tell))
        if made is not None:
            st.session_state[CHANGES] = []
            st.session_state[MADE] = number + 1
            compared = [*st.session_state.get("compare", []), made.scenario]
            st.session_state["compare_next"] = compared[-scenarios_data.MOST_COMPARED :]
            shell.notify(f"“{made.name}” is kept.")
            st.rerun()


def _named(scope: str, code: str) -> str:
    offered = data.choices()
    names = {"sku": offered.products, "location": offered.locations}.get(scope, {})
    if scope == "line":
        sku, _, place = code.partition("|")
        return f"{columns.named(offered.products, sku)} at {place}"
    return columns.named(names, code)
