"""What an override of a total would do: said before it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.errors import JobError
from jobs.override_level import LevelForecast, level_forecast
from jobs.override_scope import Scope
from jobs.views.forecast_totals import TotalsBy
from jobs.views.forecast_value import span


@dataclass(frozen=True)
class ForecastChange:
    """A change of a total's forecast."""

    lines: int
    before: float
    """Forecast as it stands over the days, active overrides included [each]."""
    after: float
    """The same as the next plan would have it [each]."""
    first: date
    last: date

    @property
    def sentence(self) -> str:
        """What it does, in units.

        Examples
        --------
        >>> ForecastChange(1204, 32_100.0, 35_310.0, date(2026, 12, 4), date(2026, 12, 17)).sentence
        'Lifts 1,204 lines by +10 %: +3,210 units, 4 – 17 Dec (32,100 → 35,310)'
        """
        units, share = self.after - self.before, self.after / self.before - 1
        lines = f"{self.lines:,} line{'' if self.lines == 1 else 's'}"
        if f"{share:.1%}" in ("0.0%", "-0.0%"):
            return f"Leaves {lines} as they are, {span(self.first, self.last)}"
        per_cent = f"{100 * share:+.1f}".removesuffix(".0")
        text = (
            f"{'Lifts' if units > 0 else 'Lowers'} {lines} by {per_cent} %: {units:+,.0f} units, "
            f"{span(self.first, self.last)} ({self.before:,.0f} → {self.after:,.0f})"
        )
        return text.replace("-", "−")


def scope_of(level: TotalsBy, code: str) -> Scope:
    """Return what a total applies to.

    Raises
    ------
    JobError
        The total is of what has no category, region or location: nothing says which lines it is.
    """
    if level == "all":
        return Scope()
    if not code:
        raise JobError(
            f"these lines have no {level}; name it in the master data, or change them item by item"
        )
    return Scope(**{level: code})


def days_planned(lake: Lake, run: Run) -> tuple[date, date]:
    """Return the first and the last day of which the plan's forecast can be changed."""
    dates = read_run_table(lake, run, "forecasts", columns=["date"])["date"]
    return run.as_of, dates.max().date()


def forecast_of(lake: Lake, run: Run, scope: Scope, first: date, last: date) -> LevelForecast:
    """Return the forecast of a scope as it stands.

    Raises
    ------
    JobError
        A day is outside the plan's horizon, or nothing is forecast on these days.
    """
    if last < first:
        raise JobError(f"the last day {last} is before the first, {first}")
    level = level_forecast(lake, run, scope, first, last)
    if level is None or not level.whole:
        start, end = days_planned(lake, run)
        raise JobError(f"the plan's forecast reaches from {start} to {end}; choose days in it")
    if level.total <= 0:
        raise JobError(f"the forecast is 0 from {first} to {last}; there is nothing to change")
    return level


def change_to(
    level: LevelForecast, first: date, last: date, *, factor: float | None, new_total: float | None
) -> ForecastChange:
    """Return what a factor, or else a new total [each], makes of a forecast."""
    after = level.total * factor if factor is not None else float(new_total or 0.0)
    return ForecastChange(level.lines, level.total, after, first, last)


def groups_of(rows: pd.DataFrame) -> dict[str, str]:
    """Return the code and the name of the totals that can be changed, the largest first.

    rows : `jobs.views.forecast_totals.by_level`
    """
    codes = rows.drop_duplicates("group")
    named = codes[(codes["code"] != "") | (codes["group"] == "Everything")]
    return dict(zip(named["code"], named["group"], strict=True))
