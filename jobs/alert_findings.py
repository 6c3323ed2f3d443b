"""Everything that the rules find now: each finding with its money, cause, act, cover and link."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import Run
from engine.alerts import (
    below_reorder_point,
    data_stale,
    dead_letters,
    excess,
    expiry,
    forecast_drift,
    late_order,
    short_order,
    stockout,
)
from engine.alerts.kinds import KINDS
from engine.alerts.limits import limits_of
from engine.alerts.links import link
from engine.alerts.transitions import Finding, Key
from engine.contracts import PERIOD_WORDS
from engine.replenishment.words import day
from jobs.alert_drift import drift_sums
from jobs.alert_inputs import (
    Names,
    best_acts,
    load_faults,
    load_lines,
    load_orders,
    names_of,
    order_day_of,
    today_of,
)
from jobs.alert_rules import read_rules
from jobs.dlq import letter_names, read_letters
from jobs.dlq_states import done_with, histories
from jobs.line_inputs import PERIOD_DAYS
from jobs.settings import settings

OF_LINES = ("stockout", "below_reorder_point", "excess", "expiry", "late_order", "short_order")
"""Kinds that say nothing of a line whose data is held."""

READ_LETTERS = 50
"""Dead letters of a queue that are read for the money on what they name."""

_NAMED = re.compile(r'\\?"(productId|location)\\?"\s*:\s*\\?"([^"\\]+)')

Words = Callable[[Mapping[str, Any]], tuple[str, str]]


@dataclass(frozen=True)
class Found:
    """What is found now, and what nothing can be said of."""

    findings: list[Finding]
    run: Run | None
    held: frozenset[tuple[str, str]] = frozenset()
    """Product and location of lines held for bad data."""
    not_judged: frozenset[str] = frozenset()
    """Kinds that could not be judged at all."""

    def unknown(self, key: Key) -> bool:
        """Whether nothing can be said of a key now."""
        if key.alert_type in self.not_judged:
            return True
        return key.alert_type not in ("data_stale", "dead_letters") and (key.sku, key.location) in self.held


def find(lake: Lake, run: Run | None, at: dt.datetime) -> Found:
    """Judge a run, the orders approved since, feeds and queues by the rules.

    Parameters
    ----------
    lake, run
        The run judged; None: nothing is planned, only dead letters are looked at.
    at
        Now [UTC].
    """
    rules, events = read_rules(lake), read_events(lake)
    if run is None:
        nobody = Names({}, {}, {}, {})
        no_lines = pd.DataFrame({"sku": [], "location": [], "money_at_risk": []})
        found = _Rules(rules, nobody, "", at.date()).queues(lake, no_lines, events)
        return Found(found, None, not_judged=frozenset(KINDS) - {"dead_letters"})
    names, prices = names_of(lake, run)
    lines = load_lines(lake, run, names, prices, events)
    today = today_of(run, at)
    every = _Rules(rules, names, settings(lake)["currency"], today)
    coming, closed = load_orders(lake, run)
    ordered = order_day_of(run, today)
    late = late_order.late_rows(coming, ordered)
    findings = [
        *every.of_lines(lake, run, _with_overdue(lines, coming, ordered)),
        *every.of_orders(late, short_order.short_rows(closed, ordered), lines),
        *every.feeds(load_faults(lake, run), run, lines),
        *every.queues(lake, lines, events),
    ]
    sums = drift_sums(lake, run, lines)
    if sums is not None:
        findings += every.drift(sums, lines)
    held = lines.loc[lines["status"] == "held", ["sku", "location"]]
    return Found(
        findings,
        run,
        frozenset(zip(held["sku"], held["location"], strict=True)),
        frozenset() if sums is not None else frozenset({"forecast_drift"}),
    )


def _with_overdue(lines: pd.DataFrame, coming: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Return lines with late_quantity: what is overdue on open orders [each]."""
    late = coming[coming["due"] < pd.Timestamp(today)]
    overdue = late.groupby(["sku", "location"])["open_quantity"].sum()
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return lines.assign(late_quantity=overdue.reindex(index).fillna(0.0).to_numpy(dtype=np.float64))


