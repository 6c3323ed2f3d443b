"""What a scenario writes into the lake when it is promoted: cells of policies, sourcing, products, settings.

A write names a row by its key and the cells that it sets. What the cells held before is kept with it, so
that a promotion can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jobs.scenario_apply import changed_targets, changed_values
from jobs.scenario_base import ScenarioBase
from jobs.scenario_changes import PARAMETERS, Change, weekdays_of

_POLICY_COLUMN = {
    "service_target": "service_target",
    "target_kind": "target_kind",
    "stockout_cost": "stockout_cost",
    "holding_cost_rate": "holding_cost_rate",
    "review_days": "review_days",
    "order_weekdays": "review_weekdays",
    "min_cover": "min_cover_days",
    "max_cover": "max_cover_days",
}
_TERM = {"min_cover": "min_cover_days", "max_cover": "max_cover_days"}
"""Columns of `line_terms` that are not called like their parameter."""

_SOURCING = ("moq", "order_multiple", "lead_time_mean", "lead_time_sd")

Values = npt.NDArray[Any]

Cells = tuple[Mapping[str, str], Mapping[str, Any], Mapping[str, Any]]
"""Key of a row, what its cells become, and what others are if it does not exist yet."""

WRITTEN_TABLES = ("policies", "sourcing", "products", "settings")
"""Tables that a promotion may write."""


@dataclass(frozen=True)
class Write:
    """Cells of one row, before and after."""

    table: str
    key: dict[str, str]
    after: dict[str, Any]
    """What the cells become."""
    fill: dict[str, Any] = field(default_factory=dict)
    """What other cells of the row are, if it does not exist yet."""
    before: dict[str, Any] | None = None
    """What the cells held; None: there was no row."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Effect:
    """What changes come to in the lake, but for demand, which becomes overrides."""

    writes: list[Write]
    left_out: list[str]
    """What cannot be written, in words."""
    terms: dict[str, Values]
    """Parameters of every line after the changes, by their name, [n] each."""


def effect_of(base: ScenarioBase, changes: Sequence[Change]) -> Effect:
    """Return what changes write, one after the other; a later one sees what an earlier one did.

    Parameters
    ----------
    base : ScenarioBase
        Its tables are what `before` is read from.
    changes : sequence of Change
        Checked.
    """
    tables = {name: base.plan_inputs.tables[name] for name in WRITTEN_TABLES}
    now = dict(tables)
    terms: dict[str, Values] = {
        name: base.terms[_TERM.get(name, name)].to_numpy()
        for name in (*_POLICY_COLUMN, *_SOURCING, "unit_cost")
    }
    found: dict[tuple[str, tuple[str, ...]], Write] = {}
    left_out: list[str] = []
    for change in changes:
        made = _writes(base, change, now, terms, left_out)
        for name in {write.table for write in made}:
            now[name] = written(now[name], [write for write in made if write.table == name])
        for write in made:
            place = (write.table, tuple(write.key.values()))
            earlier = found.get(place, write)
            both = {**earlier.after, **write.after}
            found[place] = replace(earlier, after=both, fill={**write.fill, **earlier.fill})
    return Effect(_with_before(list(found.values()), tables), left_out, terms)


def written(rows: pd.DataFrame, writes: Iterable[Write]) -> pd.DataFrame:
    """Return a table's rows with writes done; a row that does not exist yet is added."""
    return _set(rows, [(write.key, write.after, write.fill) for write in writes], [])


def unwritten(rows: pd.DataFrame, writes: Iterable[Write]) -> pd.DataFrame:
    """Return a table's rows with writes undone: cells as before, rows that a write made left out."""
    done = list(writes)
    back: list[Cells] = [(write.key, write.before, {}) for write in done if write.before is not None]
    return _set(rows, back, [write.key for write in done if write.before is None])


def moved_since(rows: pd.DataFrame, writes: Iterable[Write]) -> list[str]:
    """Say which written cells no longer hold what was written."""
    moved, done = [], list(writes)
    known = _by_key(rows, list(done[0].key)) if done else {}
    for write in done:
        row = known.get(tuple(write.key.values()), {})
        for column, value in write.after.items():
            now = _plain(row.get(column))
            if now != _plain(value):
                where = ", ".join(code for code in write.key.values() if code)
                moved.append(f"{write.table}, row {where}: {column} is {now}, not {value} as promoted")
    return moved


def _writes(
    base: ScenarioBase,
    change: Change,
    tables: Mapping[str, pd.DataFrame],
    terms: dict[str, Values],
    left_out: list[str],
) -> list[Write]:
    """Writes of one change; `terms` are brought up to date."""
    name, rows = change.parameter, base.rows_of(change)
    if name == "demand":
        return []
    if name == "cash_budget":
        return [Write("settings", {"name": "order_budget"}, {"value": f"{float(change.value):g}"})]
    if name in ("service_target", "target_kind"):
        targets, kinds = terms["service_target"], terms["target_kind"]
        terms["service_target"], terms["target_kind"] = changed_targets(targets, kinds, rows, change)
    elif name != "order_weekdays":
        terms[name] = changed_values(terms[name].astype(np.float64), rows, change)
        if name == "review_days":
            terms[name] = np.round(terms[name])
    if name in _POLICY_COLUMN:
        return _policy_writes(base, change, rows, tables["policies"], terms)
    lines = base.lines.loc[rows, ["sku", "location", "source"]].assign(value=terms[name][rows])
    if name == "unit_cost":
        costs = lines.drop_duplicates("sku")
        return [
            Write("products", {"sku": sku}, {"unit_cost": float(value)})
            for sku, value in zip(costs["sku"], costs["value"], strict=True)
        ]
    return _sourcing_writes(change, lines, tables["sourcing"], left_out)


