"""Item: one product at one location — what was sold, what will happen, and why this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import EXPLAIN_TERMS, OPEN_ORDER_STATUSES, PERIOD_WORDS
from engine.replenishment.words import explain_in_words, known
from jobs.stock_now import orders_of_run, stock_of_run
from jobs.views.item_history import item_history
from jobs.views.item_network import network_sentences
from jobs.views.item_planned import planned_sentences
from jobs.views.lines import as_date, records

Floats = npt.NDArray[np.float64]

TERM_LABELS = {
    "term_demand": "Expected demand",
    "term_buffer": "Uncertainty buffer",
    "term_on_hand": "On hand",
    "term_on_order": "On order",
    "term_excess": "Stock beyond need",
    "term_cover": "Cover limits",
    "term_moq": "Minimum order",
    "term_multiple": "Order multiple",
    "term_joint": "Shared limits",
}
"""The explain terms in planners' words, in the order in which they add up."""

HISTORY_SPANS = {"3 months": 92, "1 year": 366, "All": None}
"""Choices of how much history is drawn [days]."""

LEAST_LEAD_TIME_GAP = 0.5
"""A measured lead time nearer to the promise than this is not worth a sentence [days]."""

SHOWN_PERIODS = {"D": 63, "W": 26, "M": 12}
"""Periods ahead that are drawn; the plan may look further where a lead time is long."""


@dataclass(frozen=True)
class Item:
    """Everything the Item page shows of one line; frames are ready to draw."""

    line: Mapping[str, Any]
    """The plan line: columns of `plan_lines` and the names of `jobs.views.lines`."""
    period_word: str
    """What one period of the forecast is called: day, week or month."""
    history: pd.DataFrame
    """date, quantity sold [each/period], demand [each/period]: estimated where stock was out, else null."""
    forecast: pd.DataFrame
    """date, mean, low, high [each/period]: the 80 % interval of one period's demand."""
    projection: pd.DataFrame
    """date, without_order, with_order [each]: expected stock at the end of each period."""
    terms: pd.DataFrame
    """label, value [each], in the order in which they add up to the quantity; zero terms left out."""
    sentences: tuple[str, ...]
    """The order explained in words."""
    batches: pd.DataFrame
    """batch, status, on_hand, expiry_date, days_left, usable; first to expire first."""
    open_orders: pd.DataFrame
    """order_id, from_source, quantity still to come, expected_date, status."""
    models: pd.DataFrame
    """model, wape, bias, origins, chosen; best first."""
    planned: tuple[str, ...]
    """Promotions and events that the forecast holds, and what they add, in sentences."""
    model_sentence: str
    """Which model, why, and how it did against seasonal naive."""

    @property
    def ordered(self) -> bool:
        """An order is proposed."""
        return bool(self.line["quantity"] > 0)

    @property
    def terms_in_words(self) -> str:
        """The terms as a screen reader says them."""
        parts = [f"{label} {value:+,.0f}" for label, value in self.terms.itertuples(index=False)]
        return f"{', '.join(parts)}, order {self.line['quantity']:,.0f} units"


def lines_of(lines: pd.DataFrame, sku: str, location: str) -> pd.DataFrame:
    """Return the plan's lines of one product at one location (one a source), the ordered ones first."""
    found = lines[(lines["sku"] == sku) & (lines["location"] == location)]
    return found.sort_values(["quantity", "line_id"], ascending=[False, True], kind="stable")


def dearest(lines: pd.DataFrame, sku: str | None) -> dict[str, Any]:
    """Return the line with most money at risk, of one product or of all; ordered ones before the others."""
    mine = lines if sku is None else lines[lines["sku"] == sku]
    ordered = mine[mine["quantity"] > 0]
    return records((ordered if len(ordered) else mine).head(1))[0]


def locations_of(lines: pd.DataFrame, sku: str) -> list[str]:
    """Return the locations that plan a product, in the order of their names."""
    places = lines.loc[lines["sku"] == sku, ["location", "location_name"]].drop_duplicates()
    return list(places.sort_values("location_name")["location"])


def load(lake: Lake, run: Run, line: Mapping[str, Any], *, history_days: int | None = 92) -> Item:
    """Read what the Item page shows of one line.

    Parameters
    ----------
    lake, run
        The run that planned the line.
    line : mapping
        One row of `jobs.views.lines.load`.
    history_days : int or None
        How far back sales are read [days]; None reads all.

    Returns
    -------
    Item
        With empty frames where the lake holds nothing.
    """
    where = {"sku": [line["sku"]], "location": [line["location"]]}
    forecast = read_run_table(lake, run, "forecasts", where=where).sort_values("date")
    forecast = forecast.head(SHOWN_PERIODS[run.period])
    backtests = read_run_table(lake, run, "backtests", where=where)
    models = read_run_table(lake, run, "series_models", where=where)
    model = next(iter(records(models)), None)
    terms = explain_terms(line)
    return Item(
        line=line,
        period_word=PERIOD_WORDS[run.period],
        history=item_history(lake, run, line, history_days),
        forecast=forecast.rename(columns={"q10": "low", "q90": "high"})[["date", "mean", "low", "high"]],
        projection=_projection(line, forecast["date"]),
        terms=terms,
        sentences=(*explain_words(line), *network_sentences(lake, run, line, forecast)),
        batches=_batches(lake, run, where),
        open_orders=_open_orders(lake, run, line),
        models=_models(backtests),
        planned=planned_sentences(lake, run, line, forecast),
        model_sentence=model_words(model),
    )


