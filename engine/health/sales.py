"""Checks of the sales feed: late, missing, misdated or misread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.health.fault import Fault
from engine.health.inputs import Inputs, RecentSales
from engine.health.periods import Days, Flags, Integers, longest_run, period_number, period_start

Places = npt.NDArray[np.object_]

LEAST_REPORTS = 4
STOPPED_PERIODS = 90
"""A location silent for longer has probably closed: no warning any more."""
DENSE_SHARE = 0.9
"""A series or location with rows in at least this share of its life is expected to have all of them."""
LEAST_SALES = 8
SPIKE = 8.0
"""A lone period this many times the usual is an outlier, if it is also three times the fourth highest."""
SPIKE_UNITS = 20.0
SPREADS, LEAST_SPREAD = 6.0, 0.25
"""And it lies this many robust standard deviations of the log quantity above the median."""


def stale_feeds(inputs: Inputs) -> Iterator[Fault]:
    """Sales or stock that stopped coming, overall or of one location.

    Late is what is later than the cadence allows and than one and a half times the longest pause that the
    feed makes usually, so that a weekly count or a shop that sells now and then is not late.
    """
    for table, label in (("sales", "sales"), ("inventory_snapshot", "stock")):
        places, first, there = _presence(inputs, table)
        if not len(places):
            continue
        newest = first + there.shape[1] - 1
        missed = inputs.this_period - newest - 1
        allowed = _allowed_pause(inputs, np.asarray(there.any(axis=0)))
        if allowed is not None and missed > allowed:
            yield Fault(
                "stale_feed",
                "warning",
                table,
                f"{label} are not older than {allowed} {inputs.words}",
                f"find out why no {label} came since; the plan starts from old figures",
                date=period_start(newest, inputs.period),
                column="date",
                value=f"{missed} {inputs.words} missing",
                rows=missed,
            )
        for place, present in sorted(zip(places, there, strict=True), key=lambda pair: str(pair[0])):
            behind = int(np.argmax(present[::-1])) if present.any() else there.shape[1]
            allowed = _allowed_pause(inputs, present)
            if allowed is None or behind <= allowed:
                continue
            stopped = behind > STOPPED_PERIODS
            yield Fault(
                "stale_feed",
                "info" if stopped else "warning",
                table,
                f"every location sends its {label}",
                f"if {place} has closed, end its assortment"
                if stopped
                else f"ask {place} for its {label} of the last {behind} {inputs.words}",
                location=str(place),
                date=period_start(newest - behind, inputs.period),
                column="date",
                value=f"{behind} {inputs.words} behind the others",
                rows=behind,
            )


def _presence(inputs: Inputs, table: str) -> tuple[npt.NDArray[np.object_], int, Flags]:
    """Return locations, the first period, and which location has rows in which period since then."""
    place, places = inputs.codes(table, "location")
    day = inputs.days(table, "date")
    if table == "inventory_snapshot" and inputs.has("stock_now"):
        place, places, day = _with_told(inputs, place, places, day)
    ok = np.flatnonzero((place >= 0) & (day <= inputs.today))
    if not ok.size:
        return np.empty(0, dtype=object), 0, np.zeros((0, 0), dtype=bool)
    number = period_number(day[ok], inputs.period)
    newest = int(number.max())
    first = max(int(number.min()), newest - inputs.cadence.window + 1)
    recent = number >= first
    there = np.zeros((len(places), newest - first + 1), dtype=bool)
    there[place[ok][recent], number[recent] - first] = True
    return places, first, there


def _with_told(inputs: Inputs, place: Integers, places: Places, day: Days) -> tuple[Integers, Places, Days]:
    """Add the days of facts to those of snapshots: a system that tells of its stock is not silent."""
    told, tellers = inputs.codes("stock_now", "location")
    code, names = pd.factorize(np.concatenate([places[place], tellers[told]]))
    told_on = np.minimum(inputs.days("stock_now", "told_on"), inputs.today - np.timedelta64(1, "D"))
    return np.asarray(code, dtype=np.int64), np.asarray(names, dtype=object), np.concatenate([day, told_on])


def _allowed_pause(inputs: Inputs, present: Flags) -> int | None:
    """Return periods that a feed may be behind; None if it is too rare to expect anything of it.

    The longest pause of all may itself have been a fault, so the second longest counts.
    """
    found = np.flatnonzero(present)
    if found.size < LEAST_REPORTS:
        return None
    usual = int(np.sort(np.diff(found))[-2])
    return max(inputs.cadence.late, -(-3 * usual // 2)) if usual > 1 else inputs.cadence.late


def future_dates(inputs: Inputs) -> Iterator[Fault]:
    """Sales, stock and orders dated after today."""
    for table, column, place_column in (
        ("sales", "date", "location"),
        ("inventory_snapshot", "date", "location"),
        ("orders", "ordered_at", "to_location"),
    ):
        day = inputs.days(table, column)
        bad = np.flatnonzero(day > inputs.today)
        place, places = inputs.codes(table, place_column)
        for p in np.unique(place[bad]):
            here = bad[place[bad] == p]
            yield Fault(
                "future_date",
                "warning",
                table,
                f"no {column} is after {inputs.as_of}",
                "correct the dates at the source (day and month swapped?); the plan ignores these rows",
                location=str(places[p]) if p >= 0 else None,
                date=day[here].max().astype(object),
                column=column,
                value=str(day[here].max()),
                rows=len(here),
            )


def history_gaps(inputs: Inputs) -> Iterator[Fault]:
    """Missing rows inside the history of a series or of a whole location."""
    sales = inputs.sales
    if sales is None:
        return
    for place, start, length in _location_gaps(inputs, sales):
        yield _gap(inputs, sales, None, place, start, length)
    if not sales.writes_zeros:
        return  # a feed without zeros: a missing row is a period without a sale
    there = ~np.isnan(sales.quantity)
    width = there.shape[1]
    first = np.argmax(there, axis=1)
    last = width - 1 - np.argmax(there[:, ::-1], axis=1)
    inside = (np.arange(width) >= first[:, None]) & (np.arange(width) <= last[:, None])
    missing = inside & ~there & sales.open[sales.location_index]
    dense = there.sum(axis=1) >= DENSE_SHARE * (last - first + 1)
    for row in np.flatnonzero(dense & (missing.sum(axis=1) >= inputs.cadence.gap)):
        start, length = longest_run(missing[row])
        if length >= inputs.cadence.gap:
            yield _gap(inputs, sales, str(sales.sku[row]), str(sales.location[row]), start, length)


def _location_gaps(inputs: Inputs, sales: RecentSales) -> Iterator[tuple[str, int, int]]:
    anywhere = sales.open.any(axis=0)
    for place, opened in zip(sales.locations, sales.open, strict=True):
        found = np.flatnonzero(opened)
        if found.size == 0:
            continue
        missing = anywhere & ~opened
        missing[: found[0]] = False
        missing[found[-1] :] = False
        if found.size < DENSE_SHARE * (found.size + missing.sum()):
            continue  # a location that sells now and then
        start, length = longest_run(missing)
        if length >= inputs.cadence.gap:
            yield str(place), start, length


def _gap(inputs: Inputs, sales: RecentSales, sku: str | None, place: str, start: int, length: int) -> Fault:
    day = period_start(sales.first_number + start, inputs.period)
    return Fault(
        "history_gap",
        "info",
        "sales",
        "history has a row for every period between the first and the last",
        f"import the sales of {place} from {day} on ({length} {inputs.words}); until then they are unknown",
        sku,
        place,
        day,
        "date",
        f"{length} {inputs.words} missing",
        length,
        detail=str(day),
    )


def outliers(inputs: Inputs) -> Iterator[Fault]:
    """Single periods far above anything that the line ever sold outside promotions."""
    sales = inputs.sales
    if sales is None or sales.quantity.shape[1] < LEAST_SALES:
        return
    usual = np.where(sales.promo | ~(sales.quantity > 0), 0.0, sales.quantity)
    recent = usual[:, -inputs.cadence.recent :]
    highest = recent.max(axis=1)
    likely = np.flatnonzero((highest >= SPIKE_UNITS) & ((usual > 0).sum(axis=1) >= LEAST_SALES))
    if not likely.size:
        return
    ranked = np.sort(usual[likely], axis=1)
    positive = (ranked > 0).sum(axis=1)
    middle = ranked[np.arange(len(likely)), ranked.shape[1] - 1 - positive // 2]
    fourth = ranked[:, -4]
    # Where sales come in lots of all sizes, a large lot is nothing special: judge by the spread of the logs.
    logs = np.log(np.where(ranked > 0, ranked, np.nan))
    away = np.abs(logs - np.nanmedian(logs, axis=1, keepdims=True))
    spread = np.maximum(1.4826 * np.nanmedian(away, axis=1), LEAST_SPREAD)
    far = np.log(highest[likely] / np.maximum(middle, 1e-9)) > SPREADS * spread
    lone = far & (highest[likely] > SPIKE * middle) & (highest[likely] > 3 * fourth)
    for row in likely[lone]:
        column = usual.shape[1] - recent.shape[1] + int(np.argmax(recent[row]))
        day = period_start(sales.first_number + column, inputs.period)
        yield Fault(
            "sales_outlier",
            "warning",
            "sales",
            f"no single period sells over {SPIKE:g} times the usual outside promotions",
            f"check the {usual[row, column]:g} sold on {day}: a typing error, a bulk sale, "
            "or a promotion that is not in the promotions table",
            str(sales.sku[row]),
            str(sales.location[row]),
            day,
            "quantity",
            f"{usual[row, column]:g}",
            detail=str(day),
        )


def prices(inputs: Inputs) -> Iterator[Fault]:
    """Sales at a price of zero or below."""
    bad = np.flatnonzero((inputs.number("sales", "price") <= 0) & (inputs.number("sales", "quantity") > 0))
    sku, skus = inputs.codes("sales", "sku")
    counts: dict[int, int] = {}
    for code in sku[bad].tolist():
        counts[code] = counts.get(code, 0) + 1
    for code, rows in counts.items():
        yield Fault(
            "price_not_positive",
            "info",
            "sales",
            "what is sold has a price above 0",
            "check whether these were gifts, or the price is missing in the till",
            str(skus[code]) if code >= 0 else None,
            column="price",
            rows=rows,
        )
