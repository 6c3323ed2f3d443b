"""The models that a short history is averaged over: level, trend, mean reversion, season.

Every model is a linear state space with a level and two more states a, b:

    y_t = level + f·a + ε,  level' = level + g_la·a + η_1,  (a, b)' = [[g_aa, g_ab], [g_ba, g_bb]]·(a, b) + η

All variances are multiples of one unknown variance V with an inverse gamma belief, so that updating is exact
and the predictive distribution is Student's t (M. West and J. Harrison 1997, Bayesian Forecasting and Dynamic
Models, 2nd ed., ch. 4).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

G_LA, G_AA, G_AB, G_BA, G_BB, F_A, Q_L, Q_A, Q_B, NOISE, C_A, C_B, PRIOR = range(13)
"""Columns of the table of models."""

LEVEL_NOISE = (0.0, 0.03, 0.1, 0.3, 1.0)
"""Variance of the level's step over that of the noise."""
TRENDS = ((0.0, 0.0, 1.0), (0.05, 0.001, 0.98), (0.1, 0.01, 0.9))
"""Level noise, slope noise and damping of the trend models."""
REVERSION = (-0.3, 0.3, 0.5, 0.7, 0.9)
"""Autocorrelation of the mean-reverting models."""
SEASONS = (4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 13.0, 16.0, 20.0, 25.0, 30.0)
"""Length of season [periods]: near enough one another for any season to be followed."""
SEASON_LEVEL_NOISE = (0.0, 0.05)

FAMILY_PRIOR = {"level": 0.40, "trend": 0.2, "reversion": 0.2, "season": 0.2}


def model_table(prior: dict[str, float] = FAMILY_PRIOR) -> Floats:
    """Return one row a model, columns as named above.

    Examples
    --------
    >>> table = model_table()
    >>> table.shape[1], bool(abs(table[:, PRIOR].sum() - 1.0) < 1e-12)
    (13, True)
    """
    rows: list[list[float]] = []

    def add(share: float, **values: float) -> None:
        row = [0.0] * 13
        row[NOISE] = 1.0
        row[PRIOR] = share
        for name, value in values.items():
            row[_COLUMN[name]] = value
        rows.append(row)

    for noise in LEVEL_NOISE:
        add(prior["level"] / len(LEVEL_NOISE), q_l=noise)
    for level, slope, damping in TRENDS:
        share = prior["trend"] / len(TRENDS)
        add(share, g_la=damping, g_aa=damping, q_l=level, q_a=slope, c_a=0.1)
    for rho in REVERSION:
        share = prior["reversion"] / len(REVERSION)
        add(share, g_aa=rho, f_a=1.0, q_a=1.0, noise=0.1, c_a=1.0 / (1.0 - rho * rho))
    share = prior["season"] / len(SEASONS) / len(SEASON_LEVEL_NOISE)
    for period in SEASONS:
        turn = 2.0 * math.pi / period
        c, s = math.cos(turn), math.sin(turn)
        for noise in SEASON_LEVEL_NOISE:
            add(share, g_aa=c, g_ab=s, g_ba=-s, g_bb=c, f_a=1.0, q_l=noise, c_a=2.0, c_b=2.0)
    return np.array(rows)


_COLUMN = {
    "g_la": G_LA, "g_aa": G_AA, "g_ab": G_AB, "g_ba": G_BA, "g_bb": G_BB, "f_a": F_A,
    "q_l": Q_L, "q_a": Q_A, "q_b": Q_B, "noise": NOISE, "c_a": C_A, "c_b": C_B,
}  # fmt: skip