def explain_terms(line: Mapping[str, Any]) -> pd.DataFrame:
    """Return the terms that add up to the quantity, zero terms left out.

    Returns
    -------
    DataFrame
        label and value [each]; the values sum to ``line["quantity"]`` exactly.
    """
    rows = [(TERM_LABELS[name], float(line[name])) for name in EXPLAIN_TERMS]
    kept = [(label, value) for label, value in rows if value != 0.0]
    return pd.DataFrame(kept or rows[:1], columns=["label", "value"])


def explain_words(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why the order of one line is what it is, when it comes and what it does, in sentences."""
    explained = explain_in_words(line)
    if line["status"] == "held":
        return (explained, "Data health says what to repair.")
    cause = tuple(str(line[name]) for name in ("cause", "recommendation") if known(line[name]))
    if line["quantity"] <= 0:
        return (*cause, explained, f"The next order day is {_day(line['next_order_date'])}.")
    return (
        *cause,
        explained,
        f"Ordered from {line['source_name']} by {_day(line['order_by'])} it arrives around "
        f"{_day(line['arrival_date'])} and must last until {_day(line['next_arrival_date'])}.",
        f"With the order {line['fill_after']:.1%} of demand is served until then, "
        f"without it {line['fill_before']:.1%}.",
        *_lead_time_words(line),
    )


def _lead_time_words(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what the lead time rests on, where it is not as promised."""
    basis, promise = line.get("lead_time_basis"), line.get("promised_lead_time")
    if not known(basis) or not basis or round(abs(line["lead_time_mean"] - promise), 1) < LEAST_LEAD_TIME_GAP:
        return ()
    return (f"Lead time of {line['source_name']}: {basis}; planned with {line['lead_time_mean']:.1f} d.",)


def model_words(model: Mapping[str, Any] | None) -> str:
    """Return which model forecasts the series and why, what was reconstructed and overridden."""
    if model is None:
        return "No forecast model is stored for this item."
    text = f"**{model_name(model['model'])}**: {model['reason']}."
    if model["censoring_share"] > 0:
        text += f" {model['censoring_share']:.0%} of the history was out of stock and is reconstructed."
    factor = model["override_factor"]
    if pd.notna(factor) and factor != 1:
        text += f" A planner's override moves the forecast by {factor - 1:+.0%}."
    return text


def model_name(code: str) -> str:
    """Return a model's name for people."""
    return code.replace("_", " ").replace("-", " ").capitalize()


def _projection(line: Mapping[str, Any], dates: pd.Series) -> pd.DataFrame:
    """Expected stock until it runs out or the next order arrives: later orders are not decided yet."""
    without, with_order = (_floats(line[name]) for name in ("projected_stock", "projected_stock_with_order"))
    periods = min(len(dates), shown_periods(dates, line["next_arrival_date"], with_order))
    return pd.DataFrame(
        {
            "date": dates.to_numpy()[:periods],
            "without_order": without[:periods],
            "with_order": with_order[:periods],
        }
    )


def shown_periods(dates: Any, next_arrival: Any, *stocks: Floats) -> int:
    """Return how many periods of projected stock say something: up to the next arrival or the last stock."""
    needed = int((np.asarray(dates, "datetime64[D]") <= np.datetime64(next_arrival, "D")).sum())
    lasting = [int(np.flatnonzero(stock > 0).max(initial=-1)) + 2 for stock in stocks]
    return min(max(needed, *lasting), *(len(stock) for stock in stocks))


def _floats(values: object) -> Floats:
    return np.asarray([] if values is None else values, dtype=np.float64).reshape(-1)


def _batches(lake: Lake, run: Run, where: dict[str, list[Any]]) -> pd.DataFrame:
    stock = stock_of_run(lake, run, where)
    latest = stock[(stock["date"] == stock["date"].max()) & (stock["on_hand"] != 0)]
    days_left = (latest["expiry_date"] - pd.Timestamp(run.as_of)).dt.days
    frame: pd.DataFrame = latest.assign(days_left=days_left.astype("float64"))
    frame = frame.sort_values(["expiry_date", "batch"], na_position="last", ignore_index=True)
    return frame[["batch", "status", "on_hand", "expiry_date", "days_left"]]


def _open_orders(lake: Lake, run: Run, line: Mapping[str, Any]) -> pd.DataFrame:
    orders = orders_of_run(lake, run, {"sku": [line["sku"]], "to_location": [line["location"]]})
    orders = orders[orders["status"].isin(OPEN_ORDER_STATUSES) & (orders["kind"] != "customer")]
    frame = orders.assign(open_quantity=orders["quantity"] - orders["received"].fillna(0.0))
    frame = frame[frame["open_quantity"] > 0].sort_values("expected_date", ignore_index=True)
    return frame[["order_id", "from_source", "open_quantity", "expected_date", "status"]]


def _models(backtests: pd.DataFrame) -> pd.DataFrame:
    frame: pd.DataFrame = backtests.sort_values(["wape", "model"], ignore_index=True)
    frame = frame.assign(model=frame["model"].map(model_name))
    return frame[["model", "wape", "bias", "origins", "chosen"]]


def _day(value: object) -> str:
    day = as_date(value)
    return "an unknown day" if day is None else f"{day:%a} {day.day} {day:%b}"
