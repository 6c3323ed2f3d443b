"""The parts of the Scenarios page: which plans are compared, what they come to, and what is done with one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app import columns, data, exports, scenarios_data, shell, states, tables
from app.charts import CONFIG
from app.scenarios_charts import frontier_chart
from app.scenarios_data import BASE, Scenario, ScenarioResult
from app.theme import Palette

KEY = "compare"


def pick() -> dict[str, Scenario]:
    """Show which scenarios are compared and return them; the URL keeps them as `?compare=a,b`."""
    offered = scenarios_data.of_this_plan()
    asked = st.session_state.pop("compare_next", st.session_state.get(KEY))
    if asked is None:
        named = [name for name in st.query_params.get(KEY, "").split(",") if name]
        asked = named or list(offered)[:2]
        gone = [name for name in named if name not in offered]
        if gone:
            st.info(
                f"{', '.join(gone)}: no scenario of this plan. Copy it below to see it on this plan.",
                icon=":material/history:",
            )
    chosen = [name for name in asked if name in offered][: scenarios_data.MOST_COMPARED]
    st.session_state[KEY] = chosen
    picked = st.multiselect(
        "Compare with the plan",
        list(offered),
        format_func=lambda name: _label(offered[name]),
        key=KEY,
        max_selections=scenarios_data.MOST_COMPARED,
        placeholder="Choose up to four scenarios",
    )
    if picked:
        st.query_params[KEY] = ",".join(picked)
    elif KEY in st.query_params:
        del st.query_params[KEY]
    return {name: offered[name] for name in picked}


def results_of(chosen: Mapping[str, Scenario]) -> dict[str, ScenarioResult]:
    """Return what the scenarios come to; offer to plan those that were not planned by this version."""
    found = {name: scenarios_data.result(one.changes) for name, one in chosen.items()}
    missing = [name for name, result in found.items() if result is None]
    if missing:
        names = ", ".join(f"“{chosen[name].name}”" for name in missing)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"{names} {'is' if len(missing) == 1 else 'are'} not planned yet.")
            clicked = st.button("Plan now", key="plan_missing", icon=":material/play_arrow:")
        if clicked:
            for name in missing:
                _plan(chosen[name])
            st.rerun()
    return {name: result for name, result in found.items() if result is not None}


def _plan(one: Scenario) -> None:
    states.guarded_with_progress(lambda tell: scenarios_data.plan(one.changes, tell))


def side_by_side(
    chosen: Mapping[str, Scenario],
    results: Mapping[str, ScenarioResult],
    colors: Palette,
    currency: str,
) -> None:
    """Show the delta table beside service against cash, and say which plan costs least."""
    left, right = st.columns([6, 6], gap="large")
    with left:
        _table(chosen, results, currency)
    with right:
        _frontier(chosen, results, colors, currency)


def _table(chosen: Mapping[str, Scenario], results: Mapping[str, ScenarioResult], currency: str) -> None:
    compared = scenarios_data.compare(results)
    if not results:
        st.markdown("**Make a scenario below, or choose one, to see it beside the plan.**")
        return
    names = _names(chosen, results)
    if compared.winner:
        st.markdown(
            f":material/trophy: **{names[compared.winner]}** costs least: "
            f"**{columns.money(compared.saving, currency)}** below the plan."
        )
    else:
        st.markdown(":material/trophy: **The plan as it is** costs least.")
    rows = compared.figures
    cells = {"Figure": rows["label"], BASE: [_cell(row, "base", currency) for row in _records(rows)]}
    for scenario in results:
        cells[names[scenario]] = [
            f"{_cell(row, scenario, currency)}{_delta(row, scenario, currency)}" for row in _records(rows)
        ]
    st.dataframe(
        pd.DataFrame(cells),
        key="figures",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(rows),
        column_config={"Figure": columns.text("Figure", width=140, pinned=True)},
        alt="; ".join(
            f"{row['label']}: plan {_cell(row, 'base', currency)}, "
            + ", ".join(f"{names[one]} {_cell(row, one, currency)}" for one in results)
            for row in _records(rows)
        ),
    )
    st.caption(
        "Expected cost: lost sales + write-off + holding cost, for one order of every line. In brackets: "
        "against the plan. Every figure is a sum over the scenario's lines."
    )


def _frontier(
    chosen: Mapping[str, Scenario],
    results: Mapping[str, ScenarioResult],
    colors: Palette,
    currency: str,
) -> None:
    found = scenarios_data.frontier()
    names = _names(chosen, results)
    points = [(BASE, found.cash, found.fill)] if found else []
    points += [
        (names[name], result.values["stock_value"], result.values["fill"]) for name, result in results.items()
    ]
    if not points:
        st.info("**No frontier:** this plan keeps no value curves. Plan again to see service against cash.")
        return
    chart = frontier_chart(found, points, colors, columns.symbol(currency))
    words = ", ".join(
        f"{name} {columns.share(fill)} for {columns.money(cash, currency)}" for name, cash, fill in points
    )
    st.plotly_chart(chart, key="frontier", config=CONFIG, alt=f"Service against cash in stock: {words}")
    if found is None:
        return
    st.caption(
        f"One more point of service costs {columns.money(found.cash_per_point, currency)} of stock here; the "
        f"cheapest mix of targets serves the same for {columns.money(found.mix_saving, currency)} less. "
        "The curves plan each line alone; a plan lies below them by what lines share: shortages at centres, "
        "minimums, budget."
    )


def lines(chosen: Mapping[str, Scenario], results: Mapping[str, ScenarioResult], currency: str) -> None:
    """Show the lines whose orders differ most from the plan's."""
    if not results:
        return
    found, names = scenarios_data.lines_that_differ(results), _names(chosen, results)
    st.header("Lines that differ most")
    if found.empty:
        states.nothing_here("Every order is the plan's.")
        return
    st.dataframe(
        found.assign(scenario=found["scenario"].map(names)).drop(columns="line_id"),
        key="lines_that_differ",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(found, 10),
        column_config={
            "product": columns.text("Product", width=250),
            "location": columns.text("Location", width=80),
            "source": columns.text("Source", width=80),
            "scenario": columns.text("Scenario", width=130),
            "base_quantity": columns.quantity("Plan", width=80),
            "quantity": columns.quantity("Scenario orders", width=110),
            "value_change": columns.amount("Money", currency, width=90),
            "why": columns.text("What moved it", width=520),
        },
        alt=f"{len(found)} lines whose orders differ most from the plan's",
    )


