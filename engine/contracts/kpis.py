"""What key figures are made of: sums that any selection of months, categories and locations adds up."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, Table, date, number, text

TABLES = (
    Table(
        "kpi_facts",
        "Sums that key figures are ratios of, a month, category and location; the last twelve months.",
        ("run_id", "month", "category", "location"),
        (
            RUN,
            date("month", "First day of the month", required=True),
            text("category", "Category of products", required=True),
            LOCATION,
            number("sold_units", "Units sold of lines that sell", "each", required=True),
            number("demand_units", "Units wanted, stockouts estimated", "each", required=True),
            number("cycles", "Weeks (or periods) of a line with demand to meet", "", required=True),
            number("full_cycles", "Of these, without a stockout", "", required=True),
            number("open_days", "Days on sale of lines", "days", required=True),
            number("in_stock_days", "Of these, with stock on the shelf", "days", required=True),
            number("revenue", "Sales at the price paid", "money", required=True),
            number("cost_of_sales", "Sales at cost", "money", required=True),
            number("margin", "revenue − cost of sales", "money", required=True),
            number("stock_value_days", "Stock at cost, summed over days", "money·days", required=True),
            number("waste_value", "Written off, at cost", "money", required=True),
            number("counts", "Stock counts", "", required=True),
            number("exact_counts", "Counts that found what the books said", "", required=True),
            # of the plan itself, in its last month; 0 in the others
            number("stock_value", "Stock on hand at cost, on the day planned", "money", required=True),
            number("demand_cost_daily", "Expected demand at cost", "money/day", required=True),
            number("excess_value", "Stock beyond the level, at cost", "money", required=True),
            number("obsolete_value", "Stock of what no longer sells, at cost", "money", required=True),
            number("forecast_error_units", "Absolute error of the backtest", "each", required=True),
            number("forecast_units", "Demand that the backtest was held against", "each", required=True),
        ),
    ),
)
