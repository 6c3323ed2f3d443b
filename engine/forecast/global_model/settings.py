"""What the model looks at and how it learns, one set of defaults a kind of panel.

Chosen on development cut-offs of five retail data sets at once; nothing is tuned to a series or a portfolio.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Defaults of one kind of panel; lengths in periods.

    Attributes
    ----------
    windows : lengths of the recent windows whose rate is a feature
    activity : windows of the share of periods with a sale
    recent : window of what happens to the product, the location and the category elsewhere
    level_memory : smoothing constant of the level that demand is scaled by
    year : periods of a season of a year, a whole number of weeks in daily panels
    around : periods either side of the same time last year
    week : periods in a week, for the same weekday of the weeks before; 0: none
    stock : window of the share of time in stock
    least_known : observed periods a series needs before a cut-off to be learnt from
    half_life : age at which a row counts half
    event_reach : periods before and after an event that may feel it
    rounds, learning_rate, leaves, least_rows : of the trees
    """

    windows: tuple[int, ...]
    activity: tuple[int, ...]
    recent: int
    level_memory: float
    year: int
    around: int
    week: int
    stock: int
    least_known: int
    half_life: float
    event_reach: int
    rounds: int = 100
    learning_rate: float = 0.06
    leaves: int = 15
    least_rows: int = 100


SETTINGS = {
    "D": Settings(
        windows=(7, 14, 28, 56, 112, 364),
        activity=(28, 112),
        recent=28,
        level_memory=0.03,
        year=364,
        around=3,
        week=7,
        stock=28,
        least_known=28,
        half_life=365.0,
        event_reach=7,
        leaves=31,
        least_rows=300,
    ),
    "W": Settings(
        windows=(1, 2, 4, 8, 13, 26, 52),
        activity=(8, 26),
        recent=8,
        level_memory=0.08,
        year=52,
        around=1,
        week=0,
        stock=8,
        least_known=8,
        half_life=78.0,
        event_reach=2,
    ),
    "M": Settings(
        windows=(1, 2, 3, 6, 12, 24),
        activity=(6, 12),
        recent=3,
        level_memory=0.12,
        year=12,
        around=0,
        week=0,
        stock=6,
        least_known=6,
        half_life=24.0,
        event_reach=1,
    ),
}

LEVEL_PRIOR = 2.0
"""Periods that the mean of the whole history weighs in the level."""
ROWS, ROWS_A_SERIES, MOST_ROWS = 80_000, 7, 300_000
"""Training rows: a fixed number and some a series, bounded, so that the cost of learning is."""
MORE_ROWS, SMALL_PANEL = 160_000, 300
"""More rows for a panel of up to so many series, whose other models cost little; fewer of them beyond."""
LEAST_TRAINING_ROWS = 1_000
"""With fewer rows the model does not compete."""