@dataclass(frozen=True)
class _Rules:
    """The rules with the lake's thresholds, names and currency."""

    rules: pd.DataFrame
    names: Names
    currency: str
    today: dt.date

    def of_lines(self, lake: Lake, run: Run, lines: pd.DataFrame) -> list[Finding]:
        """Findings on the plan's lines."""

        def limits(kind: str) -> Any:
            return limits_of(kind, self.rules, lines)

        short = stockout.stockout(lines, limits("stockout"), self.today)
        below = below_reorder_point.below_reorder_point(lines, limits("below_reorder_point"), self.today)
        much = excess.excess(lines, limits("excess"))
        waste = expiry.expiry(lines, limits("expiry"))
        acts = best_acts(lake, run) if len(waste) else {}
        at = waste["row"].to_numpy()
        waste = waste.assign(best_act=lines["line_id"].iloc[at].map(acts).to_numpy(dtype=object))
        return [
            *self._made(short, lines, lambda row: stockout.words(row, self.currency, self.today)),
            *self._made(below, lines, lambda row: below_reorder_point.words(row, self.currency)),
            *self._made(much, lines, lambda row: excess.words(row, self.currency)),
            *self._made(waste, lines, lambda row: expiry.words(row, self.currency)),
        ]

    def of_orders(self, late: pd.DataFrame, short: pd.DataFrame, lines: pd.DataFrame) -> list[Finding]:
        """Findings on orders that somebody waits for; from `late_rows` and `short_rows`."""
        slow, slow_lines = _on_lines(late_order.late_supply(late), lines)
        less, less_lines = _on_lines(short_order.short_supply(short), lines)
        slow_limits = limits_of("late_order", self.rules, slow_lines)
        less_limits = limits_of("short_order", self.rules, less_lines)
        return [
            *self._made(
                _with_orders(late_order.late_order(slow, slow_lines, slow_limits), slow, late),
                _beside(slow, slow_lines),
                lambda row: late_order.words(row, self.currency),
            ),
            *self._made(
                _with_orders(short_order.short_order(less, less_lines, less_limits), less, short),
                _beside(less, less_lines),
                lambda row: short_order.words(row, self.currency),
            ),
        ]

    def drift(self, sums: pd.DataFrame, lines: pd.DataFrame) -> list[Finding]:
        """Findings on forecasts."""
        judged = (lines["status"] != "held").to_numpy()[sums["row"].to_numpy()]
        sums = sums[judged].reset_index(drop=True)
        theirs = lines.iloc[sums["row"].to_numpy()].reset_index(drop=True)
        found = forecast_drift.forecast_drift(sums, theirs, limits_of("forecast_drift", self.rules, theirs))
        rows = _beside(sums.drop(columns="row"), theirs).assign(source="")
        return self._made(found, rows, lambda row: forecast_drift.words(row, self.currency))

    def feeds(self, faults: pd.DataFrame, run: Run, lines: pd.DataFrame) -> list[Finding]:
        """Findings on data that did not come."""
        rows = data_stale.feeds(faults, run.as_of, self.today, PERIOD_DAYS[run.period], lines)
        rows = rows.assign(sku="", category="", abc="")
        found = data_stale.data_stale(rows, limits_of("data_stale", self.rules, rows))
        word = PERIOD_WORDS[run.period]
        return self._made(found, rows, lambda row: data_stale.words(row, self.currency, word))

    def queues(self, lake: Lake, lines: pd.DataFrame, events: Sequence[Event]) -> list[Finding]:
        """Findings on dead letters."""
        acts = histories(events)
        waiting: dict[str, list[str]] = {}
        for name in letter_names(lake):
            if not done_with(acts.get(name, [])):
                waiting.setdefault(name.split("/", 1)[0], []).append(name)
        risk = lines.groupby(["sku", "location"])["money_at_risk"].sum().to_dict()
        rows = []
        for queue, letters in waiting.items():
            read = read_letters(lake, letters[:READ_LETTERS])
            named = {_about(letter.body) for letter in read}
            money = float(sum(risk.get(each, 0.0) for each in sorted(named)))
            rows.append({"source": queue, "letters": len(letters), "money": money, "reason": read[0].reason})
        frame = pd.DataFrame(rows, columns=["source", "letters", "money", "reason"])
        frame = frame.assign(sku="", location="", category="", abc="")
        found = dead_letters.dead_letters(frame, limits_of("dead_letters", self.rules, frame))
        return self._made(found, frame, dead_letters.words)

    def _made(self, found: pd.DataFrame, rows: pd.DataFrame, words: Words) -> list[Finding]:
        """Put findings in words, with the figures of the rows that they are of."""
        at = found["row"].to_numpy(dtype=np.int64)
        theirs = rows.iloc[at].reset_index(drop=True)
        known = found.drop(columns="row").reset_index(drop=True)
        frame = pd.concat([known, theirs.drop(columns=known.columns.intersection(theirs.columns))], axis=1)
        return [self._finding(cast("dict[str, Any]", row), words) for row in frame.to_dict("records")]

    def _finding(self, row: dict[str, Any], words: Words) -> Finding:
        kind, sku, location, source = (str(row[name]) for name in ("alert_type", "sku", "location", "source"))
        row["source_name"] = self.names.source.get(source, source)
        row["location_name"] = self.names.location.get(location, location)
        cause, act = words(row)
        until = row.get("covered_on")
        return Finding(
            key=Key(kind, sku, location, source),
            severity=round(float(row["severity"]), 2),
            firm=bool(row["firm"]),
            level=row["level"],
            worsen_share=float(row["worsen_share"]),
            worsen_money=float(row["worsen_money"]),
            by_level=KINDS[kind].whole,
            cause=cause,
            act=act,
            covered_by=f"covered if approved by {day(until)} {until.year}" if pd.notna(until) else "",
            link=link(kind, sku, location, source),
            category=str(row["category"]),
            product_name=self.names.product.get(sku, sku),
            location_name=row["location_name"],
        )