def keep_or_act(chosen: Mapping[str, Scenario]) -> None:
    """Show the acts on the scenarios that are compared: promote, undo, rename, retire."""
    if not chosen:
        return
    st.header("Decide")
    for name, one in chosen.items():
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"decide-{name}"):
            with st.container(gap=None):
                st.markdown(f"**{one.name}** · {'; '.join(one.words)}")
                st.caption(
                    f"{name} · made by {one.author}, {one.created_at:%d %b %Y %H:%M} UTC: {one.reason}"
                    + (f" · {one.state} by {one.decided_by}" if one.decided_by else "")
                )
            if one.state == "promoted":
                if st.button("Undo", key=f"undo-{name}", icon=":material/undo:"):
                    _undo(one)
                continue
            if st.button(
                "Promote", key=f"promote-{name}", type="primary", icon=":material/published_with_changes:"
            ):
                _promote(one)
            if st.button("Rename", key=f"rename-{name}", icon=":material/edit:"):
                _rename(one)
            if st.button("Retire", key=f"retire-{name}", icon=":material/archive:"):
                _retire(one)


@st.dialog("Promote a scenario", width="large")
def _promote(one: Scenario) -> None:
    """Say what is written, ask for a note, and do it."""
    known = states.guarded(lambda: scenarios_data.preview(one.changes))
    if known is None:
        return
    rows = [f"{count:,} rows of **{table}**" for table, count in known.rows.items()]
    rows += [f"{known.overrides:,} **overrides** of the forecast"] if known.overrides else []
    st.markdown(f"**{one.name}**: {'; '.join(one.words)}.")
    st.markdown(
        f"Writes {', '.join(rows) or 'nothing'} for everyone. The next plan uses it; it can be undone."
    )
    for difference in known.differences:
        st.warning(difference.capitalize() + ".", icon=":material/info:")
    reason = st.text_input("Reason", key="promote_reason", placeholder="Agreed in the monthly review …")
    if st.button("Promote for good", key="promote_confirm", type="primary", disabled=not reason.strip()):
        done = states.guarded(lambda: scenarios_data.promote(one.scenario, reason))
        if done is not None:
            shell.notify(f"“{one.name}” is promoted. Plan again to order by it.")
            st.rerun()