def _sourcing_writes(
    change: Change, lines: pd.DataFrame, sourcing: pd.DataFrame, left_out: list[str]
) -> list[Write]:
    keys = ["sku", "location", "source"]
    stated = lines.merge(sourcing[[*keys, change.parameter]].assign(sourced=True), on=keys, how="left")
    missing = int(stated["sourced"].isna().sum())
    if missing:
        what = f"{PARAMETERS[change.parameter].label.lower()} of {missing:,} line{'s' if missing > 1 else ''}"
        left_out.append(f"{what} without a row in sourcing: import sourcing")
    return [
        Write(
            "sourcing",
            {"sku": sku, "location": location, "source": source},
            {change.parameter: _term(change, cell, value)},
        )
        for sku, location, source, value, cell, sourced in stated.itertuples(index=False)
        if sourced is True
    ]


def _term(change: Change, stated: float, planned: float) -> float:
    """Return a term of sourcing: a relative change is one of what the source promises, if it is stated."""
    if change.how == "set" or np.isnan(stated):
        return float(planned)
    return float(changed_values(np.array([stated]), np.array([True]), change)[0])


def _policy_writes(
    base: ScenarioBase,
    change: Change,
    rows: npt.NDArray[np.bool_],
    policies: pd.DataFrame,
    terms: Mapping[str, Values],
) -> list[Write]:
    column, kinds = _POLICY_COLUMN[change.parameter], terms["target_kind"]
    if change.parameter == "service_target" and change.how == "plus":
        rows = rows & (kinds != "cost")
    values = _policy_values(change, terms, base.inputs.size)
    finite = rows & np.array([not isinstance(value, float) or np.isfinite(value) for value in values])
    lines = base.lines.assign(value=pd.Series(values, dtype=object), kind=kinds)[finite]
    if lines.empty:
        return []
    whole = finite.sum() == base.rows_of(change).sum()
    if whole and len(set(map(repr, lines["value"]))) == 1 and change.scope in ("all", "category"):
        return _segment_writes(base, change, column, lines["value"].iloc[0], policies)
    pairs = policies[(policies["sku"] != "") & (policies["location"] != "")]
    segments = dict(zip(zip(pairs["sku"], pairs["location"], strict=True), pairs["segment"], strict=True))
    return [
        Write(
            "policies",
            {"segment": segments.get((sku, location), ""), "sku": sku, "location": location},
            {column: value, **({"target_kind": kind} if change.parameter == "service_target" else {})},
            {"target_kind": kind},
        )
        for sku, location, value, kind in lines[["sku", "location", "value", "kind"]].itertuples(index=False)
    ]


def _segment_writes(
    base: ScenarioBase, change: Change, column: str, value: Any, policies: pd.DataFrame
) -> list[Write]:
    """The segment's row, and every more specific row in its scope that states something else."""
    name = change.code or "*"
    by_segment = policies[policies["sku"] == ""].set_index("segment")["target_kind"].to_dict()
    of_pair = policies["sku"] != ""
    if change.scope == "all":
        within = policies
    else:
        skus = set(base.lines.loc[base.lines["category"] == change.code, "sku"])
        within = policies[(policies["segment"].eq(name) & ~of_pair) | policies["sku"].isin(skus)]
    kind = by_segment.get(name, by_segment.get("*", "fill"))
    cells = {column: value}
    if change.parameter == "service_target" and kind == "cost":
        cells["target_kind"] = "cycle"
    head = {"segment": name, "sku": "", "location": ""}
    writes = [Write("policies", head, cells, {"target_kind": cells.get("target_kind", kind)})]
    for row in within.to_dict("records"):
        key = {part: row[part] for part in ("segment", "sku", "location")}
        if key == head:
            continue
        cells = {} if _plain(row[column]) is None else {column: value}
        if change.parameter == "service_target" and row["target_kind"] == "cost":
            cells = {column: value, "target_kind": "cycle"}
        if cells:
            writes.append(Write("policies", key, cells))
    return writes


def _policy_values(change: Change, terms: Mapping[str, Values], size: int) -> list[Any]:
    if change.parameter == "order_weekdays":
        return [list(weekdays_of(change.value))] * size
    if change.parameter == "target_kind":
        return [str(change.value)] * size
    return [float(value) for value in terms[change.parameter]]


def _with_before(writes: Sequence[Write], tables: Mapping[str, pd.DataFrame]) -> list[Write]:
    known = {
        write.table: _by_key(tables[write.table], list(write.key))
        for write in {write.table: write for write in writes}.values()
    }
    found = []
    for write in writes:
        row = known[write.table].get(tuple(write.key.values()))
        held = None if row is None else {column: _plain(row[column]) for column in write.after}
        found.append(replace(write, before=held))
    return found


def _set(rows: pd.DataFrame, cells: Sequence[Cells], dropped: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    if not cells and not dropped:
        return rows
    keys = list(next(iter([*(key for key, _, _ in cells), *dropped])))
    records = _by_key(rows, keys)
    for key in dropped:
        records.pop(tuple(key.values()), None)
    for key, after, fill in cells:
        name = tuple(key.values())
        records[name] = {**records.get(name, {**key, **fill}), **after}
    return pd.DataFrame(list(records.values()), columns=list(rows.columns))


def _by_key(rows: pd.DataFrame, keys: Sequence[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    records: list[dict[str, Any]] = [
        {str(name): cell for name, cell in row.items()} for row in rows.to_dict("records")
    ]
    return {tuple(str(row[name]) for name in keys): row for row in records}


def _plain(cell: Any) -> Any:
    """Return a cell as JSON holds it; None where it is missing."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NaT:
        return None
    if isinstance(cell, np.ndarray | list | tuple):
        return [float(item) for item in cell]
    return float(cell) if isinstance(cell, np.floating | int) else cell