def _on_lines(rows: pd.DataFrame, lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows whose product and location are planned, and their lines; the same source's first."""
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    exact = pd.MultiIndex.from_frame(lines[["sku", "location", "source"]])
    first = pd.Series(np.arange(len(lines)), index=index)
    first = first[~first.index.duplicated()]
    same = exact.get_indexer(pd.MultiIndex.from_frame(rows[["sku", "location", "source"]]))
    any_source = (
        first.reindex(pd.MultiIndex.from_frame(rows[["sku", "location"]])).fillna(-1).to_numpy(np.int64)
    )
    at = np.where(same >= 0, same, any_source)
    # what a line whose data is held would lose is not known
    live = np.append((lines["status"] != "held").to_numpy(dtype=np.bool_), False)
    planned = live[at]
    return rows[planned].reset_index(drop=True), lines.iloc[at[planned]].reset_index(drop=True)


def _with_orders(found: pd.DataFrame, groups: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Return findings with the orders that they are of, in words."""
    return found.assign(order_ids=late_order.named_orders(orders, groups.iloc[found["row"].to_numpy()]))


def _beside(rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the columns of their lines that they do not have."""
    return pd.concat([rows, lines.drop(columns=lines.columns.intersection(rows.columns))], axis=1)


def _about(body: str) -> tuple[str, str]:
    """Return the product and location that a message names, as far as it can be read."""
    named: dict[str, str] = {}
    for name, value in _NAMED.findall(body):
        named.setdefault(name, value)
    return named.get("productId", ""), named.get("location", "")
