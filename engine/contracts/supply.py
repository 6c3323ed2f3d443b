"""What suppliers promise and what they really do, as measured by a run."""

from __future__ import annotations

from engine.contracts.columns import RUN, SOURCE, Table, date, integer, number, numbers, text
from engine.contracts.vocabulary import SOURCE_KINDS

TABLES = (
    Table(
        "supplier_performance",
        "Promised and measured lead time, fill, lateness of every source; what its unreliability costs.",
        ("run_id", "source", "location"),
        (
            RUN,
            SOURCE,
            text("location", "Location that receives; '' for all of them", required=True),
            text("source_kind", "supplier or location", required=True, allowed=SOURCE_KINDS),
            date("date", "Day before which deliveries count", required=True),
            integer("deliveries", "Orders of which something arrived", required=True, minimum=0),
            integer("lines", "Order lines of them that arrived", required=True, minimum=0),
            integer("open_lines", "Order lines still to come", required=True, minimum=0),
            number("effective_deliveries", "Deliveries after weighing by age", "", minimum=0),
            number("promised_lead_time", "Lead time by the terms of sourcing", "days", minimum=0),
            number("promised_lead_time_sd", "Its standard deviation", "days", minimum=0),
            number("measured_lead_time", "Mean over deliveries, open orders counted", "days", minimum=0),
            number("measured_lead_time_sd", "Standard deviation over deliveries", "days", minimum=0),
            number("lead_time_p50", "Lead time that half of the lines keep", "days", minimum=0),
            number("lead_time_p90", "Lead time that nine lines in ten keep", "days", minimum=0),
            number(
                "lead_time_mean", "What is planned with: measured, shrunk to the promise", "days", minimum=0
            ),
            number("lead_time_sd", "Its standard deviation", "days", minimum=0),
            number("promise_weight", "Share of the promise in what is planned with", "share"),
            number("on_time_share", "Lines that arrive by the day promised", "share", minimum=0, maximum=1),
            number("on_time_low", "Lower end of its 80 % interval", "share"),
            number("on_time_high", "Upper end", "share"),
            number("fill_rate", "Received over ordered", "share", minimum=0, maximum=1),
            number("fill_low", "Lower end of its 80 % interval", "share"),
            number("fill_high", "Upper end", "share"),
            number("short_share", "Lines delivered short, or not at all", "share", minimum=0, maximum=1),
            number("lost_share", "Lines never delivered", "share", minimum=0, maximum=1),
            number("lost_low", "Lower end of its 80 % interval", "share"),
            number("lost_high", "Upper end", "share"),
            number("lateness_mean", "Days after the day promised, 0 where in time", "days", minimum=0),
            number("trend", "Lead time of the last 90 days less that of the days before", "days"),
            numbers("monthly_lead_time", "Mean lead time of each of the last twelve 30-day spans", "days"),
            numbers("lead_time_days", "Lead times seen, whole days", "days"),
            numbers("lead_time_shares", "Share of the order lines with each of them", "share"),
            number("buffer_value", "Stock held because lead times vary", "money", minimum=0),
            number("buffer_cost", "Cost of holding it for a year", "money/year", minimum=0),
            integer("late_lines", "Open order lines whose promised day has passed", required=True, minimum=0),
            number("late_value", "What they are worth", "money", minimum=0),
            number("late_money", "Money at risk of the lines that wait for them", "money", minimum=0),
        ),
    ),
)
