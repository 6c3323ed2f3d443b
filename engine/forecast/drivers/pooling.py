"""Partial pooling on a tree: every node's coefficients are drawn around its parent's.

leaf ~ N(parent, signal₀), parent ~ N(grandparent, signal₁) …, root ~ N(0, prior). With normal evidence this
is solved exactly by one pass up the tree and one down (Lindley and Smith 1972, Bayes estimates for the
linear model, JRSS B 34, 1–41); the signals by expectation maximisation (Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

PRIOR_NODES = 4.0
"""How many nodes the start value of a level's signal weighs."""
LEAST_SIGNAL = 1e-6


@dataclass(frozen=True)
class Pooled:
    """Coefficients of a tree, from the leaves (first) to the root (last).

    Attributes
    ----------
    coefficients : [levels] of [nodes, K]
    errors : [levels] of [nodes, K] posterior standard errors
    signal : [levels, K] variance around the parent; the last is the prior's around 0
    """

    coefficients: list[Floats]
    errors: list[Floats]
    signal: Floats


def pool(
    information: Floats,
    evidence: Floats,
    parents: list[Codes],
    start: Floats,
    signal: Floats,
    rounds: int,
    overlap: float = 1.0,
) -> Pooled:
    """Pool the evidence of leaves.

    Parameters
    ----------
    information : [leaves, K, K] XᵀX ÷ noise variance
    evidence : [leaves, K] Xᵀy ÷ noise variance
    parents : by level from the leaves up, each node's parent, [nodes]; the last are all 0 (the root)
    start : [levels, K] signals that `PRIOR_NODES` nodes count for; the root's prior last
    signal : [levels, K] signals to begin with
    rounds : of expectation maximisation
    overlap : design effect (Kish 1965, Survey Sampling): leaves that are wrong together tell their parents
        this many times less than leaves that are wrong each for itself
    """
    signal = signal.copy()
    for _ in range(rounds):
        _upwards_and_down(information, evidence, parents, signal, start, overlap)
    coefficients, variances = _upwards_and_down(information, evidence, parents, signal, None, overlap)
    return Pooled(coefficients, [np.sqrt(np.maximum(part, 0.0)) for part in variances], signal)


def _upwards_and_down(
    information: Floats,
    evidence: Floats,
    parents: list[Codes],
    signal: Floats,
    start: Floats | None,
    overlap: float,
) -> tuple[list[Floats], list[Floats]]:
    """Return coefficients and variances of every level given the signals; with `start`, update them in place.

    Of a parent's uncertainty only the variances are carried down, not the covariances.
    """
    diagonal = np.arange(information.shape[1])
    seen, told, spread = [information], [evidence], []
    for level, parent in enumerate((*parents, None)):
        precision = 1.0 / signal[level]
        total = seen[level].copy()
        total[:, diagonal, diagonal] += precision
        within = np.linalg.inv(total)
        spread.append(within)
        if parent is None:
            break
        # What a child tells of its parent: (H⁻¹ + S)⁻¹ = S⁻¹ − S⁻¹(H + S⁻¹)⁻¹S⁻¹, with S the signal.
        passed = -within * precision * precision[:, None]
        passed[:, diagonal, diagonal] += precision
        news = precision * np.einsum("nkl,nl->nk", within, told[level])
        shared = overlap if level == 0 else 1.0
        seen.append(_sums(passed, parent) / shared)
        told.append(_sums(news, parent) / shared)
    coefficients, variances = [np.empty(0)] * len(seen), [np.empty(0)] * len(seen)
    for level in range(len(seen) - 1, -1, -1):
        precision, within = 1.0 / signal[level], spread[level]
        mean = variance = np.zeros((1, len(diagonal)))
        if level < len(parents):
            mean, variance = coefficients[level + 1][parents[level]], variances[level + 1][parents[level]]
        own = np.einsum("nkl,nl->nk", within, told[level] + precision * mean)
        alone = within[:, diagonal, diagonal]
        pull = (within * precision) ** 2
        coefficients[level] = own
        variances[level] = alone + np.einsum("nkl,nl->nk", pull, variance)
        if start is not None and level < len(parents):
            # E (child − parent)² given the evidence; the parent's own uncertainty moves both.
            pull[:, diagonal, diagonal] = (1.0 - alone * precision) ** 2
            squares = (own - mean) ** 2 + alone + np.einsum("nkl,nl->nk", pull, variance)
            informed = seen[level][:, diagonal, diagonal] > 0
            summed = np.where(informed, squares, 0.0).sum(axis=0) + PRIOR_NODES * start[level]
            mean_square = summed / (informed.sum(axis=0) + PRIOR_NODES)
            signal[level] = np.clip(mean_square, LEAST_SIGNAL, signal[-1])
    return coefficients, variances


def _sums(values: Floats, parent: Codes) -> Floats:
    """Sum the children of each parent."""
    order = np.argsort(parent, kind="stable")
    starts = np.searchsorted(parent[order], np.arange(int(parent.max()) + 1))
    total: Floats = np.add.reduceat(values[order], starts, axis=0)
    return total
