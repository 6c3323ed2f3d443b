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
)
