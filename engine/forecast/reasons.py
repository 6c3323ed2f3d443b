"""Why a series is forecast as it is, for the planner who reads it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.contracts import PERIOD_WORDS
from engine.forecast.backtest import LEAST_TRAINING, Backtest
from engine.forecast.panel import Panel
from engine.forecast.pattern import Patterns
from engine.forecast.scores import Scores, chosen_rows
from engine.forecast.select import CATEGORY_MEAN, NO_DEMAND, Selection

Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

LOSS = "pinball loss of the protection-period sum"


def reasons(
    panel: Panel,
    patterns: Patterns,
    backtest: Backtest,
    selection: Selection,
    eligible: Mask,
    scores: Scores,
    model: Names,
    asked: Mask,
) -> Names:
    """Say for every series why its model was chosen, and by which loss."""
    unit = PERIOD_WORDS[panel.period]
    result = np.empty(panel.n_series, dtype=object)
    competitors = eligible.sum(axis=0)
    origins = backtest.origins
    _, _, pinball = scores.of(chosen_rows(selection))
    for i in range(panel.n_series):
        count = int(panel.observations[i])
        pattern = patterns.pattern[i]
        if model[i] == NO_DEMAND:
            result[i] = (
                f"no demand in {count} observed {unit}s" if count else "no observed period: no demand known"
            )
            continue
        if model[i] == CATEGORY_MEAN:
            result[i] = (
                f"only {count} observed {unit}{'s' if count != 1 else ''}: own mean pulled to the category's"
            )
            continue
        what = f"{pattern}: {members(backtest.models, selection.weights[:, i])}"
        own, naive = float(pinball[i]), float(scores.pinball[0, i])
        own_loss = f", {LOSS} {own:.2f} against {naive:.2f} of seasonal naive" if own < naive else ""
        if asked[i]:
            result[i] = f"{what}, as asked{own_loss}"
        elif origins[i] == 0:
            result[i] = (
                f"{what}; no backtest of its own (needs {LEAST_TRAINING[panel.period]} observed {unit}s "
                f"before it and demand seen after): what serves {pattern} series"
            )
        elif selection.weights[0, i] == 1.0:
            result[i] = f"{pattern}: no model beat seasonal naive in {origins[i]} backtests, by the {LOSS}"
        elif own_loss:
            result[i] = f"{what}; chosen among {competitors[i]} in {origins[i]} backtests{own_loss}"
        else:
            result[i] = f"{what}; chosen among {competitors[i]} by the {LOSS} of {pattern} series"
    return result


def members(models: tuple[str, ...], weights: npt.NDArray[np.float64]) -> str:
    """Name the models of an average and their weights, heaviest first.

    Examples
    --------
    >>> members(("seasonal naive", "TSB", "SBA"), np.array([0.0, 0.25, 0.75]))
    'average of SBA 75 %, TSB 25 %'
    """
    heaviest = [m for m in np.argsort(-weights, kind="stable") if weights[m] > 0]
    if len(heaviest) == 1:
        return str(models[heaviest[0]])
    return "average of " + ", ".join(f"{models[m]} {100 * weights[m]:.0f} %" for m in heaviest)
