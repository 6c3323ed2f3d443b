"""Weights of a weighted average of models: those that together would have lost least.

R. Caruana, A. Niculescu-Mizil, G. Crew and A. Ksikes (2004), Ensemble selection from libraries of models,
ICML: members are picked one by one, with repetition, each the one that makes the average of all picks best.
The weights are then pulled to those of a prior, so that little evidence changes little.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.sum_loss import sum_pinball

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PICKS = 5
PRIOR_SUMS = 400.0
"""How many protection-period sums of evidence the prior is worth."""
LEAST_WEIGHT = 0.05
"""A model with less is left out: its cost in time and words is more than it brings."""
LARGEST_SAMPLE = 500
"""Series from which a segment's weights are learnt."""
_LEAST_GAIN = 1e-4


def ensemble_weights(
    forecast: Floats,
    actual: Floats,
    known: Mask,
    level_cv: Floats,
    dispersion: Floats,
    scale: Floats,
    prior: Floats,
) -> Floats:
    """Return the weights [models] of the average with the least pinball loss, shrunk to the prior.

    Parameters
    ----------
    forecast : [models, n, K] protection-period sums, forecast at K cut-offs
    actual, known : [n, K]
    level_cv, dispersion, scale : [n] noise, and the loss that counts as one
    prior : [models] weights before any evidence, adding up to 1
    """
    evidence = float(known.sum())
    # Evenly over the series in the order given, which is not the file's (see `select.choose`).
    step = -(-known.shape[0] // LARGEST_SAMPLE) if len(known) else 1
    use = slice(None, None, step)
    weight = np.where(known[use] & (scale[use] > 0)[:, None], 1.0, 0.0)
    weight /= np.where(scale[use] > 0, scale[use], 1.0)[:, None]
    if not weight.any():
        return prior
    sums, sold = forecast[:, use], actual[use]
    noise = level_cv[use], dispersion[use]
    picks = np.zeros(len(forecast))
    total = np.zeros(sold.shape)
    least = np.inf
    for count in range(1, PICKS + 1):
        losses = [(sum_pinball((total + one) / count, sold, *noise) * weight).sum() for one in sums]
        best = int(np.argmin(losses))
        if losses[best] >= least * (1.0 - _LEAST_GAIN):
            break
        least = losses[best]
        picks[best] += 1.0
        total = total + sums[best]
    learnt = picks / picks.sum()
    weights = (evidence * learnt + PRIOR_SUMS * prior) / (evidence + PRIOR_SUMS)
    weights[weights < LEAST_WEIGHT] = 0.0
    return np.asarray(weights / weights.sum(), dtype=np.float64)
