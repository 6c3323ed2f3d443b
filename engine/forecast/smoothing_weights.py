"""How much each row of a parameter grid counts for a series: a blend by likelihood, not the single best.

Akaike weights (K. P. Burnham and D. R. Anderson 2002, Model Selection and Multimodel Inference, section
2.9) of models with as many parameters each: exp(−½·n·log(S/S_best)), S the sum of squared one-step errors.
Errors of sales are neither normal nor independent, and demand of years ago says little of what fits next
month: `EVIDENCE` of a period counts, of `MOST_PERIODS` at most. A short series so blends the whole grid, a
long one leans to what fits, and no series' parameters depend on another's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EVIDENCE = 0.1
"""Independent normal errors that one observed period is worth: chosen on early origins of four data sets."""
MOST_PERIODS = 200
"""Observed periods beyond which a longer history is no more evidence; chosen likewise."""


def parameter_weights(errors: Floats, observations: npt.NDArray[np.int64]) -> Floats:
    """Return the weight of each row of the grid for each series, [n, grid]; rows sum to 1.

    Parameters
    ----------
    errors : [n, grid] sums of squared one-step errors; infinite or missing: the row counts nothing
    observations : [n]

    Examples
    --------
    >>> parameter_weights(np.array([[1.0, 1.1]]), np.array([20])).round(3)
    array([[0.524, 0.476]])
    """
    finite = np.where(np.isfinite(errors), errors, np.inf)
    least = finite.min(axis=1, keepdims=True)
    known = np.isfinite(least) & (least > 0)
    usable = known & np.isfinite(finite)
    distance = np.log(np.where(usable, finite, 1.0)) - np.log(np.where(known, least, 1.0))
    periods = EVIDENCE * np.minimum(observations, MOST_PERIODS)[:, None]
    likely = np.where(usable, np.exp(-0.5 * periods * distance), 0.0)
    # A perfect fit (or none at all) leaves all rows that share it.
    chances = np.where(known, likely, finite == least)
    weights: Floats = chances / chances.sum(axis=1, keepdims=True)
    return weights
