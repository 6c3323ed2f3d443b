"""What a run forecasts, and how well its models did."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, SKU, Table, date, flag, integer, number, text
from engine.contracts.vocabulary import QUANTILES

TABLES = (
    Table(
        "forecasts",
        "Demand forecast, one row a series and period.",
        ("run_id", "sku", "location", "date"),
        (
            RUN,
            SKU,
            LOCATION,
            date("date", "Period", required=True),
            number("mean", "Expected demand", "each/period", required=True, minimum=0),
            number("statistical", "Expected demand before planners' overrides", "each/period", minimum=0),
            *(
                number(f"q{round(p * 100):02d}", f"{p:.0%} quantile of demand", "each/period", minimum=0)
                for p in QUANTILES
            ),
            text("model", "Model that made it", required=True),
            number("censoring_share", "Share of history that was out of stock", "share"),
            number(
                "driver_factor",
                "Factor of promotions, prices and events on usual demand; null: nothing is known of any",
                "",
                minimum=0,
            ),
        ),
    ),
    Table(
        "series_models",
        "What regenerates the sample paths of a series: model, noise, seed.",
        ("run_id", "sku", "location"),
        (
            RUN,
            SKU,
            LOCATION,
            text("model", "Model chosen by backtest", required=True),
            text("reason", "Why this model or fallback", required=True),
            text(
                "pattern",
                "Demand pattern",
                allowed=("smooth", "erratic", "intermittent", "lumpy", "new", "none"),
            ),
            number("adi", "Average demand interval", "periods"),
            number("cv2", "Squared coefficient of variation of non-zero demand", ""),
            number(
                "level_cv", "Relative error of the level, common to all periods", "", required=True, minimum=0
            ),
            number("dispersion", "Variance over mean of a period's demand", "", required=True, minimum=1),
            text("path_seed", "Seed of the sample paths, 64-bit hexadecimal", required=True),
            number("wape", "Backtest weighted absolute percentage error", "share"),
            number("bias", "Backtest bias, forecast minus actual over actual", "share"),
            number("wape_naive", "The same error of seasonal naive", "share"),
            number("censoring_share", "Share of history that was out of stock", "share"),
            number("override_factor", "Factor of active overrides on the mean over the horizon", ""),
        ),
    ),
    Table(
        "forecast_totals",
        "Demand forecast of totals, the sum of the items where they are sold.",
        ("run_id", "level", "category", "region", "location", "date"),
        (
            RUN,
            text("level", "What is summed", required=True, allowed=("category", "region", "location", "all")),
            text("category", "Category, or '' for all", required=True),
            text("region", "Region, or '' for all", required=True),
            text("location", "Location, or '' for all", required=True),
            date("date", "Period", required=True),
            number("mean", "Expected demand", "each/period", required=True, minimum=0),
            number("q10", "10% quantile of demand", "each/period", required=True, minimum=0),
            number("q90", "90% quantile of demand", "each/period", required=True, minimum=0),
        ),
    ),
    Table(
        "backtests",
        "Scores of every model on every series over rolling origins.",
        ("run_id", "sku", "location", "model"),
        (
            RUN,
            SKU,
            LOCATION,
            text("model", "Model", required=True),
            integer("origins", "Number of rolling origins", required=True),
            number("wape", "Weighted absolute percentage error", "share"),
            number("rmsse", "Root mean squared scaled error", ""),
            number("bias", "Forecast minus actual over actual", "share"),
            number("pinball", "Scaled pinball loss over the protection period", ""),
            flag("chosen", "Chosen for the forecast"),
        ),
    ),
    Table(
        "forecast_accuracy",
        "Backtest scores by demand pattern and periods ahead.",
        ("run_id", "pattern", "horizon", "model"),
        (
            RUN,
            text("pattern", "Demand pattern", required=True),
            text("horizon", "Periods ahead, such as 1–7", required=True),
            text("model", "Model", required=True),
            number("wape", "Weighted absolute percentage error of single periods", "share"),
            number("rmsse", "Mean root mean squared scaled error", ""),
            number("bias", "Forecast minus actual over actual", "share"),
            number("pinball", "Pinball loss of the sum over these periods, over the sum sold", "share"),
            number("pinball_naive", "The same of seasonal naive on the same series", "share"),
            number("coverage", "Share of single periods inside the 80% interval; of the average", "share"),
            integer("series", "Series scored", required=True),
        ),
    ),
    Table(
        "driver_effects",
        "What promotions, prices and events do to demand, for all products ('') and by category.",
        ("run_id", "kind", "name", "group", "case", "first"),
        (
            RUN,
            text(
                "kind",
                "What moves demand",
                required=True,
                allowed=("promotion", "dip", "price", "event", "cannibalisation"),
            ),
            text("name", "Mechanic or event, else ''", required=True),
            text("group", "Category; '' for all", required=True),
            text(
                "case",
                "Which depth of a mechanic, else ''",
                required=True,
                allowed=("", "usual", "least", "most"),
            ),
            integer("first", "First period, relative to the event", "periods", required=True),
            integer("last", "Last period, relative to the event", "periods", required=True),
            number("depth", "Share off the regular price that the effect is told for", "share"),
            number("uplift", "Relative change of demand; of cannibalisation: taken over gained", "share"),
            number("low", "Lower end of its 80 % interval", "share"),
            number("high", "Upper end of its 80 % interval", "share"),
            integer("observations", "Promoted periods of all series, or periods of the event", "periods"),
            number("gained", "Units that promotions added to what they promoted", "each"),
            number("taken", "Units of them that other products of the category lost", "each"),
        ),
    ),
)