@st.dialog("Undo a promotion")
def _undo(one: Scenario) -> None:
    st.markdown(f"Every value that **{one.name}** wrote becomes what it was; its overrides are retired.")
    reason = st.text_input("Reason", key="undo_reason")
    if st.button("Undo", key="undo_confirm", type="primary", disabled=not reason.strip()):
        done = states.guarded(lambda: scenarios_data.undo(one.scenario, reason))
        if done is not None:
            shell.notify(f"“{one.name}” is undone.")
            st.rerun()


@st.dialog("Retire a scenario")
def _retire(one: Scenario) -> None:
    st.markdown(f"**{one.name}** leaves the list. It stays in the lake.")
    reason = st.text_input("Reason", key="retire_reason")
    clicked = st.button("Retire", key="retire_confirm", type="primary", disabled=not reason.strip())
    if clicked and states.guarded(lambda: scenarios_data.retire(one.scenario, reason)):
        shell.notify(f"“{one.name}” is retired.")
        st.rerun()


@st.dialog("Rename a scenario")
def _rename(one: Scenario) -> None:
    name = st.text_input("Name", one.name, key="rename_name")
    clicked = st.button("Rename", key="rename_confirm", type="primary", disabled=not name.strip())
    if clicked and states.guarded(lambda: scenarios_data.rename(one.scenario, name)):
        shell.notify(f"Renamed to “{name}”.")
        st.rerun()


def download(results: Mapping[str, ScenarioResult], chosen: Mapping[str, Scenario]) -> None:
    """Show the button that writes every line of the scenarios as CSV."""
    if not results:
        return
    names = _names(chosen, results)

    def csv() -> bytes:
        parts = [result.lines.assign(scenario=names[name]) for name, result in results.items()]
        return data.csv(pd.concat(parts).drop(columns="result"))

    exports.csv("Export lines", "scenarios", csv, "export_scenarios")


def _label(one: Scenario) -> str:
    return one.name if one.state == "kept" else f"{one.name} ({one.state})"


def _names(chosen: Mapping[str, Scenario], results: Mapping[str, ScenarioResult]) -> dict[str, str]:
    """Return a name for each scenario, with its identifier where two are called the same."""
    called = [chosen[name].name for name in results]
    return {
        name: chosen[name].name if called.count(chosen[name].name) == 1 else f"{chosen[name].name} {name[:4]}"
        for name in results
    }


def _records(rows: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _cell(row: Mapping[str, object], column: str, currency: str) -> str:
    value = float(str(row[column]))
    return (
        columns.share(value, digits=2)
        if row["unit"] == "share"
        else columns.headline(value, str(row["unit"]), currency)
    )


def _delta(row: Mapping[str, object], column: str, currency: str) -> str:
    value, base = float(str(row[column])), float(str(row["base"]))
    if row["name"] == "lines_changed":
        return ""
    if row["unit"] == "share":
        points = round(100 * (value - base), 2)
        return f"  ({points:+.2f} points)".replace("-", "−") if points else ""
    change = columns.change(value, base, str(row["unit"]), currency)
    return f"  ({change})".replace("-", "−") if change else ""
